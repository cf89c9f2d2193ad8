"""What a model was asked: one row or many, as dicts, lists, NumPy arrays or pandas objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Series:
    """What matters of a pandas Series, which takes as long to copy as everything else together."""

    def __init__(self, series: Any) -> None:
        self.names, self.values = series.index, series.values.copy()


def kept(value: Any) -> Any:
    """A copy that the caller can no longer change; what is nested inside is not copied."""
    if value.__class__ is dict or value.__class__ is list:
        return value.copy()
    shape = getattr(value, "shape", None)
    if not shape:  # a NumPy scalar never changes
        return value
    if len(shape) == 1 and hasattr(value, "iloc"):
        return value.values.copy()
    return value.copy() if hasattr(value, "copy") else value.tolist()


def asked(value: Any) -> tuple[int | None, Any]:
    """How many rows there are, as `count` says, and a copy of them with their names."""
    if value.__class__ is dict:
        return None, value.copy()
    kind = value.__class__  # asking an object of pandas for what it lacks takes microseconds
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        return value.shape[0] if value.ndim > 1 else None, value.copy()
    if kind.__name__ == "Series" and kind.__module__.startswith("pandas"):
        return None, Series(value)
    return count(value), kept(value)


def count(value: Any) -> int | None:
    """How many rows there are; None where it is one row by itself."""
    if value.__class__ is dict:
        return None
    shape = getattr(value, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) > 1 else None
    if isinstance(value, (list, tuple)) and value and _is_row(value[0]):
        return len(value)
    return None


def _is_row(value: Any) -> bool:
    listed = isinstance(value, (Mapping, list, tuple)) or hasattr(value, "model_dump")
    return listed or bool(getattr(value, "shape", None))


def part(value: Any, begin: int, end: int) -> Any:
    """Some of many rows, or of the list of what belongs to them; a single value stays."""
    if hasattr(value, "iloc"):
        return value.iloc[begin:end]
    if isinstance(value, (list, tuple)) or getattr(value, "shape", None):
        return value[begin:end]
    return value


def named(value: Any, names: Sequence[str] | None) -> Any:
    """A row as a dict; many rows as a list of dicts."""
    if hasattr(value, "toarray"):
        value = value.toarray()
    if hasattr(value, "columns") and hasattr(value, "iloc"):
        columns = [str(name) for name in value.columns]
        return [dict(zip(columns, row)) for row in value.to_numpy(dtype=object).tolist()]
    if isinstance(value, Series):
        return dict(zip(map(str, value.names), value.values.tolist()))
    if getattr(value, "shape", None):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return value
    if count(value) is not None:
        return [named(row, names) for row in value]
    return dict(zip(names or [f"x{i}" for i in range(len(value))], value))


def alone(value: Any) -> Any:
    """What belongs to one row: a list of one value, as `predict` gives it, is that value."""
    if getattr(value, "shape", None) == (1,):
        return value.tolist()[0]
    return value[0] if isinstance(value, list) and len(value) == 1 else value
