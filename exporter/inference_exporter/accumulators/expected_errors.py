"""What errors of a regression to expect before any label comes: predictions by cell of a table."""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.accumulators.expected import short
from inference_exporter.values.batch import (
    Batch,
    Bools,
    CategoryColumn,
    Floats,
    Ints,
    NumericColumn,
    Scalar,
    category_name,
)
from inference_exporter.values.losses import LossTable, Split
from inference_exporter.values.vocabulary import looked_up


class ExpectedErrors:
    """Numeric predictions per leaf of the reference's tree, or per decile of its predictions."""

    def __init__(self, losses: LossTable) -> None:
        self.losses = losses
        self.cells = len(losses.rows)
        meaning: list[object] = [
            column.tolist() for column in (losses.edges, losses.absolute, losses.squared)
        ]
        if losses.splits:
            meaning.append(losses.splits)
        self.key = f"expected_errors/{short(meaning)}"
        self._tree = _Tree(losses.splits)

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if batch.prediction_value is None:
            return
        values = batch.prediction_value.values
        usable = ~np.isnan(values)
        cell = self._cells(batch, values)[usable]
        flat = cell + groups.index[usable] * self.cells
        out += np.bincount(flat, minlength=out.size).reshape(out.shape)

    def _cells(self, batch: Batch, values: Floats) -> Ints:
        if self.losses.splits:
            return self._tree.leaves(batch)
        return np.searchsorted(self.losses.edges, values)


class _Tree:
    """The leaf of each row of a batch."""

    def __init__(self, splits: tuple[Split, ...]) -> None:
        self._splits = splits
        named: dict[str, set[str]] = {}
        for split in splits:
            if split.threshold is None and split.column is not None:
                named.setdefault(split.column, set()).update(split.categories, split.others)
        self._codes = {column: _CodeOf(sorted(names)) for column, names in named.items()}
        self._left = [self._goes_left(split) for split in splits]

    def _goes_left(self, split: Split) -> Bools:
        """By code of the column; code 0 is a category that no split names, or a missing one."""
        codes = self._codes.get(split.column or "")
        if split.threshold is not None or codes is None:
            return np.empty(0, np.bool_)
        sides = dict.fromkeys(split.categories, True) | dict.fromkeys(split.others, False)
        named = [sides.get(one, split.missing_left) for one in codes.names]
        return np.array([split.missing_left, *named])

    def leaves(self, batch: Batch) -> Ints:
        """Leaf of each row, (rows,)."""
        columns = {one: self._column(batch, one) for one in {s.column for s in self._splits}}
        found = np.zeros(batch.rows, np.int64)
        parts = {0: np.arange(batch.rows)}
        for at, split in enumerate(self._splits):  # each comes before those below it
            rows = parts.pop(at)
            values = columns[split.column][rows]
            if split.threshold is None:
                left = self._left[at][values]
            else:
                left = np.where(np.isnan(values), split.missing_left, values <= split.threshold)
            for child, side in ((split.left, rows[left]), (split.right, rows[~left])):
                if child >= 0:
                    parts[child] = side
                else:
                    found[side] = ~child
        return found

    def _column(self, batch: Batch, name: str | None) -> Floats | Ints:
        """Numbers, NaN where there is none; or codes of categories, 0 where there is none."""
        column = batch.prediction_value if name is None else batch.features.get(name)
        codes = None if name is None else self._codes.get(name)
        if codes is not None:
            if not isinstance(column, CategoryColumn):
                return np.zeros(batch.rows, np.int64)
            return looked_up(codes.__getitem__, column.values, len(codes.names))
        return column.values if isinstance(column, NumericColumn) else np.full(batch.rows, np.nan)


class _CodeOf(dict[Scalar, int]):
    """Raw scalar -> code from 1; others are 0 and never kept: they are without bound."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self._index = {name: at + 1 for at, name in enumerate(names)}
        super().__init__()
        self.update(self._index)

    def __missing__(self, raw: Scalar) -> int:
        return 0 if raw is None else self._index.get(category_name(raw), 0)
