"""`POST /v1/traces`: spans of OpenTelemetry (OTLP/HTTP), as protobuf or as JSON.

Every span becomes a line in the shape of OTLP's JSON, with its resource; the preset `otlp-traces`
reads it. A span that is sent again, as after a lost answer, counts once: it is its own event.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from inference_exporter.exposition.posts import Post
from inference_exporter.receivers.otlp import Signal
from inference_exporter.receivers.otlp_wire import traces_request
from inference_exporter.receivers.records import Record, event_of

PATH = "/v1/traces"
_TRACES = Signal("traces", "resourceSpans", "scopeSpans", "spans", traces_request)


def records(post: Post, models: Collection[str]) -> list[Record]:
    """The spans of a body."""
    return [Record(model, line, _event(span)) for model, line, span in _TRACES.found(post, models)]


def _event(span: dict[str, Any]) -> str:
    """The span's own id; none where it has no ids, which no trace may lack."""
    ids = span.get("traceId"), span.get("spanId")
    return event_of("span", *map(str, ids)) if all(ids) else ""
