"""The alerts, one module per file of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from alert_rules.ruleset.alerts import (
    broken,
    drift,
    exporter,
    latency,
    performance,
    quality,
    segments,
    traffic,
)
from alert_rules.ruleset.rules import Alert
from alert_rules.ruleset.settings import Settings

FILES: Mapping[str, Callable[[Settings], tuple[Alert, ...]]] = {
    "broken": broken.alerts,
    "drift": drift.alerts,
    "performance": performance.alerts,
    "segments": segments.alerts,
    "latency": latency.alerts,
    "quality": quality.alerts,
    "traffic": traffic.alerts,
    "exporter": exporter.alerts,
}

EVERY: Mapping[str, str] = {"broken": "15s"}
"""How often files are evaluated, where a minute is too long."""
