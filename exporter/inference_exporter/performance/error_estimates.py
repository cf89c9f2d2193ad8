"""Errors of a regression before any label: those of the reference at inputs like these."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from inference_exporter.performance.estimates import Estimates, Moments
from inference_exporter.performance.intervals import Interval, normal, not_below_zero
from inference_exporter.values.batch import Floats
from inference_exporter.values.losses import LossTable


def error_estimates(
    rows: Floats, table: LossTable, errors: Mapping[str, float] | None = None
) -> Estimates:
    """The metrics of `error_moments`, each with its 95 % interval of what labels will show.

    `errors`: as of `estimates`.
    """
    found = error_moments(rows, table)
    return {
        metric: (value, _interval(metric, value, variance + (errors or {}).get(metric, 0.0) ** 2))
        for metric, (value, variance) in found.items()
    }


def error_moments(rows: Floats, table: LossTable) -> Moments:
    """Value and variance of MAE, RMSE and, where the table knows signs, bias and MAPE.

    `rows` (cells,): live rows per cell of the table. The variance of a mean over the window is the
    sum of rows x variance, and of rows² x variance / labelled rows for what the reference's means
    may be off, over total².
    """
    if not rows.sum() > 0:
        return {}
    found = {"mae": _mean(rows, table.rows, table.absolute, table.absolute_variance)}
    square, variance = _mean(rows, table.rows, table.squared, table.squared_variance)
    if square > 0:
        found["rmse"] = (math.sqrt(square), variance / (4 * square))
    more = table.more
    if more is not None:
        found["bias"] = _mean(rows, table.rows, more.bias, more.bias_variance)
        usable = rows * more.nonzero / np.maximum(table.rows, 1.0)
        if usable.sum() > 0:
            variances = more.percentage_variance
            found["mape"] = _mean(usable, more.nonzero, more.percentage, variances)
    return found


def _mean(rows: Floats, learned: Floats, mean: Floats, spread: Floats) -> tuple[float, float]:
    total = float(rows.sum())
    variance = rows * spread + rows**2 * spread / np.maximum(learned, 1.0)
    return float((rows * mean).sum()) / total, float(variance.sum()) / total**2


def _interval(metric: str, value: float, variance: float) -> Interval | None:
    """Normal; of the RMSE the square root of that of the mean squared error."""
    if metric == "bias":
        return normal(value, variance)
    if metric != "rmse":
        return not_below_zero(normal(value, variance))
    wide = not_below_zero(normal(value * value, 4 * value * value * variance))
    return wide and (math.sqrt(wide[0]), math.sqrt(wide[1]))
