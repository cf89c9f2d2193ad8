"""Prose with values in it: `Prediction: spam, confidence: 0.87, latency: 12.3ms` as a pattern.

Only where all lines have the same words in the same order: then a regular expression with a group
for each reads them, and the time in front of them. Its groups are atomic: no line takes longer than
its length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_TIME = r"(?P<timestamp>\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
_VALUE = r"\{[^}]*\}|\[[^\]]*\]|[^\s,;|()]+"
_PAIR = re.compile(rf"(?:^|[\s,;|(\[])([A-Za-z_]\w*(?: [A-Za-z_]\w*)?)(: ?|=)({_VALUE})")
_ENOUGH = 0.5  # of the lines
_FEWEST = 2  # values in a line
_NO_KEYS = frozenset(("info", "debug", "warning", "error", "http", "https", "timestamp", "root"))


def pattern_of(texts: Sequence[str]) -> str | None:
    """A pattern with a group for each value that most lines name; None if they name none.

    >>> bool(re.search(pattern_of(["Label: ham, p: 0.25"]), "Label: spam, p: 0.5"))
    True
    """
    found = [_keys(text) for text in texts]
    counts: dict[tuple[tuple[str, str], ...], int] = {}
    for keys in found:
        if len(keys) >= _FEWEST:
            counts[keys] = counts.get(keys, 0) + 1
    if not counts:
        return None
    keys, count = max(counts.items(), key=lambda one: one[1])
    names = [_group(name) for name, _ in keys]
    if count < _ENOUGH * len(texts) or len(set(names)) < len(names):
        return None
    parts = [
        rf"(?>.*?\b{re.escape(name).replace(chr(92) + ' ', ' ')}{mark.strip()}"
        rf"{' ?' if ':' in mark else ''})(?P<{group}>{_VALUE})"
        for (name, mark), group in zip(keys, names, strict=True)
    ]
    body = "".join(parts)
    timed = sum(re.search(_TIME, text[:60]) is not None for text in texts)
    return f"^(?>.*?{_TIME}){body}" if timed >= _ENOUGH * len(texts) else f"^{body}"


def _keys(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [(match[1], match[2]) for match in _PAIR.finditer(text)]
    return tuple(one for one in pairs if one[0].lower() not in _NO_KEYS)


def _group(name: str) -> str:
    return name.replace(" ", "_")


def rows_of(pattern: str, texts: Sequence[str]) -> list[Mapping[str, object]]:
    """What the pattern finds, by group."""
    compiled = re.compile(pattern)
    return [match.groupdict() for text in texts if (match := compiled.search(text))]
