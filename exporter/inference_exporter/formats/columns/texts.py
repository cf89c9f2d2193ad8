"""Columns of text and categories: raw scalars as they are, and ids of traces made comparable."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import cast

import numpy as np

from inference_exporter.formats.paths import UNUSABLE
from inference_exporter.values.batch import CategoryColumn, TextColumn

_NO_TRACE = frozenset(("", "-", "None", "N.A.", "n/a", "null"))
_TRACEPARENT = re.compile(
    r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*", re.IGNORECASE | re.DOTALL
)


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


def trace_ids(raw: TextColumn) -> TextColumn:
    """Trace ids with the ways of saying "none" gone, and taken out of traceparent headers.

    >>> trace_ids(("-", 17, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
    [None, '17', '0af7651916cd43dd8448eb211c80319c']
    """
    try:
        if set(map(len, raw)) == {32} and "0" * 32 not in raw:  # type: ignore[arg-type]
            return raw
    except TypeError:
        pass  # a number or a None among them
    return [
        value
        if isinstance(value, str) and value not in _NO_TRACE and value[0] != "0"
        else _trace_id(value)
        for value in raw
    ]


def _trace_id(value: object) -> str | None:
    if value is None or isinstance(value, bool):
        return None
    text = str(value)
    match = _TRACEPARENT.fullmatch(text)
    text = match[1] if match else text
    return text if text.strip("0") and text not in _NO_TRACE else None
