"""Which rows go together: the rows of one version that fall in one pane of time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference_exporter.values.batch import Bools, Floats, Ints
from inference_exporter.values.calendar import Calendar

MAX_AHEAD = 300.0  # seconds an event may be ahead of the clock and still enter the windows
NO_PANE = -(2**40)  # base pane of rows that are counted but belong to no window


@dataclass(frozen=True, slots=True)
class Placement:
    """`index` (rows,) is the group of each row; group g is (version index, base pane).

    Where a calendar was given, `days` has the local day of each group, `NO_PANE` where it has none.
    """

    index: Ints
    groups: tuple[tuple[int, int], ...]
    late: int = 0
    future: int = 0
    untimed: int = 0
    newest: tuple[float, ...] = ()  # per group, newest event time not in the future, or NaN
    days: tuple[int, ...] = ()

    def part(self, start: int, stop: int) -> tuple[Placement, Ints | None]:
        """Only these groups, and which rows they have (None: all)."""
        if start <= 0 and stop >= len(self.groups):
            return self, None
        rows = np.flatnonzero((self.index >= start) & (self.index < stop))
        groups, newest = self.groups[start:stop], self.newest[start:stop]
        days = self.days[start:stop]
        return Placement(self.index[rows] - start, groups, newest=newest, days=days), rows


def place(
    times: Floats,
    versions: Ints | None,
    *,
    base: float,
    now: float,
    oldest: float,
    calendar: Calendar | None = None,
) -> Placement:
    """Group rows by version and pane; with a calendar a pane is cut where a local day ends.

    Parameters
    ----------
    times
        Event times (rows,), epoch seconds, NaN where unknown.
    versions
        Index of the version of each row (rows,), None where all are of version 0.
    base
        Length of a base pane in seconds.
    now
        The clock; events more than `MAX_AHEAD` later are from the future.
    oldest
        Events before this time are late.
    calendar
        Whose days groups are not to go across.
    """
    known = ~np.isnan(times)
    future = times > now + MAX_AHEAD
    late = times < oldest
    inside = known & ~future & ~late
    panes = np.full(len(times), NO_PANE, dtype=np.int64)
    panes[inside] = np.floor(times[inside] / base).astype(np.int64)
    days: tuple[int, ...] = ()
    if calendar is None:
        index, groups = _distinct(panes, versions)
    else:
        index, groups, days = _cut(panes, days_of(times, inside, calendar), versions)
    credible = np.where(future, np.nan, times)
    return Placement(
        index,
        groups,
        late=int(late.sum()),
        future=int(future.sum()),
        untimed=len(times) - int(known.sum()),
        newest=tuple(_newest(credible, index, len(groups)).tolist()),
        days=days,
    )


def days_of(times: Floats, inside: Bools, calendar: Calendar) -> Ints:
    """The local day (rows,) of those that are `inside`, of the others `NO_PANE`."""
    days = np.full(len(times), NO_PANE, dtype=np.int64)
    days[inside] = calendar.days(times[inside])
    return days


def _cut(
    panes: Ints, days: Ints, versions: Ints | None
) -> tuple[Ints, tuple[tuple[int, int], ...], tuple[int, ...]]:
    """Groups by version, pane and day. Mostly all rows are of one day."""
    if bool((days == days[0]).all()):
        index, groups = _distinct(panes, versions)
        return index, groups, (int(days[0]),) * len(groups)
    pairs, code = np.unique(np.stack((panes, days)), axis=1, return_inverse=True)
    index, coded = _distinct(code.reshape(-1).astype(np.int64), versions)
    groups = tuple((version, int(pairs[0, at])) for version, at in coded)
    return index, groups, tuple(int(pairs[1, at]) for _, at in coded)


def _newest(times: Floats, index: Ints, groups: int) -> Floats:
    """The newest time of each group, NaN where none is known."""
    newest = np.full(groups, np.nan)
    if groups == 1:
        newest[0] = np.fmax.reduce(times)
    else:
        np.fmax.at(newest, index, times)
    return newest


def _distinct(panes: Ints, versions: Ints | None) -> tuple[Ints, tuple[tuple[int, int], ...]]:
    first = int(panes[0])
    one_pane = bool((panes == first).all())
    if versions is None or bool((versions == versions[0]).all()):
        version = 0 if versions is None else int(versions[0])
        if one_pane:
            return np.zeros(len(panes), dtype=np.int64), ((version, first),)
        unique, index = np.unique(panes, return_inverse=True)
        return index, tuple((version, int(pane)) for pane in unique)
    pairs, index = np.unique(np.stack((versions, panes)), axis=1, return_inverse=True)
    return index.reshape(-1), tuple((int(v), int(p)) for v, p in pairs.T)


def place_joined(
    times: Floats,
    versions: Ints | None,
    panes: Sequence[tuple[float, float]],
    *,
    base: float,
    now: float,
) -> Placement:
    """Group rows that are counted long after their event: by version and pane, in few groups.

    Rows older than every window belong to no pane. The others go to the first base pane of the
    pane they fall in, of the shortest window that still has them: a month of late labels makes
    60 groups per window, not one per second.

    Parameters
    ----------
    times, versions, base, now
        As for `place`.
    panes
        (seconds, pane length) of every window, shortest first.
    """
    known = ~np.isnan(times) & (times <= now + MAX_AHEAD)
    number = np.full(len(times), NO_PANE, dtype=np.int64)
    lengths = [round(length / base) for _, length in panes]
    for at, (seconds, length) in reversed(list(enumerate(panes))):
        inside = known & (times > now - seconds - length)
        step = math.gcd(*lengths[at:])  # a pane of every longer window is a multiple of it
        number[inside] = np.floor(times[inside] / base).astype(np.int64) // step * step
    index, groups = _distinct(number, versions)
    return Placement(index, groups, newest=(math.nan,) * len(groups))


def place_joined_by_day(
    times: Floats, versions: Ints | None, calendar: Calendar, *, now: float, oldest: int
) -> Placement:
    """The same by version and local day; rows of days before `oldest` belong to none."""
    known = ~np.isnan(times) & (times <= now + MAX_AHEAD)
    days = days_of(times, known, calendar)
    index, groups = _distinct(np.where(days < oldest, NO_PANE, days), versions)
    return Placement(index, groups, newest=(math.nan,) * len(groups))
