"""Which keys can be somewhere at all: a few bits each, so that most that are not need no look.

A new prediction's key is hardly ever there, nor is that of a label for another replica, and a key
is in one generation of the index at most. The bits are a Bloom filter: 8 to 16 a key and three
looks, so that at most 3 of 100 keys that are not there get through.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from inference_exporter.values.batch import Ints

_SMALLEST, _LARGEST = 12, 28  # powers of two: bits
_BITS_PER_KEY = 8
_LOOKS = 3

_Words = npt.NDArray[np.uint32]


class Probes:
    """Keys, prepared to be looked up in several sieves."""

    def __init__(self, keys: Ints) -> None:
        words = keys.view(np.uint64)  # keys are hashes: their halves are random already
        self.start = words.astype(np.uint32)
        self.step = (words >> np.uint64(32)).astype(np.uint32) | np.uint32(1)
        self.byte, self.bit = _places(self.start)


class Sieve:
    """A set of keys that may say yes to a key it does not have, never no to one it has."""

    def __init__(self, capacity: int) -> None:
        power = min(max((capacity * _BITS_PER_KEY - 1).bit_length(), _SMALLEST), _LARGEST)
        self._bits = np.zeros(1 << (power - 3), np.uint8)
        self._mask = np.uint32(len(self._bits) - 1)

    def add(self, keys: Ints) -> None:
        """More keys; for more than `capacity` of them it is less fine."""
        probes = Probes(keys)
        for look in range(_LOOKS):
            byte, bit = _places(probes.start + np.uint32(look) * probes.step)
            np.bitwise_or.at(self._bits, byte & self._mask, bit)

    def may_have(self, probes: Probes) -> Ints:
        """Positions of the keys that may be there, ascending."""
        rows: Ints = np.flatnonzero(self._bits[probes.byte & self._mask] & probes.bit)
        for look in range(1, _LOOKS):
            byte, bit = _places(probes.start[rows] + np.uint32(look) * probes.step[rows])
            rows = rows[(self._bits[byte & self._mask] & bit) != 0]
        return rows


def _places(hashes: _Words) -> tuple[_Words, npt.NDArray[np.uint8]]:
    bit = np.left_shift(np.uint8(1), (hashes & np.uint32(7)).astype(np.uint8))
    return hashes >> np.uint32(3), bit
