"""Everything that is sent out, as the configuration in force says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from inference_exporter.config.schema_services import EventsConfig, TracesConfig
from inference_exporter.senders.events import EventTeller
from inference_exporter.senders.spans import SpanSender
from inference_exporter.values.events import Teller
from inference_exporter.values.spans import SendSpans


class Outgoing:
    """The sender of spans and the teller of events; a reload replaces those that changed."""

    def __init__(self) -> None:
        self._traces: TracesConfig | None = None
        self._spans: SpanSender | None = None
        self._events: EventTeller | None = None
        self._left: Counter[tuple[str, ...]] = Counter()  # counts of those that were replaced

    def configure(self, traces: TracesConfig | None, events: EventsConfig | None) -> None:
        """Send as this says from now on."""
        if traces != self._traces:
            self._end_spans()
            self._traces, self._spans = traces, SpanSender(traces) if traces else None
        if events != (self._events.config if self._events else None):
            self._end_events()
            self._events = EventTeller(events) if events else None

    @property
    def traces(self) -> tuple[TracesConfig, SendSpans] | None:
        """How spans are sent."""
        return (self._traces, self._spans.send) if self._traces and self._spans else None

    @property
    def events(self) -> tuple[EventsConfig, Teller] | None:
        """How events are told."""
        return (self._events.config, self._events) if self._events else None

    def take_counts(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """What was sent since the last call: family, labels, how many."""
        left, self._left = self._left, Counter()
        left.update(self._span_counts())
        left.update(self._event_counts())
        yield from left.items()

    def _span_counts(self) -> Counter[tuple[str, ...]]:
        counts = self._spans.take_counts() if self._spans else {}
        return Counter({("spans_total", result): n for result, n in counts.items()})

    def _event_counts(self) -> Counter[tuple[str, ...]]:
        found: Counter[tuple[str, ...]] = Counter()
        if self._events is not None:
            for told, events in self._events.take_counts().items():
                found["events_total", *told] += events
            for delivered, events in self._events.take_deliveries().items():
                found["event_deliveries_total", *delivered] += events
        return found

    def close(self) -> None:
        """Try what waits once more, and end."""
        self._end_spans()
        self._end_events()

    def _end_spans(self) -> None:
        if self._spans is not None:
            self._spans.close()
            self._left.update(self._span_counts())

    def _end_events(self) -> None:
        if self._events is not None:
            self._events.close()
            self._left.update(self._event_counts())
