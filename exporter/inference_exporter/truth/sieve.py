"""Which keys can be on disk at all: a bit each, so that most that are not need no look.

A new prediction's key is hardly ever there, nor is that of a label for another replica. The bits
take 2 bytes per prediction remembered, 16 MB at most; with 10 million of them 7 of 100 looks that
the sieve lets through are in vain.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from inference_exporter.batch import Bools, Ints

_SMALLEST, _LARGEST = 16, 27  # powers of two: bits
_BITS_PER_KEY = 16


class Sieve:
    """A set of keys that may say yes to a key it does not have, never no to one it has."""

    def __init__(self, capacity: int) -> None:
        wanted = (capacity * _BITS_PER_KEY - 1).bit_length()
        self._power = min(max(wanted, _SMALLEST), _LARGEST)
        self._capacity = max(capacity, 1)
        self._bits = np.zeros(1 << (self._power - 3), np.uint8)
        self.added = 0

    @property
    def worn(self) -> bool:
        """Whether so many keys came and went that it should be filled anew."""
        return self.added > 2 * self._capacity

    def refill(self, keys: Iterable[Ints]) -> None:
        """Only these keys from now on."""
        self._bits[:] = 0
        self.added = 0
        for some in keys:
            self.add(some)

    def add(self, keys: Ints) -> None:
        """More keys."""
        at, bit = self._places(keys)
        np.bitwise_or.at(self._bits, at, bit)
        self.added += len(keys)

    def may_have(self, keys: Ints) -> Bools:
        """Which of the keys may be there."""
        at, bit = self._places(keys)
        there: Bools = (self._bits[at] & bit) != 0
        return there

    def _places(self, keys: Ints) -> tuple[Ints, np.ndarray[tuple[int], np.dtype[np.uint8]]]:
        place = keys.view(np.uint64) >> np.uint64(64 - self._power)
        bit = np.left_shift(np.uint8(1), (place & np.uint64(7)).astype(np.uint8))
        return (place >> np.uint64(3)).astype(np.int64), bit
