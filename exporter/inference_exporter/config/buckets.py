"""Bounds of latency histograms: as configured, else as fine as what they are for needs.

A quantile is read from the bucket it is in, so it is off by at most the factor of two bounds. Of
whole requests that is 1.09, for any distribution; steps and segments, of which there are many, get
by with less (docs/adr/0026-latency-that-agrees-with-itself.md has the errors and what they cost).
"""

from __future__ import annotations

from inference_exporter.config.schema import ModelConfig
from inference_exporter.values.growing import Growing

_REQUESTS = Growing(3, -10, 6)  # 0.98 ms to 64 s
_STEPS = Growing(2, -10, 6)
_SEGMENTS = Growing(1, -10, 6)


def request_buckets(model: ModelConfig) -> tuple[float, ...]:
    """Of whole requests."""
    return _with_objective(model, model.latency_buckets or _REQUESTS.bounds)


def step_buckets(model: ModelConfig) -> tuple[float, ...]:
    """Of one step."""
    return model.latency_buckets or _STEPS.bounds


def segment_buckets(model: ModelConfig) -> tuple[float, ...]:
    """Of requests of one segment."""
    return _with_objective(model, model.latency_buckets or _SEGMENTS.bounds)


def segment_native(model: ModelConfig) -> Growing | None:
    """The bounds of a segment's native histogram: bounds of one's own have none."""
    return None if model.latency_buckets else _SEGMENTS


def objective(model: ModelConfig) -> float | None:
    """Seconds above which a request is slow, if the configuration says so."""
    return model.thresholds.get("request_duration_seconds")


def _with_objective(model: ModelConfig, found: tuple[float, ...]) -> tuple[float, ...]:
    """The objective is a bound: else nothing could be held against it."""
    limit = objective(model)
    return tuple(sorted({*found, limit})) if limit else found
