"""Traced requests to point at: what the histograms and counters of a model have as exemplars."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Self

from inference_exporter.config.schema import ModelConfig
from inference_exporter.families import FAMILIES
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.results.exemplars import Exemplars
from inference_exporter.values.samples import Exemplar, Labels


class ExemplarsPart(Part):
    """The exemplars of one model, by version; those by segment are of the segments."""

    def __init__(self, config: ModelConfig) -> None:
        self._config = config
        self._names: list[str] = []

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        return cls(setting.config) if setting.config.fields.trace_id else None

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        self._exemplars = Exemplars(counting.layout, self._is_ours)

    def _is_ours(self, family: str) -> bool:
        return not (self._config.segments and FAMILIES[family].segmented)

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`."""
        self._names = rows.names
        self._exemplars.mark(rows.batch, rows.times, rows.placement)

    def settle(self, connection: sqlite3.Connection | None, now: float) -> bool:  # noqa: ARG002
        """See `Part.settle`."""
        self._exemplars.next_round()
        return False

    def exemplars(self) -> Iterator[tuple[str, Labels, int, Exemplar]]:
        """See `Part.exemplars`."""
        for family, version, labels, bucket, exemplar in self._exemplars.items(self._names):
            yield family, (self._config.name, version, *labels), bucket, exemplar
