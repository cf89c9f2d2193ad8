"""The shipped rules of performance as arrays: counts by the minute in, alerts out.

The expressions are those of `alert_rules/ruleset/drops.py`, `budget.py` and
`alerts/performance.py`, for a model of two classes; `tests/ops/test_replay.py` holds them against
promtool on the same series.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from alert_rules.ruleset import drops, names

from bench.calibration.alerts.promql import Increase, Sum, alert
from inference_exporter.config.budget import SHARES
from inference_exporter.config.thresholds import in_force
from inference_exporter.values.batch import Bools, Floats

PENDING, KEEP = 30, 120  # minutes
Values = dict[str, tuple[Floats, Floats]]  # the value, and rows of a share or a variance
CLASSES = ("accuracy", "precision", "recall", "f1")
_ALLOWED = in_force({})


@dataclass(frozen=True, slots=True)
class Known:
    """What the reference says: values and standard errors by metric."""

    value: dict[str, float]
    error: dict[str, float]


def window(counts: Floats, minutes: int) -> Floats:
    """Counts of a sliding window at every minute."""
    sums: Floats = Sum(minutes, counts.shape[1:])(Increase(counts.shape[1:])(counts))
    return np.maximum(sums, 0.0)


def realised(cells: Floats, scores: Floats, losses: Floats) -> Values:
    """Metrics of windows (minutes, ...) of counts."""
    n = _some(scores.sum(axis=(1, 2)))
    positives, negatives = scores[:, 1], scores[:, 0]
    all_of, none_of = positives.sum(axis=1), negatives.sum(axis=1)
    below, found = negatives.cumsum(axis=1), positives.cumsum(axis=1)
    area = (positives * (below - 0.5 * negatives)).sum(axis=1) / _some(all_of * none_of)
    hits, misses = all_of[:, None] - found + positives, none_of[:, None] - below + negatives
    precision = (positives * hits / _some(hits + misses)).sum(axis=1) / _some(all_of)
    brier, loss, square = (losses[:, at] / n for at in range(3))
    return {
        **shares(cells),
        "roc_auc": (area, np.minimum(all_of, none_of)),
        "average_precision": (precision, all_of),
        "brier_score": (brier, n),
        "log_loss": (loss, np.maximum(square - loss * loss, 0.0) / n),
    }


def shares(cells: Floats) -> Values:
    """Of windows of outcomes, or of expected ones: predicted, actual."""
    rows, hits = cells.sum(axis=(1, 2)), cells[:, 1, 1]
    predicted, actual = cells[:, 1].sum(axis=1), cells[:, :, 1].sum(axis=1)
    right = (cells[:, 0, 0] + hits) / _some(rows)
    f1 = 2.0 * hits / _some(predicted + actual)
    return {
        "accuracy": (right, rows),
        "precision": (hits / _some(predicted), predicted),
        "recall": (hits / _some(actual), actual),
        "f1": (f1, (predicted + actual) / (2.0 - f1)),
    }


def sigmas(kind: str, metrics: int) -> float:
    """Standard errors that a difference has to have."""
    looks = names.LOOKS_PER_MONTH
    tests = {"performance": 2 * looks * (metrics + 1), "estimates": looks * metrics}[kind]
    return math.sqrt(-2.0 * math.log(2.0 * min(SHARES[kind] / tests, 0.05)))


def margin(metric: str, value: Floats, rows: Floats, known: Known, z: float, design: Floats
           ) -> Floats:  # fmt: skip
    """How far from the reference a value may be by chance."""
    if metric == "log_loss":
        own = z * np.sqrt(rows * design)
    else:
        q = z * z * design / _some(rows)
        sign = -1.0 if metric in drops.GROWTHS else 1.0
        root = np.sqrt(np.maximum(q * value * (1.0 - value) + q * q / 4.0, 0.0))
        own = np.abs((value + q / 2.0 + sign * root) / (1.0 + q) - value)
    return np.sqrt(own**2 + (known.error[metric] * z) ** 2)


def limit(metric: str, known: Known, *, estimated: bool = False) -> float:
    """The value beyond which a change is large."""
    value = known.value[metric]
    if metric in drops.GROWTHS:
        return value * _ALLOWED[drops.GROWTH_NAMES[metric]]
    if metric == "accuracy":
        return value - _ALLOWED["estimated_accuracy_drop" if estimated else "accuracy_drop"]
    return value - min(value / 4.0, drops.DEFAULT_DROPS[metric])


def fires(values: Values, rows: Floats, known: Known, kind: str, design: Floats) -> Bools:
    """The alerts (minutes, metrics) on metrics of windows of so many rows."""
    z = sigmas(kind, len(known.value) if kind == "performance" else len(values))
    found = []
    for metric, (value, counted) in values.items():
        sign = -1.0 if metric in drops.GROWTHS else 1.0
        worse = sign * (known.value[metric] - value)
        large = sign * (limit(metric, known, estimated=kind == "estimates") - value) > 0
        sure = worse > margin(metric, value, counted, known, z, design)
        found.append(large & sure & (rows >= names.LEAST_ROWS))
    return alert(np.stack(found, axis=1), PENDING, KEEP)


def miscalibrated(scores: Floats, sums: Floats, metrics: int, design: Floats) -> Bools:
    """The alert on calibration (minutes, 1)."""
    rows = scores.sum(axis=(1, 2))
    error = np.abs(scores[:, 1] - sums).sum(axis=1) / _some(rows)
    bound = 0.4 * math.sqrt(names.SCORE_BINS) + 0.5 * sigmas("performance", metrics)
    over = error - bound * np.sqrt(design / _some(rows)) > _ALLOWED["calibration_error"]
    return alert((over & (rows >= names.LEAST_ROWS))[:, None], PENDING, KEEP)


def reference(cells: Floats, scores: Floats, losses: Floats) -> Known:
    """Of the counts of all reference rows, (1, ...)."""
    values = realised(cells, scores, losses)
    value = {name: float(one[0]) for name, (one, _) in values.items()}
    error = {}
    for name, (_, rows) in values.items():
        variance = value[name] * (1.0 - value[name]) / rows[0] if name != "log_loss" else rows[0]
        error[name] = math.sqrt(variance)
    return Known(value, error)


def _some(values: Floats) -> Floats:
    return np.maximum(values, 1e-9)
