"""What is sent to others. Nothing here makes reading wait: queues are bounded, losses counted."""

from __future__ import annotations

from inference_exporter.senders.events import EventTeller
from inference_exporter.senders.outgoing import Outgoing
from inference_exporter.senders.spans import SpanSender

__all__ = ["EventTeller", "Outgoing", "SpanSender"]
