"""What estimates are off by from one time of the reference to the next is in their intervals."""

from __future__ import annotations

import numpy as np
import pytest

from estimate_data import CLASSES, EDGES, estimated, realised
from inference_exporter.performance import rank_edges
from inference_exporter.performance.estimates import interval_of
from inference_exporter.reference.judging.calibrate import calibrate
from inference_exporter.reference.judging.chunks import (
    LabelledScores,
    beyond_chance,
    chunks_of,
    score_errors,
)
from inference_exporter.values.batch import Floats

METRICS = {"accuracy", "precision", "recall", "f1", "roc_auc", "average_precision"}
LOSSES = {"brier_score", "log_loss"}


def months(random: np.random.Generator, count: int, rows: int, spread: float) -> LabelledScores:
    """Months in which what a score means is another: by a normal step on the logit scale."""
    score = random.beta(1.5, 1.5, count * rows)
    step = np.repeat(random.normal(0, spread, count), rows)
    odds = np.log(score / (1 - score)) + step
    positive = random.random(len(score)) < 1 / (1 + np.exp(-odds))
    return LabelledScores(score, score >= 0.5, positive)


def errors_of(rows: LabelledScores) -> dict[str, float]:
    known = calibrate(rows.score, rows.positive, CLASSES, EDGES)
    assert known is not None
    return score_errors(rows, known)


def test_a_reference_in_which_nothing_varies_adds_nothing_mostly() -> None:
    random = np.random.default_rng(1)
    found = [errors_of(months(random, 20, 200, 0.0)) for _ in range(25)]
    assert set(found[0]) == METRICS | LOSSES
    none = np.mean([one == 0.0 for errors in found for one in errors.values()])
    assert none >= 0.65  # by design in four of five


@pytest.mark.slow
@pytest.mark.parametrize("rows", [300, 1000])
def test_intervals_hold_in_months_that_the_reference_does_not_have(rows: int) -> None:
    """What a score means varies from month to month; coins alone make promises that break."""
    random = np.random.default_rng(rows)
    held: dict[bool, list[bool]] = {False: [], True: []}
    for _ in range(15):
        past = months(random, 20, rows, 0.3)
        known = calibrate(past.score, past.positive, CLASSES, EDGES)
        assert known is not None
        errors = score_errors(past, known)
        for _ in range(10):
            now = months(random, 1, rows, 0.3)
            truth = realised(now.score, now.predicted, now.positive)
            for metric, (value, interval) in estimated(known, now.score, now.predicted).items():
                if metric not in errors:
                    continue  # the business value
                assert interval is not None
                variance = ((interval[1] - interval[0]) / (2 * 1.96)) ** 2
                wide = interval_of(metric, value, variance + errors[metric] ** 2)
                assert wide is not None
                held[False].append(interval[0] <= truth[metric] <= interval[1])
                held[True].append(wide[0] <= truth[metric] <= wide[1])
    assert np.mean(held[True]) >= 0.90
    assert np.mean(held[False]) < np.mean(held[True]) - (0.1 if rows == 1000 else 0.0)


def test_the_excess_is_what_variances_leave_over() -> None:
    """Differences of 0.05 with a variance of 0.03²: by hand, sqrt(0.0025 - 0.0009) = 0.04."""
    pairs = [({"f1": (0.7 + sign * 0.05, 0.0009)}, {"f1": 0.7}) for sign in (1, -1) * 10]
    assert beyond_chance(pairs) == {"f1": pytest.approx(0.04)}
    assert beyond_chance(pairs[:4]) == {}
    calm = [({"f1": (0.7 + sign * 0.03, 0.0009)}, {"f1": 0.7}) for sign in (1, -1) * 10]
    assert beyond_chance(calm) == {"f1": 0.0}


def test_few_rows_make_no_chunks() -> None:
    assert chunks_of(499) is None
    chunks = chunks_of(50_000)
    assert chunks is not None
    assert np.bincount(chunks).tolist() == [2500] * 20
    random = np.random.default_rng(5)
    assert errors_of(months(random, 1, 400, 0.0)) == {}


def test_chunks_are_judged_by_a_calibration_of_the_others() -> None:
    """Scores that mean the opposite in one chunk: a fit that had seen it would be half as far off.

    With 5 chunks the others say p = score, the turned chunk 1 - score.
    """
    score = np.tile(np.linspace(0.01, 0.99, 2000), 5)
    random = np.random.default_rng(6)
    chance: Floats = score.copy()
    chance[8000:] = 1 - chance[8000:]
    rows = LabelledScores(score, score >= 0.5, random.random(10_000) < chance)
    edges = rank_edges(np.empty(0))
    known = calibrate(rows.score, rows.positive, CLASSES, edges)
    assert known is not None
    # Accuracy of the four is 0.75, of the turned one 0.25: each is estimated by the others.
    assert score_errors(rows, known)["accuracy"] > 0.1
