"""Counts of one source since they were last taken."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Counts:
    """Plain counters; names as in `SourceFacts`."""

    bytes_read: int = 0
    rotated: int = 0
    truncated: Counter[str] = field(default_factory=Counter)
    open_errors: Counter[str] = field(default_factory=Counter)
    too_long: int = 0
    partials_flushed: int = 0
    partials_dropped: int = 0
    grace_expired: int = 0
