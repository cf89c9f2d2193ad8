"""A frame as columns of plain values: texts, finite numbers, booleans, lists, None for missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from inference_exporter.errors import UsageError

Columns = dict[str, list[Any]]
_LISTS = ("tolist", "to_list", "to_pylist")  # NumPy and pandas, polars, pyarrow
_MISSING = ("NAType", "NaTType")  # pandas' own words for a missing value


def columns_of(frame: Any) -> Columns:
    """The columns by name, all of one length. UsageError where it is no frame."""
    columns = {str(name): [_plain(one) for one in cells] for name, cells in _raw(frame).items()}
    lengths = {name: len(cells) for name, cells in columns.items()}
    if len(set(lengths.values())) > 1:
        raise UsageError(f"columns of different lengths: {lengths}; all must have as many rows")
    if not any(lengths.values()):
        raise UsageError("the frame has no rows; give one that has")
    return columns


def _raw(frame: Any) -> dict[Any, list[Any]]:
    if isinstance(frame, Mapping):
        return {name: _listed(cells) for name, cells in frame.items()}
    names = getattr(frame, "column_names", None)  # pyarrow, whose `columns` are the values
    if names is None:
        names = getattr(frame, "columns", None)
    if names is None:
        raise UsageError(
            "expected a DataFrame of pandas or polars, a table of pyarrow, or a dict of columns;"
            f" got {type(frame).__name__}"
        )
    if len(set(names)) < len(names):
        raise UsageError("two columns have one name; rename one of them")
    return {name: _listed(frame[name]) for name in names}


def _listed(cells: Iterable[Any]) -> list[Any]:
    for method in _LISTS:
        if hasattr(cells, method):
            found: list[Any] = getattr(cells, method)()
            return found
    return list(cells)


def _plain(cell: Any) -> Any:
    """One value. NaN is a missing one, infinities are texts, as the logger writes them."""
    if cell is None or cell.__class__ in (str, bool):
        return cell
    if type(cell).__name__ in _MISSING:
        return None
    for kinds, convert in _CONVERTED:
        if isinstance(cell, kinds):
            return convert(cell)
    return str(cell)


def _number(cell: float | Decimal) -> Any:
    if isinstance(cell, int):
        return int(cell) if -(2**63) <= cell < 2**63 else float(cell)
    value = float(cell)
    if math.isfinite(value):
        return value
    return None if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


_CONVERTED: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    ((int, float, Decimal), _number),
    ((np.generic, np.ndarray), lambda cell: _plain(cell.tolist())),
    (timedelta, lambda cell: cell.total_seconds()),
    ((date, time), lambda cell: cell.isoformat()),
    (Mapping, lambda cell: {str(name): _plain(one) for name, one in cell.items()}),
    ((list, tuple), lambda cell: [_plain(one) for one in cell]),
)


def seconds_of(cells: Sequence[Any]) -> list[float]:
    """Points in time as seconds since the epoch; NaN where there is none.

    Texts are ISO 8601, numbers seconds since the epoch; without a zone it is UTC.
    """
    return [_seconds(cell) for cell in cells]


def _seconds(cell: Any) -> float:
    if cell is None:
        return math.nan
    if isinstance(cell, int | float):
        return float(cell)
    try:
        moment = datetime.fromisoformat(str(cell))
    except ValueError as error:
        raise UsageError(
            f"{cell!r} is no point in time: use datetimes, ISO 8601 or seconds since the epoch"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
