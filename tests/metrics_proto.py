"""`io/prometheus/client/metrics.proto`, as far as it matters, as messages of Google's protobuf.

https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

_PACKAGE = "io.prometheus.client"
# Name, number, type; `*` is repeated.
_MESSAGES = {
    "LabelPair": "name 1 string, value 2 string",
    "Gauge": "value 1 double",
    "Counter": "value 1 double, exemplar 2 Exemplar, created_timestamp 3 Timestamp",
    "Histogram": (
        "sample_count 1 uint64, sample_count_float 4 double, sample_sum 2 double,"
        "bucket 3 *Bucket, created_timestamp 15 Timestamp, schema 5 sint32,"
        "zero_threshold 6 double, zero_count 7 uint64, zero_count_float 8 double,"
        "negative_span 9 *BucketSpan, negative_delta 10 *sint64, negative_count 11 *double,"
        "positive_span 12 *BucketSpan, positive_delta 13 *sint64, positive_count 14 *double,"
        "exemplars 16 *Exemplar"
    ),
    "Bucket": (
        "cumulative_count 1 uint64, cumulative_count_float 4 double, upper_bound 2 double,"
        "exemplar 3 Exemplar"
    ),
    "BucketSpan": "offset 1 sint32, length 2 uint32",
    "Exemplar": "label 1 *LabelPair, value 2 double, timestamp 3 Timestamp",
    "Metric": (
        "label 1 *LabelPair, gauge 2 Gauge, counter 3 Counter, histogram 7 Histogram,"
        "timestamp_ms 6 int64"
    ),
    "MetricFamily": "name 1 string, help 2 string, type 3 int32, metric 4 *Metric, unit 5 string",
}
TYPES = {0: "counter", 1: "gauge", 4: "histogram"}


def _file() -> Any:
    kinds = descriptor_pb2.FieldDescriptorProto
    found = descriptor_pb2.FileDescriptorProto(
        name="metrics.proto", package=_PACKAGE, syntax="proto2",
        dependency=[timestamp_pb2.DESCRIPTOR.name],
    )  # fmt: skip
    for name, text in _MESSAGES.items():
        fields = found.message_type.add(name=name).field
        for one in text.split(","):
            label, number, kind = one.split()
            repeated, kind = kind.startswith("*"), kind.removeprefix("*")
            field = fields.add(name=label, number=int(number))
            field.label = kinds.LABEL_REPEATED if repeated else kinds.LABEL_OPTIONAL
            if kind[0].islower():
                field.type = getattr(kinds, f"TYPE_{kind.upper()}")
            else:
                package = "google.protobuf" if kind == "Timestamp" else _PACKAGE
                field.type, field.type_name = kinds.TYPE_MESSAGE, f".{package}.{kind}"
    return found


_POOL = descriptor_pool.DescriptorPool()
_POOL.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
_POOL.Add(_file())
MetricFamily: Any = message_factory.GetMessageClass(
    _POOL.FindMessageTypeByName(f"{_PACKAGE}.MetricFamily")
)


def families(page: bytes) -> Iterator[Any]:
    """The MetricFamily messages of a page; fails on bytes that belong to none."""
    at = 0
    while at < len(page):
        size, shift = 0, 0
        while True:
            byte = page[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                break
        assert at + size <= len(page)
        family = MetricFamily.FromString(page[at : at + size])
        assert not unknown_fields(family)
        yield family
        at += size


def unknown_fields(one: Any) -> bool:
    """Whether some bytes of a message are of no field that the file knows."""
    from google.protobuf.unknown_fields import UnknownFieldSet

    if len(UnknownFieldSet(one)):
        return True
    for field, value in one.ListFields():
        if field.message_type is not None:
            inner = value if field.is_repeated else [value]
            if any(map(unknown_fields, inner)):
                return True
    return False
