"""`POST /v1/logs`: log records of OpenTelemetry (OTLP/HTTP), as protobuf or as JSON.

The preset `otlp-logs` reads them. A record that is sent again, as after a lost answer, counts once
where it has an id of its own, the attribute `log.record.uid` of the semantic conventions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from inference_exporter.exposition.posts import Post
from inference_exporter.receivers.otlp import Signal
from inference_exporter.receivers.otlp_flat import LOGS, FlatReader
from inference_exporter.receivers.records import Record, event_of

PATH = "/v1/logs"
_LOGS = Signal("logs", "resourceLogs", "scopeLogs", "logRecords", FlatReader(LOGS))


def records(post: Post, models: Collection[str]) -> Iterator[Record]:
    """The log records of a body."""
    for model, record in _LOGS.found(post, models):
        yield Record(model, record, _event(record))


def _event(record: dict[str, Any]) -> str:
    """The record's own id; none where it has none."""
    uid = record["attributes"].get("log.record.uid")
    return event_of("log", uid) if isinstance(uid, str) and uid else ""
