"""Labels whose prediction has not come yet."""

from __future__ import annotations

import numpy as np

from inference_exporter.truth.labels import LABEL, LabelRows
from inference_exporter.truth.waiting.record import Schema
from inference_exporter.truth.waiting.shelf import Shelf
from inference_exporter.truth.waiting.tables import Tables
from inference_exporter.values.batch import Bools, Ints

EARLY = 100_000  # labels kept


class Early:
    """A shelf of labels, found by key."""

    def __init__(self, tables: Tables, schema: Schema) -> None:
        self.shelf = Shelf(tables, f"early/{_kind(schema)}", LABEL)

    def __len__(self) -> int:
        return len(self.shelf.rows)

    def call(self, keys: Ints) -> LabelRows:
        """Take out the labels of these sorted keys, whose predictions have come."""
        rows = self.shelf.rows
        if not len(rows) or not len(keys):
            return rows[:0]
        at = np.minimum(np.searchsorted(keys, rows["key"]), len(keys) - 1)
        called: Bools = keys[at] == rows["key"]
        self.shelf.keep(~called)
        return rows[called]

    def has(self, keys: Ints) -> Bools:
        """Which of the keys have a label here, shape (keys,)."""
        return self.shelf.has(keys)

    def add(self, rows: LabelRows) -> None:
        """Keep labels whose keys are not here."""
        self.shelf.add(rows)

    def repeat(self, rows: LabelRows, *, last: bool) -> int:
        """Further labels of keys that are here, of which the `last` may count; how many differ."""
        keys = self.shelf.rows["key"]
        order = np.argsort(keys)
        at = order[np.searchsorted(keys, rows["key"], sorter=order)]
        differ = self.shelf.rows["actual"][at] != rows["actual"]
        if last and differ.any():
            self.shelf.change(at[differ], "actual", rows["actual"][differ])
        return int(differ.sum())

    def forget_all(self) -> int:
        """Give up all labels that are here; how many."""
        return self.forget(np.inf)

    def forget(self, oldest: float) -> int:
        """Give up what arrived before `oldest`, and the oldest beyond the bound; how many."""
        rows = self.shelf.rows
        keep = rows["arrived"] >= oldest
        keep &= np.arange(len(rows)) >= len(rows) - EARLY
        if keep.all():
            return 0
        self.shelf.keep(keep)
        return int((~keep).sum())


def _kind(schema: Schema) -> str:
    """Early labels of a regression are of no use to a classification, nor to a ranking."""
    if schema.ranking:
        return "item"
    return "number" if schema.regression else "class"
