"""Events to the exporter's own log, a file, Loki, a collector: redacted, and not too many."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from inference_exporter.config.schema_services import EventsConfig, PushTarget
from inference_exporter.senders.event_file import EventFile
from inference_exporter.senders.loki import push_request
from inference_exporter.senders.otlp_log import log_request
from inference_exporter.senders.sender import Post, Sender, Target
from inference_exporter.values.allowance import Allowance
from inference_exporter.values.events import Event

log = logging.getLogger("inference_exporter.events")

MINUTE = 60.0
REDACTED = "[redacted]"
SERVICE = "inference-exporter"


class EventTeller:
    """Tells events as the configuration says. Not for several threads."""

    def __init__(self, config: EventsConfig, post: Post | None = None) -> None:
        self.config = config
        self._allowance = Allowance(config.per_minute, MINUTE)
        self._redacted = frozenset(config.redact)
        self._file = EventFile(config.file) if config.file else None
        self._senders: dict[str, Sender[Event]] = {}
        if config.loki is not None:
            target = _target(config.loki, "application/json")
            labels = {"service_name": SERVICE}
            self._senders["loki"] = Sender(
                target, lambda events: push_request(events, labels), post
            )
        if config.otlp is not None:
            target = _target(config.otlp, "application/x-protobuf")
            about = {"service.name": SERVICE}
            self._senders["otlp"] = Sender(target, lambda events: log_request(events, about), post)
        self._counts: Counter[tuple[str, str]] = Counter()  # by kind, and whether it was told
        self._written: Counter[tuple[str, str]] = Counter()  # by target and result

    def has_room(self, model: str, kind: str, reason: str, now: float) -> bool:
        """See `Teller.has_room`."""
        room = self._allowance.take((model, kind, reason), now) is not None
        self._counts[kind, "told" if room else "held_back"] += 1
        return room

    def hold_back(self, kind: str, events: int) -> None:
        """See `Teller.hold_back`."""
        self._counts[kind, "held_back"] += events

    def tell(self, event: Event) -> None:
        """See `Teller.tell`."""
        event = self._seen(event)
        if self.config.log:
            fields = {"event": event.kind, "model": event.model, **event.fields}
            log.info("%s", event.text, extra={"fields": fields})
        if self._file is not None:
            self._written["file", "sent" if self._file.write(event) else "dropped"] += 1
        for sender in self._senders.values():
            sender.send([event])

    def _seen(self, event: Event) -> Event:
        """The event as others may see it."""
        hidden = self._redacted & event.fields.keys()
        if not hidden:
            return event
        return replace(event, fields={**event.fields, **dict.fromkeys(hidden, REDACTED)})

    def take_counts(self) -> Mapping[tuple[str, str], int]:
        """Events by kind and by whether they were `told` or `held_back`, since the last call."""
        taken, self._counts = self._counts, Counter()
        return taken

    def take_deliveries(self) -> Mapping[tuple[str, str], int]:
        """Events by target and what became of them, since the last call."""
        taken, self._written = self._written, Counter()
        for target, sender in self._senders.items():
            for result, events in sender.take_counts().items():
                taken[target, result] += events
        return taken

    def close(self) -> None:
        """Try what waits once more, and end."""
        for sender in self._senders.values():
            sender.close()


def _target(where: PushTarget, media: str) -> Target:
    return Target(where.endpoint, where.headers, media, "events")
