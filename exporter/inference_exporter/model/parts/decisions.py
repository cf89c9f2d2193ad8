"""When it is drift: one decision per window, and what follows from it for critical values."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Self

import numpy as np

from inference_exporter.accumulators import Groups, Layout
from inference_exporter.decisions import PREFIX, Decisions, Watch, gauges, significance
from inference_exporter.model.counting import Counting
from inference_exporter.model.drift_events import DriftEvents
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.model.parts.repeats import ASIDE
from inference_exporter.repeats import Seen, inputs_of, keys_of, mixed
from inference_exporter.results.evaluate import Chance
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.batch import Floats
from inference_exporter.values.importance import in_force
from inference_exporter.values.samples import Samples
from inference_exporter.values.status_facts import ModelFacts

_ENTITIES = 16  # bits: how often 65,536 entities came is remembered, by span


class DecisionsPart(Part):
    """The decisions of one model."""

    def __init__(self, *, live: bool, events: DriftEvents | None) -> None:
        self._live, self._events = live, events
        self._decisions: Decisions | None = None
        self._watchers: list[Watch] = [events] if events else []

    @classmethod
    def of(cls, setting: Setting) -> Self:
        """See `Part.of`."""
        told = setting.events and DriftEvents(setting.config.name, setting.events[1])
        return cls(live=not setting.event_time, events=told)

    @property
    def decisions(self) -> Decisions:
        """Those in force."""
        assert self._decisions is not None  # a model uses its parts before anything else
        return self._decisions

    @property
    def reference(self) -> str:
        """The fingerprint of what decisions are made against; empty without a reference."""
        known = self._counting.reference
        return "" if known is None else known.fingerprint

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`. Windows that are not decided on belong to the reference before."""
        abandoned = self._decisions.abandon() if self._decisions else set()
        self._counting = counting
        self._decisions = Decisions(counting.config, counting.layout, counting.timeline.base)
        self._decisions.forget(abandoned)
        self._decisions.watchers = self._watchers
        known = counting.reference
        measured, features = (known.importance, known.features) if known else (None, {})
        self._importance = in_force(counting.config.importance, measured, features)
        self._bins = Layout(self._decisions.subjects.counters, ())
        counting.find_alike = self._decisions.alike
        counting.find_design = self._decisions.design
        counting.watch_decisions = self.watch
        self._seen = [Seen(_ENTITIES) for _ in self._decisions.spans]

    def start(self, now: float) -> None:  # noqa: ARG002
        """See `Part.start`."""
        if self._events is not None:
            self._events.know(self.decisions)

    def watch(self, told: Watch) -> None:
        """Tell of every decision from now on."""
        self._watchers.append(told)

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`. A log that is read after the fact is decided on as it goes by."""
        self.decisions.add(rows.placement, rows.names, self._dense(rows), self._entities(rows))
        if not self._live:
            clock, lateness = self._counting.clock(rows.now), self._counting.config.lateness
            self.decisions.decide(clock, lateness, live=False)

    def _dense(self, rows: Rows) -> Floats:
        """What was counted, less rows that are set aside."""
        dense, aside = rows.increments.dense, rows.batch.flags.get(ASIDE)
        if aside is None:
            return dense
        at = np.flatnonzero(aside)
        groups = Groups(rows.placement.index[at], len(rows.placement.groups))
        less = self._bins.count(inputs_of(rows.batch, at), groups).dense
        dense = dense.copy()
        for key, cells in self._bins.slices.items():
            dense[:, self._counting.layout.slices[key]] -= less[:, cells]
        return dense

    def _entities(self, rows: Rows) -> list[Floats] | None:
        """Rows, and the squares of rows by entity, of every group and span; None: not known.

        An entity's n-th row makes a square of n² out of one of (n - 1)²: it adds 2 n - 1.
        """
        batch, placement = rows.batch, rows.placement
        if batch.entity is None:
            return None
        aside = batch.flags.get(ASIDE)
        at = np.arange(batch.rows) if aside is None else np.flatnonzero(~aside)
        index, who = placement.index[at], keys_of(batch.entity)[at]
        sums = []
        for span, seen in zip(self.decisions.spans, self._seen, strict=True):
            windows = [(v << 40) + span.place(p)[0] for v, p in placement.groups]
            nth = seen.times(mixed(who, np.array(windows)[index]))
            nth[who == 0] = 1
            count = len(placement.groups)
            counts = np.bincount(index, minlength=count)
            squares = np.bincount(index, 2.0 * nth - 1.0, minlength=count)
            sums.append(np.stack((counts, squares), axis=1).astype(np.float64))
        return sums

    def advance(self, clock: float) -> None:
        """See `Part.advance`."""
        self.decisions.decide(clock, self._counting.lateness, live=self._live)

    def is_due(self, now: float) -> bool:
        """See `Part.is_due`."""
        return self._live and self.decisions.due(now, self._counting.lateness)

    def settle(self, connection: sqlite3.Connection | None, now: float) -> bool:  # noqa: ARG002
        """See `Part.settle`: what is decided is committed before it is published."""
        due = self.is_due(now)
        if due:
            self.decisions.decide(now, self._counting.lateness, live=True)
        return due

    def chance(self) -> Chance:
        """See `Part.chance`."""
        return Chance(self.decisions.test_alpha, self.decisions.design)

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        name = self._counting.config.name
        for family, values in gauges(name, self.decisions, self._importance).items():
            yield cache.samples(family, values)
        yield cache.samples("inference_threshold", significance(name, self.decisions))

    def facts(self, known: ModelFacts) -> ModelFacts:
        """See `Part.facts`."""
        lateness = self._counting.config.lateness
        waits = {one.window.name: one.wait(lateness) for one in self.decisions.spans}
        return replace(known, waits=waits)

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        return self.decisions.take_changes()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        own = {key: value for key, value in state.items() if key.startswith(PREFIX)}
        return self.decisions.restore(own)
