"""Estimates of more than two classes: near what labels then show, in intervals that hold 95 %."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from inference_exporter.accumulators import ExpectedClasses, Groups
from inference_exporter.config import parse
from inference_exporter.performance import (
    Estimates,
    ExpectedClassSums,
    class_estimates,
    pair_values,
)
from inference_exporter.performance.intervals import as_share
from inference_exporter.reference import build, dumps, loads
from inference_exporter.reference.judging.calibrate_classes import calibrate_classes
from inference_exporter.values.batch import Batch, ClassScores, Floats, Ints
from inference_exporter.values.profile import ClassCalibration
from multiclass import NAMES, draw, exact
from performance_data import NOW, lines_of, model_of, page_of, values

METRICS = ("accuracy", "macro_precision", "macro_recall", "macro_f1")


def names_of(classes: int) -> tuple[str, ...]:
    return NAMES[:classes]


def sums_of(known: ClassCalibration, given: Floats, predicted: Ints) -> ExpectedClassSums:
    """As the exporter counts it, in two batches and two groups."""
    one = ExpectedClasses(known)
    out = np.zeros((2, one.cells))
    for part in np.array_split(np.arange(len(given)), 2):
        batch = Batch(
            len(part),
            scores=ClassScores(known.classes, given[part]),
            prediction=[known.classes[at] for at in predicted[part].tolist()],
        )
        one.count(batch, Groups(part % 2, 2), out)
    return one.sums(out.sum(axis=0))


def estimated(known: ClassCalibration, given: Floats) -> Estimates:
    return class_estimates(sums_of(known, given, given.argmax(axis=1)), None, known.classes)


def realised(predicted: Ints, actual: Ints) -> dict[str, float]:
    found = metrics.precision_recall_fscore_support(
        actual, predicted, average="macro", zero_division=np.nan
    )
    return {
        "accuracy": float(metrics.accuracy_score(actual, predicted)),
        **{
            f"macro_{name}": float(found[i]) for i, name in enumerate(("precision", "recall", "f1"))
        },
    }


def calibrated(given: Floats, actual: Ints) -> ClassCalibration:
    known = calibrate_classes(given, given.argmax(axis=1), actual, names_of(given.shape[1]))
    assert known is not None
    return known


def population(
    random: np.random.Generator, rows: int, classes: int, shift: float = 0.0
) -> tuple[Floats, Ints]:
    """Inputs and labels; a shift moves the inputs, and leaves what they mean as it is."""
    weights = np.random.default_rng(99).normal(0, 1.6, (6, classes))
    x = random.normal(0, 1, (rows, 6))
    x[:, 1] += 0.7 * x[:, 0]
    x += shift * np.array([1.0, 0.5, -0.5, 0.0, 0.0, 0.3])
    logit = x @ weights + 0.6 * np.abs(x[:, 3:4]) * weights[0]
    chances = np.exp(5.0 * (logit - logit.max(axis=1, keepdims=True)))
    chances /= chances.sum(axis=1, keepdims=True)
    actual = (chances.cumsum(axis=1) < random.random((rows, 1))).sum(axis=1)
    return x, np.minimum(actual, classes - 1)


MODELS: dict[str, Callable[[], object]] = {
    "logistic": lambda: LogisticRegression(max_iter=200),
    "tree": lambda: DecisionTreeClassifier(min_samples_leaf=100, random_state=0),
    "bayes": GaussianNB,  # overconfident: calibration has something to do
}


@pytest.mark.slow
@pytest.mark.parametrize("classes", [3, 7])
@pytest.mark.parametrize("name", MODELS)
def test_estimates_are_near_what_labels_show_while_inputs_shift(name: str, classes: int) -> None:
    """20 chunks of 5,000 rows; the anchors of two classes (NannyML's data) are 0.0051 and 0.0066.

    Of 5,000 rows with an accuracy of 0.75, chance alone puts the labels 0.0049 off in the mean.
    """
    random = np.random.default_rng(2)
    model = MODELS[name]()
    x, actual = population(random, 20_000, classes)
    model.fit(x, actual)  # type: ignore[attr-defined]
    x, actual = population(random, 30_000, classes)
    known = calibrated(model.predict_proba(x), actual)  # type: ignore[attr-defined]
    gaps: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for chunk in range(20):
        x, actual = population(random, 5000, classes, shift=chunk / 40)
        given = model.predict_proba(x)  # type: ignore[attr-defined]
        found, truth = estimated(known, given), realised(given.argmax(axis=1), actual)
        for metric in METRICS:
            gaps[metric].append(abs(found[metric][0] - truth[metric]))
    means = {metric: round(float(np.mean(gap)), 4) for metric, gap in gaps.items()}
    print(f"{name}, {classes} classes: mean |estimate - labels| {means}, accuracy {truth}")  # noqa: T201
    assert means["accuracy"] <= 0.0055
    assert means["macro_f1"] <= 0.0080


@pytest.mark.slow
@pytest.mark.parametrize(
    ("classes", "learned", "live"), [(3, 1000, 1000), (5, 5000, 500), (10, 5000, 5000)]
)
def test_the_interval_holds_its_95_percent_without_drift(
    classes: int, learned: int, live: int
) -> None:
    """100 references with 4 windows each: both the labels and what was learned vary."""
    random = np.random.default_rng(learned + live)
    hits: Counter[str] = Counter()
    for _ in range(100):
        known = calibrated(*draw(random, learned, classes))
        for _ in range(4):
            given, actual = draw(random, live, classes)
            truth = realised(given.argmax(axis=1), actual)
            for metric, (_, interval) in estimated(known, given).items():
                assert interval is not None
                hits[metric] += interval[0] <= truth[metric] <= interval[1]
    print(classes, learned, live, {metric: count / 400 for metric, count in hits.items()})  # noqa: T201
    assert set(hits) == set(METRICS)
    for metric, count in hits.items():
        assert 0.90 <= count / 400 <= 0.98, (metric, count / 400)


@pytest.mark.slow
def test_the_last_step_of_the_calibration_takes_away_what_many_classes_are_too_sure_of() -> None:
    """10 classes, 8 references of 5,000 rows: accuracy to expect less that of 20,000 labels."""
    random = np.random.default_rng(1)
    gaps: dict[str, list[float]] = {"each class": [], "and the predicted one": []}
    for _ in range(8):
        known = calibrated(*draw(random, 5000, 10))
        plain = replace(known, top=(np.empty(0), np.empty(0)))
        given, actual = draw(random, 20_000, 10)
        truth = float((given.argmax(axis=1) == actual).mean())
        for found, one in zip(gaps.values(), (plain, known), strict=True):
            found.append(estimated(one, given)["accuracy"][0] - truth)
    means = {name: round(float(np.mean(gap)), 4) for name, gap in gaps.items()}
    print(f"accuracy estimated too high by {means}")  # noqa: T201
    assert means["each class"] > 0.01
    assert abs(means["and the predicted one"]) < 0.005


def truth_of(random: np.random.Generator, p: Floats) -> Ints:
    drawn = (p.cumsum(axis=1) < random.random((len(p), 1))).sum(axis=1)
    found: Ints = np.minimum(drawn, p.shape[1] - 1)
    return found


def taken_as_they_are(classes: int, learned: float = 1e12) -> ClassCalibration:
    none = (np.empty(0),) * classes
    errors = np.zeros(classes + 1)
    return ClassCalibration(
        names_of(classes), none, none, (np.empty(0), np.empty(0)),
        np.full(classes, learned), errors, errors,
    )  # fmt: skip


@pytest.mark.slow
def test_values_and_variances_are_those_of_simulated_labels() -> None:
    """20,000 draws of all labels of 400 rows: the sums say how they are spread."""
    random = np.random.default_rng(3)
    given, _ = draw(random, 400, 4, sharpness=1.0)
    predicted = np.where(random.random(400) < 0.8, given.argmax(axis=1), random.integers(0, 4, 400))
    known = taken_as_they_are(4)
    sums = sums_of(known, given, predicted)
    worth = random.normal(0, 1, (4, 4))
    cells = {(a, b): worth[i, j] for i, a in enumerate("abcd") for j, b in enumerate("abcd")}
    found = class_estimates(sums, pair_values(cells), known.classes)
    drawn: dict[str, list[float]] = {name: [] for name in (*METRICS, "business_value")}
    tables = np.zeros((20_000, 4, 4))
    for at in range(20_000):
        table = np.zeros((4, 4))
        np.add.at(table, (predicted, truth_of(random, given)), 1)
        tables[at] = table
        hits, rows, actual = np.diagonal(table), table.sum(axis=1), table.sum(axis=0)
        drawn["accuracy"].append(hits.sum() / 400)
        drawn["macro_precision"].append(float(np.mean(hits / rows)))
        drawn["macro_recall"].append(float(np.mean(hits / actual)))
        drawn["macro_f1"].append(float(np.mean(2 * hits / (rows + actual))))
        drawn["business_value"].append(float((worth * table).sum()) / 400)
    for name, many in drawn.items():
        value, interval = found[name]
        assert interval is not None
        assert value == pytest.approx(np.mean(many), abs=2e-3)
        width = (interval[1] - interval[0]) / (2 * 1.96)
        if name == "business_value":  # an upper bound
            assert np.std(many) <= width <= 1.3 * np.std(many)
        else:
            assert width == pytest.approx(np.std(many), rel=0.03), name
    assert sums.cells == pytest.approx(tables.mean(axis=0), abs=0.2)
    assert sums.spread == pytest.approx(tables.var(axis=0), rel=0.05)


def test_the_delta_method_has_the_right_gradient() -> None:
    """Each estimate, against numerical derivatives by every cell."""
    given, _ = draw(np.random.default_rng(4), 300, 3, sharpness=1.0)
    predicted = given.argmax(axis=1)
    sums = sums_of(taken_as_they_are(3), given, predicted)
    for metric, (value, interval) in class_estimates(sums, None, ("a", "b", "c")).items():
        slope = np.zeros((3, 3))
        for cell in np.ndindex(3, 3):
            ends = []
            for step in (1e-4, -1e-4):
                moved = sums.cells.copy()
                moved[cell] += step
                other = ExpectedClassSums(sums.rows, moved, *(np.zeros((3, 3)),) * 3, sums.learned)
                ends.append(class_estimates(other, None, ("a", "b", "c"))[metric][0])
            slope[cell] = (ends[0] - ends[1]) / 2e-4
        of_row = slope[predicted]  # the variance of one draw from each row's probabilities
        variance = ((of_row**2 * given).sum(axis=1) - (of_row * given).sum(axis=1) ** 2).sum()
        assert interval is not None
        assert interval == pytest.approx(as_share(value, variance), rel=1e-6), metric


def test_calibrated_probabilities_sum_to_one_and_keep_what_they_say() -> None:
    given, actual = draw(np.random.default_rng(5), 5000, 6)
    known = calibrated(given, actual)
    predicted = given.argmax(axis=1)
    found = known.calibrated(given, predicted)
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-12)
    assert found.min() >= 0
    own = found[np.arange(len(found)), predicted]
    assert own.mean() == pytest.approx((predicted == actual).mean(), abs=0.003)
    assert known.error_after[-1] <= known.error_before[-1]
    certain = np.eye(6)
    again = known.calibrated(certain, np.arange(6))
    assert again.sum(axis=1) == pytest.approx(1, abs=1e-12)


def test_few_labels_or_a_rare_class_leave_probabilities_as_they_are() -> None:
    given, actual = draw(np.random.default_rng(6), 1000, 3)
    few = slice(0, 199)
    predicted = given.argmax(axis=1)
    assert calibrate_classes(given[few], predicted[few], actual[few], ("a", "b", "c")) is None
    actual[actual == 2] = 0
    actual[:9] = 2
    known = calibrated(given, actual)
    assert not len(known.scores[2])
    assert len(known.scores[0])


def test_a_reference_with_probabilities_estimates_live_performance(tmp_path: Path) -> None:
    """From the labelled file to the page: gauges, counters, and what the reference reached."""
    random = np.random.default_rng(7)
    path = tmp_path / "good.jsonl"
    given, actual = draw(random, 5000, 4)
    labelled: list[dict[str, object]] = [
        {"p": dict(zip(NAMES, row, strict=False)), "a": NAMES[label]}
        for row, label in zip(given.tolist(), actual.tolist(), strict=True)
    ]
    path.write_bytes(lines_of(labelled))
    text = (
        "models:\n  m:\n    logs: [x]\n    fields: {scores: p, actual: a}\n    reference: r.json\n"
    )
    (config,) = parse(text, "c.yaml").models
    reference = loads(dumps(build([str(path)], config, now=NOW)))
    assert reference.classes == names_of(4)
    for key, value in exact(given, actual, [3]).items():
        assert reference.performance[key] == pytest.approx(value, abs=1e-9), key
    assert reference.class_calibration is not None

    model = model_of(reference=reference, text=text)
    live, outcome = draw(random, 3000, 4)
    model.take(lines_of([{"p": row} for row in live.tolist()]), NOW)
    page = page_of(model)
    found = values(page, "inference_performance_estimate", "metric", "window")
    lower = values(page, "inference_performance_estimate_lower", "metric", "window")
    upper = values(page, "inference_performance_estimate_upper", "metric", "window")
    assert {metric for metric, _ in found} == set(METRICS)
    truth = realised(live.argmax(axis=1), outcome)
    for metric, value in truth.items():
        assert lower[metric, "1h"] <= value <= upper[metric, "1h"]
    cells = values(page, "inference_expected_outcomes_total", "predicted", "actual")
    assert len(cells) == 16
    assert sum(cells.values()) == pytest.approx(3000)
    hits = sum(n for (predicted, other), n in cells.items() if predicted == other)
    assert hits / 3000 == pytest.approx(found["accuracy", "1h"], rel=1e-9)
    spread = values(page, "inference_expected_outcomes_variance_total", "predicted", "actual")
    assert all(0 < spread[key] <= cells[key] for key in cells)
    samples = values(page, "inference_performance_estimate_samples", "window")
    assert set(samples.values()) == {3000}
