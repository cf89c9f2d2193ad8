"""Kolmogorov's distribution: the largest difference of two empirical distributions, times √n.

Two series, of which each is short where the other is long (Marsaglia, Tsang & Wang, Journal of
Statistical Software 8(18), 2003).
"""

from __future__ import annotations

import math

_TERMS = 12
_MIDDLE = 0.82
_FARTHEST = 20.0  # there the probability is below every float


def kolmogorov_tail(value: float) -> float:
    """P(K > value).

    >>> round(kolmogorov_tail(1.3581), 4)
    0.05
    """
    if not value > 0.0:
        return math.nan if math.isnan(value) else 1.0
    if value < _MIDDLE:
        scale = math.pi * math.pi / (8.0 * value * value)
        below = math.fsum(math.exp(-((2 * k - 1) ** 2) * scale) for k in range(1, _TERMS))
        return 1.0 - math.sqrt(2.0 * math.pi) / value * below
    square = 2.0 * value * value
    return 2.0 * math.fsum((-1) ** (k - 1) * math.exp(-k * k * square) for k in range(1, _TERMS))


def kolmogorov_quantile(alpha: float) -> float:
    """The value that K exceeds with probability `alpha`.

    >>> round(kolmogorov_quantile(0.05), 4)
    1.3581
    """
    if not 0.0 < alpha < 1.0:
        return math.inf if alpha == 0.0 else 0.0 if alpha == 1.0 else math.nan
    low, high = 0.0, _FARTHEST
    while low < (middle := (low + high) / 2.0) < high:
        low, high = (middle, high) if kolmogorov_tail(middle) > alpha else (low, middle)
    return high
