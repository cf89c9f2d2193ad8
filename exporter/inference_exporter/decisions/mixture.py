"""Tail of a weighted sum of two χ² variables: one direction varies more than the others.

Q = first × χ²(1) + rest × χ²(freedom - 1) is what the test statistic is without drift when rows
resemble their neighbours (J. N. K. Rao and A. J. Scott, "The analysis of categorical data from
complex sample surveys", Journal of the American Statistical Association 76, 1981). The tail is the
saddlepoint approximation of R. Lugannani and S. Rice (Advances in Applied Probability 12, 1980),
whose equation is a quadratic here; exact where both weights are equal. Against the exact integral
its relative error is below 10 % for probabilities under 0.05; tests/unit/test_decisions.py holds it
against numerical integration.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.special import (
    chi_square_quantile,
    chi_square_tail,
    elementwise,
    normal_below,
)
from inference_exporter.values.batch import Floats

_EQUAL = 1e-6  # weights closer than this are one weight


def tail(value: Floats, freedom: Floats, first: Floats, rest: Floats) -> Floats:
    """P(Q > value), elementwise; 1 where `freedom` is 0. Requires first >= rest > 0."""
    unequal = (freedom > 1) & (first > rest * (1.0 + _EQUAL))
    far = unequal & (value > 1.05 * (first + (freedom - 1.0) * rest))
    found: Floats = np.ones(len(value))
    alone = (freedom > 0) & ~far
    ratio = np.maximum(value[alone], 0.0) / first[alone]
    found[alone] = elementwise(chi_square_tail, freedom[alone], ratio)
    near = unequal & ~far
    found[near] = np.maximum(found[near], 0.3)  # below the mean: no evidence, and not needed finer
    found[far] = _beyond(value[far], freedom[far], first[far], rest[far])
    return found


def quantile(alpha: float, freedom: Floats, first: Floats, rest: Floats) -> Floats:
    """The value that Q exceeds with probability `alpha` (below 0.2), elementwise."""
    freedom = np.maximum(freedom, 1.0)
    plain = _quantiles(alpha, freedom) * first  # the largest it can be
    unequal = np.isfinite(plain) & (freedom > 1) & (first > rest * (1.0 + _EQUAL))
    if unequal.any():
        mixed = freedom[unequal], first[unequal], rest[unequal]
        plain[unequal] = np.minimum(_exceeded(alpha, *mixed), plain[unequal])
    return plain


def _quantiles(alpha: float, freedom: Floats) -> Floats:
    """Of χ², once for all features with as many cells."""
    each, place = np.unique(freedom, return_inverse=True)
    found: Floats = elementwise(chi_square_quantile, each, alpha)[place]
    return found


def _exceeded(alpha: float, freedom: Floats, first: Floats, rest: Floats) -> Floats:
    """The value of `quantile`, by secants of the tail's logarithm, which is nearly a line."""
    least = 1.05 * (first + (freedom - 1.0) * rest)
    most = first * chi_square_quantile(1.0, alpha / 2.0) + rest * _quantiles(
        alpha / 2.0, freedom - 1.0
    )
    before: Floats = least
    value: Floats = np.maximum(most, least)
    above, excess = (np.log(_beyond(one, freedom, first, rest) / alpha) for one in (before, value))
    for _ in range(20):  # about five are needed
        flat = excess == above
        step = np.where(flat, 0.0, excess * (value - before) / np.where(flat, 1.0, excess - above))
        if (np.abs(step) <= 1e-9 * value).all():
            break
        before, above, value = value, excess, np.clip(value - step, least, most)
        excess = np.log(_beyond(value, freedom, first, rest) / alpha)
    return value


def _beyond(value: Floats, freedom: Floats, first: Floats, rest: Floats) -> Floats:
    """The tail above 1.05 times the mean, where weights differ."""
    point = _saddlepoint(value, freedom, first, rest)
    return _lugannani_rice(point, value, freedom, first, rest)


def _saddlepoint(value: Floats, freedom: Floats, first: Floats, rest: Floats) -> Floats:
    """The smaller root of K'(s) = value, with K(s) the cumulant generating function of Q."""
    a, b, k = first, rest, freedom - 1.0
    # a (1 - 2 s b) + k b (1 - 2 s a) = value (1 - 2 s a) (1 - 2 s b), with t = 2 s
    square = value * a * b
    linear = -value * (a + b) + (k + 1.0) * a * b
    constant = value - a - k * b
    root = np.sqrt(np.maximum(linear * linear - 4.0 * square * constant, 0.0))
    return constant / (root - linear)  # = t / 2, in the form that does not cancel


def _lugannani_rice(
    point: Floats, value: Floats, freedom: Floats, first: Floats, rest: Floats
) -> Floats:
    k = freedom - 1.0
    one, other = 1.0 - 2.0 * point * first, 1.0 - 2.0 * point * rest
    cumulant = -0.5 * np.log(one) - 0.5 * k * np.log(other)
    w = np.sqrt(np.maximum(2.0 * (point * value - cumulant), 1e-300))
    u = point * np.sqrt(2.0 * (first / one) ** 2 + 2.0 * k * (rest / other) ** 2)
    density = np.exp(-0.5 * w * w) / np.sqrt(2.0 * np.pi)
    below = elementwise(normal_below, -w)
    result: Floats = np.clip(below + density * (1.0 / u - 1.0 / w), 0.0, 1.0)
    return result
