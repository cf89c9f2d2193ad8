"""Estimates before labels: near what labels then show, with intervals that hold their 95 %."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from estimate_data import CLASSES, EDGES, SCORED, WORTH, draw, estimated, expected_of, realised
from inference_exporter.performance import (
    Expected,
    error_estimates,
    estimates,
    moments,
    score_metrics,
)
from inference_exporter.performance.intervals import as_share, normal
from inference_exporter.reference.judging.calibrate import calibrate, calibration_error, fit
from inference_exporter.reference.judging.chunks import LabelledScores, score_errors
from inference_exporter.reference.judging.scored import Thinned
from inference_exporter.values.batch import Bools, Floats
from inference_exporter.values.losses import LossTable
from performance_data import score_sums


def population(random: np.random.Generator, rows: int, shift: float = 0.0) -> tuple[Floats, Bools]:
    """Inputs and labels; a shift moves the inputs, and leaves what they mean as it is."""
    x = random.normal(0, 1, (rows, 5))
    x[:, 1] += 0.7 * x[:, 0]
    x += shift * np.array([1.0, 0.5, -0.5, 0.0, 0.0])
    logit = 0.8 + 2.6 * x[:, 0] + 2.2 * x[:, 1] - 1.8 * x[:, 2] + 0.8 * np.abs(x[:, 3])
    return x, random.random(rows) < 1 / (1 + np.exp(-1.6 * logit))


MODELS: dict[str, Callable[[], object]] = {
    "logistic": LogisticRegression,
    "tree": lambda: DecisionTreeClassifier(min_samples_leaf=100, random_state=0),
    "bayes": GaussianNB,  # overconfident: calibration has something to do
}


@pytest.mark.parametrize("name", MODELS)
def test_estimates_are_as_near_as_nannymls(name: str) -> None:
    """20 chunks of 5,000 rows, inputs shifting; mean |estimate - realised| against its anchors.

    The anchors are those of NannyML on its own data (car loan, MA employment), which is not here;
    this data is as hard (accuracy about 0.9), and the chunks are as large.
    """
    random = np.random.default_rng(2)
    model = MODELS[name]()
    x, actual = population(random, 20_000)
    model.fit(x, actual)  # type: ignore[attr-defined]

    def predict(x: Floats) -> Floats:
        found: Floats = model.predict_proba(x)[:, 1]  # type: ignore[attr-defined]
        return found

    x, actual = population(random, 30_000)
    known = calibrate(predict(x), actual, CLASSES, EDGES)
    assert known is not None
    gaps: dict[str, list[float]] = {"f1": [], "roc_auc": [], "accuracy": []}
    for chunk in range(20):
        x, actual = population(random, 5000, shift=chunk / 40)
        score = predict(x)
        predicted = score >= 0.5
        found = estimated(known, score, predicted)
        truth = {
            "accuracy": metrics.accuracy_score(actual, predicted),
            "f1": metrics.f1_score(actual, predicted),
            "roc_auc": score_metrics(score_sums(score, actual))["roc_auc", ""],
        }
        for metric, value in truth.items():
            gaps[metric].append(abs(found[metric][0] - value))
    anchors = {"f1": 0.0066, "roc_auc": 0.0040, "accuracy": 0.0051}
    for metric, values in gaps.items():
        assert np.mean(values) <= anchors[metric], metric


@pytest.mark.slow
@pytest.mark.parametrize(("learned", "live"), [(1000, 1000), (5000, 500)])
def test_the_interval_holds_its_95_percent_without_drift(learned: int, live: int) -> None:
    """75 references with 8 windows each: both the coins and what was learned vary."""
    random = np.random.default_rng(learned)
    hits: Counter[str] = Counter()
    for _ in range(75):
        score, actual = draw(random, learned)
        known = calibrate(score, actual, CLASSES, EDGES)
        assert known is not None
        errors = score_errors(LabelledScores(score, score >= 0.4, actual), known)
        for _ in range(8):
            score, actual = draw(random, live)
            predicted = score >= 0.4
            truth = realised(score, predicted, actual)
            for metric, (_, interval) in estimated(known, score, predicted, errors).items():
                assert interval is not None
                hits[metric] += interval[0] <= truth[metric] <= interval[1]
    assert set(hits) == {"accuracy", "precision", "recall", "f1", "business_value", *SCORED}
    for metric, count in hits.items():
        assert 0.90 <= count / 600 <= 0.98, (metric, count / 600)


def test_the_interval_of_a_nearly_perfect_model_stays_where_the_model_is() -> None:
    """On the logit scale the recall of 0.9997 went from 0.007 to 1."""
    rows, hits = np.zeros((2, 20)), np.zeros((2, 20))
    rows[0, 0], rows[1, 19] = 70, 150
    hits[0, 0], hits[1, 19] = 0.04, 146
    table = Expected(rows, hits, hits * (1 - hits / np.maximum(rows, 1)), np.full(20, 50.0))
    value, interval = estimates(table, None, CLASSES)["recall"]
    assert value > 0.9997
    assert interval is not None
    assert 0.9 < interval[0] < 0.9997 < interval[1] <= 1.0


def test_concept_drift_is_invisible_to_it() -> None:
    """Said in the docs, so proven: labels turned around, the same estimate."""
    random = np.random.default_rng(4)
    score, actual = draw(random, 5000)
    known = calibrate(score, actual, CLASSES, EDGES)
    assert known is not None
    predicted = score >= 0.5
    found = estimated(known, score, predicted)["accuracy"][0]
    assert abs(found - np.mean(predicted == actual)) < 0.02
    assert abs(found - np.mean(predicted == ~actual)) > 0.2


@pytest.mark.parametrize("rows", [50, 900])
def test_the_isotonic_regression_is_scikit_learns(rows: int) -> None:
    random = np.random.default_rng(rows)
    score = np.round(random.random(rows), 3)
    outcome = (random.random(rows) < score**2).astype(np.float64)
    xs, ys = fit(score, outcome)
    other = IsotonicRegression(out_of_bounds="clip").fit(score, outcome)
    at = np.linspace(0, 1, 997)
    assert np.interp(at, xs, ys) == pytest.approx(other.predict(at), abs=1e-9)


def test_many_distinct_scores_make_a_small_table_near_the_whole() -> None:
    random = np.random.default_rng(8)
    score = random.random(50_000)
    outcome = (random.random(50_000) < score**2).astype(np.float64)
    xs, ys = fit(score, outcome)
    assert len(xs) <= 1000
    other = IsotonicRegression(out_of_bounds="clip").fit(score, outcome)
    assert np.abs(np.interp(score, xs, ys) - other.predict(score)).mean() < 0.005


def test_the_calibration_error_is_over_bins_of_equal_counts() -> None:
    random = np.random.default_rng(9)
    score = random.random(5000)
    outcome = (random.random(5000) < score**2).astype(np.float64)
    true, mean = calibration_curve(outcome, score, n_bins=10, strategy="quantile")
    assert calibration_error(score, outcome) == pytest.approx(np.abs(true - mean).mean(), abs=1e-3)


def test_scores_that_are_calibrated_are_taken_as_they_are() -> None:
    """Of 1,000 rows each with the scores 0.1 to 0.9, as many as the score says are positive."""
    score = np.repeat(np.arange(1, 10) / 10, 1000)
    actual = np.tile(np.arange(10), 900) < np.round(score * 10)
    known = calibrate(score, actual, CLASSES, EDGES)
    assert known is not None
    assert not len(known.scores)
    assert known.error_before < known.error_after
    assert known.probability(score) is score


def test_too_few_labels_make_no_calibration() -> None:
    score = np.linspace(0, 1, 199)
    assert calibrate(score, score > 0.5, CLASSES, EDGES) is None
    score = np.linspace(0, 1, 400)
    assert calibrate(score, score > 0.99, CLASSES, EDGES) is None


def test_estimates_of_nothing_are_absent() -> None:
    empty = np.zeros((2, 20))
    nothing = Expected(empty, empty, empty, np.zeros(20))
    assert estimates(nothing, WORTH, CLASSES) == {}
    ones = np.ones(10)
    assert (
        error_estimates(np.zeros(10), LossTable(np.arange(9.0), ones, ones, ones, ones, ones)) == {}
    )


def test_the_delta_method_has_the_right_gradient() -> None:
    """Each estimate, against numerical derivatives by the expected positives of every cell."""
    random = np.random.default_rng(12)
    score, actual = draw(random, 3000)
    known = calibrate(score, actual, CLASSES, EDGES)
    assert known is not None
    base = replace(expected_of(known, score, score >= 0.4), losses=None)
    for metric, (value, interval) in estimates(base, WORTH, CLASSES).items():
        slope = np.zeros((2, 20))
        for cell in np.ndindex(2, 20):
            ends = []
            for step in (1e-3, -1e-3):
                hits = base.hits.copy()
                hits[cell] += step
                moved = Expected(base.rows, hits, base.spread, base.learned)
                ends.append(estimates(moved, WORTH, CLASSES)[metric][0])
            slope[cell] = (ends[0] - ends[1]) / 2e-3
        assert interval is not None
        variance = base.variance(slope)
        expected = normal(value, variance)
        if metric != "business_value":
            expected = as_share(value, variance)
        assert interval == pytest.approx(expected, rel=1e-6), metric


def test_the_estimates_of_losses_are_means_over_both_outcomes() -> None:
    """Against a sum by hand, and their variance against labels drawn again and again."""
    random = np.random.default_rng(21)
    score, actual = draw(random, 4000)
    known = calibrate(score, actual, CLASSES, EDGES)
    assert known is not None
    known = replace(known, rows=np.full(len(known.rows), 1e12))  # nothing is left to learn
    found = estimated(known, score, score >= 0.5)
    p = known.probability(score)
    clipped = np.clip(score, 1e-15, 1 - 1e-15)
    by_hand = {
        "brier_score": p * (1 - score) ** 2 + (1 - p) * score**2,
        "log_loss": -p * np.log(clipped) - (1 - p) * np.log(1 - clipped),
    }
    drawn = random.random((1000, len(p))) < p
    again = {
        "brier_score": ((score - drawn) ** 2).mean(axis=1),
        "log_loss": -np.log(np.where(drawn, clipped, 1 - clipped)).mean(axis=1),
    }
    for metric, losses in by_hand.items():
        value, interval = found[metric]
        assert value == pytest.approx(losses.mean(), rel=1e-9)
        assert interval is not None
        width = 2 * 1.96 * again[metric].std()
        assert interval[1] - interval[0] == pytest.approx(width, rel=0.1)


def test_labels_that_are_certain_have_the_average_precision_of_scikit_learn() -> None:
    random = np.random.default_rng(22)
    score = np.round(random.random(3000), 1) * 0.9 + 0.02  # no two of one bin differ
    actual = random.random(3000) < score
    rows, hits = np.zeros((2, 20)), np.zeros((2, 20))
    cell = np.searchsorted(EDGES, score)
    rows[1], hits[1] = np.bincount(cell, minlength=20), np.bincount(cell[actual], minlength=20)
    value, variance = moments(Expected(rows, hits, hits * 0, np.ones(20)), None, CLASSES)[
        "average_precision"
    ]
    assert value == pytest.approx(metrics.average_precision_score(actual, score), rel=1e-9)
    assert variance == 0


def test_thinning_keeps_every_second_row_of_all() -> None:
    kept = Thinned(limit=100)
    for start in range(0, 1000, 30):
        kept.add(np.arange(start, min(start + 30, 1000), dtype=np.float64)[:, None])
    rows = kept.rows(1)[:, 0]
    assert rows.tolist() == list(range(0, 1000, 16))
