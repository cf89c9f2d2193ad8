"""At most so many of a kind in an interval, and how many were held back."""

from __future__ import annotations

from collections.abc import Hashable


class Allowance:
    """Lets `most` of each kind through in `interval` seconds.

    >>> allowance = Allowance(2, 60.0)
    >>> [allowance.take("slow", at) for at in (0.0, 1.0, 2.0, 3.0, 60.0, 61.0)]
    [0, 0, None, None, 2, 0]
    """

    def __init__(self, most: int, interval: float) -> None:
        self._most, self._interval = most, interval
        self._seen: dict[Hashable, tuple[float, int]] = {}  # since when, and how many

    def take(self, kind: Hashable, now: float) -> int | None:
        """None: not another one. Else how many were held back in the interval before."""
        since, count = self._seen.get(kind, (now, 0))
        held_back = 0
        if not 0 <= now - since < self._interval:
            held_back, since, count = max(0, count - self._most), now, 0
        self._seen[kind] = (since, count + 1)
        return held_back if count < self._most else None
