"""Spans to a collector, over OTLP."""

from __future__ import annotations

from collections.abc import Sequence

from inference_exporter.config.schema_services import TracesConfig
from inference_exporter.senders.otlp_trace import span_bytes, trace_request
from inference_exporter.senders.sender import Post, Sender, Target
from inference_exporter.values.spans import Span


class SpanSender:
    """Sends spans as the configuration says.

    They wait as the bytes that are sent: a queue of thousands of objects would be looked through
    by every collection of garbage. What has no room is not written at all.
    """

    def __init__(self, config: TracesConfig, post: Post | None = None) -> None:
        about = {"service.name": config.service}
        target = Target(config.endpoint, config.headers)
        self._sender = Sender[bytes](target, lambda spans: trace_request(spans, about), post)
        self.take_counts, self.close = self._sender.take_counts, self._sender.close

    def send(self, spans: Sequence[Span]) -> None:
        """Have the spans of one request sent soon: all of them, or none."""
        if self._sender.has_room(len(spans)):
            self._sender.send([span_bytes(one) for one in spans])
