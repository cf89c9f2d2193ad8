"""Errors of a regression by the leaves of a tree: grown as scikit-learn's, read as it was grown."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

from inference_exporter import config
from inference_exporter.accumulators import ExpectedErrors, Groups
from inference_exporter.performance import error_estimates
from inference_exporter.reference import build, dumps, loads, show
from inference_exporter.reference.judging.error_tree import LEAVES, Column, grown, number_column
from inference_exporter.reference.judging.losses import PredictedErrors, loss_table
from inference_exporter.values.batch import Batch, CategoryColumn, Floats, Ints, NumericColumn
from inference_exporter.values.losses import LossTable
from inference_exporter.values.profile import Reference
from performance_data import NOW, lines_of, model_of, page_of, values

NUMBERS = """\
models:
  m:
    logs: [log.jsonl]
    fields: {features: inputs, prediction: y, actual: a}
    windows: [1h]
    min_samples: 10
    task: regression
"""
FUELS = ("diesel", "petrol", "electric")


def cars(random: np.random.Generator, rows: int, old: float = 0.0) -> list[dict[str, Any]]:
    """Prices; errors depend on the age and on the fuel, hardly on the price."""
    age = random.uniform(old, 10, rows)
    fuel = random.integers(0, 3, rows)
    price = random.uniform(40, 60, rows)
    error = random.normal(0.3 * (fuel == 2), 0.5 + 0.3 * age + 2.0 * (fuel == 1))
    return [
        {"inputs": {"age": None if missing else a, "fuel": FUELS[f]}, "y": y, "a": y - e}
        for a, f, y, e, missing in zip(
            age.tolist(), fuel.tolist(), price.tolist(), error.tolist(),
            (random.random(rows) < 0.02).tolist(), strict=True,
        )
    ]  # fmt: skip


def table_of(rows: list[dict[str, Any]]) -> LossTable:
    errors = PredictedErrors({"age": True, "fuel": False})
    for start in range(0, len(rows), 700):
        part = rows[start : start + 700]
        inputs = {name: [row["inputs"][name] for row in part] for name in ("age", "fuel")}
        errors.add([row["y"] for row in part], [row["a"] for row in part], inputs)
    table, _ = errors.found()
    assert table is not None
    return table


def batch_of(rows: list[dict[str, Any]]) -> Batch:
    age = [np.nan if row["inputs"]["age"] is None else row["inputs"]["age"] for row in rows]
    fuels = CategoryColumn([row["inputs"]["fuel"] for row in rows])
    return Batch(
        len(rows),
        prediction_value=NumericColumn(np.array([row["y"] for row in rows])),
        features={"age": NumericColumn(np.array(age)), "fuel": fuels},
    )


def counted(table: LossTable, rows: list[dict[str, Any]]) -> Floats:
    one = ExpectedErrors(table)
    out = np.zeros((1, one.cells))
    one.count(batch_of(rows), Groups(np.zeros(len(rows), np.int64), 1), out)
    found: Floats = out[0]
    return found


def truth_of(rows: list[dict[str, Any]]) -> dict[str, float]:
    actual = np.array([row["a"] for row in rows])
    error = np.array([row["y"] for row in rows]) - actual
    return {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "bias": float(error.mean()),
        "mape": float(np.abs(error / actual).mean()),
    }


def test_live_rows_fall_in_the_leaves_in_which_the_reference_counted_them() -> None:
    """With missing numbers, categories in text, and the counts of every leaf as they were."""
    rows = cars(np.random.default_rng(1), 5000)
    table = table_of(rows)
    assert {split.column for split in table.splits} >= {"age", "fuel"}
    assert counted(table, rows).tolist() == table.rows.tolist()
    assert len(table.rows) == len(table.splits) + 1 == 25


def test_a_tree_of_two_leaves_is_scikit_learns() -> None:
    """With every value in a bin of its own, the first split is CART's."""
    random = np.random.default_rng(2)
    x = random.integers(0, 60, 400).astype(np.float64)
    error = np.where(x > 37, 3.0, 1.0) * random.normal(0, 1, 400)
    (split,), leaf = grown([number_column("x", x)], error)
    table = np.stack((np.abs(error), error**2, error))
    other = DecisionTreeRegressor(max_leaf_nodes=2, min_samples_leaf=50)
    other.fit(x[:, None], (table / table.std(axis=1, keepdims=True)).T)
    assert split.threshold is not None
    between = np.array([x[x <= split.threshold].max(), x[x > split.threshold].min()])
    assert between[0] < other.tree_.threshold[0] < between[1]
    assert np.array_equal(leaf == 0, x <= split.threshold)


def test_categories_are_cut_by_how_far_off_their_predictions_are() -> None:
    random = np.random.default_rng(3)
    codes: Ints = random.integers(1, 5, 1000)
    error = random.normal(0, np.array([0, 1.0, 5.0, 1.2, 5.5])[codes])
    (split, *_), _ = grown([Column("town", codes, None, ("a", "b", "c", "d"))], error)
    assert {frozenset(split.categories), frozenset(split.others)} == {
        frozenset("ac"),
        frozenset("bd"),
    }


def test_a_tree_has_64_leaves_at_most_and_each_has_50_rows() -> None:
    random = np.random.default_rng(4)
    x = random.uniform(0, 1, 40_000)
    splits, leaf = grown([number_column("x", x)], random.normal(0, 1 + x))
    assert len(splits) + 1 == LEAVES
    assert np.bincount(leaf).min() >= 50
    children = Counter(child for one in splits for child in (one.left, one.right))
    assert set(children) == {*range(1, len(splits)), *(~one for one in range(LEAVES))}
    assert set(children.values()) == {1}


def test_estimates_follow_the_inputs_where_deciles_of_the_prediction_see_nothing() -> None:
    """Old cars come: their errors are half as large again, at the same predictions."""
    random = np.random.default_rng(5)
    table = table_of(cars(random, 20_000))
    rows = cars(random, 20_000, old=7.0)
    found, truth = error_estimates(counted(table, rows), table), truth_of(rows)
    for metric in ("mae", "rmse", "mape"):
        assert found[metric][0] == pytest.approx(truth[metric], rel=0.04), metric
    before = truth_of(cars(random, 20_000))
    assert truth["mae"] > 1.3 * before["mae"]
    assert found["bias"][0] == pytest.approx(truth["bias"], abs=0.1)


def test_intervals_hold_their_95_percent_without_drift() -> None:
    random = np.random.default_rng(6)
    hits: Counter[str] = Counter()
    for _ in range(40):
        table = table_of(cars(random, 2000))
        for _ in range(5):
            rows = cars(random, 600)
            truth = truth_of(rows)
            for metric, (_, interval) in error_estimates(counted(table, rows), table).items():
                assert interval is not None
                hits[metric] += interval[0] <= truth[metric] <= interval[1]
    assert set(hits) == {"mae", "rmse", "bias", "mape"}
    for metric, count in hits.items():
        assert 0.90 <= count / 200 <= 0.985, (metric, count)


def test_errors_that_differ_from_time_to_time_are_in_the_intervals() -> None:
    """Twenty months, each with an offset of its own, of 1 on average: so far off is the bias."""
    random = np.random.default_rng(7)
    y = random.uniform(10, 20, 20_000)
    error = random.normal(0, 0.5, 20_000) + np.repeat(random.normal(0, 1.0, 20), 1000)
    _, errors = loss_table(y, y - error, [number_column(None, y)])
    assert 0.6 < errors["bias"] < 1.5
    _, calm = loss_table(y, y - random.normal(0, 0.5, 20_000), [number_column(None, y)])
    assert calm["bias"] < 0.02


def reference_of(folder: Path, rows: list[dict[str, Any]]) -> Reference:
    path = folder / "rows.jsonl"
    path.write_bytes(lines_of(rows))
    (model,) = config.parse(NUMBERS, "config.yaml").models
    return build([str(path)], model, now=1.0)


def test_from_the_file_to_the_page(tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    built = reference_of(tmp_path, cars(random, 6000))
    reference = loads(dumps(built))
    assert reference.losses is not None
    assert built.losses is not None
    assert reference.losses.splits == built.losses.splits
    assert dumps(reference) == dumps(built)
    assert set(reference.estimate_errors) == {"mae", "rmse", "bias", "mape"}
    assert "errors to expect: 30 cells, by a tree" in show(reference)
    rows = cars(random, 3000)
    model = model_of("", reference, NUMBERS)
    model.take(lines_of([{name: row[name] for name in ("inputs", "y")} for row in rows]), NOW)
    found = values(page_of(model), "inference_performance_estimate", "metric")
    for metric, value in error_estimates(counted(reference.losses, rows), reference.losses).items():
        assert found[metric,] == pytest.approx(value[0], rel=1e-9)


def test_a_table_by_decile_that_an_earlier_version_made_is_used_as_it_is(tmp_path: Path) -> None:
    """Its estimates, and the key under which its counts were committed."""
    reference = reference_of(tmp_path, cars(np.random.default_rng(9), 1000))
    ones = np.ones(3)
    losses = LossTable(np.array([10.0, 20.0]), 100 * ones, np.array([1.0, 2, 3]), ones, ones, ones)
    file = json.loads(dumps(replace(reference, losses=losses, estimate_errors={})))
    assert set(file["losses"]) == {
        "edges", "rows", "absolute", "absolute_variance", "squared", "squared_variance",
    }  # fmt: skip
    old = loads(json.dumps(file).encode())
    model = model_of("", old, NUMBERS)
    model.take(lines_of([{"inputs": {}, "y": y} for y in [5.0, 15.0, 25.0, 26.0] * 5]), NOW)
    found = values(page_of(model), "inference_performance_estimate", "metric")
    assert found == {("mae",): pytest.approx((1 + 2 + 3 + 3) / 4), ("rmse",): 1.0}
    assert old.losses is not None
    assert ExpectedErrors(old.losses).key == "expected_errors/acfbde51"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"left": 0}, "no tree"),
        ({"right": 99}, "no tree"),
        ({"column": None, "threshold": None}, "has a threshold"),
    ],
)
def test_a_damaged_tree_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    file = json.loads(dumps(reference_of(tmp_path, cars(np.random.default_rng(10), 1000))))
    file["losses"]["splits"][0] |= change
    with pytest.raises(ValueError, match=message):
        loads(json.dumps(file).encode())
    file["losses"]["splits"] = []
    with pytest.raises(ValueError, match="one number a cell"):
        loads(json.dumps(file).encode())


def test_few_or_endless_errors_make_no_table() -> None:
    y = np.linspace(1, 2, 199)
    errors = PredictedErrors()
    errors.add(y.tolist(), y.tolist())
    assert errors.found() == (None, {})
    huge = np.full(300, 1e300)
    assert loss_table(huge, -huge, [number_column(None, huge)]) == (None, {})
