"""The text that stands behind a JSON object, at the end of its line."""

from __future__ import annotations

import re

from inference_exporter.formats.peeling.edges import lines_without

# Behind the last brace of a line, and not only what closes or continues a list.
_BEHIND = re.compile(rb"(?<=\})[ \t]+[^{}\n]*[^{}\s,\]][^{}\n]*$")


def without_suffix(block: bytes) -> bytes:
    r"""The block without text behind objects; what belongs to a list around them stays.

    >>> without_suffix(b'{"a": 1} took 3 ms [app.py]\n["x", {"a": 1} , 2]\n{"a": {"b": 1} torn"\n')
    b'{"a": 1}\n["x", {"a": 1} , 2]\n{"a": {"b": 1}\n'
    """
    parts: list[bytes] = []
    at = 0
    for start, end in lines_without(block, opening=False):
        parts += (block[at:start], _BEHIND.sub(_kept, block[start:end]))
        at = end
    return b"".join((*parts, block[at:])) if parts else block


def has_suffix(line: bytes) -> bool:
    """Whether there is such a text in the line.

    >>> has_suffix(b'{"a": 1} ok'), has_suffix(b'{"a": 1} ')
    (True, False)
    """
    return without_suffix(line) != line


def _kept(match: re.Match[bytes]) -> bytes:
    """What belongs to a list that is not closed before it."""
    text = match[0]
    return b"" if text.count(b"[") == text.count(b"]") else text
