"""Sums over numeric predictions with a label -> MAE, RMSE, bias, R², MAPE."""

from __future__ import annotations

import math
from collections.abc import Mapping

from inference_exporter.performance.intervals import Interval, Intervals, Metrics, normal


def regression_metrics(sums: Mapping[str, float]) -> Metrics:
    """MAE, RMSE, bias, R² and MAPE from sums over labelled rows.

    `sums` has `n`, `absolute` |error|, `squared` error², `over` and `under` (the positive parts of
    prediction - actual and of actual - prediction), `percentage` |error| / |actual| over the
    `percentage_n` rows whose label is not 0, `actual_positive`, `actual_negative` (as a positive
    number) and `actual_squared`. R² = 1 - squared / (actual_squared - n mean²) loses precision
    where the labels' mean is far larger than their spread, and is absent where they have no
    spread that float64 can show.

    >>> regression_metrics({
    ...     "n": 2, "absolute": 3, "squared": 5, "over": 2, "under": 1, "percentage": 0.5,
    ...     "percentage_n": 1, "actual_positive": 4, "actual_negative": 0, "actual_squared": 18,
    ... }) == {("mae", ""): 1.5, ("rmse", ""): 2.5**0.5, ("bias", ""): 0.5, ("r2", ""): 0.5,
    ...        ("mape", ""): 0.5}
    True
    """
    n = sums["n"]
    if n <= 0:
        return {}
    found = {
        "mae": sums["absolute"] / n,
        "rmse": math.sqrt(sums["squared"] / n),
        "bias": (sums["over"] - sums["under"]) / n,
    }
    mean = (sums["actual_positive"] - sums["actual_negative"]) / n
    spread = sums["actual_squared"] - n * mean * mean
    if spread > 1e-12 * sums["actual_squared"]:
        found["r2"] = 1.0 - sums["squared"] / spread
    if sums["percentage_n"] > 0:
        found["mape"] = sums["percentage"] / sums["percentage_n"]
    return {(metric, ""): value for metric, value in found.items() if math.isfinite(value)}


def regression_intervals(sums: Mapping[str, float], spread: Mapping[str, float]) -> Intervals:
    """95 % intervals of `regression_metrics`, normal, from the variance between rows.

    `spread` has `fourth`, the sum of error⁴, and `percentage_squared`, the sum of the squared
    relative errors. The interval of the RMSE is the square root of that of the mean squared error.
    R² has none: it would need the joint fourth moments of labels and errors.
    """
    n = sums["n"]
    if n <= 0:
        return {}
    mean, square = sums["absolute"] / n, sums["squared"] / n
    bias = (sums["over"] - sums["under"]) / n
    found = {
        "mae": _not_below_zero(normal(mean, (square - mean * mean) / n)),
        "bias": normal(bias, (square - bias * bias) / n),
        "rmse": _root(normal(square, (spread["fourth"] / n - square * square) / n)),
    }
    rows = sums["percentage_n"]
    if rows > 0:
        share = sums["percentage"] / rows
        variance = (spread["percentage_squared"] / rows - share * share) / rows
        found["mape"] = _not_below_zero(normal(share, variance))
    return {(metric, ""): interval for metric, interval in found.items() if interval is not None}


def _not_below_zero(interval: Interval | None) -> Interval | None:
    return None if interval is None else (max(0.0, interval[0]), interval[1])


def _root(interval: Interval | None) -> Interval | None:
    return None if interval is None else (math.sqrt(max(0.0, interval[0])), math.sqrt(interval[1]))
