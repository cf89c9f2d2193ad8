"""A native histogram in Prometheus's protobuf format: spans of buckets, and counts as differences.

https://prometheus.io/docs/specs/native_histograms/
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct

from inference_exporter.values.native import NativeCounts
from inference_exporter.values.wire import message, number, packed, real, signed

_BRIDGED = 2  # empty buckets between others take a byte each, another span at least four
_LARGEST = 2**64 - 1


def native_bytes(one: NativeCounts, *, exact: bool) -> bytes:
    """Fields 5 to 14 of a Histogram. Rows with weights make counts that are not `exact`."""
    parts = [number(5, signed(one.schema)), real(6, one.zero_threshold)]
    parts.append(number(7, whole(one.zero_count)) if exact else real(8, one.zero_count))
    counts: list[float] = []
    after = -one.first  # offsets are from the end of the span before, the first from bucket 0
    for start, stop in runs(one.counts):
        parts.append(message(12, number(1, signed(start - after)) + number(2, stop - start)))
        counts += one.counts[start:stop]
        after = stop
    if counts:
        parts.append(_differences(counts) if exact else _absolute(counts))
    return b"".join(parts)


def runs(counts: Sequence[float]) -> list[tuple[int, int]]:
    """Where buckets are that have counts, from and to; small gaps belong to them.

    >>> runs([0, 3, 0, 0, 1, 0, 0, 0, 2])
    [(1, 5), (8, 9)]
    """
    found: list[tuple[int, int]] = []
    for at in (at for at, count in enumerate(counts) if count):
        if found and at - found[-1][1] <= _BRIDGED:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found


def whole(count: float) -> int:
    """A count as a uint64; instead of what it cannot hold, its largest number."""
    return round(count) if count < _LARGEST else _LARGEST


def _differences(counts: Sequence[float]) -> bytes:
    found, before = [], 0
    for count in map(whole, counts):
        found.append(signed(count - before))
        before = count
    return packed(13, found)


def _absolute(counts: Sequence[float]) -> bytes:
    return message(14, Struct(f"<{len(counts)}d").pack(*counts))
