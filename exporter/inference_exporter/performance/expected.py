"""Sums over predictions whose label is not there yet: expected cells, scores and losses.

CBPE, confidence-based performance estimation (Kivimäki et al. 2025, arXiv 2505.05295; NannyML). A
prediction with calibrated probability p of the positive class is a true positive with probability
p if it was predicted positive, and a false negative with probability p if not. The cells are sums
of independent coins, Poisson-binomial, with the variance sum of p (1 - p); so intervals are in
closed form. If what inputs mean has changed (concept drift), p is wrong and nothing here shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.performance.scores import log_losses
from inference_exporter.values.batch import Bools, Floats

LOSSES = ("brier_score", "log_loss")


@dataclass(frozen=True, slots=True)
class ExpectedLosses:
    """What Brier score and log loss will be: `total` and `spread` (2,), in the order of `LOSSES`.

    `total` sums of the expected losses, `spread` of their variances; `scores` (bins,) the sum of
    the scores per bin.
    """

    total: Floats
    spread: Floats
    scores: Floats


@dataclass(frozen=True, slots=True)
class Expected:
    """Sums per predicted class (negative, positive) and score bin, each (2, bins).

    `rows`, `hits` the sum of p, `spread` the sum of p (1 - p). `learned` (bins,) labelled reference
    rows per bin, from which p was learned.
    """

    rows: Floats
    hits: Floats
    spread: Floats
    learned: Floats
    losses: ExpectedLosses | None = None

    def confusion(self) -> Floats:
        """Expected rows, [predicted, actual]."""
        hits = self.hits.sum(axis=1)
        return np.stack((self.rows.sum(axis=1) - hits, hits), axis=1)

    def variance(self, slope: Floats) -> float:
        """Variance of a value with the derivative `slope` (2, bins) by the positives of each cell.

        Two parts: the coins themselves, and what the calibration may be off by in a bin.
        """
        coins = float((slope**2 * self.spread).sum())
        return coins + self.unlearned((slope * self.rows).sum(axis=0))

    def unlearned(self, moved: Floats) -> float:
        """Variance for what the calibration may be off by.

        `moved` (bins,) is how much a value changes with the p of all rows of a bin. That p has the
        variance p (1 - p) over the reference rows in the bin, the same for all of its rows.
        """
        rows = self.rows.sum(axis=0)
        share = np.divide(self.spread.sum(axis=0), rows, out=np.zeros(len(rows)), where=rows > 0)
        return float((moved**2 * share / np.maximum(self.learned, 1.0)).sum())


def expected_losses(score: Floats, probability: Floats) -> Floats:
    """Expected Brier and log loss of each row, then their variances: (4, rows).

    The loss is a coin: that of a positive with probability p, that of a negative else.

    >>> expected_losses(np.array([0.5]), np.array([0.3]))[0].tolist()
    [0.25]
    """
    yes: Bools = np.ones(len(score), np.bool_)
    found = np.empty((4, len(score)))
    sides = ((1 - score) ** 2, score**2), (log_losses(score, yes), log_losses(score, ~yes))
    for at, (positive, negative) in enumerate(sides):
        found[at] = probability * positive + (1 - probability) * negative
        found[at + 2] = probability * (1 - probability) * (positive - negative) ** 2
    return found
