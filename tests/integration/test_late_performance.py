"""Estimates first, labels later, some of them wrong at first; a crash in between."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from inference_exporter import config
from inference_exporter.performance import (
    binning_errors,
    classification_intervals,
    rank_edges,
    score_intervals,
    score_metrics,
)
from inference_exporter.reference import build, load, save
from inference_exporter.values.profile import NumericProfile
from late_sidecar import NOW, LateSidecar
from performance_data import rank_counts, score_sums, values

FIELDS = """\
models:
  m:
    logs: [x.jsonl]
    positive_class: "1"
    fields: {prediction: predicted, score: score, actual: actual}
"""


def rows_of(seed: int, rows: int) -> list[dict[str, object]]:
    draw = random.Random(seed)
    scores = [draw.random() for _ in range(rows)]
    return [
        {"predicted": int(one > 0.6), "score": one, "actual": int(draw.random() < one**2)}
        for one in scores
    ]


def with_reference(folder: Path) -> LateSidecar:
    path = folder / "reference.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows_of(1, 10_000)))
    (model,) = config.parse(FIELDS, "config.yaml").models
    save(build([str(path)], model, now=NOW), str(folder / "reference.json"))
    more = 'positive_class: "1"\n    reference: reference.json'
    return LateSidecar(folder, "logs: labels.jsonl, timestamp: at, update: last", more=more)


def predict(sidecar: LateSidecar, rows: list[dict[str, object]]) -> None:
    for at, row in enumerate(rows):
        made = {name: row[name] for name in ("predicted", "score")}
        sidecar.predict({"id": f"r{at}", "at": NOW + at / 10, "version": "v", **made})


def label(sidecar: LateSidecar, rows: list[dict[str, object]]) -> None:
    """All labels, a third of which were wrong at first."""
    for at, row in enumerate(rows):
        if at % 3 == 0:
            wrong = 1 - int(str(row["actual"]))
            sidecar.label({"id": f"r{at}", "actual": wrong, "at": NOW + 300})
    sidecar.settle()
    sidecar.crash()
    for at, row in enumerate(rows):
        sidecar.label({"id": f"r{at}", "actual": row["actual"], "at": NOW + 600})


def test_estimates_wait_for_labels_and_labels_take_back_what_was_wrong(tmp_path: Path) -> None:
    sidecar, rows = with_reference(tmp_path), rows_of(2, 2000)
    predict(sidecar, rows)
    before = sidecar.settle()
    names = ("metric", "window")
    estimate = values(before, "inference_performance_estimate", *names)
    assert not values(before, "inference_performance", *names)
    assert values(before, "inference_performance_estimate_samples", "window") == {
        ("1h",): 2000,
        ("24h",): 2000,
    }

    label(sidecar, rows)
    page = sidecar.settle()

    assert values(page, "inference_performance_estimate", *names) == pytest.approx(estimate)
    score = np.array([float(str(row["score"])) for row in rows])
    actual = np.array([row["actual"] == 1 for row in rows])
    sums = score_sums(score, actual)
    profile = load(str(tmp_path / "reference.json")).outputs["score"]
    assert isinstance(profile, NumericProfile)
    ranks = rank_counts(score, actual, rank_edges(profile.fine_edges))
    cells = Counter((str(row["predicted"]), str(row["actual"])) for row in rows)
    found = values(page, "inference_performance", "metric", "class", "window")
    for (metric, of_class), value in score_metrics(sums, ranks).items():
        assert found[metric, of_class, "1h"] == pytest.approx(value, rel=1e-9)
    cohort = values(page, "inference_cohort_outcomes", "predicted", "actual", "window")
    assert {key[:2]: n for key, n in cohort.items() if key[2] == "24h"} == cells
    intervals = classification_intervals(cells) | score_intervals(sums, ranks)
    for bound, family in enumerate(("inference_performance_lower", "inference_performance_upper")):
        ends = values(page, family, "metric", "class", "window")
        assert set(ends) == {(*key, window) for key in intervals for window in ("1h", "24h")}
        for key, interval in intervals.items():
            assert ends[(*key, "24h")] == pytest.approx(interval[bound], rel=1e-9)
    errors = values(page, "inference_performance_binning_error", *names)
    assert errors["roc_auc", "1h"] == pytest.approx(binning_errors(sums, ranks)["roc_auc", ""])
    lower = values(page, "inference_performance_estimate_lower", *names)
    upper = values(page, "inference_performance_estimate_upper", *names)
    for metric in ("accuracy", "roc_auc"):
        width = upper[metric, "1h"] - lower[metric, "1h"]
        assert abs(estimate[metric, "1h"] - found[metric, "", "1h"]) <= width
