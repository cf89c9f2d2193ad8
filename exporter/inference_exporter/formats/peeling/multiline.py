r"""JSON records that are printed over several lines, with `multiline: true`.

A record goes from a line that begins with `{` or `[` to the next one that begins with the bracket
that closes it: so every printer indents. Text between records stays a line of its own.
"""

from __future__ import annotations

import re

_OPENING = re.compile(rb"^[\[{]", re.MULTILINE)
_RECORD = re.compile(
    rb"^(?:\{[^\S\n]*\n(?:[^}\n].*\n|\n)*\}|\[[^\S\n]*\n(?:[^\]\n].*\n|\n)*\]).*$", re.MULTILINE
)


def join_records(block: bytes) -> bytes:
    r"""Every record on one line.

    >>> join_records(b'{\n  "a": 1\n}\nTraceback\n{"a": 2}\n')
    b'{   "a": 1 }\nTraceback\n{"a": 2}\n'
    """
    return _RECORD.sub(lambda match: match[0].replace(b"\n", b" ").replace(b"\r", b" "), block)


def held(lines: bytes) -> int:
    r"""Where in a block a record begins that is not complete.

    >>> held(b'{"a": 1}\n{\n  "a": 2\n')
    9
    """
    begins = [match.start() for match in _OPENING.finditer(lines)]
    if not begins:
        return len(lines)
    last = begins[-1]
    first = lines[last : lines.find(b"\n", last)].rstrip()
    if first not in (b"{", b"[") or _RECORD.match(lines, last):
        return len(lines)
    return last
