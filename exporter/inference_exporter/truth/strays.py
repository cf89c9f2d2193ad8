"""Labels without a prediction: it was given up, or has not come yet, or never will."""

from __future__ import annotations

import numpy as np

from inference_exporter.truth.early import Early
from inference_exporter.truth.labels import LabelRows
from inference_exporter.truth.tallies import Counts
from inference_exporter.truth.waiting.record import Schema
from inference_exporter.truth.waiting.shelf import Shelf
from inference_exporter.truth.waiting.tables import Tables
from inference_exporter.values.batch import Ints

EVICTED = 131_072


class Strays:
    """Labels that came early, and keys of predictions that were given up without one."""

    def __init__(self, tables: Tables, schema: Schema) -> None:
        self.early = Early(tables, schema)
        self.evicted = Shelf(tables, "evicted", [("key", "<i8")])

    def take_in(self, rows: LabelRows, counts: Counts, *, last: bool) -> None:
        """Labels without a prediction: too late, or waiting for it already, or too early."""
        keys = rows["key"]
        late = self.evicted.has(keys)
        counts.add("label", "", "late", by=int(late.sum()))
        again = self.early.has(keys) & ~late
        counts.add("label", "", "duplicate", by=int(again.sum()))
        if again.any():
            counts.add("problem", "conflict", by=self.early.repeat(rows[again], last=last))
        self.early.add(rows[~late & ~again])

    def give_up(self, keys: Ints) -> None:
        """Keys of predictions that nobody waits for any more; the oldest go first."""
        gone = np.zeros(len(keys), np.dtype([("key", "<i8")]))
        gone["key"] = keys
        self.evicted.add(gone)
        extra = len(self.evicted.rows) - EVICTED
        if extra > 0:
            self.evicted.keep(np.arange(len(self.evicted.rows)) >= extra)
