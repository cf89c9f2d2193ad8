"""How far the metrics of binned scores may be off because the rows are a sample."""

from __future__ import annotations

import numpy as np

from inference_exporter.performance.calibration_interval import calibration_interval
from inference_exporter.performance.intervals import (
    Interval,
    Intervals,
    normal,
    not_below_zero,
    on_logit_scale,
)
from inference_exporter.performance.scores import ScoreSums, average_precision, score_metrics
from inference_exporter.values.batch import Floats

_CLIP = 1e-15


def score_intervals(sums: ScoreSums, ranks: Floats | None = None) -> Intervals:
    """95 % intervals of `score_metrics`, for the sampling of rows, without the binning error.

    ROC AUC: DeLong's variance of the binned scores (DeLong, DeLong & Clarke-Pearson 1988), on the
    logit scale. Average precision: the logit interval of Boyd, Eng & Page (2013), variance
    AP (1 - AP) / positives. Brier score and log loss: normal, with the variance between the cells
    (class x bin), each at its mean score; what varies within a bin of 0.05 is left out. The
    calibration error: `calibration_interval`.
    """
    metrics = score_metrics(sums, ranks)
    negatives, positives = sums.rows if ranks is None else ranks
    found: dict[str, Interval | None] = {}
    for metric, loss in _losses(sums).items():
        mean = metrics.get((metric, ""))
        if mean is not None:
            spread = float((sums.rows * (loss - mean) ** 2).sum()) / sums.total
            found[metric] = not_below_zero(normal(mean, spread / sums.total))
    if ("roc_auc", "") in metrics:
        found["roc_auc"] = on_logit_scale(metrics["roc_auc", ""], delong(negatives, positives))
    if ("average_precision", "") in metrics:
        variance = boyd(negatives, positives)
        found["average_precision"] = on_logit_scale(metrics["average_precision", ""], variance)
    if ("calibration_error", "") in metrics:
        error = metrics["calibration_error", ""]
        found["calibration_error"] = calibration_interval(sums.rows.sum(0), sums.rows[1], error)
    return {(metric, ""): interval for metric, interval in found.items() if interval is not None}


def _losses(sums: ScoreSums) -> dict[str, Floats]:
    """Loss of a row at the mean score of its cell, (2, 20); 0 where a cell is empty."""
    mean = np.divide(sums.scores, sums.rows, out=np.full((2, 20), 0.5), where=sums.rows > 0)
    miss = np.stack((mean[0], 1 - mean[1]))
    return {"brier_score": miss**2, "log_loss": -np.log(np.clip(1 - miss, _CLIP, 1.0))}


def boyd(negatives: Floats, positives: Floats) -> float:
    """Variance of the average precision (Boyd, Eng & Page 2013)."""
    value = average_precision(negatives, positives)
    return value * (1 - value) / float(positives.sum())


def delong(negatives: Floats, positives: Floats) -> float:
    """Variance of the area under the curve: of each row's share of pairs won, by class.

    0 with fewer than two rows of either class: not known.
    """
    m, n = float(positives.sum()), float(negatives.sum())
    if m < 2 or n < 2:
        return 0.0
    won = (np.cumsum(negatives) - negatives / 2) / n  # by a positive of the bin
    lost = (m - np.cumsum(positives) + positives / 2) / m  # by a negative of the bin
    area = float((positives * won).sum()) / m
    of_positives = float((positives * (won - area) ** 2).sum()) / (m - 1)
    of_negatives = float((negatives * (lost - area) ** 2).sum()) / (n - 1)
    return of_positives / m + of_negatives / n
