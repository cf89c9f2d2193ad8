"""Columns of numbers: what counts as one, decided in one place for every format.

A number, a bool (1 or 0) or text that `float()` reads counts if it is finite. None is missing.
Everything else is invalid. The usual column costs about 5 ns a value.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from inference_exporter.values.batch import Bools, Floats, NumericColumn
from inference_exporter.values.numbers import Numbers


def numeric_column(raw: Sequence[object]) -> NumericColumn:
    """The raw values as numbers.

    >>> numeric_column((1, "2.5", None, True, "n/a", float("inf")))
    NumericColumn(values=array([1. , 2.5, nan, 1. , nan, nan]),
                  invalid=array([False, False, False, False,  True,  True]))
    """
    if isinstance(raw, Numbers):
        return raw.column(numeric_column)
    table = _packed([raw])
    values = _converted(raw) if table is None else table[0]
    return NumericColumn(values, _invalid(values, raw))


def numeric_columns(raws: Sequence[Sequence[object]]) -> list[NumericColumn]:
    """Several columns at once: most often they are all fine, and one look tells."""
    if any(isinstance(raw, Numbers) for raw in raws):
        return [numeric_column(raw) for raw in raws]
    table = _packed(raws)
    if table is None:
        return [numeric_column(raw) for raw in raws]
    if np.isfinite(table).all():
        return [NumericColumn(values) for values in table]
    return [
        NumericColumn(values, _invalid(values, raw))
        for values, raw in zip(table, raws, strict=True)
    ]


def _packed(raws: Sequence[Sequence[object]]) -> Floats | None:
    """A table of columns of nothing but numbers; None if there is anything else.

    `struct` packs a tuple three times as fast as NumPy reads it, and takes neither None nor text.
    """
    rows = len(raws[0]) if raws else 0
    buffer = bytearray(8 * rows * len(raws))
    try:
        for i, raw in enumerate(raws):
            struct.pack_into(f"{rows}d", buffer, 8 * rows * i, *raw)
    except (struct.error, OverflowError):
        return None
    return np.frombuffer(buffer, np.float64).reshape(len(raws), rows)


def _converted(raw: Sequence[object]) -> Floats:
    """The values as NumPy reads them, None as NaN; one by one if it refuses some."""
    try:
        # fromiter takes values as they come; array would first look what they are
        return np.fromiter(raw, np.float64, len(raw))
    except (ValueError, TypeError, OverflowError):
        return np.array([v if v.__class__ is float else _number(v) for v in raw], np.float64)


def _number(value: object) -> float | None:
    """The number, None if missing, infinity if unusable."""
    if value is None:
        return None
    try:
        return float(value)  # type: ignore[arg-type]  # whatever float() refuses is no number
    except (ValueError, TypeError, OverflowError):
        return float("inf")


def _invalid(values: Floats, raw: Sequence[object]) -> Bools | None:
    """Mark what is present but not finite, and clear it."""
    unusable = ~np.isfinite(values)
    if not unusable.any():
        return None
    missing = raw.count(None)
    if np.count_nonzero(unusable) == missing:
        return None
    if missing:
        unusable[[i for i in np.flatnonzero(unusable).tolist() if raw[i] is None]] = False
    values[unusable] = np.nan
    return unusable


def refuse(column: NumericColumn, bad: Bools) -> NumericColumn:
    """The column with further values marked invalid: a negative latency, say."""
    if not bad.any():
        return column
    column.values[bad] = np.nan
    return NumericColumn(column.values, bad if column.invalid is None else bad | column.invalid)


def scaled(column: NumericColumn, per_second: float) -> NumericColumn:
    """Durations in seconds; negative ones are invalid.

    Dividing by 1000 gives the float nearest to the decimal value, multiplying by 0.001 does not.
    """
    column = refuse(column, column.values < 0)
    if per_second == 1.0:
        return column
    return NumericColumn(column.values / per_second, column.invalid)
