"""Spans to a collector, over OTLP."""

from __future__ import annotations

from inference_exporter.config.schema_services import TracesConfig
from inference_exporter.senders.otlp_trace import trace_request
from inference_exporter.senders.sender import Post, Sender, Target
from inference_exporter.values.spans import Span


class SpanSender(Sender[Span]):
    """Sends spans as the configuration says."""

    def __init__(self, config: TracesConfig, post: Post | None = None) -> None:
        about = {"service.name": config.service}
        target = Target(config.endpoint, config.headers)
        super().__init__(target, lambda spans: trace_request(spans, about), post)
