"""Errors of a regression before any label: those of the reference at predictions like these."""

from __future__ import annotations

import math

import numpy as np

from inference_exporter.performance.estimates import Estimates
from inference_exporter.performance.intervals import normal
from inference_exporter.values.batch import Floats


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
