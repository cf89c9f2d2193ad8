"""How many predictions have their label, and whether some classes get theirs before others."""

from __future__ import annotations

import math
from collections.abc import Mapping


def coverage(made: float, labelled: float) -> float | None:
    """Share of the predictions that have a label; None where there was none."""
    return labelled / made if made > 0 else None


def selection(
    predicted: Mapping[str, float], labelled: Mapping[str, float], least: float
) -> tuple[float, bool] | None:
    """How unequally predicted classes are labelled: (difference of coverage, whether to warn).

    Between the predicted class with the largest coverage and the one with the smallest, of those
    with at least `least` predictions; None with fewer than two such classes. The warning asks for
    a difference that is no chance (two-proportion z above 4) and matters (half as much again).

    >>> selection({"0": 1000, "1": 1000}, {"0": 100, "1": 900}, 200)
    (0.8, True)
    >>> selection({"0": 1000, "1": 1000}, {"0": 500, "1": 510}, 200)
    (0.01, False)
    """
    shares = {
        name: (min(1.0, labelled.get(name, 0.0) / made), made)
        for name, made in predicted.items()
        if made >= least
    }
    if len(shares) < 2:
        return None
    (low, few), (high, many) = min(shares.values()), max(shares.values())
    pooled = (low * few + high * many) / (few + many)
    spread = math.sqrt(pooled * (1 - pooled) * (1 / few + 1 / many))
    certain = spread > 0 and (high - low) / spread > 4
    return round(high - low, 12), bool(certain and high > 1.5 * low)
