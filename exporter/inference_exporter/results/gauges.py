"""Gauges while they are collected, and how much evidence one takes."""

from __future__ import annotations

from collections.abc import Callable

from inference_exporter.config.schema import ModelConfig
from inference_exporter.values.samples import Labels

MIN_SAMPLES = 200  # statistics.md: not enough rows is below max(200, 20 x bins)
MIN_SAMPLES_PER_BIN = 20

Gauges = dict[str, dict[Labels, float]]  # family -> label values -> value
Put = Callable[[str, Labels, float], None]


def set_gauge(gauges: Gauges, family: str, labels: Labels, value: float) -> None:
    """Put a value among the others."""
    gauges.setdefault(family, {})[labels] = float(value)


def least_rows(model: ModelConfig, bins: int) -> int:
    """How many rows a window takes before a value of that many bins is shown."""
    configured = model.min_samples
    return max(MIN_SAMPLES, MIN_SAMPLES_PER_BIN * bins) if configured is None else configured


def least_labelled(model: ModelConfig) -> int:
    """How many labelled predictions a window or segment takes before performance is shown."""
    return least_rows(model, 1)
