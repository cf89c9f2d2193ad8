"""Recording rules, alert rules and groups of them as plain data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Severity = Literal["critical", "warning", "info", "none"]
Topic = Literal[
    "broken", "drift", "performance", "segments", "latency", "quality", "traffic", "exporter"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording rule; the name is `level:metric:operations`."""

    name: str
    expr: str


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert rule. Links are added when it is written.

    `pending` is `for`, `keep` is `keep_firing_for`. `dashboard` is the path of the page to look at.
    `about` is the label that names what it is about: its owner is looked up by it.
    """

    name: str
    expr: str
    severity: Severity
    topic: Topic
    summary: str
    description: str
    dashboard: str
    pending: str = ""
    keep: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    about: Literal["model", "instance", ""] = "model"


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together, in order."""

    name: str
    interval: str
    rules: tuple[Recording | Alert, ...]


def over_windows(windows: Sequence[str], *kinds: Callable[[str], Alert]) -> Iterator[Alert]:
    """Alerts of the same shape over several windows, kind by kind."""
    return (kind(window) for kind in kinds for window in windows)
