"""Parts against the whole: formulas against simulation, names against limits."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

from inference_exporter.config.schema import Limits, ModelConfig, Segment
from inference_exporter.families import FAMILIES, correction_of
from inference_exporter.performance import wilson
from inference_exporter.performance.groups import (
    HIGHER_IS_BETTER,
    LOWER_IS_BETTER,
    Measured,
    Worst,
    parity,
    worst,
)
from inference_exporter.segments import Naming, key, parts
from inference_exporter.segments.comparison import LOOKS
from inference_exporter.values.batch import Batch
from inference_exporter.values.ranges import range_names
from inference_exporter.values.vocabulary import OVERFLOW


def share(hits: float, rows: float) -> Measured:
    return Measured(hits / rows, wilson(hits, rows), rows)


# -- the worst segment ---------------------------------------------------------------------------


def test_the_worst_part_has_the_largest_gap_whichever_way_is_better() -> None:
    parts_of = {"a": share(90, 100), "b": share(70, 100)}
    found = worst("accuracy", share(160, 200), parts_of, alpha=0.01)
    assert found is not None
    assert (found.name, found.value) == ("b", 0.7)
    assert found.gap == pytest.approx(0.1)
    errors = {"a": Measured(1.0, (0.9, 1.1), 50), "b": Measured(3.0, (2.8, 3.2), 50)}
    found = worst("mae", Measured(2.0, (1.9, 2.1), 100), errors, alpha=0.01)
    assert found is not None
    assert (found.name, found.gap) == ("b", 1.0)


def test_what_has_no_order_and_what_has_no_company_has_no_worst() -> None:
    parts_of = {"a": share(90, 100), "b": share(70, 100)}
    assert worst("bias", share(160, 200), parts_of, alpha=0.01) is None
    assert worst("accuracy", share(90, 100), {"a": parts_of["a"]}, alpha=0.01) is None
    assert not HIGHER_IS_BETTER & LOWER_IS_BETTER


def test_without_an_interval_the_gap_is_there_and_its_noise_is_not() -> None:
    rows = {"a": Measured(1.0, None, 50), "b": Measured(3.0, None, 50)}
    assert worst("mae", Measured(2.0, None, 100), rows, 0.01) == Worst("b", 3.0, 1.0, None)


@pytest.mark.parametrize("accuracy", [0.7, 0.9, 0.97])
@pytest.mark.parametrize("weights", [(0.5, 0.5), (0.4, 0.3, 0.2, 0.1), (0.9,) + (0.02,) * 5])
def test_by_chance_the_worst_is_beyond_its_critical_gap_as_seldom_as_promised(
    accuracy: float, weights: tuple[float, ...]
) -> None:
    alpha, trials, rows = 0.05, 3000, 12_000
    draw = np.random.default_rng(1)
    counts = draw.multinomial(rows, np.array(weights) / sum(weights), trials)
    hits = draw.binomial(counts, accuracy)
    alarms = 0
    for n, right in zip(counts, hits, strict=True):
        of_parts = {
            str(at): share(float(h), float(m))
            for at, (h, m) in enumerate(zip(right, n, strict=True))
        }
        found = worst("accuracy", share(float(right.sum()), float(n.sum())), of_parts, alpha)
        assert found is not None
        assert found.critical is not None
        alarms += found.gap > found.critical
    assert 0.1 * alpha < alarms / trials < 1.3 * alpha


def test_rows_that_resemble_each_other_say_less_of_a_segment() -> None:
    parts_of = {"a": share(900, 1000), "b": share(860, 1000)}
    alone, alike = (worst("accuracy", share(1760, 2000), parts_of, 0.01, d) for d in (1.0, 4.0))
    assert alone is not None
    assert alike is not None
    assert alone.critical is not None
    assert alike.critical == pytest.approx(2 * alone.critical)
    assert alike.gap == alone.gap
    ratios = [parity({"a": (300, 1000), "b": (200, 1000)}, 0.01, one) for one in (1.0, 4.0)]
    assert ratios[0] is not None
    assert ratios[1] is not None
    assert ratios[1].critical == pytest.approx(ratios[0].critical ** 2)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("segments", "rows", "accuracy"), [(2, 500, 0.9), (5, 2000, 0.7), (10, 300, 0.95)]
)
def test_a_month_of_looking_every_minute_gives_at_most_one_false_alarm(
    segments: int, rows: int, accuracy: float
) -> None:
    """The level of one look at all windows is 1 in 750 (an hour's and a day's, in 30 days)."""
    months, minutes = 3, 43_200
    draw = np.random.default_rng(segments)
    made = draw.poisson(rows / 60, (months * minutes, segments))
    right = draw.binomial(made, accuracy)
    windows = [np.vstack([np.zeros(segments), np.cumsum(one, axis=0)]) for one in (made, right)]
    made, right = (one[61:] - one[:-61] for one in windows)
    alpha, alarms, quiet = 1 / 750 / LOOKS, 0, 60
    for n, hits in zip(made.tolist(), right.tolist(), strict=True):
        of_parts = {str(at): share(hits[at], m) for at, m in enumerate(n) if m >= 200}
        found = worst("accuracy", share(sum(hits), sum(n)), of_parts, alpha)
        fires = found is not None and found.critical is not None and found.gap > found.critical
        alarms += fires and quiet >= 60
        quiet = 0 if fires else quiet + 1
    assert alarms / months <= 1


def test_a_segment_that_is_worse_by_ten_points_is_found_with_a_thousand_rows() -> None:
    draw, found = np.random.default_rng(3), 0
    alpha = 1 / 750 / LOOKS
    for _ in range(500):
        hits = draw.binomial(1000, [0.9, 0.9, 0.9, 0.8]).astype(float)
        of_parts = {str(at): share(h, 1000) for at, h in enumerate(hits.tolist())}
        one = worst("accuracy", share(float(hits.sum()), 4000), of_parts, alpha)
        assert one is not None
        assert one.critical is not None
        found += one.gap > one.critical and one.name == "3"
    assert found / 500 > 0.9


# -- fairness ------------------------------------------------------------------------------------


def test_parity_is_the_smallest_rate_over_the_largest() -> None:
    found = parity({"a": (10, 100), "b": (30, 100), "c": (20, 100)}, alpha=0.05)
    assert found is not None
    assert found.value == pytest.approx(1 / 3)
    assert (found.lowest, found.highest) == ("a", "b")


def test_parity_needs_two_groups_and_somebody_selected() -> None:
    assert parity({"a": (1, 2)}, 0.05) is None
    assert parity({"a": (0, 50), "b": (0, 50)}, 0.05) is None
    assert parity({"a": (1, 2), "b": (0, 0)}, 0.05) is None
    found = parity({"a": (0, 50), "b": (10, 50)}, 0.05)
    assert found is not None
    assert found.value == 0
    found = parity({"a": (50, 50), "b": (20, 20)}, 0.05)
    assert found is not None
    assert (found.value, found.critical) == (1.0, 1.0)


@pytest.mark.parametrize("rate", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("groups", [2, 5])
def test_equal_groups_fall_below_the_critical_ratio_as_seldom_as_promised(
    rate: float, groups: int
) -> None:
    alpha, trials = 0.05, 5000
    draw = np.random.default_rng(2)
    rows = np.linspace(300, 2000, groups).astype(int)
    hits = draw.binomial(rows, rate, (trials, groups))
    alarms = 0
    for one in hits.tolist():
        by_group = {str(at): (h, int(rows[at])) for at, h in enumerate(one)}
        found = parity(by_group, alpha)
        assert found is not None
        alarms += found.value < found.critical
    assert 0.4 * alpha < alarms / trials < 1.3 * alpha


# -- names ---------------------------------------------------------------------------------------


def naming(*segments: Segment, **limits: int) -> Naming:
    return Naming(ModelConfig("m", ("x",), segments=segments, limits=Limits(**limits)), None)


def test_ranges_include_their_upper_bound() -> None:
    one = naming(Segment("age", ("age",), bins=(30.0, 50.0)))
    batch = Batch(rows=6, segments={"age": [30, 30.5, "50", 51, None, "old"]})
    names = ["<=30", "30..50", "30..50", ">50", None, None]
    assert one.named(batch).segments["age"] == names
    assert range_names((-1.5,)) == ("<=-1.5", ">-1.5")


def test_the_first_values_have_names_and_the_rest_overflow_whatever_the_order_of_names() -> None:
    one = naming(Segment("c", ("c",)), Segment("d", ("d",)), segment_combinations=2)
    columns = {"c": ["z", "a", "z", "m", "a"], "d": ["1", "1", "1", "1", "2"]}
    batch = one.named(Batch(rows=5, segments=columns))
    found = [parts(one.keys[at]) for at in one.find(batch, None, ["v"]).tolist()]
    all_else = ("v", (OVERFLOW, OVERFLOW))
    assert found == [("v", ("z", "1")), ("v", ("a", "1")), ("v", ("z", "1")), all_else, all_else]


def test_limits_hold_over_a_restart() -> None:
    one = naming(Segment("c", ("c",)), segment_combinations=2)
    one.learn([key("v", ("a",)), key("w", ("b",)), key("w", (OVERFLOW,))])
    batch = one.named(Batch(rows=3, segments={"c": ["new", "b", "a"]}))
    found = [parts(one.keys[at])[1] for at in one.find(batch, None, ["v"]).tolist()]
    assert found == [(OVERFLOW,), ("b",), ("a",)]


def test_segments_of_sklearn_s_accuracy_are_those_of_the_groups() -> None:
    draw = np.random.default_rng(4)
    actual, predicted = draw.integers(0, 2, 500), draw.integers(0, 2, 500)
    group = draw.integers(0, 3, 500)
    of_parts = {
        str(g): share(float((actual == predicted)[group == g].sum()), float((group == g).sum()))
        for g in range(3)
    }
    found = worst("accuracy", share(float((actual == predicted).sum()), 500.0), of_parts, 0.05)
    scores = [accuracy_score(actual[group == g], predicted[group == g]) for g in range(3)]
    assert found is not None
    assert found.value == pytest.approx(min(scores))
    assert found.name == str(int(np.argmin(scores)))


def test_the_families_with_segments_are_those_of_the_contract() -> None:
    errors = ("absolute_error", "squared_error", "overprediction", "underprediction",
              "absolute_percentage_error", "percentage_error_outcomes", "actual_positive",
              "actual_negative", "actual_squared", "regression_outcomes")  # fmt: skip
    performance = ("", "_lower", "_upper", "_samples", "_binning_error", "_reference",
                   "_reference_lower", "_reference_upper", "_segment_decline",
                   "_segment_decline_critical", "_segment_decline_limit", "_estimate",
                   "_estimate_lower", "_estimate_upper", "_estimate_samples")  # fmt: skip
    wanted = {
        "inference_requests_total",
        "inference_request_failures_total",
        "inference_requests_slow_total",
        "inference_request_duration_seconds",
        "inference_predictions_total",
        "inference_outcomes_total",
        "inference_label_coverage_ratio",
        "inference_group_rate",
        *(f"inference_{name}_total" for name in errors),
        *(f"inference_performance{end}" for end in performance),
    }
    wanted |= {correction_of(name) for name in wanted if "outcome" in name or name in {
        f"inference_{one}_total" for one in errors}}  # fmt: skip
    assert {name for name, family in FAMILIES.items() if family.segmented} == wanted
