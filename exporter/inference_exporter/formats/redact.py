"""What may be said about a bad line in a log message: its shape, never its values."""

from __future__ import annotations

import re

_LENGTH = 120
# Names of fields, and not what a log may have for keys as well: addresses, numbers of customers.
_KEY = re.compile(r'("[A-Za-z_@](?:[^\W\d]|[.-]|\d{1,3}(?!\d)){0,40}"\s*:)')
_LETTER = re.compile(r"[^\W\d_]")
_DIGIT = re.compile(r"\d")


def excerpt(line: bytes) -> str:
    """The start of a line with letters as `x` and digits as `0`; JSON keys stay.

    >>> excerpt(b'{"income": 1200.5, "name": "Ann", ')
    '{"income": 0000.0, "name": "xxx", '
    """
    text = line[: 4 * _LENGTH].decode("utf-8", "replace")
    parts = _KEY.split(text[:_LENGTH])
    masked = [part if i % 2 else _masked(part) for i, part in enumerate(parts)]
    return "".join(masked) + ("…" if len(text) > _LENGTH or len(line) > 4 * _LENGTH else "")


def _masked(text: str) -> str:
    plain = "".join(char if char.isprintable() else "?" for char in text)
    return _LETTER.sub("x", _DIGIT.sub("0", plain))
