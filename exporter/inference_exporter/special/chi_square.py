"""The chi-square distribution with a whole number of degrees of freedom, which is a finite sum.

With 2j degrees the probability to be above 2z is Σ e^-z z^h / h! for h = 0, 1 … j - 1; with an odd
number h is 1/2, 3/2 …, and erfc(√z) comes first (Abramowitz & Stegun, 26.4.4 and 26.4.5). All terms
are positive, so that small probabilities have as many digits as large ones.
"""

from __future__ import annotations

import math
from functools import lru_cache

from inference_exporter.special.normal import normal_quantile

_TURNS = 50  # of Newton's method, which takes about five
_NEAR = 1e-14
_LEAST, _LARGEST = 1e-300, 1e300


def chi_square_tail(freedom: float, value: float) -> float:
    """P(chi-square > value); NaN for a value that is none, or is negative.

    Raises
    ------
    ValueError
        Where the degrees of freedom are no whole number from 1 on.

    >>> round(chi_square_tail(9, 16.919), 4)
    0.05
    """
    degrees = _whole(freedom)
    if not value >= 0.0:
        return math.nan
    half = min(max(value / 2.0, _LEAST), _LARGEST)
    log = math.log(half)
    first = math.erfc(math.sqrt(half)) if degrees % 2 else 0.0
    terms = (math.exp(power * log - half - factorial) for power, factorial in _terms(degrees))
    return min(1.0, first + math.fsum(terms))


def chi_square_quantile(freedom: float, alpha: float) -> float:
    """The value that chi-square exceeds with probability `alpha`; NaN if that is none.

    >>> round(chi_square_quantile(9, 0.05), 3)
    16.919
    """
    degrees = _whole(freedom)
    if not 0.0 <= alpha <= 1.0:
        return math.nan
    if alpha in (0.0, 1.0):
        return 0.0 if alpha else math.inf
    if degrees == 1:
        return normal_quantile(alpha / 2.0) ** 2
    if degrees == 2:
        return -2.0 * math.log(alpha)
    return _by_newton(degrees, alpha)


def _by_newton(degrees: int, alpha: float) -> float:
    """The logarithm of the tail is concave: after one step, steps come from above and never pass.

    Where to begin is by E. Wilson and M. Hilferty, Proc. Nat. Acad. Sciences 17, 1931.
    """
    spread = 2.0 / (9.0 * degrees)
    root = 1.0 - spread - normal_quantile(alpha) * math.sqrt(spread)
    value = degrees * max(root, 0.1) ** 3
    power, factorial = _terms(degrees)[0]
    for _ in range(_TURNS):
        tail = chi_square_tail(degrees, value)
        density = 0.5 * math.exp(power * math.log(value / 2.0) - value / 2.0 - factorial)
        if not tail or not density:
            break
        step = math.log(tail / alpha) * tail / density
        value = max(value + step, value / 4.0)
        if abs(step) <= _NEAR * value:
            break
    return value


def _whole(freedom: float) -> int:
    degrees = int(freedom)
    if degrees != freedom or degrees < 1:
        raise ValueError(f"{freedom} degrees of freedom: not a whole number from 1 on")
    return degrees


@lru_cache(maxsize=1024)
def _terms(degrees: int) -> tuple[tuple[float, float], ...]:
    """Exponents of z, and the logarithms of their factorials, from the largest on."""
    powers = (degrees / 2.0 - 1.0 - step for step in range(degrees // 2))
    return tuple((power, math.lgamma(power + 1.0)) for power in powers)
