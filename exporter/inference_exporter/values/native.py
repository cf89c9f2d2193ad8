"""What a native histogram of Prometheus says: counts of buckets whose bounds are not written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NativeCounts:
    """Observations in buckets of one schema (`values/growing.py`).

    `counts` are not cumulative; the first belongs to the bucket of index `first`. What
    is at most `zero_threshold` is counted in `zero_count`.
    """

    schema: int
    zero_threshold: float
    zero_count: float
    first: int
    counts: Sequence[float]
