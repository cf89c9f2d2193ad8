"""A numeric feature or output in the reference's bins: counts, sums, missing, invalid.

Cells, with F fine cells in the profile (about 100):

    counts of the F + 2 cells of the fine grid with the reference's range cut out of its outer
    cells (so that "out of range" is two cells and costs nothing), then missing, invalid;
    sum of (value - reference mean) per grid cell; sum of (value - reference mean)^2.

Deviations are taken from the reference's mean so that their squares keep their precision however
far the values are from zero.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.accumulators.numeric_table import NumericTable
from inference_exporter.values.batch import Batch, Floats, Ints, NumericColumn
from inference_exporter.values.edges import limits
from inference_exporter.values.profile import NumericProfile


class NumericBins:
    """Bins of one numeric column; `scope` is `feature` or `output`, `name` the column's name.

    Counting is done by a `NumericTable`, for all columns of a layout together.
    """

    def __init__(self, scope: str, name: str, profile: NumericProfile, reference: str) -> None:
        self.key = f"{scope}/{name}@{reference}"
        self.scope, self.name, self.profile = scope, name, profile
        self.mean = profile.mean if np.isfinite(profile.mean) else 0.0
        below, above = limits(profile.fine_edges, profile.minimum, profile.maximum)
        ends = np.array([below, above])
        self.grid: Floats = np.union1d(profile.fine_edges, ends[np.isfinite(ends)])
        self._fine_starts = _starts(self.grid, profile.fine_edges)
        self._below = int(np.searchsorted(self.grid, below))
        self._above = int(np.searchsorted(self.grid, above)) + 1
        self._bins = len(self.grid) + 1
        self._missing, self._invalid = self._bins, self._bins + 1
        self.stride = self._bins + 2
        self.cells = self.stride + self._bins + 1
        self._alone = NumericTable([self])

    @property
    def inside(self) -> range:
        """Which cells of the grid are within the reference's range."""
        return range(self._below + 1, self._above)

    def known(self) -> Floats:
        """Rows of the reference in the cells of the grid: none of them is out of its range."""
        fine = np.searchsorted(self._fine_starts, np.array(self.inside), side="right") - 1
        counts = np.zeros(self._bins)
        counts[self.inside] = self.profile.counts[fine]
        return counts

    def column(self, batch: Batch) -> NumericColumn | None:
        """The batch's numbers that this accumulator counts."""
        if self.scope == "output":
            if self.name == "score":
                return batch.score
            if self.name == "prediction":
                return batch.prediction_value
            return batch.derived.get(self.name)
        column = batch.features[self.name]
        return column if isinstance(column, NumericColumn) else None

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        self._alone.count(batch, groups, out)

    def fine_counts(self, cells: Floats) -> Floats:
        """Rows per fine cell of the profile, shape (F,)."""
        counts: Floats = np.add.reduceat(cells[: self._bins], self._fine_starts)
        return counts

    def fine_sums(self, cells: Floats) -> Floats:
        """Sum of the values per fine cell, shape (F,)."""
        deviations = cells[self.stride : self.stride + self._bins]
        sums = np.add.reduceat(deviations, self._fine_starts)
        total: Floats = sums + self.fine_counts(cells) * self.mean
        return total

    def squares(self, cells: Floats) -> float:
        """Sum of (value - reference mean)^2."""
        return float(cells[-1])

    def missing(self, cells: Floats) -> float:
        """Inputs without a value."""
        return float(cells[self._missing])

    def invalid(self, cells: Floats) -> float:
        """Inputs whose value was not a finite number."""
        return float(cells[self._invalid])

    def out_of_range(self, cells: Floats) -> float:
        """Values below the reference's minimum or above its maximum."""
        return float(cells[: self._below + 1].sum() + cells[self._above : self._bins].sum())


def _starts(grid: Floats, edges: Floats) -> Ints:
    starts: Ints = np.concatenate(([0], np.searchsorted(grid, edges) + 1)).astype(np.int64)
    return starts
