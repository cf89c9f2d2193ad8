"""Intervals of shares, means over classes, errors and values: against SciPy and by simulation."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from inference_exporter.accumulators import ErrorSpread, Groups, RegressionOutcomes
from inference_exporter.performance import (
    SCORE_BINS,
    ScoreSums,
    binary_values,
    business_value,
    business_value_interval,
    classification_intervals,
    classification_metrics,
    count_scores,
    pair_values,
    regression_intervals,
    regression_metrics,
    score_intervals,
    score_metrics,
    wilson,
)
from inference_exporter.performance.confusion import RATIOS
from inference_exporter.performance.regression import r2_variance
from inference_exporter.performance.scores import SCORE_CELLS
from inference_exporter.values.batch import Batch, Floats, NumericColumn

CELLS = {("a", "a"): 60, ("a", "b"): 9, ("b", "a"): 6, ("b", "b"): 25, ("c", "b"): 4, ("c", "c"): 9}
CELLS[("a", "c")] = 7


@pytest.mark.parametrize(("hits", "rows"), [(0, 1), (0, 50), (1, 1), (7, 10), (199, 200)])
def test_wilson_is_scipys(hits: int, rows: int) -> None:
    expected = binomtest(hits, rows).proportion_ci(method="wilson")
    assert wilson(hits, rows) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_shares_have_wilsons_interval() -> None:
    found = classification_intervals(CELLS)
    assert found["accuracy", ""] == wilson(94, 120)
    assert found["precision", "b"] == wilson(25, 31)
    assert found["recall", "c"] == wilson(9, 16)


def test_f1_has_the_interval_of_its_jaccard_index() -> None:
    low, high = wilson(25, 25 + 6 + 13)
    expected = (2 * low / (1 + low), 2 * high / (1 + high))
    assert classification_intervals(CELLS)["f1", "b"] == pytest.approx(expected)


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("metric", RATIOS)
def test_the_delta_method_has_the_right_gradient(metric: str, average: str) -> None:
    """The width on the logit scale, against numerical derivatives by every cell."""
    mean = classification_metrics(CELLS)[metric, average]
    variance = 0.0
    for key, count in CELLS.items():
        more = classification_metrics({**CELLS, key: count + 1e-4})[metric, average]
        less = classification_metrics({**CELLS, key: count - 1e-4})[metric, average]
        variance += count * ((more - less) / 2e-4) ** 2
    low, high = classification_intervals(CELLS)[metric, average]
    width = np.log(high / (1 - high)) - np.log(low / (1 - low))
    expected = 2 * 1.959963984540054 * np.sqrt(variance) / (mean * (1 - mean))
    assert width == pytest.approx(expected, rel=1e-6)


def test_every_interval_covers_the_truth_as_often_as_it_says() -> None:
    random = np.random.default_rng(3)
    keys, counts = list(CELLS), np.array(list(CELLS.values()), dtype=float)
    truth = classification_metrics(CELLS)
    hits: Counter[tuple[str, str]] = Counter()
    for _ in range(600):
        drawn = random.multinomial(400, counts / counts.sum())
        found = classification_intervals(dict(zip(keys, drawn.tolist(), strict=True)))
        hits.update(key for key, (low, high) in found.items() if low <= truth[key] <= high)
    assert set(hits) == set(truth)
    for key, count in hits.items():
        assert 0.92 <= count / 600 <= 0.98, key


def test_a_perfect_model_has_no_interval_of_its_mean_but_one_of_its_shares() -> None:
    found = classification_intervals({("a", "a"): 30, ("b", "b"): 30})
    assert found["accuracy", ""] == wilson(60, 60)
    assert ("recall", "macro") not in found


@pytest.mark.parametrize("average", ["macro", "weighted"])
def test_averages_are_scikit_learns(average: str) -> None:
    random = np.random.default_rng(5)
    actual = random.choice(["a", "b", "c", "d"], 3000, p=[0.7, 0.2, 0.09, 0.01])
    predicted = np.where(random.random(3000) < 0.6, actual, random.choice(["a", "b", "e"], 3000))
    found = classification_metrics(Counter(zip(predicted.tolist(), actual.tolist(), strict=True)))
    scores = metrics.precision_recall_fscore_support(
        actual, predicted, average=average, zero_division=np.nan
    )
    for metric, expected in zip(RATIOS, scores[:3], strict=True):
        assert found[metric, average] == pytest.approx(expected, abs=1e-9)


CENTRE = 9.0


def sums_of(error: Floats, actual: Floats) -> tuple[dict[str, float], dict[str, float]]:
    """As the accumulators make them, which are what is tested here with them."""
    batch = Batch(
        rows=len(actual),
        prediction_value=NumericColumn(actual + error),
        actual_value=NumericColumn(actual),
    )
    groups = Groups(np.zeros(len(actual), np.int64), 1)
    found = []
    for one in (RegressionOutcomes(), ErrorSpread(CENTRE)):
        cells = np.zeros((1, one.cells))
        one.count(batch, groups, cells)
        found.append(one.sums(cells[0]))
    return found[0], found[1]


def test_intervals_of_errors_cover_the_truth_as_often_as_they_say() -> None:
    """Errors with a heavy tail, a bias and a spread that grows: nothing normal about them."""
    random = np.random.default_rng(11)
    actual = random.uniform(5, 15, 1_000_000)
    error = random.gamma(3, 1, len(actual)) * actual / 10 - 2.5
    truth = regression_metrics(sums_of(error, actual)[0])
    hits: Counter[str] = Counter()
    for _ in range(400):
        rows = random.integers(0, len(actual), 500)
        for (metric, _), (low, high) in regression_intervals(
            *sums_of(error[rows], actual[rows])
        ).items():
            hits[metric] += low <= truth[metric, ""] <= high
    assert set(hits) == {"mae", "rmse", "bias", "mape", "r2"}
    for metric, count in hits.items():
        assert 0.90 <= count / 400 <= 0.98, metric


def test_errors_without_spread_have_no_interval() -> None:
    sums, spread = sums_of(np.full(10, 1.0), np.full(10, 2.0))
    assert regression_intervals(sums, spread) == {}
    assert regression_intervals({"n": 0.0}, spread) == {}


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_the_variance_of_r2_is_that_of_its_influence_function(shift: float) -> None:
    random = np.random.default_rng(12)
    actual = random.gamma(2, 3, 5000) + shift
    error = random.normal(0.3, 1, 5000) * (1 + actual - shift) / 4
    sums, spread = sums_of(error, actual)
    square, variance = np.mean(error**2), np.var(actual)
    influence = -(error**2) / variance
    influence += square / variance**2 * (actual - actual.mean()) ** 2
    expected = np.var(influence) / len(actual)
    assert r2_variance(sums, spread) == pytest.approx(expected, rel=1e-9 if not shift else 1e-4)
    low, high = regression_intervals(sums, spread)["r2", ""]
    assert low < metrics.r2_score(actual, actual + error) < high < 1


@pytest.mark.parametrize("off", [0.0, 0.03, 0.15])
@pytest.mark.parametrize("rows", [300, 5000])
def test_the_true_calibration_error_is_in_its_interval_at_least_as_often_as_promised(
    off: float, rows: int
) -> None:
    random, hits, trials = np.random.default_rng(13), 0, 1000
    for _ in range(trials):
        score = random.beta(2, 3, rows)
        wave = off * np.where(np.arange(SCORE_BINS) % 2, 1.0, -1.0)
        at = np.minimum((score * SCORE_BINS).astype(int), SCORE_BINS - 1)
        likely = np.clip(score + wave[at], 0, 1)
        cells = np.zeros((1, SCORE_CELLS))
        count_scores(score, random.random(rows) < likely, np.zeros(rows, np.int64), cells)
        sums = ScoreSums.of(cells[0])
        truth = np.abs(np.bincount(at, likely - score, SCORE_BINS)).sum() / rows
        measured = score_metrics(sums)["calibration_error", ""]
        low, high = score_intervals(sums)["calibration_error", ""]
        assert 0 <= low <= measured <= high
        hits += low <= truth <= high
    assert hits / trials >= 0.95


def test_business_value_is_the_mean_of_what_rows_are_worth() -> None:
    cells = {("1", "1"): 30.0, ("1", "0"): 10.0, ("0", "1"): 5.0, ("0", "0"): 55.0}
    worth = {"tp": 40.0, "fp": -5.0, "fn": -200.0}
    rows = np.repeat([40.0, -5.0, -200.0, 0.0], [30, 10, 5, 55])
    values = binary_values(worth, positive="1")
    assert business_value(cells, values) == pytest.approx(rows.mean())
    half = 1.959963984540054 * rows.std() / 10
    expected = (rows.mean() - half, rows.mean() + half)
    assert business_value_interval(cells, values) == pytest.approx(expected)


def test_business_value_by_pairs_of_any_classes() -> None:
    values = pair_values({("a", "b"): -3.0, ("b", "b"): 1.0})
    assert business_value({("a", "b"): 1.0, ("b", "b"): 2.0, ("c", "c"): 1.0}, values) == -0.25
    assert business_value({}, values) is None
    assert business_value_interval({}, values) is None
