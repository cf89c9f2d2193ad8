"""What a model was asked: one row or many, as dicts, lists, NumPy arrays or pandas objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Labelled:
    """Names and values of a pandas object, which takes longer to copy than everything else."""

    def __init__(self, names: Any, values: Any) -> None:
        self.names, self.values, self.shape = names, values, values.shape

    def tolist(self) -> Any:
        """The values without the names."""
        return self.values.tolist()

    def __getitem__(self, rows: slice) -> Labelled:
        return Labelled(self.names, self.values[rows])


def kept(value: Any) -> Any:
    """A copy that the caller can no longer change; what is nested inside is not copied."""
    if value.__class__ is dict or value.__class__ is list:
        return value.copy()
    shape = getattr(value, "shape", None)
    if not shape:  # a NumPy scalar never changes
        return value
    if _is_of_one_type(value):
        values = value.values
        if values.dtype.kind in "biufO":  # not of times, which are numbers without pandas
            return Labelled(_names(value), values.copy())
    return value.copy() if hasattr(value, "copy") else value.tolist()


def _is_of_one_type(value: Any) -> bool:
    """Whether pandas has the values in one block; where it no longer says so, it is slower."""
    return getattr(getattr(value, "_mgr", None), "is_single_block", False) is True


def _names(value: Any) -> Any:
    return value.index if len(value.shape) == 1 else value.columns


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
    if hasattr(value, "iloc"):
        value = Labelled(_names(value), value.to_numpy(dtype=object))
    if isinstance(value, Labelled):
        keys = [str(name) for name in value.names]
        rows = value.tolist() if len(value.shape) > 1 else [value.tolist()]
        found = [dict(zip(keys, row)) for row in rows]
        return found if len(value.shape) > 1 else found[0]
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
