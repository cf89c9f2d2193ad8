"""Which way values went: how a live value and one of the reference compare, from counts of bins.

The mid-rank of a bin is the share of the reference's rows below it, plus half of its own. Its mean
over live rows is the probability that a live value is the higher of a pair, ties half: the
Mann-Whitney U over the number of pairs, for the fleet too, because counts of bins add up.

H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables is stochastically
larger than the other", Annals of Mathematical Statistics 18 (1947), 50-60.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.values.batch import Floats


def midranks(counts: Floats) -> Floats:
    """The mid-rank (0 to 1) of bins in order, from the reference's rows in them; both (B,).

    NaN where there is no row.

    >>> midranks(np.array([1.0, 3.0])).tolist()
    [0.125, 0.625]
    """
    with np.errstate(invalid="ignore"):
        ranks: Floats = (np.cumsum(counts) - 0.5 * counts) / counts.sum()
    return ranks


def higher(counts: Floats, ranks: Floats) -> float:
    """In how many pairs of a live and a reference value the live one is the higher, ties half.

    From live rows by bin and the bins' mid-ranks, both (B,); NaN without rows.

    >>> higher(np.array([0.0, 8.0]), np.array([0.125, 0.625]))
    0.625
    """
    rows = float(counts.sum())
    return float(counts @ ranks) / rows if rows else float("nan")
