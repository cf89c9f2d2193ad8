"""Metrics of binned scores: exact where they can be, within the stated bound where not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from inference_exporter.performance import (
    Interval,
    ScoreSums,
    binning_errors,
    score_intervals,
    score_metrics,
)
from inference_exporter.performance.scores import bin_of
from inference_exporter.values.batch import Bools, Floats
from performance_data import score_sums


def data(seed: int, rows: int = 2000) -> tuple[Floats, Bools]:
    """Scores of very different shapes; every third set has many ties."""
    random = np.random.default_rng(seed)
    score = random.beta(*((0.5, 5.0), (2.0, 2.0), (5.0, 0.3))[seed % 3], rows)
    if seed % 3 == 0:
        score = np.round(score, 2)
    return score, random.random(rows) < score**0.7


@pytest.mark.parametrize("seed", range(6))
def test_exact_metrics_are_scikit_learns(seed: int) -> None:
    score, actual = data(seed)
    found = score_metrics(score_sums(score, actual))
    assert found["brier_score", ""] == pytest.approx(
        metrics.brier_score_loss(actual, score), rel=1e-9
    )
    clipped = np.clip(score, 1e-15, 1 - 1e-15)
    assert found["log_loss", ""] == pytest.approx(metrics.log_loss(actual, clipped), rel=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_ranking_metrics_are_scikit_learns_of_the_bins(seed: int) -> None:
    score, actual = data(seed)
    found, rank = score_metrics(score_sums(score, actual)), bin_of(score)
    assert found["roc_auc", ""] == pytest.approx(metrics.roc_auc_score(actual, rank), rel=1e-9)
    average = metrics.average_precision_score(actual, rank)
    assert found["average_precision", ""] == pytest.approx(average, rel=1e-9)


@pytest.mark.parametrize("rows", [5, 40, 2000])
@pytest.mark.parametrize("seed", range(30))
def test_the_binning_error_is_within_the_stated_bound(seed: int, rows: int) -> None:
    score, actual = data(seed, rows)
    if actual.all() or not actual.any():
        actual[0] = not actual[0]
    sums = score_sums(score, actual)
    found, bound = score_metrics(sums), binning_errors(sums)
    for metric, exact in (
        ("roc_auc", metrics.roc_auc_score(actual, score)),
        ("average_precision", metrics.average_precision_score(actual, score)),
    ):
        assert abs(found[metric, ""] - exact) <= bound[metric, ""] + 1e-12


def test_the_bound_is_reached() -> None:
    """One bin, perfectly ordered: the binned area is 1/2, the true one 1, the bound 1/2."""
    score, actual = np.array([0.41, 0.42, 0.43, 0.44]), np.array([False, False, True, True])
    sums = score_sums(score, actual)
    assert score_metrics(sums)["roc_auc", ""] == 0.5
    assert binning_errors(sums)["roc_auc", ""] == 0.5
    worst = score_sums(score, ~actual)
    exact = metrics.average_precision_score(~actual, score)
    gap = abs(score_metrics(worst)["average_precision", ""] - exact)
    assert gap <= binning_errors(worst)["average_precision", ""] + 1e-12


@pytest.mark.parametrize("seed", range(6))
def test_the_calibration_error_is_that_of_twenty_bins(seed: int) -> None:
    score, actual = data(seed)
    at, error = bin_of(score), 0.0
    for one in range(20):
        rows = at == one
        if rows.any():
            error += rows.mean() * abs(score[rows].mean() - actual[rows].mean())
    assert score_metrics(score_sums(score, actual))["calibration_error", ""] == pytest.approx(
        error, rel=1e-9
    )


def test_metrics_without_one_of_the_classes_are_absent() -> None:
    only = score_metrics(score_sums(np.array([0.2, 0.7]), np.array([False, False])))
    assert set(only) == {("brier_score", ""), ("log_loss", ""), ("calibration_error", "")}
    nothing = score_sums(np.empty(0), np.empty(0, np.bool_))
    assert score_metrics(nothing) == {}
    assert score_intervals(nothing) == {}
    assert binning_errors(nothing) == {}


def _covers(interval: Interval | None, value: float) -> bool:
    return interval is not None and interval[0] <= value <= interval[1]


@pytest.mark.parametrize("metric", ["roc_auc", "average_precision", "brier_score", "log_loss"])
def test_intervals_cover_the_truth_as_often_as_they_say(metric: str) -> None:
    """The truth is the value on a million rows; 400 samples of 500 rows each."""
    random = np.random.default_rng(7)
    score = random.beta(1.5, 2.5, 1_000_000)
    actual = random.random(len(score)) < score
    truth = score_metrics(score_sums(score, actual))[metric, ""]
    hits = 0
    for _ in range(400):
        rows = random.integers(0, len(score), 500)
        hits += _covers(
            score_intervals(score_sums(score[rows], actual[rows])).get((metric, "")), truth
        )
    assert 0.90 <= hits / 400 <= 0.985


def test_delong_is_that_of_pairs() -> None:
    """Against the definition: the variance of each row's share of pairs won."""
    score, actual = data(1, 300)
    rank = bin_of(score)
    high, low = rank[actual][:, None], rank[~actual][None, :]
    won = (high > low) + 0.5 * (high == low)
    variance = won.mean(axis=1).var(ddof=1) / len(high) + won.mean(axis=0).var(ddof=1) / low.size
    low_end, high_end = score_intervals(score_sums(score, actual))["roc_auc", ""]
    area = won.mean()
    width = np.log(high_end / (1 - high_end)) - np.log(low_end / (1 - low_end))
    expected = 2 * 1.959963984540054 * np.sqrt(variance) / (area * (1 - area))
    assert width == pytest.approx(expected, rel=1e-9)


def test_sums_of_parts_are_sums_of_the_whole() -> None:
    score, actual = data(4)
    one, other = score_sums(score[:700], actual[:700]), score_sums(score[700:], actual[700:])
    both = ScoreSums(
        one.rows + other.rows,
        one.scores + other.scores,
        one.squared + other.squared,
        one.log_loss + other.log_loss,
    )
    whole = score_metrics(score_sums(score, actual))
    assert score_metrics(both) == pytest.approx(whole, rel=1e-12)
