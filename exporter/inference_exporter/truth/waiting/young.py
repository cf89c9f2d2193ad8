"""The newest keys and their places, in memory: sorted runs, the smaller the newer.

New keys are a run of their own. Runs of about one length become one, so that each key is moved a
few times all in all, and a commit with a few keys does not move all of them.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.truth.waiting.places import NOWHERE, among
from inference_exporter.values.batch import Ints

_Run = tuple[Ints, Ints]  # keys, ascending, and their places


class Young:
    """A mapping of key to place."""

    def __init__(self) -> None:
        self._runs: list[_Run] = []

    def __len__(self) -> int:
        return sum(len(keys) for keys, _ in self._runs)

    def add(self, keys: Ints, places: Ints) -> None:
        """Keys that are not there, ascending."""
        # those of before, not these: their records are in memory now, and take enough of it
        while len(self._runs) > 1 and len(self._runs[-2][0]) <= 2 * len(self._runs[-1][0]):
            self._merge_last()
        if len(keys):
            self._runs.append((keys, places))

    def _merge_last(self) -> None:
        (old, old_places), (new, new_places) = self._runs[-2:]
        del self._runs[-2:]
        keys, places = np.concatenate((old, new)), np.concatenate((old_places, new_places))
        del old, new, old_places, new_places  # as much memory again is taken now
        order = np.argsort(keys, kind="stable")  # two runs: merged, not sorted
        keys = keys[order]
        self._runs.append((keys, places[order]))

    def find(self, keys: Ints) -> Ints:
        """The places of keys (ascending); NOWHERE for those that have none."""
        places = np.full(len(keys), NOWHERE, np.int64)
        for there, theirs in self._runs:
            found, at = among(there, keys)
            places[found] = theirs[at[found]]
        return places

    def forget_before(self, place: int) -> None:
        """Places below are gone."""
        for at, (keys, places) in enumerate(self._runs):
            left = places >= place
            if not left.all():
                self._runs[at] = keys[left], places[left]

    def all(self) -> _Run:
        """Every key, ascending, and the places."""
        while len(self._runs) > 1:
            self._merge_last()
        return self._runs[0]

    def clear(self) -> None:
        """Forget everything."""
        self._runs.clear()
