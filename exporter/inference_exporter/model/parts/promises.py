"""Whether intervals of estimates held: predictions by day, with what is expected and what came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np

from inference_exporter.ledger import Ledger
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.model.subset import Subset
from inference_exporter.results.gauges import Gauges
from inference_exporter.results.promises import DAY, WINDOW, Cohort, Promises, needed
from inference_exporter.values.tally import Tally
from inference_exporter.windows import NO_PANE, Placement, Timeline

FAMILY = "inference_performance_estimate_checks"
_PREFIX = "promises/"


class PromisesPart(Part):
    """The record of one model's estimates, where there are labels to hold them against."""

    leftovers: ClassVar[tuple[str, ...]] = (_PREFIX,)

    def __init__(self) -> None:
        self._ledger: Ledger | None = None

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        return cls() if setting.config.has_labels else None

    def use(self, counting: Counting, now: float) -> None:
        """See `Part.use`: days are counted by the layout that estimates now."""
        before = self._ledger
        self._counting, self._ledger = counting, None
        layout = needed(counting.layout)
        if layout is None:
            return
        timeline = Timeline((WINDOW,), layout.slices, layout.signature, layout.empty)
        self._ledger = one = Ledger(layout, timeline, counting.keys)
        self._promises = Promises(counting.config, layout, counting.reference)
        self._subset = Subset(counting.layout, layout)
        counting.ledgers.append(one)
        if before is not None:
            one.timeline.restore(before.timeline.take_changes(everything=True)[0], now)
            one.timeline.mark_all()  # what was restored here was never committed

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`: what was counted already is added to the day."""
        if self._ledger is None:
            return
        base, placement = self._counting.timeline.base, rows.placement
        inside = [at for at, (_, pane) in enumerate(placement.groups) if pane != NO_PANE]
        groups = tuple(
            (placement.groups[at][0], int(placement.groups[at][1] * base // DAY)) for at in inside
        )
        newest = tuple(placement.newest[at] for at in inside)
        days = Placement(np.empty(0, np.int64), groups, newest=newest)
        tallies = self._subset.tallies(rows.increments, inside)
        self._ledger.timeline.add(days, rows.names, tallies, rows.now)

    def gauges(self, clock: float, gauges: Gauges) -> None:
        """See `Part.gauges`."""
        if self._ledger is not None and (found := self._promises.days(self._panes(), clock)):
            gauges[FAMILY] = found

    def cohorts(self, clock: float) -> list[Cohort]:
        """The days that are judged, metric by metric."""
        return [] if self._ledger is None else list(self._promises.cohorts(self._panes(), clock))

    def _panes(self) -> dict[str, Mapping[int, Tally]]:
        assert self._ledger is not None
        return {
            name: history.panes[WINDOW.name].tallies
            for name, history in self._ledger.timeline.versions.items()
        }

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        if self._ledger is None:
            return {}, set()
        puts, deletes = self._ledger.timeline.take_changes()
        return {_PREFIX + key: v for key, v in puts.items()}, {_PREFIX + key for key in deletes}

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:
        """See `Part.restore`."""
        if self._ledger is None:
            return []
        own = {
            key.removeprefix(_PREFIX): value
            for key, value in state.items()
            if key.startswith(_PREFIX)
        }
        return [f"promises: {one}" for one in self._ledger.timeline.restore(own, now)]
