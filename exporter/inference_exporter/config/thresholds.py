"""The thresholds a configuration may set. This is the one place that knows their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_exporter.config.checks import Findings, closest, expected
from inference_exporter.config.values import number


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit that alert rules compare a metric with; `high` is its largest sensible value."""

    meaning: str
    high: float
    example: float


THRESHOLDS: Mapping[str, Threshold] = {
    "feature_psi": Threshold("Population stability index of an input.", 100.0, 0.1),
    "output_psi": Threshold("Population stability index of the score or prediction.", 100.0, 0.1),
    "accuracy_drop": Threshold("Accuracy on the reference minus accuracy now.", 1.0, 0.05),
    "feature_missing_ratio": Threshold("Share of an input's values that are missing.", 1.0, 0.05),
    "feature_invalid_ratio": Threshold("Share of an input's values that are unusable.", 1.0, 0.01),
    "request_failure_ratio": Threshold("Share of requests that fail.", 1.0, 0.01),
    "request_duration_seconds": Threshold("95th percentile of the latency.", 1e6, 0.5),
}


def thresholds(value: object) -> dict[str, float]:
    """Names of thresholds with their values."""
    if not isinstance(value, Mapping):
        raise expected("a mapping of thresholds to numbers", value)
    findings = Findings()
    good: dict[str, float] = {}
    for name, raw in value.items():
        if name not in THRESHOLDS:
            findings.add(str(name), f"unknown threshold; {closest(str(name), THRESHOLDS)}")
            continue
        checked = findings.take(name, number(0.0, THRESHOLDS[name].high), raw)
        good[name] = checked or 0.0
    findings.raise_any()
    return good
