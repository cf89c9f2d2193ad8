"""Payloads of inference servers as rows: one list with an entry for every row.

| shape | who writes it |
|---|---|
| `[…]` | a list is its rows |
| `{"instances": […]}`, `{"predictions": […]}` | TensorFlow Serving, KServe V1, Vertex AI, MLflow |
| `{"inputs": [{"name", "shape", "data"}, …]}`, `outputs` | Open Inference Protocol |
| `{"inputs": …}`: a list, or columns | MLflow |
| `{"dataframe_split": {"columns", "data"}}` | MLflow, Databricks; also what is in it alone |
| `{"dataframe_records": [{…}, …]}` | MLflow, Databricks |
| `{"data": {"names", "ndarray" or "tensor": {"shape", "values"}}}` | Seldon Core |
| `{"jsonData": …}` | Seldon Core |
| `{"input_data": …}`, `{"Inputs": …}`, `{"data": […]}` | Azure ML |

Rows are objects where the shape has names, else lists or single values. An object of another
shape, and a single value, is one row. What says that there was an error, `{"error": "…"}`, has no
rows:
the request failed, however many it asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

ROWS = 100_000  # of one line
CELLS = 4_000_000  # of one line: a tensor of images is no table
_KEYS = (
    "instances", "predictions", "dataframe_split", "dataframe_records", "inputs", "outputs",
    "data", "input_data", "Inputs", "Results", "jsonData",
)  # fmt: skip


_SAYS = frozenset((
    "error", "errors", "error_code", "error_message", "detail", "details", "exception",
))  # fmt: skip
_BESIDE = frozenset((
    "message", "msg", "code", "status", "status_code", "type", "title", "reason", "stack_trace",
    "stacktrace", "traceback", "request_id", "id", "instance", "timestamp", "path",
))  # fmt: skip


class TooLargeError(ValueError):
    """More rows or values in a line than are read."""


def rows_of(payload: Any, depth: int = 4) -> list[Any] | None:
    """The rows of a payload; None of one that says that there was an error.

    >>> rows_of({"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}})
    [{'a': 1, 'b': 2}, {'a': 3, 'b': 4}]
    >>> rows_of({"inputs": [{"name": "x", "shape": [2, 2], "data": [1, 2, 3, 4]}]})
    [{'x[0]': 1, 'x[1]': 2}, {'x[0]': 3, 'x[1]': 4}]
    >>> rows_of({"instances": [[6.1, 2.8]]}), rows_of({"age": 41}), rows_of(0.87)
    ([[6.1, 2.8]], [{'age': 41}], [0.87])
    """
    if payload.__class__ is dict and _is_error(payload):
        return None
    rows = _plain(payload) or _rows(payload, depth)
    if len(rows) > ROWS:
        raise TooLargeError
    return rows


def _is_error(payload: Mapping[str, Any]) -> bool:
    """Whether a payload says that there was an error, and nothing else.

    >>> _is_error({"error_code": "BAD_REQUEST", "message": "x"}), _is_error({"error": 1, "age": 4})
    (True, False)
    """
    own = _SAYS.intersection(payload)
    return bool(own) and payload.keys() <= _SAYS | _BESIDE and any(payload[key] for key in own)


def _plain(payload: Any) -> list[Any] | None:
    """The rows of what is written most: one list, of no objects; None where it is not that."""
    if payload.__class__ is not dict or len(payload) != 1:
        return None
    ((key, rows),) = payload.items()
    if rows.__class__ is not list or not rows or rows[0].__class__ is dict:
        return None
    return rows if key in _KEYS else None


def _rows(payload: Any, depth: int) -> list[Any]:
    if isinstance(payload, list):
        return _tensors(payload) if _are_tensors(payload) else payload
    if not isinstance(payload, dict):
        return [payload]
    if isinstance(payload.get("columns"), list) and isinstance(payload.get("data"), list):
        return _split(payload["columns"], payload["data"])
    array = payload.get("ndarray", payload.get("tensor"))
    if array is not None:
        return _array(array, payload.get("names"))
    for key in _KEYS if depth else ():
        if isinstance(below := payload.get(key), dict | list):
            if key == "inputs" and isinstance(below, dict):
                return _columns(below)
            return _rows(below, depth - 1)
    return [payload]


def _split(columns: Sequence[Any], data: Sequence[Any]) -> list[Any]:
    names = [str(name) for name in columns]
    return [dict(zip(names, row, strict=True)) for row in data]


def _columns(columns: Mapping[str, Any]) -> list[Any]:
    """`{"a": [1, 2], "b": [3, 4]}`; where the columns are single values it is one row."""
    if not all(isinstance(column, list) for column in columns.values()):
        return [columns]
    names = tuple(columns)
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _array(array: Any, names: Any) -> list[Any]:
    """Seldon's `ndarray`, or its `tensor` of a shape and flat values."""
    if isinstance(array, dict):
        array = reshaped(array["values"], array["shape"])
    if names and array and all(isinstance(row, list) and len(row) == len(names) for row in array):
        return _split(names, array)
    return list(array)


def _are_tensors(entries: Sequence[Any]) -> bool:
    if not entries or not isinstance(entries[0], dict):
        return False
    return all(
        isinstance(one, dict) and "name" in one and "shape" in one and "data" in one
        for one in entries
    )


def _tensors(tensors: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Tensors whose first dimension is the row: a column each, or one for each entry of a row."""
    columns: dict[str, Sequence[Any]] = {}
    for tensor in tensors:
        columns.update(_tensor_columns(tensor))
    names = tuple(columns)
    if len(names) == 1:
        name = names[0]
        return [{name: value} for value in columns[name]]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _tensor_columns(tensor: Mapping[str, Any]) -> dict[str, Sequence[Any]]:
    name, shape, data = str(tensor["name"]), tensor["shape"], tensor["data"]
    if not shape:
        return {name: data}
    rows = shape[0]
    width = 1
    for size in shape[1:]:
        width *= size
    values = _flat(data) if data and isinstance(data[0], list) else data
    if rows < 0 or width < 1 or len(values) != rows * width:
        raise ValueError(name)
    if width == 1:
        return {name: values}
    return {f"{name}[{i}]": values[i::width] for i in range(width)}


def _flat(data: Sequence[Any]) -> list[Any]:
    flat: list[Any] = list(data)
    while flat and isinstance(flat[0], list):
        flat = [value for entry in flat for value in entry]
        if len(flat) > CELLS:
            raise TooLargeError
    return flat


def reshaped(values: Sequence[Any], shape: Sequence[int]) -> list[Any]:
    """Flat values as rows of their first dimension."""
    width = 1
    for size in shape[1:]:
        width *= size
    if width < 1 or len(values) != shape[0] * width:
        raise ValueError("shape")
    if len(shape) == 1:
        return list(values)
    return [list(values[i : i + width]) for i in range(0, len(values), width)]
