"""Performance on the page: a bundled data set against scikit-learn, and against the reference."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from exporter_process import Series
from inference_exporter import config
from inference_exporter.errors import ConfigError
from inference_exporter.performance import binning_errors
from inference_exporter.reference import build
from performance_data import CONFIG, NOW, lines_of, model_of, page_of, score_sums, values

Key = tuple[str, ...]


def gauge(page: Series, family: str = "inference_performance") -> dict[Key, float]:
    return values(page, family, "metric", "class")


@pytest.fixture(scope="module")
def cancer() -> tuple[list[dict[str, object]], Series]:
    """Rows of the test half, and the page of a model that predicted them."""
    data = load_breast_cancer()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
    model.fit(data.data[::2], data.target[::2])
    score = model.predict_proba(data.data[1::2])[:, 1]
    rows: list[dict[str, object]] = [
        {"y": int(p >= 0.5), "p": float(p), "a": int(a)}
        for p, a in zip(score, data.target[1::2], strict=True)
    ]
    exporter = model_of('    positive_class: "1"\n    business_value: {tp: 10, fp: -50, fn: -5}\n')
    exporter.take(lines_of(rows), NOW)
    return rows, page_of(exporter)


def test_binary_metrics_are_scikit_learns(cancer: tuple[list[dict[str, int]], Series]) -> None:
    rows, page = cancer
    actual, predicted = [row["a"] for row in rows], [row["y"] for row in rows]
    score = np.array([float(row["p"]) for row in rows])
    found = gauge(page)
    assert found["accuracy", ""] == pytest.approx(
        metrics.accuracy_score(actual, predicted), abs=1e-9
    )
    for average, name in ((None, ""), ("macro", "macro"), ("weighted", "weighted")):
        scores = metrics.precision_recall_fscore_support(actual, predicted, average=average)
        for metric, expected in zip(("precision", "recall", "f1"), scores[:3], strict=True):
            names = (name,) if name else ("0", "1")
            for of_class, value in zip(names, np.atleast_1d(expected), strict=True):
                assert found[metric, of_class] == pytest.approx(value, abs=1e-9)
    assert found["brier_score", ""] == pytest.approx(
        metrics.brier_score_loss(actual, score), abs=1e-9
    )
    assert found["log_loss", ""] == pytest.approx(metrics.log_loss(actual, score), abs=1e-9)
    bounds = values(page, "inference_performance_binning_error", "metric")
    sums = score_sums(score, np.array(actual) == 1)
    assert bounds["roc_auc",] == pytest.approx(binning_errors(sums)["roc_auc", ""])
    for metric, exact in (
        ("roc_auc", metrics.roc_auc_score(actual, score)),
        ("average_precision", metrics.average_precision_score(actual, score)),
    ):
        assert abs(found[metric, ""] - exact) <= bounds[metric,]


def test_business_value_is_in_the_unit_of_the_configuration(
    cancer: tuple[list[dict[str, int]], Series],
) -> None:
    rows, page = cancer
    worth = {(1, 1): 10, (1, 0): -50, (0, 1): -5, (0, 0): 0}
    expected = np.mean([worth[row["y"], row["a"]] for row in rows])
    assert gauge(page)["business_value", ""] == pytest.approx(expected, abs=1e-9)


def test_intervals_are_around_their_values(cancer: tuple[list[dict[str, int]], Series]) -> None:
    _, page = cancer
    found = gauge(page)
    lower = gauge(page, "inference_performance_lower")
    upper = gauge(page, "inference_performance_upper")
    assert set(lower) == set(upper) == set(found)
    for key, value in lower.items():
        assert value <= found[key] <= upper[key], key


def test_multiclass_metrics_are_scikit_learns() -> None:
    data = load_wine()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
    model.fit(data.data[::3, :4], data.target[::3])
    predicted = model.predict(data.data[:, :4]).tolist()
    exporter = model_of()
    exporter.take(
        lines_of([{"y": y, "a": int(a)} for y, a in zip(predicted, data.target, strict=True)]), NOW
    )
    found = gauge(page_of(exporter))
    for average in (None, "macro", "weighted"):
        scores = metrics.precision_recall_fscore_support(data.target, predicted, average=average)
        for metric, expected in zip(("precision", "recall", "f1"), scores[:3], strict=True):
            names = (average,) if average else ("0", "1", "2")
            for name, value in zip(names, np.atleast_1d(expected), strict=True):
                assert found[metric, name] == pytest.approx(value, abs=1e-9)


def test_regression_metrics_are_scikit_learns() -> None:
    data = load_diabetes()
    predicted = Ridge().fit(data.data[::2], data.target[::2]).predict(data.data)
    exporter = model_of("    task: regression\n")
    pairs = zip(predicted.tolist(), data.target.tolist(), strict=True)
    exporter.take(lines_of([{"y": y, "a": a} for y, a in pairs]), NOW)
    page = page_of(exporter)
    found = gauge(page)
    for metric, expected in (
        ("mae", metrics.mean_absolute_error(data.target, predicted)),
        ("rmse", metrics.root_mean_squared_error(data.target, predicted)),
        ("r2", metrics.r2_score(data.target, predicted)),
        ("mape", metrics.mean_absolute_percentage_error(data.target, predicted)),
        ("bias", float((predicted - data.target).mean())),
    ):
        assert found[metric, ""] == pytest.approx(expected, rel=1e-9)
    error = np.abs(predicted - data.target)
    half = 1.959963984540054 * error.std() / np.sqrt(len(error))
    upper = gauge(page, "inference_performance_upper")["mae", ""]
    assert upper == pytest.approx(error.mean() + half, rel=1e-9)
    assert gauge(page, "inference_performance_lower")["r2", ""] < found["r2", ""]


def test_the_reference_has_the_same_metrics_as_the_window(
    tmp_path: Path, cancer: tuple[list[dict[str, object]], Series]
) -> None:
    """Reference and live data are the same rows here, so every value is the same."""
    rows, page = cancer
    path = tmp_path / "reference.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = CONFIG + "    business_value: {tp: 10, fp: -50, fn: -5}\n"
    (model,) = config.parse(text, "config.yaml").models
    reference = build([str(path)], model, now=1.0)
    exporter = model_of("    business_value: {tp: 10, fp: -50, fn: -5}\n", reference)
    exporter.take(lines_of(rows), NOW)
    page = page_of(exporter)
    assert gauge(page, "inference_performance_reference") == pytest.approx(gauge(page), rel=1e-9)
    names = values(page, "inference_threshold", "name")
    assert names["accuracy_drop",] == 0.05
    assert names["estimated_accuracy_drop",] == 0.05


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ("{tp: 1, fq: 2}", "business_value.fq: unknown outcome; expected one of tp, fp"),
        ("{tp: many}", "business_value.tp: expected a number"),
        ("{1: {0: x}}", "business_value.1.0: expected a number"),
        ("{1: {0: 2}, 0: 3}", "business_value.0: expected actual classes"),
        ("[1]", "business_value: expected {tp: …"),
    ],
)
def test_a_business_value_that_cannot_be_understood_is_refused(given: str, problem: str) -> None:
    with pytest.raises(ConfigError) as error:
        config.parse(f"{CONFIG}    business_value: {given}\n", "config.yaml")
    assert problem in str(error.value)


def test_classes_of_a_business_value_are_called_as_in_the_log() -> None:
    text = f"{CONFIG}    business_value: {{1: {{1: 5, 0: -1}}, no: {{2.0: 2}}}}\n"
    (model,) = config.parse(text, "config.yaml").models
    assert model.business_value is not None
    assert model.business_value.pairs == {("1", "1"): 5, ("1", "0"): -1, ("false", "2"): 2}


def test_a_business_value_without_a_positive_class_is_absent() -> None:
    exporter = model_of("    business_value: {tp: 1}\n")
    exporter.take(lines_of([{"y": row % 3, "a": 1} for row in range(60)]), NOW)
    assert ("business_value", "") not in gauge(page_of(exporter))


def test_rare_events_are_ranked_by_the_references_own_scores(tmp_path: Path) -> None:
    """Nearly all scores below 0.05: one of the 20 bins, but most of the reference's."""
    random = np.random.default_rng(3)
    score = random.beta(0.3, 30.0, 20_000)
    actual = random.random(20_000) < score
    pairs = zip(score.tolist(), actual.tolist(), strict=True)
    rows: list[dict[str, object]] = [{"y": int(p > 0.5), "p": p, "a": int(a)} for p, a in pairs]
    path = tmp_path / "reference.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows[:10_000]))
    (model,) = config.parse(CONFIG, "config.yaml").models
    reference = build([str(path)], model, now=1.0)
    plain, ranked = model_of('    positive_class: "1"\n'), model_of("", reference)
    bounds = []
    for exporter in (plain, ranked):
        exporter.take(lines_of(rows[10_000:]), NOW)
        page = page_of(exporter)
        exact = metrics.roc_auc_score(actual[10_000:], score[10_000:])
        bound = values(page, "inference_performance_binning_error", "metric")["roc_auc",]
        assert abs(gauge(page)["roc_auc", ""] - exact) <= bound
        bounds.append(bound)
    assert bounds[0] > 0.1
    assert bounds[1] < 0.01
    estimate = values(page, "inference_performance_estimate", "metric")["roc_auc",]
    assert abs(estimate - gauge(page)["roc_auc", ""]) < 0.05
