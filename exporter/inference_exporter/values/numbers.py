"""A column of numbers that was never one of objects, and the few values that are no numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import overload

import numpy as np

from inference_exporter.values.batch import Bools, Floats, NumericColumn

_FEW = 16  # rows that are taken out of a list one by one


@dataclass(frozen=True, slots=True, eq=False)
class Numbers(Sequence[object]):
    """Raw values of rows: floats in `values` (rows,), NaN where there is none.

    `odd` are the raw values by row that are something else, a text, say; `values` is NaN there.
    None is never among them. To those who ask for objects it is a sequence like any other.

    >>> list(Numbers(np.array([1.5, np.nan, np.nan]), {2: "x"}))
    [1.5, None, 'x']
    """

    values: Floats
    odd: dict[int, object] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[object]:
        raw: list[object] = self.values.tolist()
        for row in np.flatnonzero(np.isnan(self.values)).tolist():
            raw[row] = self.odd.get(row)
        return iter(raw)

    @overload
    def __getitem__(self, row: int) -> object: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[object]: ...
    def __getitem__(self, row: int | slice) -> object:
        if isinstance(row, slice):
            return list(self)[row]
        value = float(self.values[row])
        return self.odd.get(row % len(self)) if np.isnan(value) else value

    def __contains__(self, value: object) -> bool:
        if value is None:
            return int(np.isnan(self.values).sum()) > len(self.odd)
        return value in list(self)

    def column(self, read: Callable[[Sequence[object]], NumericColumn]) -> NumericColumn:
        """The column; `read` is asked about what is odd. It may be written to, once."""
        if not self.odd:
            return NumericColumn(self.values)
        found, rows = read(list(self.odd.values())), list(self.odd)
        values = self.values.copy()
        values[rows] = found.values
        if found.invalid is None:
            return NumericColumn(values)
        invalid = np.zeros(len(values), np.bool_)
        invalid[rows] = found.invalid
        return NumericColumn(values, invalid)

    def put(self, row: int, value: object) -> None:
        """Another raw value for a row."""
        self.odd.pop(row, None)
        self.values[row] = np.nan
        if value is not None:
            self.odd[row] = value

    def kept(self, keep: Bools) -> Numbers:
        """The rows that a mask (rows,) marks."""
        places = np.cumsum(keep) - 1
        odd = {int(places[row]): value for row, value in self.odd.items() if keep[row]}
        return Numbers(self.values[keep], odd)

    def where(self, mask: Bools, other: Numbers) -> Numbers:
        """Own values where the mask (rows,) is set, else those of another column."""
        odd = {row: value for row, value in other.odd.items() if not mask[row]}
        odd |= {row: value for row, value in self.odd.items() if mask[row]}
        return Numbers(np.where(mask, self.values, other.values), odd)

    @property
    def present(self) -> Bools:
        """The rows (rows,) that have a value of any kind."""
        there = ~np.isnan(self.values)
        there[list(self.odd)] = True
        return there


def no_numbers(rows: int) -> Numbers:
    """A column without a value."""
    return Numbers(np.full(rows, np.nan))


def kept(column: Sequence[object], keep: Bools) -> Sequence[object]:
    """The rows of any column that a mask (rows,) marks."""
    if isinstance(column, Numbers):
        return column.kept(keep)
    gone = np.flatnonzero(~keep).tolist()
    if len(gone) > _FEW:
        return list(compress(column, keep.tolist()))
    rest = list(column)
    for row in reversed(gone):
        del rest[row]
    return rest


def patched(
    column: Sequence[object], rows: Sequence[int], values: Iterable[object]
) -> Sequence[object]:
    """The column with other raw values in some rows; Numbers are changed in place."""
    if isinstance(column, Numbers):
        for row, value in zip(rows, values, strict=True):
            column.put(row, value)
        return column
    changed = list(column)  # two fields may share a list
    for row, value in zip(rows, values, strict=True):
        changed[row] = value
    return changed
