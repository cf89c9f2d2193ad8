"""Performance before any label: what expected cells say, and how far they may be off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from inference_exporter.performance.business import Values
from inference_exporter.performance.expected import LOSSES, Expected, ExpectedLosses
from inference_exporter.performance.intervals import Interval, as_share, normal, not_below_zero
from inference_exporter.performance.scores import average_precision, log_losses, roc_auc
from inference_exporter.values.batch import Floats

Estimates = dict[str, tuple[float, Interval | None]]
Moments = dict[str, tuple[float, float]]  # value and variance by metric


def estimates(
    expected: Expected,
    values: Values | None,
    classes: tuple[str, str],
    errors: Mapping[str, float] | None = None,
) -> Estimates:
    """The metrics of `moments`, each with its 95 % interval of the value that labels will show.

    `errors`: standard deviation, by metric, of what estimates were off by from one time to the
    next beyond chance, on the reference. Shares have an interval as of a share (delta method).
    """
    found = moments(expected, values, classes)
    return {
        metric: (value, interval_of(metric, value, variance + (errors or {}).get(metric, 0.0) ** 2))
        for metric, (value, variance) in found.items()
    }


def interval_of(metric: str, value: float, variance: float) -> Interval | None:
    """At 95 %: normal for losses and worth, as of a share for all others."""
    if metric in LOSSES:
        return not_below_zero(normal(value, variance))
    return normal(value, variance) if metric == "business_value" else as_share(value, variance)


def moments(expected: Expected, values: Values | None, classes: tuple[str, str]) -> Moments:
    """Value and variance of each metric.

    Accuracy; precision, recall and F1 of the positive class; ROC AUC, average precision; Brier
    score and log loss where they were summed; business value where it is configured.
    """
    total = float(expected.rows.sum())
    if total <= 0:
        return {}
    (tn, fn), (fp, tp) = expected.confusion().tolist()
    found = {"accuracy": _of_cells(expected, (tp + tn) / total, (-1 / total, 1 / total))}
    if tp + fp > 0:
        found["precision"] = _of_cells(expected, tp / (tp + fp), (0.0, 1 / (tp + fp)))
    if tp + fn > 0:
        actual = (tp + fn) ** 2
        found["recall"] = _of_cells(expected, tp / (tp + fn), (-tp / actual, fn / actual))
    both = 2 * tp + fp + fn  # = predicted positives + positives
    if both > 0:
        slopes = (-2 * tp / both**2, 2 * (both - tp) / both**2)
        found["f1"] = _of_cells(expected, 2 * tp / both, slopes)
    found.update(_ranked(expected))
    if expected.losses is not None:
        found.update(_losses(expected, expected.losses))
    if values is not None:
        found["business_value"] = _business_value(expected, values, classes)
    return found


def _of_cells(expected: Expected, value: float, slopes: tuple[float, float]) -> tuple[float, float]:
    """A value whose derivatives by false negatives and true positives are `slopes`."""
    slope = np.repeat(np.array([slopes]).T, expected.rows.shape[1], axis=1)
    return value, expected.variance(slope)


def _ranked(expected: Expected) -> Moments:
    """From the expected positives and negatives of each bin, scores of a bin being ties."""
    positives = expected.hits.sum(axis=0)
    negatives = np.maximum(expected.rows.sum(axis=0) - positives, 0.0)
    found: Moments = {}
    if positives.sum() > 0:
        found["average_precision"] = _average_precision(expected, negatives, positives)
        if negatives.sum() > 0:
            found["roc_auc"] = _roc_auc(expected, negatives, positives)
    return found


def _roc_auc(expected: Expected, negatives: Floats, positives: Floats) -> tuple[float, float]:
    p, n = float(positives.sum()), float(negatives.sum())
    area = roc_auc(negatives, positives)
    below = np.cumsum(negatives) - negatives / 2
    above = p - np.cumsum(positives) + positives / 2
    slope = (below - above) / (p * n) - area * (1 / p - 1 / n)
    return area, expected.variance(np.stack((slope, slope)))


def _average_precision(
    expected: Expected, negatives: Floats, positives: Floats
) -> tuple[float, float]:
    """Sum over bins of positives x precision at its lower edge / all positives.

    A negative that becomes a positive changes no number of rows, so by the positives of bin k it
    grows by (precision at k + sum over bins below and k of positives / rows - itself) / positives.
    """
    value, total = average_precision(negatives, positives), float(positives.sum())
    hits = positives[::-1].cumsum()[::-1]
    rows = (positives + negatives)[::-1].cumsum()[::-1]
    scale = np.divide(1.0, rows, out=np.zeros(len(rows)), where=rows > 0)
    slope = (hits * scale + np.cumsum(positives * scale) - value) / total
    return value, expected.variance(np.stack((slope, slope)))


def _losses(expected: Expected, losses: ExpectedLosses) -> Moments:
    """Their variance: that of the coins, and for p a bin's difference between both outcomes."""
    rows = expected.rows.sum(axis=0)
    total = float(rows.sum())
    mean = np.divide(losses.scores, rows, out=np.full(len(rows), 0.5), where=rows > 0)
    yes = np.ones(len(mean), np.bool_)
    gains = (1 - 2 * mean, log_losses(mean, yes) - log_losses(mean, ~yes))
    return {
        metric: (
            float(losses.total[at]) / total,
            (float(losses.spread[at]) + expected.unlearned(rows * gains[at])) / total**2,
        )
        for at, metric in enumerate(LOSSES)
    }


def _business_value(
    expected: Expected, values: Values, classes: tuple[str, str]
) -> tuple[float, float]:
    worth = np.array([[values(one, other) for other in classes] for one in classes])
    total = float(expected.rows.sum())
    mean = float((worth * expected.confusion()).sum()) / total
    slope = np.repeat((worth[:, 1:] - worth[:, :1]) / total, expected.rows.shape[1], axis=1)
    return mean, expected.variance(slope)
