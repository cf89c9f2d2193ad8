"""Probabilities and rankings whose labels come later, with crashes: scikit-learn's numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from exporter_process import total
from inference_exporter.values.batch import Floats, Ints
from late_sidecar import NOW, LateSidecar
from multiclass import NAMES, Found, draw, exact, one_vs_rest
from performance_data import values

SINGLE = 2e-7  # what single precision may cost: half a unit in its last place, of log loss


def sidecar_of(
    folder: Path, classes: Sequence[str], labels: str = "", more: str = ""
) -> LateSidecar:
    listed = ", ".join(f'"{name}"' for name in classes)
    return LateSidecar(
        folder,
        f"logs: labels.jsonl, timestamp: at{labels}",
        outputs=f"scores: {{from: p, classes: [{listed}]}}, actual: own",
        more=more,
    )


def replay(
    sidecar: LateSidecar,
    predictions: Sequence[Mapping[str, object]],
    actual: Sequence[object],
    seed: int,
) -> list[int]:
    """Labels late and shuffled, some before their prediction, a fifth never; crashes.

    Returns the rows that got a label.
    """
    chance = random.Random(seed)
    labelled = sorted(chance.sample(range(len(actual)), round(0.8 * len(actual))))
    events = [(float(row), True, row) for row in range(len(actual))]
    events += [(row + chance.expovariate(1 / 200) - 5, False, row) for row in labelled]
    for at, made, row in sorted(events):
        sidecar.clock.seconds = max(sidecar.clock.seconds, NOW + at)
        if made:
            sidecar.predict({"id": f"r{row}", "at": NOW + row, "version": "v", **predictions[row]})
        else:
            sidecar.label({"id": f"r{row}", "actual": actual[row], "at": NOW + at})
        if chance.random() < 0.02:
            sidecar.turn(chance.choice((0, 1, 5)))
        if chance.random() < 0.004:
            sidecar.crash()
    sidecar.settle()
    sidecar.crash()
    sidecar.settle()
    return labelled


def performance(sidecar: LateSidecar) -> Found:
    found = values(sidecar.page(), "inference_performance", "metric", "class", "window")
    return {key[:2]: value for key, value in found.items() if key[2] == "24h"}  # type: ignore[misc]


def predicted(name: str) -> tuple[Floats, Ints]:
    """Probabilities that a fitted model gives to rows it has not seen, and their classes."""
    features, target = getattr(datasets, f"load_{name}")(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        features, target, test_size=0.6, random_state=0
    )
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=60, C=0.003))
    model.fit(train_x, train_y)
    return model.predict_proba(test_x), test_y


@pytest.mark.parametrize("name", ["wine", "digits"])
def test_a_public_data_set_gives_scikit_learns_numbers(tmp_path: Path, name: str) -> None:
    scores, actual = predicted(name)
    classes = [str(label) for label in range(scores.shape[1])]
    sidecar = sidecar_of(tmp_path, classes, more="top_k: [1, 2, 3, 5]")
    rows = replay(sidecar, [{"p": row} for row in scores.tolist()], actual.tolist(), seed=1)
    found, given, true = performance(sidecar), scores[rows], actual[rows]
    for key, value in exact(given, true, [k for k in (1, 2, 3, 5) if k < len(classes)]).items():
        assert found[key] == pytest.approx(value, abs=SINGLE), key
    bound = values(sidecar.page(), "inference_performance_binning_error", "metric", "window")
    for key, value in one_vs_rest(given, true, classes).items():
        assert abs(found[key] - value) <= bound[key[0], "24h"] + SINGLE, key
    assert total(sidecar.page(), "inference_class_score_outcomes_total") == len(rows)
    assert found["accuracy", ""] == found["top_1_accuracy", ""]


def test_of_more_than_ten_classes_ranks_and_calibration_are_kept(tmp_path: Path) -> None:
    scores, actual = draw(np.random.default_rng(3), 700, 20)
    scores[::3] = np.where(scores[::3] > 0.1, scores[::3], 0.0)  # ties of zeros below the tenth
    scores /= scores.sum(axis=1, keepdims=True)
    names = [NAMES[label] for label in actual]
    sidecar = sidecar_of(tmp_path, NAMES, more="top_k: [1, 3, 10]")
    rows = replay(sidecar, [{"p": row} for row in scores.tolist()], names, seed=2)
    found = performance(sidecar)
    (tmp_path / "alone").mkdir()
    alone = sidecar_of(tmp_path / "alone", NAMES, more="top_k: [1, 3, 10]")
    alone.clock.advance(700)
    alone.predict(
        *({"id": f"r{row}", "at": NOW + row, "version": "v", "p": scores[row].tolist(),
           "own": names[row]} for row in rows)
    )  # fmt: skip
    alone.settle()
    same_line = performance(alone)
    assert set(found) == set(same_line)
    for key, value in same_line.items():
        assert found[key] == pytest.approx(value, abs=SINGLE), key
    metrics = {metric for metric, _ in found}
    assert {"top_10_accuracy", "ndcg_10", "calibration_error", "accuracy"} <= metrics
    assert not {"log_loss", "brier_score", "roc_auc", "average_precision"} & metrics
    expected = exact(scores[rows], actual[rows], [])
    assert found["accuracy", ""] == pytest.approx(expected["accuracy", ""], abs=1e-12)


def test_rankings_of_many_items_find_their_labels(tmp_path: Path) -> None:
    """400 items, far more than get series: each label still finds its place in the list."""
    chance = random.Random(4)
    lists = [chance.sample(range(400), 12) for _ in range(400)]
    actual = [chance.choice([*one[:6], chance.randrange(400)]) for one in lists]
    sidecar = LateSidecar(tmp_path, outputs="ranking: r", more="top_k: [1, 3]")
    rows = replay(sidecar, [{"r": [str(i) for i in one]} for one in lists], actual, seed=3)
    ranks = [lists[r].index(actual[r]) + 1 if actual[r] in lists[r] else 99 for r in rows]
    found = performance(sidecar)
    for k in (1, 3):
        hits = sum(rank <= k for rank in ranks)
        assert found[f"top_{k}_accuracy", ""] == pytest.approx(hits / len(rows), abs=1e-12)
    gain = sum(1 / np.log2(1 + rank) for rank in ranks if rank <= 10)
    assert found["ndcg_10", ""] == pytest.approx(gain / len(rows), abs=1e-12)


def test_the_last_label_takes_back_what_the_first_one_said(tmp_path: Path) -> None:
    scores, actual = draw(np.random.default_rng(5), 300, 4)
    sidecar = sidecar_of(tmp_path, NAMES[:4], ", update: last", more="top_k: [1, 2, 3]")
    for row, p in enumerate(scores.tolist()):
        sidecar.predict({"id": f"r{row}", "at": NOW, "version": "v", "p": p})
        sidecar.label({"id": f"r{row}", "actual": NAMES[(actual[row] + row % 2) % 4], "at": NOW})
    sidecar.settle()
    sidecar.crash()
    for row in range(300):
        sidecar.label({"id": f"r{row}", "actual": NAMES[actual[row]], "at": NOW + 9})
    sidecar.settle()
    found = performance(sidecar)
    for key, value in exact(scores, actual, [1, 2, 3]).items():
        assert found[key] == pytest.approx(value, abs=SINGLE), key
    took = total(sidecar.page(), "inference_class_score_outcome_corrections_total")
    assert took == 150


def test_probabilities_that_are_configured_later_leave_pending_predictions_as_they_are(
    tmp_path: Path,
) -> None:
    """Those from before have no probabilities, those after have; both get their labels."""
    sidecar = LateSidecar(tmp_path, outputs="prediction: predicted")
    sidecar.predict({"id": "old", "at": NOW, "version": "v", "predicted": "a"})
    sidecar.settle()
    for classes in ("a, b, c", "c, b, a", "b, a, d, c"):
        sidecar.reconfigure(outputs=f"scores: {{from: p, classes: [{classes}]}}")
        size = len(classes.split(","))
        row = [0.7, *[0.3 / (size - 1)] * (size - 1)]
        sidecar.predict({"id": classes, "at": NOW, "version": "v", "p": row})
        sidecar.settle()
    sidecar.label({"id": "old", "actual": "a", "at": NOW})
    for classes in ("a, b, c", "c, b, a", "b, a, d, c"):
        sidecar.label({"id": classes, "actual": classes[0], "at": NOW})
    page = sidecar.settle()
    assert sidecar.outcomes() == {"a/a": 2, "b/b": 1, "c/c": 1}
    assert total(page, "inference_ranked_outcomes_total", rank="1") == 1
    sidecar.reconfigure(outputs="ranking: r")
    sidecar.predict({"id": "ranked", "at": NOW, "version": "v", "r": ["x", "y"]})
    sidecar.label({"id": "ranked", "actual": "y", "at": NOW})
    assert total(sidecar.settle(), "inference_ranked_outcomes_total", rank="2") == 1
