"""Durations in buckets: the exported histogram and, for requests, a finer grid for quantiles.

Cells: counts of the grid (upper bounds inclusive, as Prometheus's `le`), then the sum in seconds.
The fine grid is geometric with a ratio of 1.07 from 100 µs to 1000 s, and contains the exported
bounds; a quantile read from it is off by at most 7 % of its value.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.values.batch import Batch, Floats, Ints, NumericColumn

QUANTILE_GRID_RATIO = 1.07
_SHIFT = 46  # of the 52 bits behind the exponent six are left
_FINE = np.geomspace(1e-4, 1e3, round(np.log(1e7) / np.log(QUANTILE_GRID_RATIO)) + 1)


class Histogram:
    """Durations of requests (`step` None) or of one step of them.

    Those of requests have the fine grid, for quantiles, unless `fine` is False.
    """

    def __init__(
        self, bounds: tuple[float, ...], step: str | None = None, *, fine: bool = True
    ) -> None:
        self.step, self.bounds = step, bounds
        exported = np.array(bounds, dtype=np.float64)
        self.grid = np.union1d(_FINE, exported) if fine and not step else exported
        name = f"step/{step}" if step else "latency" if fine else "latency/exported"
        self.key = f"{name}@{hash_of(bounds)}"
        self._bins = len(self.grid) + 1
        self.cells = self._bins + 1
        self._ends = np.searchsorted(self.grid, exported)
        places = self.grid.view(np.int64) >> _SHIFT
        self._lowest = int(places[0])
        places -= self._lowest
        self._first = np.searchsorted(places, np.arange(int(places[-1]) + 2)).astype(np.int64)
        self._steps = int(np.bincount(places).max())
        self._upper = np.append(self.grid, np.inf)

    def column(self, batch: Batch) -> NumericColumn | None:
        """The batch's durations that this histogram counts."""
        return batch.steps.get(self.step) if self.step else batch.latency

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        column = self.column(batch)
        if column is None:
            return
        values, index = column.values, groups.index
        absent = np.isnan(values)
        if absent.any():
            values, index = values[~absent], index[~absent]
        flat = self._cells_of(values) + index * self._bins
        counts = np.bincount(flat, minlength=self._bins * len(out))
        out[:, : self._bins] += counts.reshape(len(out), self._bins)
        out[:, -1] += np.bincount(index, values, minlength=len(out))

    def _cells_of(self, values: Floats) -> Ints:
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


def hash_of(bounds: tuple[float, ...]) -> str:
    """Bounds as text: two histograms with other bounds must never be added."""
    return ",".join(f"{bound:g}" for bound in bounds)
