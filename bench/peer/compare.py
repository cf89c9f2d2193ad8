"""Estimates of whole windows beside what their labels show, as the exporter publishes both."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.peer.data import DataSet, Rows, read
from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.config.schema import ModelConfig
from inference_exporter.reference import build
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.profile import Reference

_NOW = 1_800_000_000.0
_CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    fields: {features: inputs, prediction: y, actual: a%s}
    windows: [1h]
    min_samples: 200
    multivariate: false
    task: %s
"""
_OF_CLASS = ("precision", "recall", "f1")  # those of the positive class


@dataclass(frozen=True, slots=True)
class Window:
    """One metric of one chunk; the interval is the estimate's, at 95 %."""

    metric: str
    chunk: int
    estimate: float
    lower: float
    upper: float
    outcome: float

    @property
    def holds(self) -> bool:
        """Whether the outcome is in the interval."""
        return self.lower <= self.outcome <= self.upper


def compared(one: DataSet, folder: Path, scratch: Path) -> list[Window]:
    """Every whole chunk of the analysis, each by a model of its own."""
    reference_rows, rows = read(one, folder)
    score, task = (", score: p", "classification") if one.score else ("", "regression")
    (model,) = config.parse(_CONFIG % (score, task), "bench.yaml").models
    path = scratch / "reference.jsonl"
    path.write_bytes(_lines(reference_rows))
    reference = build([str(path)], model, now=_NOW)
    found: list[Window] = []
    for chunk, start in enumerate(range(0, len(rows) - one.chunk + 1, one.chunk)):
        found += _of(model, reference, rows[start : start + one.chunk], chunk)
    return found


def _of(config_: ModelConfig, reference: Reference, rows: Rows, chunk: int) -> Iterator[Window]:
    model = make_model(config_, reference)
    model.start(_NOW)
    for piece in model.pieces(_lines(rows)):
        model.take(piece, _NOW)
    gauges: dict[str, dict[tuple[str, ...], float]] = {}
    for samples in model.samples(_NOW, EvaluationFacts()):
        family = samples.series.family
        if family.name.startswith("inference_performance"):
            at = [
                family.labels.index(name) for name in ("metric", "class") if name in family.labels
            ]
            for labels, value in zip(samples.series.label_sets, samples.values, strict=True):
                gauges.setdefault(family.name, {})[tuple(labels[one] for one in at)] = value
    yield from _windows(gauges, chunk)


def _windows(gauges: dict[str, dict[tuple[str, ...], float]], chunk: int) -> Iterator[Window]:
    estimate = "inference_performance_estimate"
    realised = gauges.get("inference_performance", {})
    for (metric,), value in gauges.get(estimate, {}).items():
        outcome = realised.get((metric, "1" if metric in _OF_CLASS else ""), math.nan)
        lower, upper = (
            gauges.get(f"{estimate}_{end}", {}).get((metric,), math.nan)
            for end in ("lower", "upper")
        )
        yield Window(metric, chunk, value, lower, upper, outcome)


def _lines(rows: Rows) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
