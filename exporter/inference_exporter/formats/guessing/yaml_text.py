"""Texts as YAML writes them, and the remarks beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_PLAIN = re.compile(r"[A-Za-z_][\w./*-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))


def quoted(text: str) -> str:
    """Text as YAML.

    >>> quoted("a.b"), quoted("no"), quoted("a[0]")
    ('a.b', '"no"', '"a[0]"')
    """
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else json.dumps(text)


def listed(paths: Sequence[str]) -> str:
    """One path, or a list of them."""
    texts = ", ".join(map(quoted, paths))
    return f"[{texts}]" if len(paths) > 1 else texts


def remark(name: str, remarks: Sequence[str]) -> str:
    """What is to be said about a guess."""
    return f"  # guessed: {'; '.join(remarks) or f'check that this is the {name}'}"
