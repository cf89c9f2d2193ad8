"""Labels for some scores alone: coverage by score, and no number that is of a selection."""

from __future__ import annotations

import numpy as np
import pytest

from exporter_process import Series
from inference_exporter.truth import selection_by_score
from performance_data import NOW, lines_of, model_of, page_of, values

TEXT = """\
models:
  m:
    logs: [log.jsonl]
    fields: {id: i, prediction: y, score: p, actual: a}
    positive_class: "1"
    windows: [1h]
    labels: {id: i, actual: a, selection: SELECTION}
"""


def served(which: str, selection: str = "hide") -> Series:
    """20,000 predictions, of which those that `which` says have a label."""
    rng = np.random.default_rng(7)
    score = rng.random(20_000)
    actual = rng.random(20_000) < score
    sure = np.abs(score - 0.5)
    labelled = {
        "borderline": sure < 0.1,
        "random": rng.random(20_000) < 0.2,
        "all": sure < 1,
        "few": rng.random(20_000) < 0.015,
    }[which]
    model = model_of(text=TEXT.replace("SELECTION", selection))
    rows = zip(score.tolist(), actual.tolist(), labelled.tolist(), strict=True)
    lines = [
        {"i": f"{at}", "p": s, "y": int(s > 0.5), **({"a": int(a)} if known else {})}
        for at, (s, a, known) in enumerate(rows)
    ]
    model.take(lines_of(lines), NOW)
    return page_of(model)


def test_labels_on_borderline_scores_are_a_selection_and_there_is_no_number() -> None:
    page = served("borderline")
    assert values(page, "inference_label_selection_bias", "window") == {("1h",): 1}
    assert not values(page, "inference_performance", "metric", "class")
    found = values(page, "inference_label_score_coverage_ratio", "bin")
    assert [found[f"{cell:02d}",] for cell in (0, 7, 8, 11, 12, 19)] == [0, 0, 1, 1, 0, 0]
    assert values(page, "inference_performance_samples")[()] > 3_000


def test_what_is_shown_nevertheless_is_wrong() -> None:
    page = served("borderline", "show")
    shown = values(page, "inference_performance", "metric", "class")["accuracy", ""]
    true = values(served("all"), "inference_performance", "metric", "class")["accuracy", ""]
    assert true == pytest.approx(0.75, abs=0.01)
    assert shown == pytest.approx(0.55, abs=0.02)
    assert values(page, "inference_label_selection_bias", "window") == {("1h",): 1}


@pytest.mark.parametrize("which", ["random", "all", "few"])
def test_a_random_sample_is_no_selection(which: str) -> None:
    page = served(which)
    assert values(page, "inference_label_selection_bias", "window") == {("1h",): 0}
    accuracy = values(page, "inference_performance", "metric", "class")["accuracy", ""]
    assert accuracy == pytest.approx(0.75, abs=0.1)


@pytest.mark.parametrize("share", [0.002, 0.02, 0.3, 0.98])
def test_chance_is_hardly_ever_taken_for_a_selection(share: float) -> None:
    rng = np.random.default_rng(11)
    made = np.linspace(50, 20_000, 20).astype(int)
    found = [
        selection_by_score(made.tolist(), rng.binomial(made, share).tolist(), 200)
        for _ in range(2_000)
    ]
    assert sum(one is not None and one[1] for one in found) <= 2
