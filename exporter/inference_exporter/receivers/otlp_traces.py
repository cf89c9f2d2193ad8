"""`POST /v1/traces`: spans of OpenTelemetry (OTLP/HTTP), as protobuf or as JSON.

The preset `otlp-traces` reads them. A span that is sent again, as after a lost answer, counts once:
it is its own event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from inference_exporter.exposition.posts import Post
from inference_exporter.receivers.otlp import Signal
from inference_exporter.receivers.otlp_flat import SPANS, FlatReader
from inference_exporter.receivers.records import Record, event_of

PATH = "/v1/traces"
_TRACES = Signal("traces", "resourceSpans", "scopeSpans", "spans", FlatReader(SPANS))


def records(post: Post, models: Collection[str]) -> Iterator[Record]:
    """The spans of a body."""
    for model, span in _TRACES.found(post, models):
        yield Record(model, span, _event(span))


def _event(span: dict[str, Any]) -> str:
    """The span's own id; none where it has no ids, which no trace may lack."""
    ids = span["trace_id"], span["span_id"]
    return event_of("span", *ids) if all(ids) else ""
