"""Edges of bins beside values, not at them.

A value is written by one program as float64 and by another as float32: 0.1 and 0.10000000149 are
the same number to everyone but a bin edge at 0.1. So an edge that is meant for a value that comes
again and again stands a hair beside it.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.values.batch import Floats

STEPS = 4  # of float32 between a value and an edge beside it; rounding moves it by half of one
NEAR = 1e-6  # of the size of values: an edge so near to one stands beside it (a hair: 5e-7)


def around(values: Floats) -> tuple[Floats, Floats]:
    """Edges just below and just above each of some values, ascending and distinct.

    Four steps of float32 away, of the value's size or of the gap to its neighbour, where that is
    larger. Where a neighbour is so near that float32 could hardly tell the two apart, values are
    exact: the next number below, and the value itself. A value at an edge belongs below it.

    >>> down, up = around(np.array([0.1, 0.5]))
    >>> bool(down[0] < 0.1 < float(np.float32(0.1)) < up[0] < 0.100001)
    True
    """
    with np.errstate(over="ignore", invalid="ignore"):  # beyond float32, and float64's ends
        gaps = np.diff(values)
        nearest = np.fmin(np.append(np.inf, gaps), np.append(gaps, np.inf))
        scale = np.fmax(np.abs(values), np.where(np.isfinite(nearest), nearest, 0.0))
        scale = np.where(scale == 0, 1.0, scale)
        step = np.spacing(scale.astype(np.float32)).astype(np.float64)
        step = np.where(np.isfinite(step), step, np.spacing(scale))
        hair = STEPS * step
        exact = ~(2 * hair < nearest)
        down = np.where(exact, np.nextafter(values, -np.inf), values - hair)
        up = np.where(exact, values, values + hair)
    return down, up


def shown(edges: Floats, minimum: float, maximum: float) -> list[str]:
    """Edges of values between two numbers, as people read them: a hair beside 0 is 0.

    >>> shown(np.array([4.8e-07, 0.5000002]), 0.0, 1.0)
    ['0', '0.5']
    """
    with np.errstate(over="ignore"):
        near = NEAR * (maximum - minimum or 1.0)
    return [f"{0.0 if abs(edge) <= near else edge:.6g}" for edge in edges.tolist()]


def limits(edges: Floats, minimum: float, maximum: float) -> tuple[float, float]:
    """The range of values with these edges: above the first number, and up to the second.

    The edges a hair beside the smallest and largest value, or the values where there are none.

    >>> limits(np.array([0.9999995, 2.5, 4.000001]), 1.0, 4.0)
    (0.9999995, 4.000001)
    """
    with np.errstate(over="ignore"):
        near = NEAR * (max(abs(minimum), abs(maximum), maximum - minimum) or 1.0)
        below = float(np.nextafter(minimum, -np.inf))
        lower, upper = edges[edges < minimum], edges[edges >= maximum]
        if len(lower) and minimum - lower[-1] <= near:
            below = float(lower[-1])
        above = float(upper[0]) if len(upper) and upper[0] - maximum <= near else maximum
    return below, above
