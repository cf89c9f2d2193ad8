"""Two versions side by side: against published formulas and brute force, cut and restarted."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats
from sklearn import metrics

from inference_exporter import config
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.versions import METRICS, REFUSED, level
from inference_exporter.errors import ConfigError
from inference_exporter.performance import sequence
from inference_exporter.values.batch import Batch, Floats, NumericColumn
from inference_exporter.versions import Contest, Rules, measure_of
from inference_exporter.versions.contest import BETTER, EQUAL, WORSE

RULES = Rules(False, 0.05, 0.0, 2000, 100, 1.0, 1.0)


def _published_boundary(variance: float, rows: int, level: float, rho: float) -> float:
    """Waudby-Smith et al. (2024), equation (5), for a mean of rows of this variance."""
    n, r = rows, rho**2
    return math.sqrt(variance) * math.sqrt(
        2 * (n * r + 1) / (n**2 * r) * math.log(math.sqrt(n * r + 1) / level)
    )


def _msprt_boundary(variance_of_mean: float, level: float, tau2: float) -> float:
    """Johari et al. (2022): where the mixture likelihood ratio with N(0, tau²) is 1 / level."""

    def log_ratio(mean: float) -> float:
        total = variance_of_mean + tau2
        exponent = mean**2 * tau2 / (2 * variance_of_mean * total)
        return 0.5 * math.log(variance_of_mean / total) + exponent + math.log(level)

    return float(optimize.brentq(log_ratio, 0, 100 * math.sqrt(variance_of_mean)))


@pytest.mark.parametrize("rows", [50, 1000, 40_000])
@pytest.mark.parametrize("chance", [0.2, 0.05, 0.001])
def test_the_interval_is_the_published_one(rows: int, chance: float) -> None:
    variance = 0.21
    ours = float(
        sequence.half_width(np.array(variance / rows), np.array(float(rows)), chance, 3000)
    )
    tuned = sequence.tuning(chance, 3000)
    assert ours == pytest.approx(_published_boundary(variance, rows, chance, math.sqrt(tuned)))
    assert ours == pytest.approx(_msprt_boundary(variance / rows, chance, tuned * variance))


def test_the_interval_is_tightest_where_it_was_planned() -> None:
    def width(log_planned: float) -> float:
        found = sequence.half_width(np.array(1e-3), np.array(1000.0), 0.05, math.exp(log_planned))
        return float(found)

    best = optimize.minimize_scalar(width, bounds=(0, 20), method="bounded")
    assert width(math.log(1000)) == pytest.approx(best.fun, rel=1e-3)


def test_how_many_rows_it_takes_is_where_the_interval_is_that_wide() -> None:
    times = sequence.rows_until(0.02, 2e-3, 500.0, 0.05, 5000)
    half = sequence.half_width(np.array(2e-3 / times), np.array(500.0 * times), 0.05, 5000)
    assert float(half) == pytest.approx(0.02, rel=1e-9)
    assert sequence.rows_until(1.0, 2e-3, 500.0, 0.05, 5000) == 1.0
    assert sequence.rows_until(0.0, 2e-3, 500.0, 0.05, 5000) == math.inf


def test_means_of_weighted_rows_are_those_of_the_textbook() -> None:
    rng = np.random.default_rng(3)
    values, weights = rng.exponential(size=700), rng.choice([1.0, 5.0, 20.0], 700)
    found = sequence.means(sequence.row_sums(values, weights).sum(axis=0), 0.0)
    mean = np.average(values, weights=weights)
    assert float(found.value) == pytest.approx(mean)
    spread = (weights**2 * (values - mean) ** 2).sum() / weights.sum() ** 2
    assert float(found.variance) == pytest.approx(spread)  # linearised, as of a ratio
    assert float(found.rows) == pytest.approx(weights.sum() ** 2 / (weights**2).sum())


def test_rows_of_weight_one_have_the_variance_of_a_mean() -> None:
    values = np.random.default_rng(4).normal(5, 2, 400)
    found = sequence.means(sequence.row_sums(values, np.ones(400)).sum(axis=0), 0.0)
    assert float(found.variance) == pytest.approx(stats.sem(values, ddof=0) ** 2)


# -- the metrics ---------------------------------------------------------------------------------

TEXT = """\
models:
  m:
    logs: [x]
    fields: {{version: v, prediction: y, score: s, actual: a}}
    positive_class: "1"
    business_value: {{tp: 40, fp: -5, fn: -200}}
    compare_versions: {{champion: 7, challenger: 8, metric: {metric}}}
"""


def _model(metric: str, more: str = "") -> ModelConfig:
    return config.parse(TEXT.format(metric=metric) + more, "c.yaml").models[0]


def _classes(rows: int = 600) -> Batch:
    rng = np.random.default_rng(9)
    score = rng.random(rows)
    actual = (rng.random(rows) < score).astype(int)
    said = (score > 0.4).astype(int)
    return Batch(
        rows, prediction=said.tolist(), actual=[str(one) for one in actual],
        score=NumericColumn(score),
    )  # fmt: skip


def _arrays(batch: Batch) -> tuple[Floats, Floats, Floats]:
    assert batch.prediction is not None
    assert batch.actual is not None
    assert batch.score is not None
    actual, said = (np.array(column, float) for column in (batch.actual, batch.prediction))
    return actual, said, batch.score.values


@pytest.mark.parametrize("metric", ["accuracy", "precision", "recall", "brier_score", "log_loss"])
def test_the_mean_of_the_values_is_the_metric(metric: str) -> None:
    batch = _classes()
    actual, said, score = _arrays(batch)
    expected = {
        "accuracy": metrics.accuracy_score(actual, said),
        "precision": metrics.precision_score(actual, said),
        "recall": metrics.recall_score(actual, said),
        "brier_score": metrics.brier_score_loss(actual, score),
        "log_loss": metrics.log_loss(actual, score),
    }[metric]
    measure = measure_of(_model(metric))
    assert np.nanmean(measure.values(batch)) == pytest.approx(expected)
    assert measure.sign == (1 if metric in ("accuracy", "precision", "recall") else -1)


def test_the_mean_worth_is_the_business_value() -> None:
    batch = _classes()
    actual, said, _ = _arrays(batch)
    worth = 40 * actual * said - 5 * (1 - actual) * said - 200 * actual * (1 - said)
    measure = measure_of(_model("business_value"))
    values = measure.values(batch)
    assert values.min() == 0
    assert values.mean() + measure.origin == pytest.approx(worth.mean())
    assert measure.reach == 240


@pytest.mark.parametrize("metric", ["mae", "mse", "mape"])
def test_the_mean_error_is_the_metric(metric: str) -> None:
    rng = np.random.default_rng(2)
    actual, said = rng.normal(10, 3, 300), rng.normal(10, 3, 300)
    batch = Batch(
        300, prediction_value=NumericColumn(said), actual_value=NumericColumn(actual),
        prediction=said.tolist(), actual=actual.tolist(),
    )  # fmt: skip
    of = {
        "mae": metrics.mean_absolute_error,
        "mse": metrics.mean_squared_error,
        "mape": metrics.mean_absolute_percentage_error,
    }[metric]
    values = measure_of(_model(metric)).values(batch)
    assert values.mean() == pytest.approx(of(actual, said))


@pytest.mark.parametrize("metric", METRICS)
def test_rows_without_what_a_metric_needs_have_no_value(metric: str) -> None:
    values = measure_of(_model(metric)).values(Batch(2, prediction=["1", None], actual=None))
    assert np.isnan(values).all()
    nothing = Batch(
        3, prediction=["1", None, "1"], actual=[None, "1", None],
        score=NumericColumn(np.array([0.5, 0.5, np.nan])),
    )  # fmt: skip
    values = measure_of(_model(metric)).values(nothing)
    assert np.isnan(values)[[0, 2]].all()


# -- the configuration ---------------------------------------------------------------------------


@pytest.mark.parametrize("metric", REFUSED)
def test_a_metric_that_is_no_mean_over_rows_is_refused_with_a_sentence(metric: str) -> None:
    with pytest.raises(ConfigError, match=f"{metric} cannot be compared: "):
        _model(metric)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{champion: 7, challenger: 7, metric: mae}", "challenger: is the champion"),
        ("{champion: 7, challenger: 8, metric: acuracy}", "unknown metric; did you mean accuracy"),
        ("{champion: 7, challenger: 8}", "metric: missing"),
        ("{champion: 7, challenger: 8, metric: mae}", "fields.version: missing"),
        ("{champion: 7, challenger: 8, metric: mae}", "labels: missing"),
        ("{champion: 7, challenger: 8, metric: recall}", "positive_class: missing"),
        ("{champion: 7, challenger: 8, metric: log_loss}", "fields.score: missing"),
        ("{champion: 7, challenger: 8, metric: business_value}", "business_value: missing"),
        ("{champion: 7, challenger: 8, metric: mae, since: yesterday}", "a time with its zone"),
        ("{champion: 7, challenger: 8, metric: mae, since: 2026-01-01}", "a time with its zone"),
        ("{champion: 7, challenger: 8, metric: mae, paired: true}", "both predictions of a requ"),
        ("{champion: 7, challenger: 8, metric: precision, paired: true}", "which makes no pairs"),
    ],
)
def test_what_is_wrong_with_the_section_is_said(section: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.parse(f"models: {{m: {{logs: [x], compare_versions: {section}}}}}", "c.yaml")
    assert message in str(caught.value)


def test_the_level_is_the_part_of_the_budget_unless_it_is_given() -> None:
    assert level(_model("accuracy")) == pytest.approx(0.02)
    half = _model("accuracy", "    thresholds: {false_alarms_per_month: 0.5}\n")
    assert level(half) == pytest.approx(0.01)
    given = TEXT.format(metric="accuracy, alpha: 0.1, since: '2026-11-02T08:00:00+01:00'")
    one = config.parse(given, "c.yaml").models[0]
    assert level(one) == 0.1
    assert one.compare_versions is not None
    assert one.compare_versions.since == 1793602800.0


# -- the contest ---------------------------------------------------------------------------------


def _fed(rules: Rules, sides: Floats, values: Floats, cuts: list[int]) -> Contest:
    """Counted in pieces, each by a contest that takes up the state of the one before."""
    contest = Contest(rules)
    for start, stop in zip([0, *cuts], [*cuts, len(values)], strict=True):
        before, contest = contest, Contest(rules)
        assert contest.decode(before.encode())
        rows = sequence.row_sums(values[start:stop], np.ones(stop - start))
        contest.add(sides[start:stop].astype(np.int64), rows, float(stop))
    return contest


def _by_hand(rules: Rules, sides: Floats, values: Floats) -> tuple[int, float, float] | None:
    """The first row after which 0 is outside: its number, the difference, half the interval."""
    for stop in range(1, len(values) + 1):
        own = [values[:stop][sides[:stop] == side] for side in (0, 1)]
        if min(map(len, own)) < rules.least:
            continue
        spread = max(one.var() + rules.reach**2 / len(one) for one in own)
        shared = 1 / len(own[0]) + 1 / len(own[1])
        rho = math.sqrt(sequence.tuning(rules.level, rules.planned))
        variance = spread * shared
        rows = 2 / shared
        half = _published_boundary(variance * rows, rows, rules.level, rho)  # type: ignore[arg-type]
        difference = own[1].mean() - own[0].mean()
        if abs(difference) > half:
            return stop, difference, half
    return None


@pytest.mark.parametrize("seed", range(4))
def test_it_is_decided_on_the_row_that_brute_force_finds_however_lines_come(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sides = (rng.random(3000) < 0.3).astype(float)
    values = (rng.random(3000) < np.where(sides == 1, 0.75, 0.9)).astype(float)
    expected = _by_hand(RULES, sides, values)
    assert expected is not None
    row, difference, half = expected
    cuts = np.sort(rng.integers(0, 3000, 20)).tolist()
    for pieces in (cuts[:0], cuts):
        found = _fed(RULES, sides, values, pieces).decision
        assert found is not None
        assert found.champion + found.challenger == row
        assert found.state == WORSE
        assert (found.difference, found.upper) == pytest.approx((difference, difference + half))


@pytest.mark.parametrize("seed", range(3))
def test_pairs_are_decided_where_brute_force_says_however_they_come(seed: int) -> None:
    rng = np.random.default_rng(seed)
    apart = rng.choice([-1.0, 0.0, 1.0], 3000, p=[0.12, 0.83, 0.05])
    rules = Rules(True, 0.05, 0.0, 2000, 100, 1.0, 1.0)
    rho, row = math.sqrt(sequence.tuning(0.05, 2000)), 0
    for stop in range(100, 3001):
        variance = apart[:stop].var() + 1 / stop  # one more pair that is as far off as can be
        if abs(apart[:stop].mean()) > _published_boundary(variance, stop, 0.05, rho):
            row = stop
            break
    assert row
    for cuts in ([3000], np.sort(rng.integers(1, 3000, 15)).tolist()):
        contest = Contest(rules)
        for piece in np.split(apart, cuts):
            before, contest = contest, Contest(rules)
            assert contest.decode(before.encode())
            contest.add_pairs(piece, np.ones(len(piece)), 1.0, np.full(len(piece), 7.0))
        found = contest.decision
        assert found is not None
        assert (found.champion, found.challenger, found.state) == (row, row, WORSE)
        assert (found.seen, found.made) == (1.0, 7.0)
        assert contest.counted == 3000


def test_what_was_decided_stays_and_the_interval_goes_on() -> None:
    rng = np.random.default_rng(1)
    sides = np.tile([0.0, 1.0], 4000)
    values = (rng.random(8000) < np.where(sides == 1, 0.97, 0.8)).astype(float)
    contest = Contest(RULES)
    contest.add(sides.astype(np.int64), sequence.row_sums(values, np.ones(8000)), 1.0)
    decided, found = contest.decision, contest.finding()
    assert decided is not None
    assert found is not None
    assert decided.state == BETTER
    assert decided.champion < 600
    assert found.upper - found.lower < (decided.upper - decided.lower) / 2
    back = (rng.random(8000) < np.where(sides == 1, 0.6, 0.8)).astype(float)
    contest.add(sides.astype(np.int64), sequence.row_sums(back, np.ones(8000)), 2.0)
    assert contest.decision == decided


def test_a_margin_makes_them_equal_and_a_lower_loss_better() -> None:
    rng = np.random.default_rng(6)
    sides = np.tile([0, 1], 10_000)
    sums = sequence.row_sums((rng.random(20_000) < 0.9).astype(float), np.ones(20_000))
    alike = Contest(Rules(False, 0.05, 0.03, 5000, 100, 1.0, 1.0))
    alike.add(sides, sums, 1.0)
    assert alike.decision is not None
    assert alike.decision.state == EQUAL
    assert max(-alike.decision.lower, alike.decision.upper) < 0.03
    loss = Contest(Rules(False, 0.05, 0.0, 5000, 100, 0.0, -1.0))
    values = rng.exponential(np.where(sides == 1, 0.7, 1.0))
    loss.add(sides, sequence.row_sums(values, np.ones(20_000)), 1.0)
    assert loss.decision is not None
    assert loss.decision.state == BETTER
    assert loss.decision.upper < 0


def test_rows_that_resemble_each_other_widen_the_interval() -> None:
    sides = np.tile([0, 1], 2000)
    values = (np.random.default_rng(6).random(4000) < 0.9).astype(float)
    plain, alike = Contest(RULES), Contest(RULES)
    alike.design = (4.0, 4.0)
    for one in (plain, alike):
        one.add(sides, sequence.row_sums(values, np.ones(4000)), 1.0)
    narrow, wide = plain.finding(), alike.finding()
    assert narrow is not None
    assert wide is not None
    assert wide.upper - wide.lower > 1.6 * (narrow.upper - narrow.lower)


def _ever_decided(rules: Rules, share: float, rate: float, rows: int, runs: int) -> int:
    decided = 0
    for run in range(runs):
        rng = np.random.default_rng([run, 77])
        contest = Contest(rules)
        sides = (rng.random(rows) < share).astype(np.int64)
        values = (rng.random(rows) < rate).astype(float)
        contest.add(sides, sequence.row_sums(values, np.ones(rows)), 0.0)
        decided += contest.decision is not None
    return decided


@pytest.mark.parametrize(("share", "rate"), [(0.5, 0.9), (0.05, 0.99), (0.5, 0.7)])
def test_versions_that_are_alike_are_hardly_ever_told_apart_at_any_look(
    share: float, rate: float
) -> None:
    """10,000 looks each, at a level of 10 %."""
    runs = 200
    decided = _ever_decided(Rules(False, 0.1, 0.0, 2000, 200, 1.0, 1.0), share, rate, 10_000, runs)
    assert decided <= stats.binom.ppf(0.999, runs, 0.1)


def test_worth_by_classes_is_that_of_the_table() -> None:
    worth = "business_value: {cat: {cat: 5, dog: -2}, 1: {dog: -7}}"
    text = TEXT.format(metric="business_value").replace(
        "business_value: {tp: 40, fp: -5, fn: -200}", worth
    )
    measure = measure_of(config.parse(text, "c.yaml").models[0])
    batch = Batch(
        6, prediction=["cat", "cat", 1, 1.0, "cow", None],
        actual=["cat", "dog", "dog", "1", "cat", "cat"],
    )  # fmt: skip
    found = measure.values(batch) + measure.origin
    assert found[:5].tolist() == [5, -2, -7, 0, 0]
    assert np.isnan(found[5])
    assert (measure.origin, measure.reach) == (-7, 12)


def test_more_classes_than_are_remembered_are_right_all_the_same() -> None:
    names = [f"c{number}" for number in range(3000)]
    actual = [one if at % 3 else f"{one}x" for at, one in enumerate(names)]
    measure = measure_of(_model("accuracy"))
    for _ in range(2):
        found = measure.values(Batch(3000, prediction=list(names), actual=list(actual)))
        assert found.tolist() == [float(at % 3 > 0) for at in range(3000)]
