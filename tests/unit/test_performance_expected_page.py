"""Estimates on the page: from the reference's file to gauges and counters, without one label."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference_exporter import config
from inference_exporter.accumulators import ExpectedErrors, ExpectedOutcomes, Groups
from inference_exporter.families import FAMILIES
from inference_exporter.reference import build, dumps, loads, show
from inference_exporter.results.expectations import expected_values
from inference_exporter.values.batch import Batch, NumericColumn
from inference_exporter.values.losses import LossTable
from inference_exporter.values.profile import Reference
from performance_data import NOW, lines_of, model_of, page_of, values

UNLABELLED = """\
models:
  m:
    logs: [log.jsonl]
    fields: {prediction: y, score: p, actual: a}
    windows: [1h]
    min_samples: 10
    business_value: {tp: 4, fp: -1, fn: -9}
"""
NUMBERS = """\
models:
  m:
    logs: [log.jsonl]
    fields: {prediction: y, actual: a}
    windows: [1h]
    min_samples: 10
    task: regression
"""
Rows = list[dict[str, object]]


def scored(seed: int, rows: int) -> Rows:
    random = np.random.default_rng(seed)
    p = random.random(rows)
    actual = random.random(rows) < p**2
    return [
        {"y": int(one >= 0.6), "p": float(one), "a": int(other)}
        for one, other in zip(p, actual, strict=True)
    ]


def numbers(seed: int, rows: int) -> Rows:
    random = np.random.default_rng(seed)
    y = random.uniform(1, 9, rows)
    return [
        {"y": float(one), "a": float(one + error)}
        for one, error in zip(y, random.normal(0, y / 5), strict=True)
    ]


def reference_of(text: str, rows: Rows, folder: Path) -> Reference:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (model,) = config.parse(text, "config.yaml").models
    return loads(dumps(build([str(path)], model, now=1.0)))


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return reference_of(UNLABELLED, scored(1, 20_000), tmp_path_factory.mktemp("scored"))


def without_labels(rows: Rows) -> bytes:
    return lines_of([{name: row[name] for name in row if name != "a"} for row in rows])


def test_estimates_come_without_labels_and_meet_them(reference: Reference) -> None:
    rows = scored(2, 5000)
    early, late = model_of("", reference, UNLABELLED), model_of("", reference, UNLABELLED)
    early.take(without_labels(rows), NOW)
    late.take(lines_of(rows), NOW)
    page, labelled = page_of(early), page_of(late)
    assert not values(page, "inference_performance", "metric")
    assert values(page, "inference_performance_estimate_samples", "window") == {("1h",): 5000}
    found = values(page, "inference_performance_estimate", "metric")
    lower = values(page, "inference_performance_estimate_lower", "metric")
    upper = values(page, "inference_performance_estimate_upper", "metric")
    real = values(labelled, "inference_performance", "metric", "class")
    assert len(found) == len(lower) == len(upper) == 9
    for (metric,), value in found.items():
        of_class = "1" if metric in ("precision", "recall", "f1") else ""
        assert lower[metric,] <= value <= upper[metric,]
        width = upper[metric,] - lower[metric,]  # nine 95 % intervals: one may be left, not far
        assert abs(real[metric, of_class] - value) <= width, metric


def test_expected_outcomes_are_sums_of_probabilities(reference: Reference) -> None:
    rows = scored(3, 2000)
    model = model_of("", reference, UNLABELLED)
    model.take(without_labels(rows[:700]), NOW)
    model.take(without_labels(rows[700:]), NOW)
    page = page_of(model)
    known = reference.calibration
    assert known is not None
    assert len(known.scores)
    p = np.interp([float(str(row["p"])) for row in rows], known.scores, known.probabilities)
    said = np.array([row["y"] == 1 for row in rows])
    expected = values(page, "inference_expected_outcomes_total", "predicted", "actual")
    variance = values(page, "inference_expected_outcomes_variance_total", "predicted", "actual")
    for predicted, side in (("1", said), ("0", ~said)):
        assert expected[predicted, "1"] == pytest.approx(p[side].sum(), rel=1e-9)
        assert expected[predicted, "0"] == pytest.approx((1 - p[side]).sum(), rel=1e-9)
        for actual in ("0", "1"):
            spread = (p[side] * (1 - p[side])).sum()
            assert variance[predicted, actual] == pytest.approx(spread, rel=1e-9)


def test_expected_losses_are_counters_whose_mean_is_the_estimate(reference: Reference) -> None:
    model = model_of("", reference, UNLABELLED)
    model.take(without_labels(scored(3, 2000)), NOW)
    page = page_of(model)
    found = values(page, "inference_performance_estimate", "metric")
    (squared,) = values(page, "inference_expected_score_squared_error_total").values()
    (log_loss,) = values(page, "inference_expected_score_log_loss_total").values()
    assert squared == pytest.approx(2000 * found["brier_score",], rel=1e-9)
    assert log_loss == pytest.approx(2000 * found["log_loss",], rel=1e-9)


def test_what_estimates_were_off_by_over_time_widens_their_intervals(reference: Reference) -> None:
    """The variance between chunks of the reference comes to that of the coins."""
    pages = []
    for errors in ({}, {"accuracy": 0.05, "log_loss": 0.1}):
        model = model_of("", replace(reference, estimate_errors=errors), UNLABELLED)
        model.take(without_labels(scored(2, 5000)), NOW)
        pages.append(page_of(model))
    family = "inference_performance_estimate"
    plain, wide = (
        {
            key: values(page, f"{family}_upper", "metric")[key]
            - values(page, f"{family}_lower", "metric")[key]
            for key in values(page, family, "metric")
        }
        for page in pages
    )
    changed = {key for key in plain if plain[key] != wide[key]}
    assert changed == {("accuracy",), ("log_loss",)}
    for metric, error in (("accuracy", 0.05), ("log_loss", 0.1)):
        squares = plain[metric,] ** 2 + (2 * 1.96 * error) ** 2
        assert wide[metric,] ** 2 == pytest.approx(squares, rel=0.05)  # a share's ends bend
    told = values(pages[1], f"{family}_reference_error", "metric")
    assert told == {("accuracy",): 0.05, ("log_loss",): 0.1}


def test_expected_outcomes_survive_a_restart_but_not_another_calibration(
    reference: Reference,
) -> None:
    model = model_of("", reference, UNLABELLED)
    model.take(without_labels(scored(4, 300)), NOW)
    puts, _ = model.take_changes()
    again = model_of("", reference, UNLABELLED)
    assert again.restore(puts, NOW) == []
    family = "inference_expected_outcomes_total"
    assert values(page_of(again), family, "predicted", "actual") == values(
        page_of(model), family, "predicted", "actual"
    )
    known = reference.calibration
    assert known is not None
    moved = replace(known, probabilities=known.probabilities * 0.9)
    other = model_of("", replace(reference, calibration=moved), UNLABELLED)
    other.restore(puts, NOW)
    assert set(values(page_of(other), family, "predicted", "actual").values()) == {0.0}


def test_a_class_that_is_not_the_calibrated_one_has_no_estimate(reference: Reference) -> None:
    model = model_of('    positive_class: "0"\n', reference, UNLABELLED)
    model.take(without_labels(scored(5, 300)), NOW)
    assert not values(page_of(model), "inference_performance_estimate", "metric")


def test_few_predictions_have_no_estimate_but_are_counted(reference: Reference) -> None:
    model = model_of("", reference, UNLABELLED)
    model.take(without_labels(scored(6, 9)), NOW)
    page = page_of(model)
    assert not values(page, "inference_performance_estimate", "metric")
    assert values(page, "inference_performance_estimate_samples", "window") == {("1h",): 9}


def test_expected_errors_of_a_regression(tmp_path: Path) -> None:
    reference = reference_of(NUMBERS, numbers(1, 20_000), tmp_path)
    rows = numbers(2, 5000)
    early, late = model_of("", reference, NUMBERS), model_of("", reference, NUMBERS)
    early.take(without_labels(rows), NOW)
    late.take(lines_of(rows), NOW)
    page, labelled = page_of(early), page_of(late)
    found = values(page, "inference_performance_estimate", "metric")
    lower = values(page, "inference_performance_estimate_lower", "metric")
    upper = values(page, "inference_performance_estimate_upper", "metric")
    real = values(labelled, "inference_performance", "metric")
    assert set(found) == {("mae",), ("rmse",), ("bias",), ("mape",)}
    for key in found:
        assert lower[key] <= real[key] <= upper[key]
    (total,) = values(page, "inference_expected_absolute_error_total").values()
    assert total == pytest.approx(5000 * found["mae",], rel=1e-9)
    (total,) = values(page, "inference_expected_squared_error_total").values()
    assert total == pytest.approx(5000 * found["rmse",] ** 2, rel=1e-9)
    (over,) = values(page, "inference_expected_overprediction_total").values()
    (under,) = values(page, "inference_expected_underprediction_total").values()
    assert over - under == pytest.approx(5000 * found["bias",], rel=1e-9)
    (share,) = values(page, "inference_expected_absolute_percentage_error_total").values()
    (usable,) = values(page, "inference_expected_percentage_error_outcomes_total").values()
    assert share / usable == pytest.approx(found["mape",], rel=1e-9)


def test_without_labels_in_the_reference_there_is_no_estimate(tmp_path: Path) -> None:
    rows = [{"y": row["y"], "p": row["p"]} for row in scored(7, 1000)]
    reference = reference_of(UNLABELLED, rows, tmp_path)
    assert reference.calibration is None
    model = model_of("", reference, UNLABELLED)
    model.take(lines_of(rows), NOW)
    page = page_of(model)
    assert not values(page, "inference_performance_estimate_samples", "window")
    assert not values(page, "inference_expected_outcomes_total", "predicted")


def test_a_warmup_with_labels_makes_a_calibration() -> None:
    text = UNLABELLED + "    reference: {warmup: 1000}\n"
    model = model_of("", None, text)
    rows = scored(8, 1500)
    for part in model.pieces(lines_of(rows)):
        model.take(part, NOW)
    assert model.counting.reference is not None
    assert model.counting.reference.calibration is not None
    samples = values(page_of(model), "inference_performance_estimate_samples", "window")
    assert samples == {("1h",): 500}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("rows", [1.0]),
        ("probabilities", [0.1]),
        ("scores", [0.5, 0.4]),
        ("edges", [0.5]),
        ("probabilities", [0.5, 1.5]),
    ],
)
def test_a_damaged_calibration_is_refused(
    reference: Reference, key: str, value: list[float]
) -> None:
    file = json.loads(dumps(reference))
    if key == "scores":
        file["calibration"]["probabilities"] = [0.1, 0.2]
    elif len(value) == 2:
        file["calibration"]["scores"] = [0.1, 0.2]
    file["calibration"][key] = value
    with pytest.raises(ValueError, match="damaged: calibration"):
        loads(json.dumps(file).encode())


def test_a_profile_from_before_calibrations_can_be_read(reference: Reference) -> None:
    file = json.loads(dumps(reference))
    for name in ("calibration", "losses", "estimate_errors"):
        del file[name]
    found = loads(json.dumps(file).encode())
    assert found.calibration is None
    assert found.estimate_errors == {}


def test_a_negative_deviation_of_estimates_is_refused(reference: Reference) -> None:
    file = json.loads(dumps(reference)) | {"estimate_errors": {"accuracy": -0.1}}
    with pytest.raises(ValueError, match="damaged: estimate_errors"):
        loads(json.dumps(file).encode())


def test_the_help_says_what_estimates_cannot_see() -> None:
    for name, family in FAMILIES.items():
        estimate = "performance_estimate" in name and not name.endswith("samples")
        if estimate or ("expected_" in name and "expected_bin" not in name):
            assert "concept drift" in family.help.lower(), name


def test_a_person_sees_whether_scores_were_calibrated(reference: Reference) -> None:
    assert "calibration error of the score of 1: 0.16" in show(reference)
    assert "what estimates were off by from one time to the next" in show(reference)
    known = reference.calibration
    assert known is not None
    plain = replace(known, scores=np.empty(0), probabilities=np.empty(0))
    assert "scores are taken as they are" in show(replace(reference, calibration=plain))


def test_expected_counters_never_step_back(reference: Reference, tmp_path: Path) -> None:
    """Not by a rounding error: Prometheus would take it for a reset, and add all of it again.

    As rows - sum of p, 0.1 and then 1.0 make 1 - 0.1 = 0.9 and 2 - 1.1 = 0.8999999999999999.
    """
    random = np.random.default_rng(9)
    table = ExpectedErrors(loss_of(tmp_path))
    known = reference.calibration
    assert known is not None
    outcomes = ExpectedOutcomes(known)
    plain = ExpectedOutcomes(replace(known, scores=np.empty(0), probabilities=np.empty(0)))
    for one in (outcomes, plain, table):
        cells, before = np.zeros((1, one.cells)), dict[str, float]()
        for score in np.append([0.1, 1.0, 1.0, 1.0], random.choice([0.0, 0.1, 0.9, 1.0], 300)):
            value = random.uniform(0, 10, 1)
            batch = Batch(
                1,
                score=NumericColumn(np.array([score])),
                prediction=[1],
                prediction_value=NumericColumn(value),
            )
            one.count(batch, Groups(np.zeros(1, np.int64), 1), cells)
            now = {
                f"{family}{labels}": value
                for family, found in expected_values(("m", ""), one, cells[0])
                for labels, value in found.items()
            }
            assert all(now[key] >= value for key, value in before.items())
            before = now


def loss_of(folder: Path) -> LossTable:
    losses = reference_of(NUMBERS, numbers(1, 500), folder).losses
    assert losses is not None
    return losses
