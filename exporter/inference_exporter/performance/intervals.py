"""95 % intervals: for a share, and for a bounded or unbounded value with a known variance."""

from __future__ import annotations

import math

Metrics = dict[tuple[str, str], float]
Interval = tuple[float, float]
Intervals = dict[tuple[str, str], Interval]

Z = 1.959963984540054  # the normal distribution's 97.5 % quantile


def wilson(hits: float, rows: float) -> Interval:
    """Wilson's score interval of a share (Wilson 1927).

    It holds its 95 % where a normal interval fails: near 0 and 1, and with few rows.

    >>> [round(bound, 4) for bound in wilson(9, 10)]
    [0.5958, 0.9821]
    """
    share, square = hits / rows, Z * Z
    centre = share + square / (2 * rows)
    half = Z * math.sqrt(share * (1 - share) / rows + square / (4 * rows * rows))
    scale = 1 + square / rows
    return max(0.0, (centre - half) / scale), min(1.0, (centre + half) / scale)


def on_logit_scale(value: float, variance: float) -> Interval | None:
    """Interval of a value between 0 and 1, normal on the scale log(v / (1 - v)): never outside.

    None at 0 and 1, and where the variance is not known: there the delta method says nothing.

    >>> on_logit_scale(1.0, 0.0) is None
    True
    >>> [round(bound, 4) for bound in on_logit_scale(0.5, 0.0025)]
    [0.4032, 0.5968]
    """
    if not (0.0 < value < 1.0 and 0.0 < variance < math.inf):
        return None
    centre = math.log(value / (1 - value))
    half = Z * math.sqrt(variance) / (value * (1 - value))
    return _expit(centre - half), _expit(centre + half)


def as_share(value: float, variance: float) -> Interval | None:
    """Interval of a value between 0 and 1: Wilson's of a share with the same variance.

    A share of n rows has the variance v (1 - v) / n, so n is v (1 - v) / variance rows. Unlike
    the logit scale it does not run off to the other end where the value is nearly 0 or 1 and its
    variance is not as small as that of a share.

    >>> [round(bound, 3) for bound in as_share(0.9997, 4e-6)]
    [0.951, 1.0]
    >>> [round(bound, 6) for bound in as_share(0.9, 0.0009)]
    [0.825634, 0.944771]
    """
    if not (0.0 < value < 1.0 and 0.0 < variance < math.inf):
        return None
    rows = value * (1 - value) / variance
    return wilson(value * rows, rows)


def _expit(value: float) -> float:
    if value < 0:  # either branch keeps exp below 1, so that it cannot overflow
        power = math.exp(max(value, -700.0))
        return power / (1 + power)
    return 1 / (1 + math.exp(-min(value, 700.0)))


def normal(value: float, variance: float) -> Interval | None:
    """Value ± 1.96 standard errors; None where the variance is not a positive number.

    >>> [round(bound, 2) for bound in normal(10.0, 4.0)]
    [6.08, 13.92]
    """
    if not (math.isfinite(value) and 0.0 < variance < math.inf):
        return None
    half = Z * math.sqrt(variance)
    return value - half, value + half


def not_below_zero(interval: Interval | None) -> Interval | None:
    """The part of an interval that a loss can be in."""
    return None if interval is None else (max(0.0, interval[0]), interval[1])
