"""`POST /v1/logs`: log records of OpenTelemetry (OTLP/HTTP), as protobuf or as JSON.

Every record becomes a line in the shape of OTLP's JSON, with its resource; the preset `otlp-logs`
reads it.
"""

from __future__ import annotations

from collections.abc import Collection

from inference_exporter.exposition.posts import Post
from inference_exporter.receivers.otlp import Signal
from inference_exporter.receivers.otlp_wire import logs_request
from inference_exporter.receivers.records import Record

PATH = "/v1/logs"
_LOGS = Signal("logs", "resourceLogs", "scopeLogs", "logRecords", logs_request)


def records(post: Post, models: Collection[str]) -> list[Record]:
    """The log records of a body."""
    return [Record(model, line) for model, line, _ in _LOGS.found(post, models)]
