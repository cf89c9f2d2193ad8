"""Columns of raw scalars to numbers and category counts, by the rules of live data.

`batch.numbers` and `batch.category_name` are those rules; here they are applied once per distinct
value where that is cheaper.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from types import NoneType

import numpy as np

from inference_exporter.values.batch import Bools, NumericColumn, TextColumn, category_name
from inference_exporter.values.numeric import numeric_column

_SCALARS = {int, float, str, bool}


def numeric(cells: TextColumn) -> NumericColumn:
    """The numeric reading of a column; text that repeats itself is parsed once.

    >>> numeric(["1.5", None, 2, "nan", "x"])
    NumericColumn(values=array([1.5, nan, 2. , nan, nan]),
                  invalid=array([False, False, False,  True,  True]))
    """
    if set(map(type, cells)) <= {str, NoneType}:
        distinct = list(set(cells))
        if 4 * len(distinct) < len(cells):
            found = numeric_column(distinct)
            at = dict(zip(distinct, range(len(distinct)), strict=True))
            index = np.fromiter(map(at.__getitem__, cells), np.int64, len(cells))
            invalid = None if found.invalid is None else found.invalid[index]
            return NumericColumn(found.values[index], invalid)
    return numeric_column(cells)


def booleans(cells: TextColumn) -> int:
    """How many cells are true or false: numbers in a numeric column, yet no sign of one."""
    return list(map(type, cells)).count(bool)


def not_numbers(cells: TextColumn, invalid: Bools) -> int:
    """How many of the invalid cells speak against a numeric column: all but nan and inf.

    >>> not_numbers(["nan", "-Inf", "x", {}], np.array([True, True, True, True]))
    2
    """
    found = [cells[index] for index in np.flatnonzero(invalid).tolist()]
    counts = Counter(cell if isinstance(cell, str) else type(cell) for cell in found)
    return sum(count for cell, count in counts.items() if not _is_float(cell))


def _is_float(cell: object) -> bool:
    if cell in (int, float):
        return True  # a JSON number that is not finite or beyond float64
    try:
        float(cell)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return False
    return True


def categories(cells: TextColumn) -> tuple[dict[str, int], int, int]:
    """Rows per category name, missing rows, invalid rows.

    >>> categories(["DE", 1, 1.0, "1", None, ["x"]])
    ({'DE': 1, '1': 3}, 1, 1)
    """
    kinds = set(map(type, cells))
    values: Iterable[object] = cells
    invalid = 0
    if not kinds <= {*_SCALARS, NoneType}:
        kept = [cell for cell in cells if cell is None or isinstance(cell, str | int | float)]
        values, invalid = kept, len(cells) - len(kept)
    if bool in kinds and kinds & {int, float}:  # equal as keys of a dict, different as categories
        values = [_name(cell) if isinstance(cell, bool) else cell for cell in values]
    counts = Counter(values)
    missing = counts.pop(None, 0)
    named: dict[str, int] = {}
    for cell, count in counts.items():
        if isinstance(cell, float) and not math.isfinite(cell):
            invalid += count
            continue
        name = _name(cell)
        named[name] = named.get(name, 0) + count
    return named, missing, invalid


def names(cells: TextColumn) -> list[str | None]:
    """Category names one by one; None where missing or invalid."""
    kinds = set(map(type, cells))
    if kinds <= {str, NoneType} or kinds <= {int, NoneType}:
        found = {cell: None if cell is None else category_name(cell) for cell in set(cells)}
        return list(map(found.__getitem__, cells))
    return [None if cell is None or not _usable(cell) else category_name(cell) for cell in cells]


def _usable(cell: object) -> bool:
    if isinstance(cell, float):
        return math.isfinite(cell)
    return isinstance(cell, str | int)


def _name(cell: object) -> str:
    assert isinstance(cell, str | int | float)
    return category_name(cell)
