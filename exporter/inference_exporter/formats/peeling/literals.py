"""Lines with the `repr` of a Python dict, as `logging.info(record)` writes them, made JSON.

Only with `format: python`: what Python writes is no format, and reading it costs ten times as much.
Beyond literals, the values are known that services put in such dicts: NumPy's numbers and arrays,
`nan`, `Decimal('1.5')`, `datetime.datetime(2026, 11, 20, 10, 0)`, `UUID('…')`, `Timestamp('…')`.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time

LITERAL_BYTES = 1 << 18  # a longer one stays as it is: `ast` needs a hundred times as much memory
_BAD = (ValueError, TypeError, KeyError, SyntaxError, RecursionError, MemoryError,
        OverflowError)  # fmt: skip
_PLAIN = re.compile(r"(?:float|int|uint|bool|str|longdouble|half)\w*|array|UUID|Timestamp|Decimal")
_NUMBERS = {"nan": float("nan"), "inf": float("inf"), "NaT": None, "NA": None}


def literals_to_json(block: bytes) -> bytes:
    r"""Every dict at the end of a line as JSON, of a list each; other lines stay as they are.

    >>> literals_to_json(b"INFO {'age': 41, 'vip': None, 'p': np.float64(0.5)}\n")
    b'INFO {"age": 41, "vip": null, "p": 0.5}\n'
    """
    return b"".join(_one(line) for line in block.splitlines(keepends=True))


def _one(line: bytes) -> bytes:
    start = line.find(b"{")
    if start < 0 or len(line) > LITERAL_BYTES:
        return line
    before = line[:start].rstrip()
    if before.endswith(b"["):
        start = len(before) - 1
    value = _value(line[start:].decode("utf-8", "replace").strip())
    records = value if isinstance(value, list) else [value]
    if not records or not all(isinstance(record, dict) for record in records):
        return line
    try:
        texts = [json.dumps(record, default=_shown).encode() for record in records]
    except _BAD:  # a key that JSON has not
        return line
    return b"".join(line[:start] + text + b"\n" for text in texts)


def _shown(value: object) -> object:
    return list(value) if isinstance(value, set | frozenset) else str(value)


def _value(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except _BAD:
        pass
    try:
        return _of(ast.parse(text, mode="eval").body)
    except _BAD:
        return None


def _of(node: ast.expr) -> object:
    """The value of an expression that names nothing but known values."""
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return {_of(key): _of(value) for key, value in pairs if key is not None}
        case ast.List(elts=entries) | ast.Tuple(elts=entries) | ast.Set(elts=entries):
            return [_of(entry) for entry in entries]
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return -_of(operand)  # type: ignore[operator]  # a TypeError says that it is no number
        case ast.Name(id=name) | ast.Attribute(attr=name) if name in _NUMBERS:
            return _NUMBERS[name]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return _called(name, node)
    raise ValueError("not a value")


def _called(name: str, call: ast.Call) -> object:
    values = [_of(value) for value in call.args]
    if _PLAIN.fullmatch(name) and values:
        return values[0]
    zone = "".join("+00:00" for one in call.keywords if ast.unparse(one.value).endswith("utc"))
    return _MOMENTS[name](*values).isoformat() + zone


_MOMENTS: Mapping[str, Callable[..., date | time]] = {
    "datetime": datetime, "date": date, "time": time,
}  # fmt: skip
