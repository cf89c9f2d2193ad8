"""Durations in buckets: the exported ones, and finer ones for quantiles and native histograms.

Cells: counts of the grid (upper bounds inclusive, as Prometheus's `le`), then the sum in seconds.
The grid is that of native histograms of schema 3, from 61 µs to 1024 s, and contains the exported
bounds; a quantile read from it is off by at most 9 % of its value.
"""

from __future__ import annotations

import numpy as np

from inference_exporter import _native
from inference_exporter.accumulators.base import Groups
from inference_exporter.values.batch import Batch, Floats, Ints, NumericColumn
from inference_exporter.values.growing import Growing
from inference_exporter.values.native import NativeCounts

FINE = Growing(3, -14, 10)
_SHIFT = 46  # of the 52 bits behind the exponent six are left


class Histogram:
    """Durations of requests (`step` None) or of one step of them.

    Parameters
    ----------
    bounds
        Exported upper bounds, ascending.
    native
        The bounds of its native histogram; None if it has none.
    objective
        The bound above which a request is slow, if there is one.
    fine
        Whether it counts by the bounds of `FINE` too; else `native` must be among the exported.
    """

    def __init__(
        self,
        bounds: tuple[float, ...],
        step: str | None = None,
        *,
        native: Growing | None = FINE,
        objective: float | None = None,
        fine: bool = True,
    ) -> None:
        self.step, self.bounds, self._native = step, bounds, native
        exported = np.array(bounds, dtype=np.float64)
        self.grid = np.union1d(FINE.bounds, exported) if fine else exported
        slow = self.grid.searchsorted(objective) + 1 if objective else None
        self._slow = None if slow is None else int(slow)
        name = f"step/{step}/fine" if step else "latency/fine" if fine else "latency/exported"
        self.key = f"{name}@{hash_of(bounds)}"
        self._bins = len(self.grid) + 1
        self.cells = self._bins + 1
        self._ends = np.searchsorted(self.grid, exported)
        buckets = native.bounds if native else ()
        self._zero = buckets[0] if buckets else 0.0  # up to there is the zero bucket
        within = self.grid.searchsorted(buckets) + 1
        self._starts = np.concatenate(([0], within)).astype(np.int64)
        places = self.grid.view(np.int64) >> _SHIFT
        self._lowest = int(places[0])
        places -= self._lowest
        self._first = np.searchsorted(places, np.arange(int(places[-1]) + 2)).astype(np.int64)
        self._steps = int(np.bincount(places).max())
        self._upper = np.append(self.grid, np.inf)
        self._bucket_of = np.searchsorted(self._ends, np.arange(self._bins)).astype(np.int64)
        self._latest = (np.empty(0), np.empty(0, np.int64))

    def column(self, batch: Batch) -> NumericColumn | None:
        """The batch's durations that this histogram counts."""
        return batch.steps.get(self.step) if self.step else batch.latency

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        column = self.column(batch)
        if column is None:
            return
        values, index = column.values, groups.index
        if _native.MODULE is not None:
            found = np.zeros((len(out), self.cells))
            _native.MODULE.durations(
                np.ascontiguousarray(values), np.ascontiguousarray(index), len(out), self.cells,
                self._first, self._lowest, _SHIFT, self._upper, self._steps, found,
            )  # fmt: skip
            out += found
            return
        absent = np.isnan(values)
        if absent.any():
            values, index = values[~absent], index[~absent]
        flat = self._cells_of(values) + index * self._bins
        counts = np.bincount(flat, minlength=self._bins * len(out))
        out[:, : self._bins] += counts.reshape(len(out), self._bins)
        out[:, -1] += np.bincount(index, values, minlength=len(out))

    def buckets_of(self, values: Floats) -> Ints:
        """The exported bucket (rows,) of each value; of NaN it is any."""
        return self._bucket_of.take(self._cells_of(values))

    def _cells_of(self, values: Floats) -> Ints:
        """The cells (rows,) of values. What was counted is mostly asked for once more."""
        if values is not self._latest[0]:
            self._latest = values, self._searched(values)
        return self._latest[1]

    def _searched(self, values: Floats) -> Ints:
        """As `searchsorted`, but through a table: the upper bits of a float are its logarithm.

        Values that are not negative sort like their bits, so the bits above `_SHIFT` (a 64th of an
        octave) point at the first cell a value can be in, and comparisons with bounds do the rest.
        """
        place = np.abs(values).view(np.int64) >> _SHIFT
        place -= self._lowest
        np.clip(place, 0, len(self._first) - 1, out=place)
        cell: Ints = self._first.take(place)
        for _ in range(self._steps):
            cell += values > self._upper.take(cell)
        return cell

    def counts(self, cells: Floats) -> Floats:
        """Observations per cell of `grid`, the last one open, shape (len(grid) + 1,)."""
        return cells[: self._bins]

    def exported(self, cells: Floats) -> list[float]:
        """Cumulative counts per exported bound, the count, the sum, the count: `SeriesSet`."""
        cumulative = np.cumsum(cells[: self._bins])
        total = float(cumulative[-1])
        below: list[float] = cumulative[self._ends].tolist()
        return [*below, total, float(cells[-1]), total]

    def native(self, cells: Floats) -> NativeCounts | None:
        """The native histogram; what is beyond its bounds is in the next bucket after them."""
        if self._native is None:
            return None
        zero, *counts = np.add.reduceat(cells[: self._bins], self._starts).tolist()
        return NativeCounts(self._native.schema, self._zero, zero, self._native.first + 1, counts)

    def slow(self, cells: Floats) -> float | None:
        """How many took longer than the objective; None without one."""
        return None if self._slow is None else float(cells[self._slow : self._bins].sum())


def hash_of(bounds: tuple[float, ...]) -> str:
    """Bounds as text: two histograms with other bounds must never be added."""
    return ",".join(f"{bound:g}" for bound in bounds)
