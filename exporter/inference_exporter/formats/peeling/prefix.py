r"""The text that a logger puts before its JSON: its time and its level, where they are asked for.

    2026-11-23 01:23:29,265 - predict - INFO - {"age": 41}

becomes `{"$prefix.time":"2026-11-23 01:23:29,265","$prefix.level":"INFO","age": 41}`.
"""

from __future__ import annotations

import re

_PREFIX = re.compile(rb"^([^{\n]+)\{([^\S\n]*\})?", re.MULTILINE)
_TIME = re.compile(
    rb"\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: ?(?:Z|[+-]\d\d:?\d\d))?"
)
_LEVEL = re.compile(
    rb"\b(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b", re.IGNORECASE
)


def splice_prefix(block: bytes) -> bytes:
    r"""The block with what its prefixes say inside the objects.

    >>> splice_prefix(b"INFO:app:{}\n")
    b'{"$prefix.level":"INFO"}\n'
    """
    return _PREFIX.sub(_spliced, block)


def _spliced(match: re.Match[bytes]) -> bytes:
    facts = []
    if time := _TIME.search(match[1]):
        facts.append(b'"$prefix.time":"%b"' % time[0].replace(b"/", b"-"))
    if level := _LEVEL.search(match[1]):
        facts.append(b'"$prefix.level":"%b"' % level[1])
    inside = b",".join(facts)
    if match[2]:
        return b"{%b}" % inside
    return b"{%b," % inside if facts else b"{"


def in_prefix(line: bytes) -> dict[str, str]:
    """What the prefix of a line says, by path."""
    found: dict[str, str] = {}
    before = line[: max(line.find(b"{"), 0)]
    if time := _TIME.search(before):
        found["$prefix.time"] = time[0].decode()
    if level := _LEVEL.search(before):
        found["$prefix.level"] = level[1].decode()
    return found
