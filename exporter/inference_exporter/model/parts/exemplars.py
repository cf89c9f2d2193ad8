"""The last traced request of every latency bucket, for the histogram of requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.results.exemplars import Exemplars
from inference_exporter.values.samples import Exemplar


class ExemplarsPart(Part):
    """The exemplars of one model, by version."""

    def __init__(self, exemplars: Exemplars) -> None:
        self._exemplars = exemplars

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        fields = setting.config.fields
        if fields.trace_id is None or fields.latency is None:
            return None
        return cls(Exemplars(setting.config.latency_buckets))

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`."""
        self._exemplars.mark(rows.batch, rows.times, rows.placement, rows.names)

    def exemplars(self, version: str) -> Mapping[int, Exemplar]:
        """See `Part.exemplars`."""
        return self._exemplars.of(version)
