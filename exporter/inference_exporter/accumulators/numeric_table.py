"""Many numeric columns binned at once: the hot path of the exporter.

NumPy costs a microsecond a call and a nanosecond a value, and a block of lines has a few hundred
rows, so all numeric columns of a batch are stacked and every step is one call for all of them.

Cells are found with a guide table instead of a binary search (which mispredicts a branch per
step, about 45 ns a value): a uniform grid `k = (value - low) * scale` over the edges points at
the first cell a value with that `k` can be in, and one or two comparisons with edges do the rest.
The result is exactly that of `searchsorted`, since rounding keeps the order: an edge with a
smaller `k` than the value's is below it, one with a larger `k` is above. Edges that are too
uneven for a guide of bounded size are searched.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from inference_exporter import _native
from inference_exporter.accumulators.base import Groups
from inference_exporter.values.batch import Batch, Bools, Floats, Ints, NumericColumn

Array = npt.NDArray[Any]

_LARGEST_DEVIATION = 1e150  # its square is still a finite number
_GUIDE_SIZES = (256, 1024, 4096)
_MOST_STEPS = 2  # comparisons with edges after the guide


class Row(Protocol):
    """One column's place in the table: its edges, and its cells, of which `stride` are counts.

    The counts are those of the cells between edges, then missing, invalid; after them come sums
    of deviations from `mean` per cell between edges, and the sum of their squares.
    """

    grid: Floats
    mean: float
    stride: int
    cells: int

    def column(self, batch: Batch) -> NumericColumn | None:
        """The batch's column."""


class NumericTable:
    """Rows whose cells lie one after the other."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = tuple(rows)
        starts = np.cumsum([0, *(row.cells for row in rows)])
        self.cells = int(starts[-1])
        self._dropped = self.cells  # a cell beyond the end, for values that do not count
        self._missing = _column([s + r.stride - 2 for s, r in zip(starts, rows, strict=False)])
        self._invalid = self._missing + 1
        self._mean = np.array([[row.mean] for row in rows])
        self._squares = (starts[1:] - 1).astype(np.int64)
        spans = [(int(s), len(r.grid) + 1) for s, r in zip(starts, rows, strict=False)]
        self._counted = np.concatenate([np.arange(s, s + n) for s, n in spans])
        shifts = [np.full(len(r.grid) + 1, r.stride) for r in rows]
        self._summed = self._counted + np.concatenate(shifts)
        self._guide = _Guide(rows, starts)
        self._described = [
            (*self._guide.of(at), row.mean, start, row.stride, missing, squares)
            for at, (row, start, missing, squares) in enumerate(
                zip(rows, starts.tolist(), self._missing.ravel().tolist(),
                    self._squares.tolist(), strict=False)
            )
        ]  # fmt: skip

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """Add the batch's increments to `out`, shape (groups.count, cells)."""
        columns = [row.column(batch) or _absent(batch.rows) for row in self.rows]
        if _native.MODULE is not None:
            self._count_natively(_native.MODULE, columns, batch.inputs, groups, out)
            return
        values = np.stack([column.values for column in columns])
        cell = self._guide.cells(values)
        deviation = values - self._mean
        unusable = np.isnan(values)
        if unusable.any():
            self._set_aside(columns, unusable, cell, deviation, batch.inputs)
        np.maximum(deviation, -_LARGEST_DEVIATION, out=deviation)
        np.minimum(deviation, _LARGEST_DEVIATION, out=deviation)
        self._add(cell, deviation, groups, out)

    def _count_natively(
        self,
        module: ModuleType,
        columns: Sequence[NumericColumn],
        inputs: Bools | None,
        groups: Groups,
        out: Floats,
    ) -> None:
        """The same in C: one pass, in the order in which NumPy adds."""
        described = tuple(
            (_flat(column.values), _flat(column.invalid), low, scale, last, mean,
             base, start, stride, missing, squares, searched)
            for column, (low, scale, last, base, searched, mean, start, stride, missing, squares)
            in zip(columns, self._described, strict=True)
        )  # fmt: skip
        found = np.zeros(out.shape)
        module.bins(
            described, _flat(groups.index), _flat(inputs), groups.count, self.cells,
            self._guide.first, self._guide.upper, self._guide.steps, found,
        )  # fmt: skip
        out += found

    def _set_aside(
        self,
        columns: Sequence[NumericColumn],
        unusable: Bools,
        cell: Ints,
        deviation: Floats,
        inputs: Bools | None,
    ) -> None:
        """Point values that are no numbers at their cells."""
        deviation[unusable] = 0.0
        np.copyto(cell, self._missing, where=unusable)
        if inputs is not None:
            cell[unusable & ~inputs] = self._dropped
        for at, column in enumerate(columns):
            if column.invalid is not None:
                cell[at, column.invalid] = self._invalid[at, 0]

    def _add(self, cell: Ints, deviation: Floats, groups: Groups, out: Floats) -> None:
        size, count = self.cells + 1, groups.count
        flat = (cell if count == 1 else cell + groups.index * size).ravel()
        counts = np.bincount(flat, minlength=size * count).reshape(count, size)
        sums = np.bincount(flat, deviation.ravel(), minlength=size * count).reshape(count, size)
        out += counts[:, :-1]
        out[:, self._summed] += sums[:, self._counted]
        deviation *= deviation
        for at, squares in enumerate(deviation):  # one after the other, as the C of it adds
            out[:, self._squares[at]] += np.bincount(groups.index, squares, minlength=count)


class _Guide:
    """Cells of values, counted from the start of the table, shape (rows, values)."""

    def __init__(self, rows: Sequence[Row], starts: Ints) -> None:
        guides = [_guide_of(row.grid) for row in rows]
        self._starts = _column(starts[:-1])
        self._low = np.array([[guide[0]] for guide in guides])
        self._scale = np.array([[guide[1]] for guide in guides])
        self._last = np.array([[len(guide[2]) - 1.0] for guide in guides])
        bases = np.cumsum([0, *(len(guide[2]) for guide in guides)])
        self._bases = _column(bases[:-1])
        shifted = [guide[2] + start for guide, start in zip(guides, starts, strict=False)]
        self.first = np.concatenate([np.zeros(0, np.int64), *shifted])
        self.steps = max((guide[3] for guide in guides), default=0)
        self.upper = np.full(int(starts[-1]), np.inf)
        for row, start in zip(rows, starts, strict=False):
            self.upper[start : start + len(row.grid)] = row.grid
        self._searched = [
            (at, row.grid, int(starts[at]))
            for at, row in enumerate(rows)
            if guides[at][3] == 0 and len(row.grid)
        ]

    def of(self, at: int) -> tuple[float, float, float, int, int]:
        """Of one row: where the guide begins, its scale and its end; where; edges to search."""
        searched = next((len(grid) for row, grid, _ in self._searched if row == at), -1)
        low, scale, last = (float(one[at, 0]) for one in (self._low, self._scale, self._last))
        return low, scale, last, int(self._bases[at, 0]), searched

    def cells(self, values: Floats) -> Ints:
        """NaN gets some cell; the caller knows better."""
        place = values - self._low
        place *= self._scale
        np.fmin(place, self._last, out=place)
        np.fmax(place, 0.0, out=place)
        guide = place.astype(np.int64)
        guide += self._bases
        cell: Ints = self.first.take(guide)
        for _ in range(self.steps):
            cell += values > self.upper.take(cell)
        for at, grid, start in self._searched:
            cell[at] = grid.searchsorted(values[at]) + start
            # NaN sorts behind the last edge, which is a cell of this row too.
        return cell


def _guide_of(grid: Floats) -> tuple[float, float, Ints, int]:
    """(low, scale, first cell per k, comparisons needed); 0 comparisons: search instead."""
    with np.errstate(over="ignore"):  # an infinite span is searched
        span = float(grid[-1] - grid[0]) if len(grid) else 0.0
    if not len(grid) or not np.isfinite(span):
        return 0.0, 0.0, np.zeros(1, dtype=np.int64), 0
    for size in _GUIDE_SIZES:
        low = float(grid[0])
        scale = (size - 2) / span if span else 0.0
        if not np.isfinite(scale):
            break
        k = np.fmax(np.fmin((grid - low) * scale, size - 1.0), 0.0).astype(np.int64)
        steps = int(np.bincount(k).max())
        if steps <= _MOST_STEPS:
            first = np.searchsorted(k, np.arange(size)).astype(np.int64)
            return low, scale, first, steps
    return 0.0, 0.0, np.zeros(1, dtype=np.int64), 0


def _flat(array: Array | None) -> Array | None:
    """In one piece, as C wants it."""
    return None if array is None else np.ascontiguousarray(array)


def _column(numbers: Sequence[int] | Ints) -> Ints:
    return np.array(numbers, dtype=np.int64).reshape(-1, 1)


def _absent(rows: int) -> NumericColumn:
    return NumericColumn(np.full(rows, np.nan))
