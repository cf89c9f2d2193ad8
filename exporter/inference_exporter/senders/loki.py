"""Events as a request of Loki's push API, in JSON.

Labels are few and have few values: who sent it, the model and the kind of event. Ids are structured
metadata, by which Loki can filter without a stream for each.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from inference_exporter.senders.wire import nanoseconds
from inference_exporter.values.events import Event

METADATA = ("trace_id", "request_id", "version")


def push_request(events: Iterable[Event], labels: Mapping[str, str]) -> bytes:
    """The body of `POST /loki/api/v1/push`."""
    streams: dict[tuple[str, str], list[object]] = {}
    for event in events:
        streams.setdefault((event.model, event.kind), []).append(_entry(event))
    found = [
        {"stream": dict(labels) | {"model": model, "event": kind}, "values": entries}
        for (model, kind), entries in streams.items()
    ]
    return json.dumps({"streams": found}, ensure_ascii=False).encode("utf-8", "replace")


def _entry(event: Event) -> list[object]:
    known = {name: str(event.fields[name]) for name in METADATA if event.fields.get(name)}
    return [str(nanoseconds(event.time)), event.line(), known]
