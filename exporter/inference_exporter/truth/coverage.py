"""How many predictions have their label, and whether some classes get theirs before others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence


def coverage(made: float, labelled: float) -> float | None:
    """Share of the predictions that have a label; None where there was none."""
    return labelled / made if made > 0 else None


_PAIRS_OF_CLASSES = 4.0  # z
_PAIRS_OF_BINS = 5.0  # of 20 bins there are 190 pairs: 1e-4 for all of them together


def selection_by_score(
    made: Sequence[float], labelled: Sequence[float], least: float
) -> tuple[float, bool] | None:
    """As `selection`, between bins of the score; neighbours are put together until enough.

    Labels for unsure scores alone make a model look worse than it is, and classes do not show it:

    >>> selection_by_score([500, 500, 500, 500], [0, 100, 100, 0], 200)
    (0.2, True)
    >>> selection_by_score([500, 500, 500, 500], [50, 60, 45, 55], 200)
    (0.03, False)
    """
    total, share = sum(made), sum(labelled) / max(sum(made), 1.0)
    rare = min(share, 1 - share)
    if total and rare > 0:  # ten rows of either kind: below, z is no normal variable
        least = max(least, 10 / rare)
    parts: list[tuple[float, float]] = []
    rows = known = 0.0
    for one, other in zip(made, labelled, strict=True):
        rows, known = rows + one, known + other
        if rows >= least:
            parts.append((rows, known))
            rows = known = 0.0
    if parts:
        last, labels = parts[-1]
        parts[-1] = (last + rows, labels + known)
    names = [str(at) for at in range(len(parts))]
    return selection(
        dict(zip(names, (part[0] for part in parts), strict=True)),
        dict(zip(names, (part[1] for part in parts), strict=True)),
        least,
        _PAIRS_OF_BINS,
    )


def selection(
    predicted: Mapping[str, float],
    labelled: Mapping[str, float],
    least: float,
    z: float = _PAIRS_OF_CLASSES,
) -> tuple[float, bool] | None:
    """How unequally predicted classes are labelled: (difference of coverage, whether to warn).

    Between the predicted class with the largest coverage and the one with the smallest, of those
    with at least `least` predictions; None with fewer than two such classes. The warning asks for
    a difference that is no chance (two-proportion z, above 4 for classes) and matters (half as
    much again).

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
    certain = spread > 0 and (high - low) / spread > z
    return round(high - low, 12), bool(certain and high > 1.5 * low)
