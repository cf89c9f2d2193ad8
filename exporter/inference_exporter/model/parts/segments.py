"""Counts by version and segment, and what segments say about each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from typing import ClassVar, Self

from inference_exporter.decisions import level_of
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import GaugesByFamily, Part, Rows, Setting
from inference_exporter.results.gauges import least_labelled
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.segments import PREFIX, Segments, foreign
from inference_exporter.values.batch import Batch, Floats
from inference_exporter.values.samples import Exemplar, Labels, Samples


class SegmentsPart(Part):
    """The segments of one model."""

    leftovers: ClassVar[tuple[str, ...]] = (PREFIX,)

    def __init__(self, *, created_series: bool) -> None:
        self._created_series = created_series
        self._segments: Segments | None = None
        self._foreseen = 0  # versions whose segments have series
        self._unwanted: set[str] = set()  # state of other segments

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        return cls(created_series=setting.created_series) if setting.config.segments else None

    @property
    def segments(self) -> Segments:
        """Those that count now."""
        assert self._segments is not None  # a model uses its parts before anything else
        return self._segments

    def use(self, counting: Counting, now: float) -> None:
        """See `Part.use`."""
        before, config = self._segments, counting.config
        state = before.take_changes(everything=True)[0] if before else {}
        self._counting = counting
        self._segments = one = Segments(
            config,
            counting.layout,
            counting.reference,
            counting.keys,
            alpha=level_of(config, "segments"),
            design=counting.alike,
            least=least_labelled(config),
        )
        counting.ledgers.append(one.ledger)
        one.restore(state, now)
        one.ledger.timeline.mark_all()  # what was restored here was never committed

    def start(self, now: float) -> None:
        """See `Part.start`."""
        self._foresee(now)

    def _foresee(self, now: float) -> None:
        versions = self._counting.timeline.versions
        self.segments.foresee(versions, now)
        self._foreseen = len(versions)

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:  # noqa: ARG002
        """See `Part.columns`."""
        return self.segments.named(batch)

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`."""
        if len(self._counting.timeline.versions) > self._foreseen:
            self._foresee(rows.now)
        self.segments.count(rows.batch, rows.times, rows.now, rows.oldest)

    def settle(self, connection: sqlite3.Connection | None, now: float) -> bool:  # noqa: ARG002
        """See `Part.settle`."""
        self.segments.next_round()
        return False

    def exemplars(self) -> Iterator[tuple[str, Labels, int, Exemplar]]:
        """See `Part.exemplars`."""
        return self.segments.exemplars()

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        return self.segments.samples(self._created_series, cache)

    def gauges_by_segment(self, clock: float) -> GaugesByFamily:
        """See `Part.gauges_by_segment`."""
        return self.segments.gauges(clock)

    def overflowed(self) -> dict[str, float]:
        """See `Part.overflowed`."""
        return self.segments.overflowed()

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        puts, deletes = self.segments.take_changes()
        deletes, self._unwanted = deletes | self._unwanted, set()
        return puts, deletes

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:
        """See `Part.restore`."""
        self._unwanted |= foreign(state, self.segments)
        return self.segments.restore(state, now)
