"""Rows that are many of one kind: lone bursts of equal rows, and entities beyond their share."""

from __future__ import annotations

import numpy as np

from inference_exporter.repeats.keys import Keys, mixed
from inference_exporter.repeats.seen import Grouping, Seen
from inference_exporter.values.batch import Bools, Floats, Ints

CROWD, PART = 10, 0.2  # rows of one key in five minutes, and share of all, that are no burst
STRETCH, STRETCHES = 300.0, 12  # seconds, and how many there are in an hour
DAY = 24  # hours that are known
MOST_CROWDS = 256  # keys of an hour that are remembered as crowds


class Crowds:
    """Lone bursts of equal rows: many of one key within minutes, as other hours do not have them.

    A key is crowded where it has more than `CROWD` rows, and a fifth of all, within five minutes.
    Further ones are set aside, unless the key is usual (crowded in a quarter of the hours that are
    known, 24 at most), nothing is known yet, or half of the hour would be set aside: then it is no
    burst, it is the traffic. Rows that are spread over an hour are never crowded: when the one
    feature that tells rows apart breaks in a few of them, these are equal, and they are no burst.
    """

    def __init__(self) -> None:
        self._seen = Seen()
        self._hour = -1
        self._rows: dict[int, int] = {}  # by stretch of five minutes of this hour
        self._crowds: set[int] = set()  # of this hour
        self._before: list[frozenset[int]] = []  # of the hours before, the oldest first
        self._usual: frozenset[int] = frozenset()
        self._kept = self._aside = 0

    def count(self, times: Floats) -> None:
        """Note that rows came at these times (rows,), in seconds."""
        oldest, newest = (int(one // STRETCH) for one in (times.min(), times.max()))
        if newest // STRETCHES > self._hour:
            self._turn(newest // STRETCHES)
        self._kept += len(times)
        if oldest == newest:
            self._rows[newest] = self._rows.get(newest, 0) + len(times)
            return
        found, counts = np.unique(stretches_of(times), return_counts=True)
        for stretch, count in zip(found.tolist(), counts.tolist(), strict=True):
            self._rows[stretch] = self._rows.get(stretch, 0) + count

    def aside(self, keys: Keys, times: Floats, groups: Grouping | None = None) -> Bools:
        """Which rows (rows,) to set aside, of those that were counted and of others.

        All that are equal to others have to be among them; those that are equal to none need not.
        `groups` are those of the keys, if they are known.
        """
        stretches = stretches_of(times)
        found = np.unique(stretches)
        rows: Ints = np.array([self._rows.get(one, 0) for one in found.tolist()], dtype=np.int64)
        every = rows[np.searchsorted(found, stretches)]
        alike = groups if len(found) == 1 or (groups and groups.all_different) else None
        nth = self._seen.times(mixed(keys, stretches), alike)
        crowded = (nth > CROWD) & (nth > PART * every)
        crowded &= stretches // STRETCHES == self._hour
        at = np.flatnonzero(crowded)
        return self._chosen(keys, at.tolist())

    def _chosen(self, keys: Keys, crowded: list[int]) -> Bools:
        words = keys.tolist()
        for row in crowded:
            if len(self._crowds) < MOST_CROWDS:
                self._crowds.add(words[row])
        known = bool(self._before)
        lone = [row for row in crowded if known and words[row] not in self._usual]
        self._kept -= len(lone)
        free = max(0, self._kept - self._aside)
        chosen: Bools = np.zeros(len(words), dtype=np.bool_)
        chosen[lone[:free]] = True
        self._aside += min(free, len(lone))
        return chosen

    def _turn(self, hour: int) -> None:
        """Another hour begins."""
        if self._hour >= 0:
            self._before = [*self._before, frozenset(self._crowds)][-DAY:]
        counts: dict[int, int] = {}
        for crowd in self._before:
            for key in crowd:
                counts[key] = counts.get(key, 0) + 1
        least = max(1.0, len(self._before) / 4.0)
        self._usual = frozenset(key for key, times in counts.items() if times >= least)
        self._hour, self._crowds, self._kept, self._aside = hour, set(), 0, 0
        self._rows = {}


def stretches_of(times: Floats) -> Ints:
    """Stretches (rows,) of five minutes since the epoch."""
    found: Ints = (times // STRETCH).astype(np.int64)
    return found


class Heavy:
    """Rows of an entity beyond its share: more than `SHARE` of the hour's, and more than `ROWS`."""

    ROWS, SHARE = 20, 0.02

    def __init__(self) -> None:
        self._seen = Seen(16)
        self._hour, self._rows = -1, 0

    def beyond(self, entities: Keys, hours: Ints) -> Bools:
        """Which rows (rows,) are beyond it; a key of 0 is no entity."""
        newest = int(hours.max())
        if newest > self._hour:
            self._hour, self._rows = newest, 0
        self._rows += len(entities)
        times = self._seen.times(mixed(entities, hours))
        found: Bools = (times > max(self.ROWS, self.SHARE * self._rows)) & (entities != 0)
        return found
