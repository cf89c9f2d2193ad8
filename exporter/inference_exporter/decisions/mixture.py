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
    alone = elementwise(chi_square_tail, np.maximum(freedom, 1.0), np.maximum(value, 0.0) / first)
    plain: Floats = np.where(freedom > 0, alone, 1.0)
    unequal = np.flatnonzero((freedom > 1) & (first > rest * (1.0 + _EQUAL)))
    mean = first + (freedom - 1.0) * rest
    beyond = value[unequal] > 1.05 * mean[unequal]
    far, near = unequal[beyond], unequal[~beyond]
    plain[near] = np.maximum(plain[near], 0.3)  # below the mean: no evidence, and not needed finer
    if len(far):
        point = _saddlepoint(value[far], freedom[far], first[far], rest[far])
        plain[far] = _lugannani_rice(point, value[far], freedom[far], first[far], rest[far])
    return plain


def quantile(alpha: float, freedom: Floats, first: Floats, rest: Floats) -> Floats:
    """The value that Q exceeds with probability `alpha` (below 0.2), elementwise."""
    freedom = np.maximum(freedom, 1.0)
    largest = elementwise(chi_square_quantile, freedom, alpha)
    plain: Floats = largest * first
    unequal = np.isfinite(plain) & (freedom > 1) & (first > rest * (1.0 + _EQUAL))
    mixed = freedom[unequal], first[unequal], rest[unequal]
    plain[unequal] = np.minimum(_exceeded(alpha, *mixed), plain[unequal])
    return plain


def _exceeded(alpha: float, freedom: Floats, first: Floats, rest: Floats) -> Floats:
    """The value of `quantile`, by secants of the tail's logarithm, which is nearly a line."""
    least = 1.05 * (first + (freedom - 1.0) * rest)
    others = elementwise(chi_square_quantile, freedom - 1.0, alpha / 2.0)
    most = first * chi_square_quantile(1.0, alpha / 2.0) + rest * others
    before: Floats = least
    value: Floats = np.maximum(most, least)
    above, excess = (np.log(tail(one, freedom, first, rest) / alpha) for one in (before, value))
    for _ in range(20):  # about five are needed
        flat = excess == above
        step = np.where(flat, 0.0, excess * (value - before) / np.where(flat, 1.0, excess - above))
        if (np.abs(step) <= 1e-9 * value).all():
            break
        before, above, value = value, excess, np.clip(value - step, least, most)
        excess = np.log(tail(value, freedom, first, rest) / alpha)
    return value


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
