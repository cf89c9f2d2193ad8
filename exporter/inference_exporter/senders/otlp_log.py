"""Events as a request of OTLP logs, in protobuf.

The numbers of fields are those of `opentelemetry/proto/collector/logs/v1/logs_service.proto` and
`opentelemetry/proto/logs/v1/logs.proto`; a test reads the bytes with the official messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from inference_exporter.senders.wire import nanoseconds, pair, resource, scope
from inference_exporter.values.events import Event
from inference_exporter.values.spans import Attribute
from inference_exporter.values.wire import fixed64, message, number, text

INFO = 9  # the number of a severity
_TRACE = 32  # hexadecimal digits


def log_request(events: Iterable[Event], about: Mapping[str, Attribute]) -> bytes:
    """An ExportLogsServiceRequest with all events under one resource."""
    inside = scope() + b"".join([message(2, _record(one)) for one in events])
    return message(1, resource(about) + message(2, inside))


def _record(event: Event) -> bytes:
    when = fixed64(nanoseconds(event.time))
    attributes = {"model": event.model, **event.fields}
    parts = [
        b"\x09" + when,  # field 1
        number(2, INFO),
        message(5, text(1, event.text)),
        *[pair(6, *one) for one in attributes.items()],
        b"\x59" + when,  # field 11
        text(12, event.kind),
    ]
    trace = _trace(event.fields.get("trace_id"))
    if trace:
        parts.append(message(9, trace))
    return b"".join(parts)


def _trace(value: Attribute | None) -> bytes:
    """The 16 bytes of a trace id; empty where it is none."""
    digits = value.zfill(_TRACE) if isinstance(value, str) else ""
    try:
        return bytes.fromhex(digits) if len(digits) == _TRACE else b""
    except ValueError:
        return b""
