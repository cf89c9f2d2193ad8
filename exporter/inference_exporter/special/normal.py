"""The standard normal distribution."""

from __future__ import annotations

import math
from statistics import NormalDist

_STANDARD = NormalDist()


def normal_below(value: float) -> float:
    """P(Z <= value).

    >>> normal_below(0.0)
    0.5
    """
    return 0.5 * math.erfc(-value / math.sqrt(2.0))


def normal_quantile(probability: float) -> float:
    """The value below which Z is with this probability; infinite at 0 and 1.

    M. Wichura, "Algorithm AS 241", Applied Statistics 37, 1988, which is in Python's `statistics`.

    >>> round(normal_quantile(0.975), 6)
    1.959964
    """
    if 0.0 < probability < 1.0:
        return _STANDARD.inv_cdf(probability)
    return math.inf * (probability - 0.5) if probability in (0.0, 1.0) else math.nan
