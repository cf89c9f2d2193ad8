"""The last traced request of every latency bucket: what an exemplar of the histogram shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from inference_exporter.values.batch import Batch, Floats
from inference_exporter.values.samples import Exemplar
from inference_exporter.windows import Placement


class Exemplars:
    """Exemplars by history and bucket. `bounds` are upper bounds in seconds."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = np.array(bounds)
        self._marks: dict[str, dict[int, Exemplar]] = {}

    def of(self, name: str) -> Mapping[int, Exemplar]:
        """The exemplars of one history, by bucket."""
        return self._marks.get(name, {})

    def mark(self, batch: Batch, times: Floats, placement: Placement, names: Sequence[str]) -> None:
        """Remember requests that have a trace and a latency; `times` (rows,) in epoch seconds."""
        if batch.trace_id is None or batch.latency is None:
            return
        values, many = batch.latency.values, len(self._bounds) + 1
        bucket = self._bounds.searchsorted(values)  # NaN: the last one, dropped below
        cell = bucket + placement.index * many
        rows = np.full(many * len(placement.groups), -1, dtype=np.int64)
        usable = ~np.isnan(values)
        rows[cell[usable]] = np.flatnonzero(usable)
        for at in np.flatnonzero(rows >= 0).tolist():
            row = int(rows[at])
            trace = batch.trace_id[row]
            if trace is not None:
                history, _ = placement.groups[at // many]
                marks = self._marks.setdefault(names[history], {})
                marks[at % many] = Exemplar(str(trace), float(values[row]), float(times[row]))
