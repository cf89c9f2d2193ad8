"""A segment against what it was on the reference data: how much worse, beyond what chance does."""

from __future__ import annotations

import math
from dataclasses import dataclass

from inference_exporter.performance.groups import HIGHER_IS_BETTER, LOWER_IS_BETTER, Measured
from inference_exporter.performance.groups import quantile as normal_quantile
from inference_exporter.performance.intervals import Interval, Z
from inference_exporter.special import beta_quantile

SHARES = (HIGHER_IS_BETTER - {"r2", "business_value"}) | {"brier_score"}  # all within 0..1


@dataclass(frozen=True, slots=True)
class Decline:
    """How much worse a metric is than on the reference (negative: better).

    `critical` is what chance alone exceeds with the given probability.
    """

    value: float
    critical: float


def decline(
    metric: str, before: Measured, now: Measured, alpha: float, design: float = 1.0
) -> Decline | None:
    r"""The decline of one metric; None without its intervals, or for a metric without order.

    The critical decline is the square root of the sum of the squared distances from either value
    to the end of its own one-sided interval that looks towards the other (MOVER, Zou & Donner
    2008), each at the level alpha. Of metrics between 0 and 1 that is the exact interval of a share
    (Clopper & Pearson 1934) of as many rows as have the 95 % interval that is given: far out, where
    this is looked at, errors that are seldom are anything but normal. Of others it is normal.
    Where `design` rows of now are worth one, they count as the rows that they are worth.

    >>> before, now = Measured(0.9, (0.88, 0.92), 900), Measured(0.8, (0.76, 0.84), 400)
    >>> found = decline("mae", now, before, alpha=0.001)
    >>> round(found.value, 3), round(found.critical, 3)
    (0.1, 0.071)
    """
    sign = 1.0 if metric in HIGHER_IS_BETTER else -1.0
    if sign < 0 and metric not in LOWER_IS_BETTER:
        return None
    better = _distance(metric, now, sign, alpha, design)
    worse = _distance(metric, before, -sign, alpha, 1.0)
    if better is None or worse is None:
        return None
    return Decline(sign * (before.value - now.value), math.hypot(better, worse))


def _distance(metric: str, one: Measured, way: float, alpha: float, design: float) -> float | None:
    """From a value to the end of its interval, upwards (1) or downwards (-1)."""
    if one.interval is None:
        return None
    if metric not in SHARES:
        half = max(one.interval[1] - one.value, one.value - one.interval[0])  # one may end at 0
        return half / Z * normal_quantile(1 - alpha) * math.sqrt(design)
    rows = rows_of_share(one.value, one.interval) / design
    return abs(_end(one.value, rows, way, alpha) - one.value)


def rows_of_share(value: float, interval: Interval) -> float:
    """How many rows a share has whose 95 % interval (Wilson's) is as wide.

    >>> from inference_exporter.performance.intervals import wilson
    >>> round(rows_of_share(0.9, wilson(180, 200)), 6), round(rows_of_share(1.0, wilson(9, 9)), 6)
    (200.0, 9.0)
    """
    square = ((interval[1] - interval[0]) / 2) ** 2
    # (half width)² (1 + q)² = q v (1 - v) + q² / 4, with q = z² / rows
    a, b = square - 0.25, 2 * square - value * (1 - value)
    q = (-b - math.sqrt(max(0.0, b * b - 4 * a * square))) / (2 * a)
    return Z * Z / q


def _end(value: float, rows: float, way: float, alpha: float) -> float:
    """The upper or lower end of the exact interval of a share."""
    hits, others = value * rows, (1 - value) * rows
    if way > 0:
        return 1.0 if others <= 0 else beta_quantile(hits + 1, others, 1 - alpha)
    return 0.0 if hits <= 0 else beta_quantile(hits, others + 1, alpha)
