"""Sums over numeric predictions with a label -> MAE, RMSE, bias, R², MAPE."""

from __future__ import annotations

import math
from collections.abc import Mapping

from inference_exporter.performance.intervals import (
    Interval,
    Intervals,
    Metrics,
    Z,
    normal,
    not_below_zero,
)


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


def regression_intervals(
    sums: Mapping[str, float], spread: Mapping[str, float] | None = None
) -> Intervals:
    """95 % intervals of `regression_metrics`, normal, from the variance between rows.

    `spread` has `fourth`, the sum of error⁴, `percentage_squared`, the sum of the squared relative
    errors, and what `r2_variance` needs; without it the first two are among `sums`, and R² has
    none. The interval of the RMSE is the square root of that of
    the mean squared error; that of R² is normal for log(1 - R²), so that it ends below 1.
    """
    n = sums["n"]
    if n <= 0:
        return {}
    powers = sums if spread is None else spread
    mean, square = sums["absolute"] / n, sums["squared"] / n
    bias = (sums["over"] - sums["under"]) / n
    found = {
        "mae": not_below_zero(normal(mean, (square - mean * mean) / n)),
        "bias": normal(bias, (square - bias * bias) / n),
        "rmse": _root(normal(square, (powers["fourth"] / n - square * square) / n)),
    }
    r2 = regression_metrics(sums).get(("r2", ""))
    if r2 is not None and spread is not None:
        found["r2"] = _unexplained(1.0 - r2, r2_variance(sums, spread))
    rows = sums["percentage_n"]
    if rows > 0:
        share = sums["percentage"] / rows
        variance = (powers["percentage_squared"] / rows - share * share) / rows
        found["mape"] = not_below_zero(normal(share, variance))
    return {(metric, ""): interval for metric, interval in found.items() if interval is not None}


def r2_variance(sums: Mapping[str, float], spread: Mapping[str, float]) -> float:
    r"""Variance of R² over samples of rows, by its influence function.

    With the mean squared error A, the variance B of the labels y around their mean m, and
    k = A / B = 1 - R², a row moves R² by u / B, u = -e² + k (y - m)², which is 0 on average; so
    the variance is E[u²] / (n B²).

    `spread` has sums over rows of e⁴ (`fourth`), e² z (`squared_actual`), e² z²
    (`squared_actual_squared`), z³ and z⁴ (`actual_third`, `actual_fourth`), with z = y - `centre`.
    """
    n, square = sums["n"], sums["squared"] / sums["n"]
    mean = (sums["actual_positive"] - sums["actual_negative"]) / n
    variance = sums["actual_squared"] / n - mean * mean
    d = mean - spread["centre"]  # the mean of z
    second = variance + d * d
    mixed = spread["squared_actual_squared"] / n - 2 * d * spread["squared_actual"] / n
    mixed += d * d * square
    fourth = spread["actual_fourth"] / n - 4 * d * spread["actual_third"] / n
    fourth += 6 * d * d * second - 3 * d**4
    k = square / variance
    moved = spread["fourth"] / n - 2 * k * mixed + k * k * fourth
    return moved / (n * variance * variance)


def _unexplained(k: float, variance: float) -> Interval | None:
    """Interval of R² = 1 - k, normal for log k."""
    if not (k > 0 and 0 < variance < math.inf):
        return None
    wide = math.exp(min(Z * math.sqrt(variance) / k, 700.0))
    return 1 - k * wide, 1 - k / wide


def _root(interval: Interval | None) -> Interval | None:
    return None if interval is None else (math.sqrt(max(0.0, interval[0])), math.sqrt(interval[1]))
