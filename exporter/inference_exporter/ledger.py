"""Counts of a model in time, by one way of telling rows apart: a layout, a timeline, and keys.

A model has one ledger by version and, where segments are configured, one by version and segment.
"""

from __future__ import annotations

from collections.abc import Callable

from inference_exporter.accumulators import Groups, Increments, Layout
from inference_exporter.values.batch import Batch, Floats, Ints
from inference_exporter.windows import Placement, Timeline, place, place_joined

_GROUPS = 64  # groups of late rows counted at once: bounds memory where labels span months

Keys = Callable[[Batch], tuple[Ints | None, list[str]]]
"""Which histories of the timeline the rows belong to: indexes (rows,) into names (None: all 0)."""


class Ledger:
    """Counts batches into a timeline."""

    def __init__(self, layout: Layout, timeline: Timeline, keys: Keys) -> None:
        self.layout, self.timeline, self._keys = layout, timeline, keys

    def count(
        self, batch: Batch, times: Floats, now: float, oldest: float
    ) -> tuple[Placement, list[str], Increments]:
        """Count rows that were just read; where they went, with the names of the histories.

        `times` (rows,) in epoch seconds; events before `oldest` enter no window.
        """
        indexes, names = self._keys(batch)
        placement = place(times, indexes, base=self.timeline.base, now=now, oldest=oldest)
        increments = self.layout.count(batch, Groups(placement.index, len(placement.groups)))
        self.timeline.add(placement, names, increments.tallies(), now)
        return placement, names, increments

    def count_joined(self, batch: Batch, now: float, *, retract: bool) -> None:
        """Count rows whose labels came after them, at the time of their prediction."""
        assert batch.timestamp is not None
        indexes, names = self._keys(batch)
        timeline = self.timeline
        windows = sorted(timeline.windows, key=lambda window: window.seconds)
        panes = [(window.seconds, timeline.pane_length(window)) for window in windows]
        placed = place_joined(batch.timestamp.values, indexes, panes, base=timeline.base, now=now)
        for start in range(0, len(placed.groups), _GROUPS):
            part, rows = placed.part(start, start + _GROUPS)
            chosen = batch if rows is None else batch.take(rows)
            groups = Groups(part.index, len(part.groups))
            increments = self.layout.count_joined(chosen, groups, retract=retract)
            timeline.add(part, names, increments.tallies(), now)
