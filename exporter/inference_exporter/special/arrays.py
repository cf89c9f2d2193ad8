"""Functions of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from inference_exporter.values.batch import Floats

_FAR = 10.0  # from there on the series has all digits
_SERIES = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12)  # B_2k / 2k


def elementwise(function: Callable[..., float], *values: Any) -> Floats:
    """A function of numbers for every element of arrays of one shape, or numbers.

    >>> elementwise(max, np.array([1.0, 5.0]), 3.0)
    array([3., 5.])
    """
    applied = np.frompyfunc(function, len(values), 1)
    with np.errstate(all="ignore"):  # they say NaN and infinite where that is so
        return np.asarray(applied(*values), np.float64)


def digamma(values: Floats) -> Floats:
    """The derivative of log Γ, of numbers above 0: its recurrence, then its asymptotic series."""
    x = np.array(values, dtype=np.float64)
    before = np.zeros_like(x)
    while (small := x < _FAR).any():
        before[small] -= 1.0 / x[small]
        x[small] += 1.0
    inverse = 1.0 / (x * x)
    series = np.zeros_like(x)
    for coefficient in reversed(_SERIES):
        series = (series + coefficient) * inverse
    result: Floats = before + np.log(x) - 0.5 / x - series
    return result
