"""Probabilities of many classes with labels on their lines, against scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.calibration import calibration_curve

from exporter_process import total
from inference_exporter.model import Model
from inference_exporter.performance import rank_intervals, wilson
from inference_exporter.performance.class_losses import class_losses, loss_intervals
from inference_exporter.performance.one_vs_rest import REST_EDGES
from inference_exporter.performance.ranks import NDCG
from inference_exporter.values.batch import Floats, Ints
from multiclass import NAMES, draw, exact, one_vs_rest
from performance_data import NOW, lines_of, model_of, page_of, values

CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    fields: {{scores: {{from: p, classes: [{classes}]}}, actual: a}}
    windows: [1h]
    min_samples: 10
"""
BINARY = """\
models:
  m:
    logs: [log.jsonl]
    fields: {FIELDS, actual: a}
    positive_class: "yes"
    boundary: {score: 0.5, margin: 0.1}
    windows: [1h]
    min_samples: 10
"""


def model_with(classes: int, extra: str = "") -> Model:
    return model_of(extra, text=CONFIG.format(classes=", ".join(NAMES[:classes])))


def rows_of(scores: Floats, actual: Ints) -> list[dict[str, object]]:
    return [
        {"p": row, "a": NAMES[label]}
        for row, label in zip(scores.tolist(), actual.tolist(), strict=True)
    ]


@pytest.mark.parametrize("classes", [3, 7, 20])
def test_metrics_of_probabilities_are_scikit_learns(classes: int) -> None:
    given, actual = draw(np.random.default_rng(classes), 3000, classes)
    model = model_with(classes, "    top_k: [1, 2, 3, 5, 10]\n")
    rows = rows_of(given, actual)
    for start in range(0, 3000, 700):
        model.take(lines_of(rows[start : start + 700]), NOW)
    found = values(page_of(model), "inference_performance", "metric", "class")
    top_k = [k for k in (1, 2, 3, 5, 10) if k < classes]
    for key, value in exact(given, actual, top_k).items():
        assert found[key] == pytest.approx(value, abs=1e-9), key
    assert not any(metric == f"top_{classes}_accuracy" for metric, _ in found)
    binned = np.searchsorted(REST_EDGES, given).astype(np.float64)
    for key, value in one_vs_rest(binned, actual, NAMES[:classes]).items():
        assert found[key] == pytest.approx(value, abs=1e-9), key
    bound = values(page_of(model), "inference_performance_binning_error", "metric")
    for key, value in one_vs_rest(given, actual, NAMES[:classes]).items():
        assert abs(found[key] - value) <= bound[key[0],] + 1e-12, key
        assert abs(found[key] - value) <= (0.002 if key[0] == "roc_auc" else 0.02), key


@pytest.mark.slow
def test_what_is_counted_by_class_has_an_end() -> None:
    """`limits.classes` may be raised; memory for pairs of classes must not grow with its square."""
    for classes, more in ((256, True), (257, False)):
        names = ", ".join(f"c{at}" for at in range(classes))
        text = CONFIG.format(classes=names) + "    limits: {classes: 300}\n"
        model = model_of(text=text)
        rows = [{"p": {"c1": 1.0}, "a": "c1"}, {"p": {"c2": 1.0}, "a": "c2"}] * 10
        model.take(lines_of(rows), NOW)
        found = values(page_of(model), "inference_performance", "metric", "class")
        assert found["log_loss", ""] < 1e-9
        assert (("roc_auc", "macro") in found) == more
        assert model.counting.layout.cells < 200 * 257


def test_the_calibration_error_is_that_of_the_most_probable_class() -> None:
    given, actual = draw(np.random.default_rng(1), 4000, 5)
    model = model_with(5)
    model.take(lines_of(rows_of(given, actual)), NOW)
    found = values(page_of(model), "inference_performance", "metric", "class")
    top, hit = given.max(axis=1), given.argmax(axis=1) == actual
    true, mean = calibration_curve(hit, top, n_bins=20)
    rows = np.histogram(top, bins=20, range=(0, 1))[0]
    expected = (np.abs(true - mean) * rows[rows > 0]).sum() / rows.sum()
    assert found["calibration_error", ""] == pytest.approx(expected, abs=1e-9)


def test_counters_say_the_same_as_the_gauges() -> None:
    given, actual = draw(np.random.default_rng(2), 2000, 4)
    model = model_with(4)
    model.take(lines_of(rows_of(given, actual)), NOW)
    page = page_of(model)
    found = values(page, "inference_performance", "metric", "class")
    rows = total(page, "inference_class_score_outcomes_total")
    assert rows == 2000
    loss = total(page, "inference_class_score_outcomes_log_loss_total")
    assert loss / rows == pytest.approx(found["log_loss", ""], rel=1e-12)
    brier = total(page, "inference_class_score_outcomes_squared_error_total")
    assert brier / rows == pytest.approx(found["brier_score", ""], rel=1e-12)
    ranks = values(page, "inference_ranked_outcomes_total", "rank")
    assert sum(ranks[str(k),] for k in (1, 2, 3)) / rows == found["top_3_accuracy", ""]
    assert ranks["beyond",] == 0
    top = values(page, "inference_top_score_outcomes_total", "correct", "bin")
    assert sum(n for (correct, _), n in top.items() if correct == "true") == ranks["1",]
    sums = total(page, "inference_top_score_outcomes_score_total")
    assert sums == pytest.approx(given.max(axis=1).sum())


def test_every_metric_of_probabilities_has_its_interval() -> None:
    given, actual = draw(np.random.default_rng(3), 1000, 4)
    model = model_with(4)
    model.take(lines_of(rows_of(given, actual)), NOW)
    page = page_of(model)
    found = values(page, "inference_performance", "metric", "class")
    lower = values(page, "inference_performance_lower", "metric", "class")
    upper = values(page, "inference_performance_upper", "metric", "class")
    assert set(found) == set(lower) == set(upper)
    assert all(lower[key] < found[key] < upper[key] for key in lower)


def test_intervals_hold_their_95_percent() -> None:
    """400 windows of 500 rows; the truth is that of 400,000 rows."""
    random = np.random.default_rng(4)
    given, actual = draw(random, 400_000, 12)
    losses = class_losses(given, actual)
    rank = (given > given[np.arange(len(actual)), actual][:, None]).sum(axis=1)
    gains = np.where(rank < 10, 1 / np.log2(2 + rank), 0.0)
    truth = {
        ("log_loss", ""): losses[1].mean(), ("brier_score", ""): losses[3].mean(),
        (NDCG, ""): gains.mean(), ("top_3_accuracy", ""): (rank < 3).mean(),
    }  # fmt: skip
    hits = dict.fromkeys(truth, 0)
    for start in range(0, 200_000, 500):
        part = slice(start, start + 500)
        counts = np.bincount(np.minimum(rank[part], 10), minlength=11).astype(np.float64)
        found = loss_intervals(losses[:, part].sum(axis=1)) | rank_intervals(counts, [3])
        assert found["top_3_accuracy", ""] == wilson(float(counts[:3].sum()), 500)
        for key, value in truth.items():
            hits[key] += found[key][0] <= value <= found[key][1]
    for key, count in hits.items():
        assert 0.92 <= count / 400 <= 0.98, (key, count / 400)


def test_of_equally_probable_classes_the_first_is_predicted_and_ranks_first() -> None:
    model = model_with(4, "    top_k: [1, 2, 3]\n")
    rows = rows_of(np.full((4, 4), 0.25), np.arange(4))
    model.take(lines_of(rows * 10), NOW)
    page = page_of(model)
    found = values(page, "inference_performance", "metric", "class")
    assert [found[f"top_{k}_accuracy", ""] for k in (1, 2, 3)] == [0.25, 0.5, 0.75]
    assert found["accuracy", ""] == 0.25
    assert values(page, "inference_predictions_total", "prediction")["a",] == 40


def test_labels_of_other_classes_and_rows_without_probabilities_are_left_out() -> None:
    """A label that has no probability is a miss of the ranking, and has no loss."""
    model = model_with(3)
    good: list[dict[str, object]] = [{"p": [0.5, 0.3, 0.2], "a": "b"}] * 20
    odd: list[dict[str, object]] = [
        {"p": [0.5, 0.3, 0.2], "a": "zebra"}, {"p": [0.5, 0.3], "a": "a"}, {"a": "b"},
        {"p": [0.5, 0.3, 0.2]}, {"p": None, "a": "b"},
    ]  # fmt: skip
    facts = model.take(lines_of(good + odd), NOW)
    assert facts.decoded.invalid == {"scores": 1}
    assert facts.decoded.results == {"ok": 25}
    page = page_of(model)
    assert total(page, "inference_class_score_outcomes_total") == 20
    ranks = values(page, "inference_ranked_outcomes_total", "rank")
    assert (ranks["2",], ranks["beyond",], sum(ranks.values())) == (20, 1, 21)


def test_a_vector_of_two_is_a_score() -> None:
    """The column of the positive class, wherever it is; only the other class has a name now."""
    random = np.random.default_rng(5)
    scores = random.random(3000)
    lines: dict[str, list[dict[str, object]]] = {"score": [], "list": [], "object": []}
    for score in scores.tolist():
        label = "yes" if random.random() < score else "no"
        said = "yes" if score > 0.5 else "no"
        lines["score"].append({"p": score, "a": label, "y": said})
        lines["list"].append({"p": [score, 1 - score], "a": label})
        lines["object"].append({"p": {"no": 1 - score, "yes": score}, "a": label})
    fields = {
        "score": "score: p, prediction: y",
        "list": 'scores: {from: p, classes: ["yes", "no"]}',
        "object": 'scores: {from: p, classes: ["yes", "no"]}',
    }
    pages = {}
    for form, rows in lines.items():
        model = model_of(text=BINARY.replace("FIELDS", fields[form]))
        model.take(lines_of(rows), NOW)
        page = page_of(model)
        pages[form] = {
            (name, tuple((key, "no" if of == "rest" else of) for key, of in sorted(labels))): value
            for (name, labels), value in page.items()
            if not name.startswith(("inference_model_info", "inference_outcomes"))
        }
    names = {name for name, _ in pages["score"]}
    assert {"inference_performance", "inference_score_outcomes_total"} <= names
    for form in ("list", "object"):
        extra = set(pages[form]) - set(pages["score"])
        assert all(value == 0 for key, value in pages[form].items() if key in extra)
        for key, value in pages["score"].items():
            assert pages[form][key] == pytest.approx(value, rel=1e-9), key


def test_objects_lists_and_texts_make_the_same_page() -> None:
    given, actual = draw(np.random.default_rng(6), 500, 3)
    pages = []
    for form in range(4):
        rows = rows_of(given, actual)
        for row, one in zip(rows, given.tolist(), strict=True):
            forms = (
                one, dict(zip("abc", one, strict=True)), json.dumps(one), "|".join(map(repr, one))
            )  # fmt: skip
            row["p"] = forms[form]
        model = model_with(3)
        model.take(lines_of(rows), NOW)
        pages.append(page_of(model))
    assert pages[0] == pages[1] == pages[2] == pages[3]


def test_counts_of_parts_add_up_to_those_of_the_whole() -> None:
    given, actual = draw(np.random.default_rng(7), 600, 5)
    rows = rows_of(given, actual)
    whole, first, second = (model_with(5) for _ in range(3))
    whole.take(lines_of(rows), NOW)
    first.take(lines_of(rows[:200]), NOW)
    second.take(lines_of(rows[200:]), NOW)
    both = first.timeline.version("", NOW).total.copy()
    both.merge(second.timeline.version("", NOW).total)
    total_of = whole.timeline.version("", NOW).total
    assert both.dense == pytest.approx(total_of.dense, rel=1e-12)
    assert both.sparse == total_of.sparse
