"""How often keys came lately, in tables of a fixed number of places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter import _native
from inference_exporter.repeats.keys import Keys, mixed
from inference_exporter.values.batch import Bools, Floats, Ints

_PLACES = 14  # bits: 16,384 places of 16 bytes
_MET = 16  # bits: 65,536 places of 24 bytes


@dataclass(frozen=True, slots=True)
class Grouping:
    """Rows by key: an `order` in which equal keys stand together, and where each key begins.

    It stays the same where all keys are mixed with the same number, and where all are different
    whatever they are mixed with.
    """

    order: Ints
    starts: Ints

    @classmethod
    def of(cls, keys: Keys) -> Grouping:
        """The groups of some keys, at least one."""
        order = np.argsort(keys, kind="stable")  # equal ones in the order in which they came
        ordered = keys[order]
        return cls(order, np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])))

    @property
    def all_different(self) -> bool:
        """Whether no key comes twice."""
        return len(self.starts) == len(self.order)


class Seen:
    """How often keys came, among the last that came.

    A place is given away when another key falls on it; then the first key counts from 1 again. So
    it never says that a key came which did not.
    """

    def __init__(self, bits: int = _PLACES) -> None:
        self._shift = np.uint64(64 - bits)
        self._keys: Keys = np.zeros(1 << bits, dtype=np.uint64)
        self._counts: Ints = np.zeros(1 << bits, dtype=np.int64)

    def times(self, keys: Keys, groups: Grouping | None = None) -> Ints:
        """For the how-manieth time each key (rows,) comes, from 1; they are remembered.

        `groups` are those of the keys, if they are known.

        >>> seen = Seen()
        >>> seen.times(np.array([7, 9, 7], dtype=np.uint64)).tolist()
        [1, 1, 2]
        >>> seen.times(np.array([7], dtype=np.uint64)).tolist()
        [3]
        """
        groups = groups or Grouping.of(keys)
        if groups.all_different:
            return self._each_once(keys)
        order, starts = groups.order, groups.starts
        counts = np.diff(np.append(starts, len(keys)))
        single = keys[order[starts]]
        place = mixed(single, 0) >> self._shift
        known = np.where(self._keys[place] == single, self._counts[place], 0)
        self._keys[place], self._counts[place] = single, known + counts
        times: Ints = np.empty(len(keys), dtype=np.int64)
        times[order] = np.arange(1, len(keys) + 1) + np.repeat(known - starts, counts)
        return times

    def _each_once(self, keys: Keys) -> Ints:
        place = mixed(keys, 0) >> self._shift
        times: Ints = np.where(self._keys[place] == keys, self._counts[place], 0) + 1
        self._keys[place], self._counts[place] = keys, times
        return times


@dataclass(frozen=True, slots=True)
class Keyed:
    """Rows: their keys, times in seconds, and a key of who they were of."""

    keys: Keys
    times: Floats
    who: Keys

    def and_then(self, rows: Keyed, at: Ints) -> Keyed:
        """These, and some of other rows behind them."""
        return Keyed(
            np.concatenate((self.keys, rows.keys[at])),
            np.concatenate((self.times, rows.times[at])),
            np.concatenate((self.who, rows.who[at])),
        )


class Met:
    """Which rows have a key that came before: a look that costs little where none does.

    Of most traffic no two rows are equal. So a row that comes first is only noted here, and handed
    over when its key comes again, for who counts what comes again. A place is given away as in
    `Seen`.
    """

    def __init__(self, bits: int = _MET) -> None:
        self._shift = np.uint64(64 - bits)
        self._keys: Keys = np.zeros(1 << bits, dtype=np.uint64)
        self._times: Floats = np.full(1 << bits, np.nan)  # NaN: handed over, or none
        self._who: Keys = np.zeros(1 << bits, dtype=np.uint64)

    def again(self, rows: Keyed) -> tuple[Ints, Keyed]:
        """Rows, by number, whose keys are not met for the first time; and their first ones.

        Rows that are equal among themselves are all meant, and have no first one.

        >>> met, three = Met(), np.array([1 << 60, 2 << 60, 1 << 60], dtype=np.uint64)
        >>> once = Keyed(three[1:], np.array([5.0, 6.0]), three[1:])
        >>> met.again(once)[0].tolist()
        []
        >>> at, firsts = met.again(Keyed(three, np.array([7.0, 8.0, 9.0]), three))
        >>> at.tolist(), firsts.times.tolist()
        ([0, 1, 2], [6.0, 5.0])
        """
        if _native.MODULE is not None and _native.MODULE.meet(
            rows.keys, rows.times, rows.who, self._keys, self._times, self._who
        ):
            return _NOBODY, _NONE
        place = rows.keys >> self._shift
        known = self._keys[place] == rows.keys
        several = known | _alike(rows.keys)
        at = np.flatnonzero(several)
        firsts = self._handed_over(np.unique(place[known])) if len(at) else _NONE
        self._keys[place], self._who[place] = rows.keys, rows.who
        self._times[place] = np.where(several, np.nan, rows.times) if len(at) else rows.times
        return at, firsts

    def _handed_over(self, places: Keys) -> Keyed:
        places = places[~np.isnan(self._times[places])]
        return Keyed(self._keys[places], self._times[places], self._who[places])


_NOBODY: Ints = np.zeros(0, np.int64)
_NONE = Keyed(np.zeros(0, np.uint64), np.zeros(0), np.zeros(0, np.uint64))


def _alike(keys: Keys) -> Bools:
    """Which keys (rows,) come more than once."""
    ordered = np.sort(keys)
    same = ordered[1:] == ordered[:-1]
    found: Bools = np.isin(keys, ordered[1:][same]) if same.any() else np.zeros(1, np.bool_)
    return found
