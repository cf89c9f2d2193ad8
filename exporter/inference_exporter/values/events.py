"""An event: something that happened to a model, or a request that is worth a line of a log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from inference_exporter.values.spans import Attribute

PREDICTION, DRIFT, VERSION = "prediction", "drift", "version"
REFERENCE, RELOAD = "reference", "reload"
KINDS = (PREDICTION, DRIFT, VERSION, REFERENCE, RELOAD)


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, in words and in fields; `time` in epoch seconds, `model` empty: none."""

    kind: str
    time: float
    model: str
    text: str
    fields: Mapping[str, Attribute] = field(default_factory=dict)

    def line(self) -> str:
        """The event as an object of JSON."""
        moment = datetime.fromtimestamp(self.time, UTC)
        pairs: dict[str, Attribute] = {
            "ts": f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z",
            "event": self.kind,
        }
        if self.model:
            pairs["model"] = self.model
        pairs |= {"msg": self.text, **self.fields}
        return json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))


def reference_event(model: str, now: float, before: str, after: str) -> Event:
    """Another reference is in force; fingerprints, empty for none."""
    fields = {"reference": after, "before": before}
    return Event(REFERENCE, now, model, "the reference changed", fields)


class Teller(Protocol):
    """Takes events; never waits."""

    def has_room(self, model: str, kind: str, reason: str, now: float) -> bool:
        """Whether to tell another one of that kind; one that is not told is counted."""

    def hold_back(self, kind: str, events: int) -> None:
        """Count so many more that are not told."""

    def tell(self, event: Event) -> None:
        """Tell it."""
