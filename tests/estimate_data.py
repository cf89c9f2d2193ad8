"""Scores of two classes whose labels are known: what is estimated of them, and what comes out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import numpy as np

from inference_exporter.accumulators import ExpectedOutcomes, ExpectedScoreLosses, Groups
from inference_exporter.performance import (
    Estimates,
    Expected,
    binary_values,
    business_value,
    classification_metrics,
    estimates,
    rank_edges,
    score_metrics,
)
from inference_exporter.values.batch import Batch, Bools, Floats, NumericColumn
from inference_exporter.values.profile import Calibration
from performance_data import score_sums

CLASSES = ("0", "1")
EDGES = rank_edges(np.empty(0))
SCORED = ("roc_auc", "average_precision", "brier_score", "log_loss")
WORTH = binary_values({"tp": 4.0, "fp": -1.0, "fn": -9.0}, positive="1")


def expected_of(known: Calibration, score: Floats, predicted: Bools) -> Expected:
    """As the exporter counts it."""
    one = ExpectedOutcomes(known)
    losses = ExpectedScoreLosses(one)
    out, more = np.zeros((1, one.cells)), np.zeros((1, losses.cells))
    batch = Batch(len(score), score=NumericColumn(score), prediction=predicted.astype(int).tolist())
    groups = Groups(np.zeros(len(score), np.int64), 1)
    one.count(batch, groups, out)
    losses.count(batch, groups, more)
    rows, hits, _, spread = one.table(out[0])
    return Expected(rows, hits, spread, known.rows, losses.sums(more[0]))


def estimated(
    known: Calibration,
    score: Floats,
    predicted: Bools,
    errors: Mapping[str, float] | None = None,
) -> Estimates:
    return estimates(expected_of(known, score, predicted), WORTH, CLASSES, errors)


def realised(score: Floats, predicted: Bools, actual: Bools) -> dict[str, float]:
    """What the exporter publishes once labels are there."""
    pairs = zip(predicted.astype(int).tolist(), actual.astype(int).tolist(), strict=True)
    cells = Counter((str(one), str(other)) for one, other in pairs)
    found = classification_metrics(cells)
    worth = business_value(cells, WORTH)
    assert worth is not None
    scored = score_metrics(score_sums(score, actual))
    return {
        "accuracy": found["accuracy", ""],
        **{
            name: found[name, "1"] for name in ("precision", "recall", "f1") if (name, "1") in found
        },
        **{name: scored[name, ""] for name in SCORED},
        "business_value": worth,
    }


def draw(random: np.random.Generator, rows: int) -> tuple[Floats, Bools]:
    """Scores that are too sure of themselves."""
    truth = random.beta(1.2, 1.8, rows)
    actual = random.random(rows) < truth
    logit = np.log(truth / (1 - truth))
    return 1 / (1 + np.exp(-2.0 * logit)), actual
