"""A categorical feature or output in the reference's cells, with missing and invalid.

Cells: the B cells of the profile (listed categories, `other` where there are more, `unseen`),
then missing, invalid.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.values.batch import (
    Batch,
    CategoryColumn,
    Floats,
    Ints,
    Scalar,
    TextColumn,
    category_name,
)
from inference_exporter.values.profile import OTHER, UNSEEN, CategoricalProfile
from inference_exporter.values.vocabulary import looked_up


class CategoryBins:
    """Cells of one categorical column; `scope` is `feature` or `output`."""

    def __init__(self, scope: str, name: str, profile: CategoricalProfile, reference: str) -> None:
        self.key = f"{scope}/{name}@{reference}"
        self.scope, self.name, self.profile = scope, name, profile
        self._bins = len(profile.bins)
        self._missing, self._invalid = self._bins, self._bins + 1
        self.cells = self._bins + 2
        self._cell_of = _CellOf(profile)
        self._column: TextColumn | None = None
        self._codes: Ints = np.empty(0, dtype=np.int64)

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        column = self.column(batch)
        if column is None:
            return
        cell, _ = self.coding(column.values)
        index = groups.index
        if column.invalid is not None:
            cell = np.where(column.invalid, self._invalid, cell)
        if batch.inputs is not None:
            keep = batch.inputs | (cell != self._missing)
            cell, index = cell[keep], index[keep]
        flat = cell + index * self.cells
        out += np.bincount(flat, minlength=out.size).reshape(out.shape)

    def coding(self, column: TextColumn) -> tuple[Ints, int]:
        """The cell (rows,) of each value, not to be changed; the first one of several values."""
        if column is not self._column:  # who looks for equal rows asks first
            self._codes = looked_up(self._cell_of.__getitem__, column, self.cells)
            self._column = column
        return self._codes, len(self.profile.categories)

    def column(self, batch: Batch) -> CategoryColumn | None:
        """The batch's categories that this accumulator counts."""
        if self.scope == "feature":
            column = batch.features[self.name]
            return column if isinstance(column, CategoryColumn) else None
        return None if batch.prediction is None else CategoryColumn(batch.prediction)

    def counts(self, cells: Floats) -> Floats:
        """Rows per cell of the profile, shape (B,)."""
        return cells[: self._bins]

    def missing(self, cells: Floats) -> float:
        """Inputs without a value."""
        return float(cells[self._missing])

    def invalid(self, cells: Floats) -> float:
        """Inputs whose value was not a scalar."""
        return float(cells[self._invalid])


class _CellOf(dict[Scalar, int]):
    """Raw scalar -> cell. Unseen values are looked up but never kept: they are without bound."""

    def __init__(self, profile: CategoricalProfile) -> None:
        names = profile.bins
        super().__init__({name: cell for cell, name in enumerate(profile.categories)})
        self._limit = 8 * (len(profile.categories) + len(profile.known_others)) + 16
        if profile.known_others:
            self.update(dict.fromkeys(profile.known_others, names.index(OTHER)))
        self._unseen = len(names) - 1
        assert names[self._unseen] == UNSEEN
        self._names = dict(self)
        self[None] = len(names)

    def __missing__(self, raw: Scalar) -> int:
        assert raw is not None
        cell = self._names.get(category_name(raw), self._unseen)
        if cell != self._unseen and len(self) < self._limit:
            self[raw] = cell
        return cell
