"""Intervals that hold at every look: of a mean, and of the difference of two, from sums.

A 95 % interval that is looked at again and again is left by chance sooner or later. A confidence
sequence is one for each number of rows, all of which hold together with probability 1 - level, so
one may look as often as one likes and stop when one likes.

With V the variance of the difference and t the rows behind it, the sequence is the normal mixture
of Robbins (1970): half its width is sqrt(V (1 + 1 / (t r)) (ln(1 + t r) - 2 ln level)). With an
estimated V it is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy &
Ramdas (2024), Annals of Statistics 52(6), theorem 2.2; as a test it is the mSPRT of Johari,
Koomen, Pekelis & Walsh (2022), Operations Research 70(3). The tuning r makes it tightest at a
planned number of rows (Waudby-Smith et al., appendix B.2).

Two means of separate rows are one such process as well, in their common information 1 / V, however
rows are shared out between them (Jennison & Turnbull 2000, chapter 11): t is then how many rows
each would have, were they as many: their harmonic mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from inference_exporter.values.batch import Floats

SUMS = ("weight", "value", "weight_squared", "weighted_value", "squared_value")
"""Sums over rows of weight w and value v: w, w v, w², w² v, w² v²."""


@dataclass(frozen=True, slots=True)
class Means:
    """Means of rows with weights, (…,) each; `rows` of equal weight would say as much."""

    value: Floats
    variance: Floats
    rows: Floats


@dataclass(frozen=True, slots=True)
class Differences:
    """Differences (…,), their variances, the `rows` behind them, and the fewest of a side."""

    value: Floats
    variance: Floats
    rows: Floats
    least: Floats


def row_sums(values: Floats, weights: Floats) -> Floats:
    """What each row adds to `SUMS`, shape (rows, 5)."""
    squares = weights**2
    columns = (weights, weights * values, squares, squares * values, squares * values**2)
    return np.stack(columns, axis=-1)


def means(sums: Floats, reach: float) -> Means:
    """Means of `sums` (…, 5), NaN without rows.

    `reach` is how far values of a bounded metric are apart at most, 0 where there is no bound. As
    if one more row had come that far from the mean: else a few rows that are all alike would have
    no variance, and their mean would be sure.

    >>> found = means(np.array([4.0, 3.0, 4.0, 3.0, 3.0]), 0.0)  # three of four are 1
    >>> float(found.value), float(found.variance), float(found.rows)
    (0.75, 0.046875, 4.0)
    """
    weight, value, squared, weighted, quadratic = np.moveaxis(sums, -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = value / weight
        about = quadratic - 2 * mean * weighted + mean**2 * squared
        about = np.maximum(about, 0.0) + (reach * squared / weight) ** 2
        return Means(mean, about / weight**2, weight**2 / squared)


def of_two(champion: Means, challenger: Means) -> Differences:
    """Challenger minus champion, of separate rows.

    Rows of both sides are taken to vary as much as those of the more variable one: a side with few
    rows may not have met its rare errors yet, and would be too sure that it has none.
    """
    spread = np.fmax(champion.variance * champion.rows, challenger.variance * challenger.rows)
    with np.errstate(divide="ignore"):
        shared = 1 / champion.rows + 1 / challenger.rows
    least = np.minimum(champion.rows, challenger.rows)
    return Differences(challenger.value - champion.value, spread * shared, 2 / shared, least)


def of_pairs(pairs: Means) -> Differences:
    """Challenger minus champion, where each row is the difference of a pair."""
    return Differences(pairs.value, pairs.variance, pairs.rows, pairs.rows)


def tuning(level: float, planned: float) -> float:
    """The r that makes the sequence tightest at so many rows."""
    logs = -2 * math.log(level)
    return (logs + math.log(logs) + 1) / planned


def half_width(variance: Floats, rows: Floats, level: float, planned: float) -> Floats:
    """Half the width of the sequence at the level, shape of the arguments.

    >>> round(float(half_width(np.array(1 / 1000), np.array(1000.0), 0.05, 1000)), 4)
    0.096
    """
    grown = rows * tuning(level, planned)
    found: Floats = np.sqrt(variance * (1 + 1 / grown) * (np.log1p(grown) - 2 * math.log(level)))
    return found


def rows_until(gap: float, variance: float, rows: float, level: float, planned: float) -> float:
    """How many times the present rows it takes until half the width is `gap`; 1 if it is.

    Infinite where that is more than a million times.
    """

    def wide(times: float) -> bool:
        width = half_width(np.array(variance / times), np.array(rows * times), level, planned)
        return bool(width > gap)

    if gap <= 0 or wide(_MOST_TIMES):
        return math.inf
    low, high = 0.0, math.log(_MOST_TIMES)  # of the logarithm
    if not wide(1.0):
        return 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if wide(math.exp(middle)) else (low, middle)
    return math.exp(high)


_MOST_TIMES = 1e6
