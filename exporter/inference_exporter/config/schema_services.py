"""What a configuration says beside its models: what is pushed, sent, told and recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class ReceiversConfig:
    """What is pushed. `users` of the web configuration may post, and do nothing else."""

    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TracesConfig:
    """Where spans of requests go, and how many beside those that stand out.

    `timestamp` says what the time of a prediction is: of its end, as most logs have it.
    """

    endpoint: str
    headers: Mapping[str, str] = field(default_factory=dict)
    service: str = "inference-exporter"
    sample: float = 0.01
    timestamp: Literal["start", "end"] = "end"


@dataclass(frozen=True, slots=True)
class RecordConfig:
    """How long lines of decisions are kept, and how large a month of them may be."""

    keep: float = 400 * 86400.0
    month_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class PushTarget:
    """An address to which events are posted."""

    endpoint: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventsConfig:
    """Which events are told, what of them, and to whom.

    `predictions` are reasons for which a request is worth one; `features` are inputs that it says,
    `redact` names of fields and inputs whose values it does not. `per_minute` is for each kind of
    event and reason of a model.
    """

    predictions: tuple[str, ...] = ("error", "slow", "wrong", "outlier")
    features: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    per_minute: int = 60
    log: bool = True
    file: str | None = None
    loki: PushTarget | None = None
    otlp: PushTarget | None = None
