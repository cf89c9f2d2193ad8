"""Values as `check --sample` shows them to a person."""

from __future__ import annotations

import math
from datetime import UTC, datetime

INVALID = "INVALID"
_LENGTH = 60


def moment(seconds: float) -> str:
    """A point in time.

    >>> moment(1795396040.2049999)
    '2026-11-23T01:07:20.205Z'
    """
    whole = datetime.fromtimestamp(round(seconds, 3), UTC)
    return whole.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def duration(seconds: float) -> str:
    """A duration.

    >>> duration(0.0124)
    '0.0124 s'
    """
    return f"{number(seconds)} s"


def number(value: float) -> str:
    """A number without a needless `.0`."""
    return f"{value:.10g}"


def text(value: object) -> str:
    """A raw value on one line, with its type where that matters, and cut where it is long.

    >>> text("pro"), text("41"), text(41), text(None), text({"a": 1})
    ('pro', '"41" (text)', '41', 'missing', 'INVALID: an object')
    """
    if value is None:
        return "missing"
    if isinstance(value, dict | list):
        return f"{INVALID}: {'an object' if isinstance(value, dict) else 'a list'}"
    if isinstance(value, bool):
        return "true" if value else "false"
    plain = str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{INVALID}: {plain}"
    shown = "".join(char if char.isprintable() else "?" for char in plain)
    shown = shown if len(shown) <= _LENGTH else f"{shown[: _LENGTH - 1]}…"
    return f'"{shown}" (text)' if isinstance(value, str) and _is_number(plain) else shown


def _is_number(plain: str) -> bool:
    try:
        float(plain)
    except ValueError:
        return False
    return True
