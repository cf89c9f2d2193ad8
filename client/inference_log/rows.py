"""What a model was asked: one row or many, as dicts, lists, NumPy arrays or pandas objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_NUMBERS_AND_TEXTS = "biufO"  # kinds of types whose lists are as JSON has them


class Row:
    """A pandas Series: its names and values, which take less time to copy than the object."""

    def __init__(self, names: Any, values: Any) -> None:
        self.names, self.values, self.shape = names, values, values.shape

    def tolist(self) -> Any:
        """The values without the names."""
        return self.values.tolist()


class Frame:
    """A pandas frame: names, and (places of columns, values) for what pandas holds together."""

    def __init__(self, names: Any, parts: list[tuple[Any, Any]]) -> None:
        self.names, self.parts = names, parts

    def __getitem__(self, rows: slice) -> Frame:
        cut = [(places, values[..., rows]) for places, values in self.parts]
        return Frame(self.names, cut)

    def tolist(self) -> list[Any]:
        """The rows; ValueError if pandas holds its columns otherwise than it always did."""
        columns: dict[int, list[Any]] = {}
        for places, values in self.parts:
            lists = values.tolist() if values.ndim > 1 else [values.tolist()]
            columns.update(zip(places.tolist(), lists))
        lengths = {len(column) for column in columns.values()}
        if sorted(columns) != list(range(len(self.names))) or len(lengths) > 1:
            raise ValueError("a frame whose columns are not known")
        return list(zip(*(columns[place] for place in range(len(self.names)))))


def kept(value: Any) -> Any:
    """A copy that the caller can no longer change; what is nested inside is not copied."""
    if value.__class__ is dict or value.__class__ is list:
        return value.copy()
    shape = getattr(value, "shape", None)
    if not shape:  # a NumPy scalar never changes
        return value
    if hasattr(value, "iloc"):
        return _row(value) if len(shape) == 1 else _frame(value)
    return value.copy() if hasattr(value, "copy") else value.tolist()


def _row(series: Any) -> Any:
    values = series.values
    if values.dtype.kind not in _NUMBERS_AND_TEXTS:
        return series.copy()
    return Row(series.index, values.copy())


def _frame(frame: Any) -> Any:
    """Its blocks, as `copy` takes five times as long, or a copy where there are none like these."""
    try:
        blocks = frame._mgr.blocks
        if all(block.dtype.kind in _NUMBERS_AND_TEXTS for block in blocks):
            parts = [(block.mgr_locs.as_array, block.values.copy()) for block in blocks]
            return Frame(frame.columns, parts)
    except AttributeError:
        pass
    return frame.copy()


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
    if isinstance(value, (list, tuple, Frame)):
        return value[begin:end]
    if getattr(value, "shape", None):
        return (value.values if isinstance(value, Row) else value)[begin:end]
    return value


def named(value: Any, names: Sequence[str] | None) -> Any:
    """A row as a dict; many rows as a list of dicts."""
    if hasattr(value, "toarray"):
        value = value.toarray()
    if hasattr(value, "iloc"):
        many = len(value.shape) > 1
        keys = [str(name) for name in (value.columns if many else value.index)]
        rows = value.to_numpy(dtype=object).tolist()
        return [dict(zip(keys, row)) for row in rows] if many else dict(zip(keys, rows))
    if isinstance(value, (Row, Frame)):
        keys, rows = [str(name) for name in value.names], value.tolist()
        is_row = isinstance(value, Row)
        return dict(zip(keys, rows)) if is_row else [dict(zip(keys, row)) for row in rows]
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
