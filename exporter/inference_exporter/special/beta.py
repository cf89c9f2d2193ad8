"""The beta distribution: exact intervals of shares, and tests of two counts.

By a continued fraction (DLMF 8.17.22), evaluated with W. Lentz's method. It is short where `x` is
below the mean; else the probability above is worked out.
"""

from __future__ import annotations

import math

_TURNS = 10_000  # about the square root of the larger parameter is needed
_NEAR = 3e-16
_TINY = 1e-300
_FAR = 20.0  # from there on four terms of Stirling's series have all digits
_HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)


def beta_below(a: float, b: float, x: float) -> float:
    """P(Beta(a, b) <= x), the regularised incomplete beta function; `a` and `b` above 0.

    >>> round(beta_below(3, 1, 0.5), 6)
    0.125
    """
    if not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0):
        return math.nan
    if x in (0.0, 1.0):
        return x
    if x < (a + 1.0) / (a + b + 2.0):
        return _front(a, b, x) * _fraction(a, b, x) / a
    return 1.0 - _front(a, b, x) * _fraction(b, a, 1.0 - x) / b


def beta_quantile(a: float, b: float, probability: float) -> float:
    """The value that Beta(a, b) stays below with this probability.

    >>> round(beta_quantile(3, 1, 0.125), 6)
    0.5
    """
    if not 0.0 < probability < 1.0:
        return probability if probability in (0.0, 1.0) else math.nan
    low, high, x = 0.0, 1.0, a / (a + b)
    while low < x < high:
        excess = beta_below(a, b, x) - probability
        low, high = (low, x) if excess > 0.0 else (x, high)
        density = _front(a, b, x) / (x * (1.0 - x))
        step = excess / density if density > _TINY else math.inf
        closer = x - step
        if abs(step) <= _NEAR * x:
            break
        x = closer if low < closer < high else (low + high) / 2.0  # Newton's, or halving
    return x


def _front(a: float, b: float, x: float) -> float:
    """x^a (1 - x)^b / B(a, b), by how far x is from the mean: so no digits cancel."""
    n = a + b
    mean = a / n
    log = a * _log_of(x / mean, (x - mean) / mean)
    log += b * _log_of((1.0 - x) / (b / n), (mean - x) / (b / n))
    log += 0.5 * math.log(a / n * b) - _HALF_LOG_2PI
    return math.exp(log + _beyond_stirling(n) - _beyond_stirling(a) - _beyond_stirling(b))


def _log_of(ratio: float, excess: float) -> float:
    """log(ratio) = log(1 + excess), by the one that has more digits."""
    return math.log1p(excess) if abs(excess) < 0.5 else math.log(ratio)


def _beyond_stirling(n: float) -> float:
    """What Stirling's formula of log Γ leaves over."""
    if n < _FAR:
        return math.lgamma(n) - (n - 0.5) * math.log(n) + n - _HALF_LOG_2PI
    square = n * n
    return (1 / 12 - (1 / 360 - (1 / 1260 - 1 / 1680 / square) / square) / square) / n


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1.0 / _off_zero(1.0 - (a + b) * x / (a + 1.0))
    result = d
    for m in range(1, _TURNS):
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _off_zero(1.0 + term * d)
            c = _off_zero(1.0 + term / c)
            result *= c * d
        if abs(c * d - 1.0) <= _NEAR:
            break
    return result


def _off_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
