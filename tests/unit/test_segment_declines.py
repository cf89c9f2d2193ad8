"""Segments against themselves: how often by chance, and what is found."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from alert_rules.ruleset import drops as rules
from scipy import stats

from inference_exporter.config.drops import DROPS, GROWTH, GROWTHS, allowed
from inference_exporter.performance import (
    ScoreSums,
    count_scores,
    regression_intervals,
    regression_metrics,
    score_intervals,
    score_metrics,
    wilson,
)
from inference_exporter.performance.declines import decline, rows_of_share
from inference_exporter.performance.groups import Known, Measured, known_gap, worst
from inference_exporter.performance.scores import SCORE_CELLS
from inference_exporter.segments.comparison import LOOKS


def share(hits: float, rows: float) -> Measured:
    return Measured(hits / rows, wilson(hits, rows), rows)


def fires(before: Measured, now: Measured, alpha: float, metric: str = "accuracy") -> bool:
    found = decline(metric, before, now, alpha)
    assert found is not None
    return found.value > found.critical


def exact_rate(p: float, before: int, now: int, alpha: float) -> float:
    """Probability that chance fires: all outcomes of both binomials."""
    total = 0.0
    low, high = (int(one) for one in stats.binom.ppf([1e-11, 1 - 1e-11], before, p))
    for hits in range(low, high + 1):
        of_before, fires_at, silent_at = share(hits, before), -1, now
        while silent_at - fires_at > 1:  # the fewer hits, the surer
            middle = (fires_at + silent_at) // 2
            if fires(of_before, share(middle, now), alpha):
                fires_at = middle
            else:
                silent_at = middle
        total += float(stats.binom.pmf(hits, before, p) * stats.binom.cdf(fires_at, now, p))
    return total


@pytest.mark.parametrize("p", [0.5, 0.9, 0.97])
@pytest.mark.parametrize(("before", "now"), [(200, 200), (2000, 200), (2000, 1000), (200, 2000)])
@pytest.mark.parametrize("alpha", [1e-2, 1e-6])
def test_chance_exceeds_the_critical_decline_of_a_share_no_more_often_than_asked(
    p: float, before: int, now: int, alpha: float
) -> None:
    """Far out too, where an interval of the normal distribution fires many times as often."""
    assert exact_rate(p, before, now, alpha) <= alpha


def scored(draw: np.random.Generator, rows: int) -> dict[str, Measured]:
    score = draw.beta(1.0, 4.0, rows)
    cells = np.zeros((1, SCORE_CELLS))
    count_scores(score, draw.random(rows) < score, np.zeros(rows, np.int64), cells)
    sums = ScoreSums.of(cells[0])
    values, intervals = score_metrics(sums), score_intervals(sums)
    return {key[0]: Measured(values[key], intervals[key], rows) for key in intervals}


def errors(draw: np.random.Generator, rows: int) -> dict[str, Measured]:
    y, error = draw.normal(100, 20, rows), draw.standard_t(5, rows) * 5
    relative = np.abs(error / y)
    sums = {
        "n": rows, "absolute": np.abs(error).sum(), "squared": (error**2).sum(),
        "over": np.maximum(error, 0).sum(), "under": np.maximum(-error, 0).sum(),
        "percentage": relative.sum(), "percentage_n": rows, "fourth": (error**4).sum(),
        "percentage_squared": (relative**2).sum(), "actual_positive": y.sum(),
        "actual_negative": 0.0, "actual_squared": (y**2).sum(),
    }  # fmt: skip
    values, intervals = regression_metrics(sums), regression_intervals(sums)
    return {key[0]: Measured(values[key], intervals[key], rows) for key in intervals}


@pytest.mark.slow
@pytest.mark.parametrize("make", [scored, errors])
def test_chance_exceeds_the_critical_decline_of_other_metrics_as_seldom(
    make: Callable[[np.random.Generator, int], dict[str, Measured]],
) -> None:
    draw, alpha, trials = np.random.default_rng(1), 0.01, 3000
    alarms: dict[str, int] = {}
    for _ in range(trials):
        before, now = make(draw, 1500), make(draw, 500)
        for metric in before.keys() & now.keys():
            found = decline(metric, before[metric], now[metric], alpha)
            if found is not None:
                alarms[metric] = alarms.get(metric, 0) + (found.value > found.critical)
    assert len(alarms) >= 3
    assert max(alarms.values()) / trials <= 1.5 * alpha, alarms


def test_an_easy_segment_that_falls_is_found_and_a_hard_one_that_stays_is_not() -> None:
    """At the level of one look at five segments, eight metrics and two fields with a reference."""
    draw, alpha, found, false = np.random.default_rng(3), 0.03 / 750 / LOOKS / 4 / 40, 0, 0
    for _ in range(500):
        easy, hard = share(draw.binomial(2000, 0.97), 2000), share(draw.binomial(2000, 0.7), 2000)
        found += fires(easy, share(draw.binomial(1500, 0.90), 1500), alpha)
        false += fires(hard, share(draw.binomial(1500, 0.70), 1500), alpha)
    assert found / 500 > 0.9
    assert false == 0


@pytest.mark.parametrize(("rows", "accuracy"), [(500, 0.9), (300, 0.97)])
def test_three_months_of_looking_every_minute_give_at_most_one_false_alarm_each(
    rows: int, accuracy: float
) -> None:
    """Five segments against references of 5,000 rows that are drawn once a month."""
    months, minutes, segments = 3, 43_200, 5
    draw, alpha, alarms = np.random.default_rng(rows), 1 / 750 / LOOKS / segments, 0
    looked = 0
    for _ in range(months):
        before = [share(one, 5000) for one in draw.binomial(5000, accuracy, segments).tolist()]
        made = draw.poisson(rows / 60, (minutes, segments))
        right = draw.binomial(made, accuracy)
        sums = [np.vstack([np.zeros(segments), np.cumsum(one, axis=0)]) for one in (made, right)]
        n, hits = (one[61:] - one[:-61] for one in sums)
        quiet = -60
        for at in np.flatnonzero((hits / n < accuracy - 0.03).any(axis=1)).tolist():
            fired = any(
                fires(before[k], share(hits[at, k], n[at, k]), alpha)
                for k in range(segments)
                if n[at, k] >= 200 and hits[at, k] / n[at, k] < accuracy - 0.03
            )
            looked += 1
            alarms += fired and at - quiet >= 60
            quiet = at if fired else quiet
    assert looked > 1000
    assert alarms / months <= 1


def test_what_has_no_interval_or_no_order_has_no_decline() -> None:
    one = Measured(0.5, None, 100)
    assert decline("accuracy", share(50, 100), one, 0.01) is None
    assert decline("accuracy", one, share(50, 100), 0.01) is None
    assert decline("bias", share(50, 100), share(50, 100), 0.01) is None


def test_rows_that_resemble_each_other_say_less() -> None:
    before = share(9000, 10_000)
    alike = decline("accuracy", before, share(160, 200), 1e-4, design=4.0)
    fewer = decline("accuracy", before, share(40, 50), 1e-4)
    assert alike is not None
    assert fewer is not None
    assert (alike.value, alike.critical) == pytest.approx((fewer.value, fewer.critical))


@pytest.mark.parametrize(("hits", "rows"), [(0, 50), (1, 200), (200, 200), (40, 300), (7.5, 12.5)])
def test_rows_of_an_interval_are_those_it_was_made_of(hits: float, rows: float) -> None:
    assert rows_of_share(hits / rows, wilson(hits, rows)) == pytest.approx(rows)


def test_a_gap_that_the_reference_had_is_none_that_grew() -> None:
    parts = {"IT": share(700, 1000), "FR": share(800, 1000), "DE": share(3800, 4000)}
    whole = share(5300, 6000)
    raw = worst("accuracy", whole, parts, 0.01)
    known = {
        name: known_gap("accuracy", share(8950, 10_000), one)
        for name, one in {"IT": share(1400, 2000), "FR": share(1800, 2000)}.items()
    }
    grown = worst("accuracy", whole, parts, 0.01, known={k: v for k, v in known.items() if v})
    assert raw is not None
    assert grown is not None
    assert raw.name == "IT"  # the gap to the whole stays what it is
    assert grown.name == "FR"
    assert grown.gap == pytest.approx(5300 / 6000 - 0.8)
    assert isinstance(known["FR"], Known)
    assert known["FR"].gap == 0.0  # it was better than all rows
    assert grown.critical is not None
    assert raw.critical is not None
    assert worst("accuracy", whole, parts, 0.01, known={}) == raw


def test_the_rules_allow_what_the_exporter_allows() -> None:
    assert dict(DROPS) == rules.DEFAULT_DROPS
    assert (rules.GROWTHS, rules.DEFAULT_GROWTH) == (GROWTHS, GROWTH)
    assert allowed("precision", 0.04, {}) == pytest.approx(0.01)
    assert allowed("r2", 0.2, {}) == 0.1
    assert allowed("accuracy", 0.9, {"accuracy_drop": 0.02}) == 0.02
    assert allowed("mae", 10.0, {"regression_error_growth": 2.0}) == 10.0
    assert allowed("rmse", 10.0, {"rmse_growth": 1.5}) == 5.0
    assert allowed("bias", 10.0, {}) is None
