"""Concept drift: sequential tests on errors, residuals and latencies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np

from inference_exporter.accumulators import binary_classes
from inference_exporter.concept import ConceptRunner
from inference_exporter.config.schema import ConceptDrift
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.batch import Batch
from inference_exporter.values.samples import Samples


class ConceptPart(Part):
    """The streams of one model."""

    def __init__(self, config: ConceptDrift, *, event_time: bool) -> None:
        self._runner, self._event_time = ConceptRunner(config), event_time

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        wanted = setting.config.concept_drift
        return cls(wanted, event_time=setting.event_time) if wanted else None

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`. Streams go on."""
        self._counting = counting
        pair = binary_classes(counting.config, counting.reference)
        self._runner.positive = pair[1] if pair else None

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`."""
        newest = float(np.fmax.reduce(rows.times)) if self._event_time else rows.now
        self.joined(rows.batch, rows.now if np.isnan(newest) else newest)

    def joined(self, batch: Batch, seen: float) -> None:
        """See `Part.joined`."""
        self._runner.take(batch, *self._counting.keys(batch), seen)

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:
        """See `Part.samples`."""
        found = {
            "inference_concept_drift": self._runner.levels(clock),
            "inference_concept_drifts_total": self._runner.detections(),
        }
        name = self._counting.config.name
        for family, values in found.items():
            yield cache.samples(family, {(name, *key): value for key, value in values.items()})

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        return self._runner.take_changes(), set()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        return self._runner.restore(state)
