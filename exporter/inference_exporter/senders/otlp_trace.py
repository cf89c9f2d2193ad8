"""Spans as a request of OTLP, in protobuf.

The numbers of fields are those of `opentelemetry/proto/collector/trace/v1/trace_service.proto` and
`opentelemetry/proto/trace/v1/trace.proto`; a test reads the bytes with the official messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from struct import Struct

from inference_exporter.senders.wire import nanoseconds, pair, resource, scope
from inference_exporter.values.spans import Attribute, Span
from inference_exporter.values.wire import message, number, text

ERROR = 2  # the code of a status
_TIMES = Struct("<BQBQ")


def trace_request(spans: Iterable[bytes], about: Mapping[str, Attribute]) -> bytes:
    """An ExportTraceServiceRequest with all spans, as `span_bytes`, under one resource."""
    inside = scope() + b"".join(spans)
    return message(1, resource(about) + message(2, inside))


def span_bytes(span: Span) -> bytes:
    """A span as a field of ScopeSpans."""
    return message(2, _span(span))


def _span(span: Span) -> bytes:
    parts = [
        b"\x0a\x10", span.trace_id, b"\x12\x08", span.span_id,
        text(5, span.name), number(6, span.kind),
        _TIMES.pack(0x39, nanoseconds(span.start), 0x41, nanoseconds(span.end)),  # 7 and 8
    ]  # fmt: skip
    if span.parent_id:
        parts += [b"\x22\x08", span.parent_id]
    for name, value in span.attributes.items():
        parts.append(pair(9, name, value))
    if span.error:
        parts.append(message(15, number(3, ERROR)))
    return b"".join(parts)
