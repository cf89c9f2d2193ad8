"""Lines with the `repr` of a Python dict, as `logging.info(record)` writes them, made JSON.

Only with `format: python`: what Python writes is no format, and reading it costs ten times as much.
"""

from __future__ import annotations

import ast
import json
import re

LITERAL_BYTES = 1 << 18  # a longer one stays as it is: `ast` needs a hundred times as much memory
_NUMPY = re.compile(r"\b(?:np|numpy)\.\w+\(([^()]*)\)")
_NOT_FINITE = re.compile(r"\b(?:nan|inf)\b")
_BAD = (ValueError, TypeError, SyntaxError, RecursionError, MemoryError)


def literals_to_json(block: bytes) -> bytes:
    r"""Every line that is a dict as JSON; others stay as they are.

    >>> literals_to_json(b"INFO {'age': 41, 'vip': None, 'p': np.float64(0.5)}\n")
    b'{"age": 41, "vip": null, "p": 0.5}\n'
    """
    return b"".join(_one(line) for line in block.splitlines(keepends=True))


def _one(line: bytes) -> bytes:
    start = line.find(b"{")
    if start < 0 or len(line) > LITERAL_BYTES:
        return line
    text = line[start:].decode("utf-8", "replace").strip()
    value = _value(text)
    if not isinstance(value, dict):
        return line
    try:
        return json.dumps(value, default=str).encode() + b"\n"
    except _BAD:  # a key that JSON has not, a set that holds itself
        return line


def _value(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except _BAD:
        pass
    plain = _NOT_FINITE.sub("1e999", _NUMPY.sub(r"\1", text))
    try:
        return ast.literal_eval(plain)
    except _BAD:
        return None
