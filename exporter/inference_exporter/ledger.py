"""Counts of a model in time, by one way of telling rows apart: a layout, a timeline, and keys."""

from __future__ import annotations

from collections.abc import Callable

from inference_exporter.accumulators import Groups, Increments, Layout
from inference_exporter.values.batch import Batch, Floats, Ints
from inference_exporter.values.calendar import Calendar
from inference_exporter.windows import (
    PeriodTimeline,
    Placement,
    Timeline,
    place,
    place_joined,
    place_joined_by_day,
)

_GROUPS = 64  # groups of late rows counted at once: bounds memory where labels span months

Keys = Callable[[Batch], tuple[Ints | None, list[str]]]
"""Which histories of the timeline the rows belong to: indexes (rows,) into names (None: all 0)."""


class Ledger:
    """Counts batches into a timeline; with a calendar no group of rows goes across a midnight."""

    def __init__(
        self, layout: Layout, timeline: Timeline, keys: Keys, calendar: Calendar | None = None
    ) -> None:
        self.layout, self.timeline, self._keys = layout, timeline, keys
        self._calendar = calendar

    def count(
        self, batch: Batch, times: Floats, now: float, oldest: float
    ) -> tuple[Placement, list[str], Increments]:
        """Count rows that were just read; where they went, with the names of the histories.

        `times` (rows,) in epoch seconds; events before `oldest` enter no window.
        """
        indexes, names = self._keys(batch)
        placement = place(
            times,
            indexes,
            base=self.timeline.base,
            now=now,
            oldest=oldest,
            calendar=self._calendar,
        )
        increments = self.layout.count(batch, Groups(placement.index, len(placement.groups)))
        self.timeline.add(placement, names, increments.tallies(), now)
        return placement, names, increments

    def count_joined(self, batch: Batch, now: float, *, retract: bool) -> None:
        """Count rows whose labels came after them, at the time of their prediction."""
        indexes, names = self._keys(batch)
        placed = self._place_joined(batch, indexes, now)
        for start in range(0, len(placed.groups), _GROUPS):
            part, rows = placed.part(start, start + _GROUPS)
            chosen = batch if rows is None else batch.take(rows)
            groups = Groups(part.index, len(part.groups))
            increments = self.layout.count_joined(chosen, groups, retract=retract)
            self.timeline.add(part, names, increments.tallies(), now)

    def _place_joined(self, batch: Batch, indexes: Ints | None, now: float) -> Placement:
        assert batch.timestamp is not None
        timeline = self.timeline
        windows = sorted(timeline.windows, key=lambda window: window.seconds)
        panes = [(window.seconds, timeline.pane_length(window)) for window in windows]
        return place_joined(batch.timestamp.values, indexes, panes, base=timeline.base, now=now)


class PeriodLedger(Ledger):
    """The same by calendar period."""

    def __init__(self, layout: Layout, timeline: PeriodTimeline, keys: Keys) -> None:
        super().__init__(layout, timeline, keys)
        self.periods = timeline

    def _place_joined(self, batch: Batch, indexes: Ints | None, now: float) -> Placement:
        assert batch.timestamp is not None
        one = self.periods
        return place_joined_by_day(
            batch.timestamp.values, indexes, one.calendar, now=now, oldest=one.oldest(now)
        )


class EarlyLedger(PeriodLedger):
    """Only first labels, and only those that came within `early` seconds of their prediction."""

    def __init__(self, layout: Layout, timeline: PeriodTimeline, keys: Keys, early: float) -> None:
        super().__init__(layout, timeline, keys)
        self._early = early

    def count_joined(self, batch: Batch, now: float, *, retract: bool) -> None:
        """See `Ledger.count_joined`. What a newer label says changes nothing here."""
        if retract or batch.label_delay is None:
            return
        rows = (batch.label_delay.values <= self._early).nonzero()[0]  # unknown is not early
        if len(rows):
            super().count_joined(batch.take(rows), now, retract=False)
