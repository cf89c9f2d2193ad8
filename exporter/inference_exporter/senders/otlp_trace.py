"""Spans as a request of OTLP, in protobuf.

The numbers of fields are those of `opentelemetry/proto/collector/trace/v1/trace_service.proto` and
`opentelemetry/proto/trace/v1/trace.proto`; a test reads the bytes with the official messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inference_exporter.senders.wire import nanoseconds, pair, resource, scope
from inference_exporter.values.spans import Attribute, Span
from inference_exporter.values.wire import fixed64, message, number, text

ERROR = 2  # the code of a status


def trace_request(spans: Iterable[Span], about: Mapping[str, Attribute]) -> bytes:
    """An ExportTraceServiceRequest with all spans under one resource."""
    inside = scope() + b"".join([message(2, _span(one)) for one in spans])
    return message(1, resource(about) + message(2, inside))


def _span(span: Span) -> bytes:
    parts = [message(1, span.trace_id), message(2, span.span_id)]
    if span.parent_id:
        parts.append(message(4, span.parent_id))
    parts += [
        text(5, span.name),
        number(6, span.kind),
        b"\x39" + fixed64(nanoseconds(span.start)),  # field 7
        b"\x41" + fixed64(nanoseconds(span.end)),  # field 8
        *[pair(9, *one) for one in span.attributes.items()],
    ]
    if span.error:
        parts.append(message(15, number(3, ERROR)))
    return b"".join(parts)
