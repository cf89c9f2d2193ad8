"""Performance before any label: expected confusion cells, and how far they may be off.

CBPE, confidence-based performance estimation (Kivimäki et al. 2025, arXiv 2505.05295; NannyML). A
prediction with calibrated probability p of the positive class is a true positive with probability
p if it was predicted positive, and a false negative with probability p if not. The cells are sums
of independent coins, Poisson-binomial, with the variance sum of p (1 - p); so intervals are in
closed form. If what inputs mean has changed (concept drift), p is wrong and nothing here shows it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from inference_exporter.performance.business import Values
from inference_exporter.performance.intervals import Interval, as_share, normal
from inference_exporter.performance.scores import roc_auc
from inference_exporter.values.batch import Floats

Estimates = dict[str, tuple[float, Interval | None]]


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

    def confusion(self) -> Floats:
        """Expected rows, [predicted, actual]."""
        hits = self.hits.sum(axis=1)
        return np.stack((self.rows.sum(axis=1) - hits, hits), axis=1)

    def variance(self, slope: Floats) -> float:
        """Variance of a value with the derivative `slope` (2, bins) by the positives of each cell.

        Two parts: the coins themselves, and what the calibration may be off by in a bin, which is
        the same for all of its rows: p (1 - p) over the reference rows in the bin.
        """
        coins = float((slope**2 * self.spread).sum())
        rows = self.rows.sum(axis=0)
        share = np.divide(self.spread.sum(axis=0), rows, out=np.zeros(len(rows)), where=rows > 0)
        moved = (slope * self.rows).sum(axis=0)
        return coins + float((moved**2 * share / np.maximum(self.learned, 1.0)).sum())


def estimates(expected: Expected, values: Values | None, classes: tuple[str, str]) -> Estimates:
    """Accuracy; precision, recall and F1 of the positive class; ROC AUC; business value.

    Each with its 95 % interval of the value that labels will show: delta method, as of a share
    but for the business value.
    """
    total = float(expected.rows.sum())
    if total <= 0:
        return {}
    (tn, fn), (fp, tp) = expected.confusion().tolist()
    found: Estimates = {"accuracy": _share(expected, (tp + tn) / total, (-1 / total, 1 / total))}
    if tp + fp > 0:
        found["precision"] = _share(expected, tp / (tp + fp), (0.0, 1 / (tp + fp)))
    if tp + fn > 0:
        actual = (tp + fn) ** 2
        found["recall"] = _share(expected, tp / (tp + fn), (-tp / actual, fn / actual))
    both = 2 * tp + fp + fn  # = predicted positives + positives
    if both > 0:
        slopes = (-2 * tp / both**2, 2 * (both - tp) / both**2)
        found["f1"] = _share(expected, 2 * tp / both, slopes)
    found.update(_roc_auc(expected))
    if values is not None:
        found["business_value"] = _business_value(expected, values, classes)
    return found


def _share(
    expected: Expected, value: float, slopes: tuple[float, float]
) -> tuple[float, Interval | None]:
    """A value whose derivatives by false negatives and true positives are `slopes`."""
    slope = np.repeat(np.array([slopes]).T, expected.rows.shape[1], axis=1)
    return value, as_share(value, expected.variance(slope))


def _roc_auc(expected: Expected) -> Estimates:
    """Area from the expected positives and negatives of each bin, scores of a bin being ties."""
    positives = expected.hits.sum(axis=0)
    negatives = expected.rows.sum(axis=0) - positives
    p, n = float(positives.sum()), float(negatives.sum())
    if p <= 0 or n <= 0:
        return {}
    area = roc_auc(np.maximum(negatives, 0.0), positives)
    below = np.cumsum(negatives) - negatives / 2
    above = p - np.cumsum(positives) + positives / 2
    slope = (below - above) / (p * n) - area * (1 / p - 1 / n)
    return {"roc_auc": (area, as_share(area, expected.variance(np.stack((slope, slope)))))}


def _business_value(
    expected: Expected, values: Values, classes: tuple[str, str]
) -> tuple[float, Interval | None]:
    worth = np.array([[values(one, other) for other in classes] for one in classes])
    total = float(expected.rows.sum())
    mean = float((worth * expected.confusion()).sum()) / total
    slope = np.repeat((worth[:, 1:] - worth[:, :1]) / total, expected.rows.shape[1], axis=1)
    return mean, normal(mean, expected.variance(slope))


def error_estimates(
    rows: Floats, learned: Floats, absolute: tuple[Floats, Floats], squared: tuple[Floats, Floats]
) -> Estimates:
    """MAE and RMSE of predictions whose errors are those of the reference in the same decile.

    `rows` and `learned` (D,): live and labelled reference rows per decile of the prediction;
    `absolute` and `squared`: mean and variance of |error| and error² there. The variance of a mean
    over the window is the sum of rows x variance, and of rows² x variance / learned for what the
    reference's means may be off, over total².
    """
    total = float(rows.sum())
    if total <= 0:
        return {}

    def mean_of(mean: Floats, spread: Floats) -> tuple[float, float]:
        variance = rows * spread + rows**2 * spread / np.maximum(learned, 1.0)
        return float((rows * mean).sum()) / total, float(variance.sum()) / total**2

    mae = mean_of(*absolute)
    square = mean_of(*squared)
    wide = normal(*square)
    ends = wide and (math.sqrt(max(0.0, wide[0])), math.sqrt(wide[1]))
    flat = normal(*mae)
    return {
        "mae": (mae[0], flat and (max(0.0, flat[0]), flat[1])),
        "rmse": (math.sqrt(square[0]), ends),
    }
