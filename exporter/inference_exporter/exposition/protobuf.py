"""Prometheus's protobuf format: the same samples, and native histograms beside the buckets.

A page is MetricFamily messages, each after its length. The numbers of fields are those of
`io/prometheus/client/metrics.proto` (https://github.com/prometheus/client_model); a test reads the
bytes with messages that are made of that file. Prometheus asks for this format where it is told to
scrape native histograms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from struct import Struct

from inference_exporter.exposition.grouping import by_family
from inference_exporter.exposition.lines import CHUNK, as_float
from inference_exporter.exposition.native import native_bytes, whole
from inference_exporter.exposition.openmetrics import created_times, has_room
from inference_exporter.families import Family
from inference_exporter.values.samples import Exemplar, Samples, Snapshot, printable
from inference_exporter.values.wire import message, number, real, text, varint

_TYPES = {"counter": 0, "gauge": 1, "histogram": 4}
_FIELDS = {"counter": 3, "gauge": 2, "histogram": 7}  # of Metric
_NANOSECONDS = 1_000_000_000


def render_protobuf(snapshot: Snapshot) -> bytes:
    """The whole page."""
    return b"".join(protobuf_chunks(snapshot))


def protobuf_chunks(snapshot: Snapshot) -> Iterator[bytes]:
    """The page in pieces, so that nobody holds the interpreter lock for long."""
    for family, blocks in by_family(snapshot):
        metrics = [one for block in blocks for one in _metrics(family, block)]
        head = text(1, family.name) + text(2, family.help) + number(3, _TYPES[family.kind])
        yield varint(len(head) + sum(map(len, metrics))) + head
        for start in range(0, len(metrics), CHUNK):
            yield b"".join(metrics[start : start + CHUNK])


def _metrics(family: Family, block: Samples) -> list[bytes]:
    created = created_times(block)
    if family.kind == "histogram":
        return _finished(block, [_histogram(block, at) for at in range(_sets(block))], created)
    if not block.exemplars and len(set(created)) <= 1:
        return _numbers(block, _FIELDS[family.kind], _timestamp(3, created[0]) if created else b"")
    values = [
        real(1, as_float(value)) + _exemplar(2, block.exemplars.get(at))
        for at, value in enumerate(block.values)
    ]
    return _finished(block, values, created)


def _numbers(block: Samples, field: int, after: bytes) -> list[bytes]:
    """Counters or gauges of which all that differs is labels and value: most of a page."""
    before = varint(field << 3 | 2) + varint(9 + len(after)) + b"\x09"
    heads = block.series.heads(len(before) + 8 + len(after))
    values = Struct(f"<{len(heads)}d").pack(*map(as_float, block.values))
    return [
        b"".join((head, before, values[8 * at : 8 * at + 8], after))
        for at, head in enumerate(heads)
    ]


def _finished(block: Samples, insides: Sequence[bytes], created: Sequence[float]) -> list[bytes]:
    """Metrics of what is inside their counter or histogram, with the time of creation."""
    kind = block.series.family.kind
    times = [_timestamp(15 if kind == "histogram" else 3, one) for one in created]
    found = []
    for at, inside in enumerate(insides):
        value = message(_FIELDS[kind], inside + (times[at] if times else b""))
        found.append(block.series.heads(len(value))[at] + value)
    return found


def _sets(block: Samples) -> int:
    return len(block.series.label_sets)


def _histogram(block: Samples, at: int) -> bytes:
    """One label set: count, sum, buckets, and the native histogram if there is one."""
    bounds, width = (*block.series.bounds, float("inf")), block.series.values_per_set
    first = at * width
    values = [as_float(one) for one in block.values[first : first + width]]
    *counts, total, count = values
    exact = all(map(float.is_integer, counts))
    parts = [number(1, whole(count)), real(2, total)]
    parts += [
        _bucket(low, bound, exact, block.exemplars.get(first + place))
        for place, (low, bound) in enumerate(zip(counts, bounds, strict=True))
    ]
    if not exact:
        parts.append(real(4, count))
    if block.native:
        parts.append(native_bytes(block.native[at], exact=exact))
    return b"".join(parts)


def _bucket(count: float, bound: float, exact: bool, exemplar: Exemplar | None) -> bytes:
    inside = b"\x08" + varint(whole(count)) + _bound(bound) + _exemplar(3, exemplar)
    return message(3, inside if exact else inside + real(4, count))


@lru_cache(maxsize=1024)
def _bound(bound: float) -> bytes:
    return real(2, bound)


def _exemplar(field: int, one: Exemplar | None) -> bytes:
    if one is None or not has_room(one):
        return b""
    label = message(1, text(1, "trace_id") + text(2, printable(one.trace_id)))
    return message(field, label + real(2, one.value) + _timestamp(3, one.timestamp))


def _timestamp(field: int, seconds: float) -> bytes:
    whole_seconds, part = divmod(max(0.0, seconds), 1.0)
    nanoseconds = min(round(part * _NANOSECONDS), _NANOSECONDS - 1)
    return message(field, number(1, int(whole_seconds)) + number(2, nanoseconds))
