"""Spans as a request of OTLP, in protobuf.

The numbers of fields are those of `opentelemetry/proto/collector/trace/v1/trace_service.proto` and
`opentelemetry/proto/trace/v1/trace.proto`; a test reads the bytes with the official messages. The
scope of every span names the exporter, for nobody should take these for an application's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct

from inference_exporter import __version__
from inference_exporter.values.spans import Attribute, Span

SCOPE = "inference-exporter"
ERROR = 2  # the code of a status

_fixed64 = Struct("<Q").pack
_double = Struct("<d").pack
_NANOSECONDS = 1_000_000_000


def trace_request(spans: Iterable[Span], resource: Mapping[str, Attribute]) -> bytes:
    """An ExportTraceServiceRequest with all spans under one resource."""
    scope = _text(1, SCOPE) + _text(2, __version__)
    inside = _message(1, scope) + b"".join(_message(2, _span(one)) for one in spans)
    attributes = b"".join(_pair(1, *pair) for pair in resource.items())
    return _message(1, _message(1, attributes) + _message(2, inside))


def _span(span: Span) -> bytes:
    parts = [_message(1, span.trace_id), _message(2, span.span_id)]
    if span.parent_id:
        parts.append(_message(4, span.parent_id))
    parts += [
        _text(5, span.name),
        _number(6, span.kind),
        b"\x39" + _fixed64(_nanoseconds(span.start)),  # field 7
        b"\x41" + _fixed64(_nanoseconds(span.end)),  # field 8
        *(_pair(9, *pair) for pair in span.attributes.items()),
    ]
    if span.error:
        parts.append(_message(15, _number(3, ERROR)))
    return b"".join(parts)


def _nanoseconds(seconds: float) -> int:
    return max(0, round(seconds * _NANOSECONDS)) & 0xFFFFFFFFFFFFFFFF


def _pair(field: int, name: str, value: Attribute) -> bytes:
    return _message(field, _text(1, name) + _message(2, _value(value)))


def _value(value: Attribute) -> bytes:
    if isinstance(value, bool):
        return _number(2, value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return _number(3, value & 0xFFFFFFFFFFFFFFFF)
    if isinstance(value, int | float):
        return b"\x21" + _double(float(value))
    return _text(1, value)


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode("utf-8", "replace"))


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _message(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
