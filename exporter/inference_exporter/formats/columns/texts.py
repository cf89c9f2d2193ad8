"""Columns of text and categories: raw scalars as they are, and ids of traces made comparable."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast, overload

import numpy as np

from inference_exporter.formats.paths import UNUSABLE
from inference_exporter.values.batch import CategoryColumn, Scalar, TextColumn

_DIGITS = 32
_NONE = "0" * _DIGITS
_PLAIN = re.compile(r"[0-9a-f]{32}")
_NO_TRACE = frozenset(("", "-", "none", "n.a.", "n/a", "null", "true", "false"))
_TRACEPARENT = re.compile(
    r"00-([0-9a-f]{32})-[0-9a-f]{16}-([0-9a-f]{2}).*", re.IGNORECASE | re.DOTALL
)
_XRAY = re.compile(r"\bRoot=1-([0-9a-f]{8})-([0-9a-f]{24})\b", re.IGNORECASE)
_DECIMAL = re.compile(r"[0-9]{17,39}", re.ASCII)  # of 64 or 128 bits; shorter ones are names
_HEX = re.compile(r"[0-9a-f]{16}(?:[0-9a-f]{16})?", re.IGNORECASE)


def category_column(raw: Sequence[object], clean: bool = False) -> CategoryColumn:
    """Raw scalars; what is no scalar is invalid. `clean` says that there is no such thing.

    >>> category_column(("a", 1, None, UNUSABLE))
    CategoryColumn(values=('a', 1, None, None), invalid=array([False, False, False,  True]))
    """
    if clean or UNUSABLE not in raw:
        return CategoryColumn(cast(TextColumn, raw))
    invalid = np.fromiter((value == UNUSABLE for value in raw), np.bool_, len(raw))
    values = tuple(None if value == UNUSABLE else value for value in raw)
    return CategoryColumn(cast(TextColumn, values), invalid)


class TraceIds(Sequence[Scalar]):
    """Trace ids as 32 hexadecimal digits where that is what they are; None where there is none.

    Out of `traceparent` headers (None if it says that the trace is not sampled: nobody keeps it)
    and X-Ray's, in lower case, from the decimal numbers that BentoML and Datadog write. Each is
    made when somebody asks for it, which is for few of a block.

    >>> list(TraceIds(("-", "0AF7651916CD43DD8448EB211C80319C", "13911450853437395564")))
    [None, '0af7651916cd43dd8448eb211c80319c', '0000000000000000c10f66d85d70d26c']
    >>> list(TraceIds(["2026-11-23T01:07:20.204955+05:30"]))  # as long, and none
    ['2026-11-23T01:07:20.204955+05:30']
    """

    def __init__(self, raw: Sequence[Scalar]) -> None:
        self._raw = raw
        self._known: dict[int, str | None] = {}

    def __len__(self) -> int:
        return len(self._raw)

    @overload
    def __getitem__(self, row: int) -> Scalar: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Scalar]: ...
    def __getitem__(self, row: int | slice) -> Scalar | Sequence[Scalar]:
        if isinstance(row, slice):
            return list(self)[row]
        if row not in self._known:
            value = self._raw[row]
            self._known[row] = None if value is None else _trace_id(str(value))
        return self._known[row]


def _trace_id(text: str) -> str | None:
    if _PLAIN.fullmatch(text) and text != _NONE:
        return text
    text = text.strip()
    if match := _TRACEPARENT.fullmatch(text):
        text = match[1] if int(match[2], 16) & 1 else ""
    elif match := _XRAY.search(text):
        text = match[1] + match[2]
    elif _DECIMAL.fullmatch(text) and len(text) != _DIGITS:
        text = f"{int(text):0{_DIGITS}x}"
    if text.lower() in _NO_TRACE or not text.strip("0"):
        return None
    return text.lower() if _HEX.fullmatch(text) else text
