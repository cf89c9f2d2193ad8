"""`POST /v1/logs`: log records of OpenTelemetry (OTLP/HTTP), as protobuf or as JSON.

The preset `otlp-logs` reads them.
"""

from __future__ import annotations

from collections.abc import Collection

from inference_exporter.exposition.posts import Post
from inference_exporter.receivers.otlp import Signal
from inference_exporter.receivers.otlp_flat import LOGS, FlatReader
from inference_exporter.receivers.records import Record

PATH = "/v1/logs"
_LOGS = Signal("logs", "resourceLogs", "scopeLogs", "logRecords", FlatReader(LOGS))


def records(post: Post, models: Collection[str]) -> list[Record]:
    """The log records of a body."""
    return [Record(model, record) for model, record in _LOGS.found(post, models)]
