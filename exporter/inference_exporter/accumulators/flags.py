"""Rows that bear a mark, and rows that could: two cells."""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.values.batch import Batch, Floats


class Flags:
    """Cells: flagged rows, rows that were looked at. The batch has `flags` of this name."""

    cells = 2

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = f"flag/{name}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        flags = batch.flags.get(self.name)
        if flags is None:
            return
        looked = batch.flags.get(f"{self.name}/looked")
        out[:, 0] += np.bincount(groups.index, flags, minlength=len(out))
        out[:, 1] += np.bincount(groups.index, looked, minlength=len(out))
