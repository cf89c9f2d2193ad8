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
        self._layouts: dict[str, Layout] = {}  # of each field
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
        fields = [one.name for one in counting.config.segments if one.drift]
        cells = {field: self._known(field) for field in fields}
        alpha = level_of(counting.config, "segments") * _SHARE
        alpha /= max(1, sum(map(len, cells.values())))
        self._by_segment = {}
        self._layouts = {field: _layout(counting.layout, of) for field, of in cells.items() if of}
        for field, layout in self._layouts.items():
            for value, known in cells[field].items():
                part = OfPart(_prefix((field, value)), alpha, known)
                self._by_segment[field, value] = Decisions(
                    counting.config, layout, counting.timeline.base, part
                )

    def _known(self, field: str) -> dict[str, Mapping[str, Floats]]:
        """Rows of the reference by value and bin, of values whose distribution it has."""
        reference = self._counting.reference
        known = reference.segments.get(field, {}) if reference else {}
        return {value: profile.cells for value, profile in known.items() if profile.cells}

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`. The values of a field are counted in one go."""
        for field, layout in self._layouts.items():
            values, at, codes = self._values(rows, field)
            if len(at):
                dense = _dense(rows, at, codes, len(values), layout)
                for code, value in enumerate(values):
                    decisions = self._by_segment[field, value]
                    decisions.add(rows.placement, rows.names, dense[:, code])
        if not self._live:
            self._decide(rows.now)

    def _values(self, rows: Rows, field: str) -> tuple[list[str], Ints, Ints]:
        """Values with a reference that come in the rows, these rows, and the value of each.

        Without rows that are set aside; "" is no value.
        """
        named, aside = rows.batch.segments[field], rows.batch.flags.get(ASIDE)
        names = {name: str(name or "") for name in dict.fromkeys(named)}
        values = [value for value in names.values() if (field, value) in self._by_segment]
        code_of = {value: code for code, value in enumerate(values)}
        codes = {name: code_of.get(value, -1) for name, value in names.items()}
        found = np.fromiter(map(codes.__getitem__, named), np.int64, len(named))
        used = found >= 0 if aside is None else (found >= 0) & ~aside
        at = np.flatnonzero(used)
        return values, at, found[at]

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
            prefix = _prefix(place)
            mine = {key: value for key, value in own.items() if key.startswith(prefix)}
            problems += decisions.restore(mine)
            own = {key: value for key, value in own.items() if key not in mine}
        self._unwanted |= own.keys()
        return problems


def _prefix(place: Place) -> str:
    return f"{PREFIX}{msgspec.json.encode(place).decode()}/"


def _layout(whole: Layout, known: Mapping[str, Mapping[str, Floats]]) -> Layout:
    """Who counts what the reference knows of all segments of a field."""
    bins = [one for one in whole.dense if isinstance(one, NumericBins | CategoryBins)]
    return Layout(
        [one for one in bins if all(f"{one.scope}/{one.name}" in of for of in known.values())], ()
    )


def _dense(rows: Rows, at: Ints, codes: Ints, values: int, layout: Layout) -> Floats:
    """Counts (groups, values, cells) of some rows."""
    batch = rows.batch if len(at) == rows.batch.rows else inputs_of(rows.batch, at)
    count = len(rows.placement.groups)
    groups = Groups(rows.placement.index[at] * values + codes, count * values)
    return layout.count(batch, groups).dense.reshape(count, values, -1)


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
