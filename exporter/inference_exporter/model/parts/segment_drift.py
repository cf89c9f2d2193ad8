"""When it is drift in a segment: each value that asks for it against its own reference.

The same decisions as on all rows, on full windows, of the segment's rows alone and in the bins of
all. Their level is half of the part of the budget that segments have, shared out among them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

import msgspec
import numpy as np

from inference_exporter.accumulators import CategoryBins, Groups, Layout, NumericBins
from inference_exporter.decisions import Decisions, OfPart, level_of
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.model.parts.repeats import ASIDE
from inference_exporter.repeats import inputs_of
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.batch import Floats, Ints
from inference_exporter.values.samples import Labels, Samples

PREFIX = "segment_drift/"
_SHARE = 0.5  # of the segments' part of the budget; the rest is for their performance
Place = tuple[str, str]  # field and value


class SegmentDrift(Part):
    """The decisions on the segments of one model."""

    leftovers: ClassVar[tuple[str, ...]] = (PREFIX,)

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._by_segment: dict[Place, Decisions] = {}
        self._layouts: dict[Place, Layout] = {}
        self._unwanted: set[str] = set()

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        wanted = any(one.drift for one in setting.config.segments)
        return cls(live=not setting.event_time) if wanted else None

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`. Windows that are not decided on belong to the reference before."""
        for before in self._by_segment.values():
            self._unwanted |= before.abandon()
        self._counting = counting
        known = counting.reference.segments if counting.reference else {}
        cells = {
            (one.name, value): profile.cells
            for one in counting.config.segments
            if one.drift
            for value, profile in known.get(one.name, {}).items()
            if profile.cells
        }
        alpha = level_of(counting.config, "segments") * _SHARE / max(1, len(cells))
        self._by_segment, self._layouts = {}, {}
        for place, rows in cells.items():
            layout = self._layouts[place] = _layout(counting.layout, rows)
            prefix = f"{PREFIX}{msgspec.json.encode(place).decode()}/"
            part = OfPart(prefix, alpha, rows)
            self._by_segment[place] = Decisions(
                counting.config, layout, counting.timeline.base, part
            )

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`."""
        for field in dict.fromkeys(field for field, _ in self._by_segment):
            for value, at in _by_value(rows, field):
                decisions = self._by_segment.get((field, value))
                if decisions is not None:
                    dense = self._dense(rows, at, self._layouts[field, value])
                    decisions.add(rows.placement, rows.names, dense)
        if not self._live:
            self._decide(rows.now)

    def _dense(self, rows: Rows, at: Ints, layout: Layout) -> Floats:
        """Counts (groups, cells) of some rows."""
        groups = Groups(rows.placement.index[at], len(rows.placement.groups))
        return layout.count(inputs_of(rows.batch, at), groups).dense

    def _decide(self, now: float) -> None:
        clock, lateness = self._counting.clock(now), self._counting.config.lateness
        for one in self._by_segment.values():
            one.decide(clock, lateness, live=self._live)

    def advance(self, clock: float) -> None:
        """See `Part.advance`."""
        for one in self._by_segment.values():
            one.decide(clock, self._counting.lateness, live=self._live)

    def is_due(self, now: float) -> bool:
        """See `Part.is_due`."""
        return self._live and any(
            one.due(now, self._counting.lateness) for one in self._by_segment.values()
        )

    def settle(self, connection: sqlite3.Connection | None, now: float) -> bool:  # noqa: ARG002
        """See `Part.settle`: what is decided is committed before it is published."""
        due = self.is_due(now)
        if due:
            self.advance(now)
        return due

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        found: dict[str, dict[Labels, float]] = {}
        for (field, value), decisions in self._by_segment.items():
            base = (self._counting.config.name, f"{field}={value}")
            for family, labels, number in _states(base, decisions):
                found.setdefault(family, {})[labels] = number
        for family, values in found.items():
            yield cache.samples(family, values)

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        puts: dict[str, bytes] = {}
        deletes, self._unwanted = self._unwanted, set()
        for one in self._by_segment.values():
            more, gone = one.take_changes()
            puts |= more
            deletes = deletes | gone
        return puts, deletes - puts.keys()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`. State of segments that have no reference any more is deleted."""
        own = {key: value for key, value in state.items() if key.startswith(PREFIX)}
        problems: list[str] = []
        for place, decisions in self._by_segment.items():
            prefix = f"{PREFIX}{msgspec.json.encode(place).decode()}/"
            mine = {key: value for key, value in own.items() if key.startswith(prefix)}
            problems += decisions.restore(mine)
            own = {key: value for key, value in own.items() if key not in mine}
        self._unwanted |= own.keys()
        return problems


def _layout(whole: Layout, known: Mapping[str, Floats]) -> Layout:
    """Who counts what the reference knows of a segment."""
    bins = [one for one in whole.dense if isinstance(one, NumericBins | CategoryBins)]
    return Layout([one for one in bins if f"{one.scope}/{one.name}" in known], ())


def _by_value(rows: Rows, field: str) -> Iterator[tuple[str, Ints]]:
    """The rows of each value of a field, without those that are set aside; absent ones are ""."""
    named, aside = rows.batch.segments[field], rows.batch.flags.get(ASIDE)
    codes = {name: code for code, name in enumerate(dict.fromkeys(named))}
    index = np.fromiter(map(codes.__getitem__, named), np.int64, len(named))
    if aside is not None:
        index[aside] = -1
    for name, code in codes.items():
        yield str(name or ""), np.flatnonzero(index == code)


def _states(base: tuple[str, str], decisions: Decisions) -> Iterator[tuple[str, Labels, float]]:
    """What there is to publish of one segment."""
    model, segment = base
    for (version, window), track in decisions.tracks.items():
        states = track.states
        if window in decisions.decided:
            undecided = float((~states.enough).sum())
            yield "inference_segment_drift_undecided", (model, version, segment, window), undecided
        for row, one in enumerate(decisions.subjects.bins):
            labels = (model, version, segment, one.name, window)
            family = f"inference_segment_{one.scope}_drift"
            if states.enough[row]:
                yield f"{family}_state", labels, float(states.drifted[row])
                distance, rows, *_ = states.found[:, row].tolist()
                if states.drifted[row] and rows:
                    yield f"{family}_decided", labels, distance
