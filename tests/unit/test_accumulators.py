"""Accumulators against counting by hand, and the algebra that everything rests on."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss

from inference_exporter.accumulators import (
    CategoryBins,
    Confusion,
    Groups,
    Histogram,
    Layout,
    NumericBins,
    Predictions,
    RegressionOutcomes,
    ScoreOutcomes,
    StatusCodes,
    Weights,
)
from inference_exporter.accumulators.base import DenseAccumulator
from inference_exporter.accumulators.numeric_table import NumericTable
from inference_exporter.values.batch import Batch, CategoryColumn, NumericColumn, Scalar
from inference_exporter.values.numeric import numeric_column
from inference_exporter.values.profile import CategoricalProfile, NumericProfile
from inference_exporter.values.vocabulary import OVERFLOW, Vocabulary

RNG = np.random.default_rng(7)
ROWS = 400
GROUPS = Groups(RNG.integers(0, 3, ROWS), 3)


def profile_of(values: np.ndarray) -> NumericProfile:
    fine = np.unique(np.quantile(values, np.arange(1, 100) / 100))
    counts = np.bincount(np.searchsorted(fine, values), minlength=len(fine) + 1).astype(float)
    return NumericProfile(
        edges=fine[9:-1:10],
        fine_edges=fine,
        counts=counts,
        means=counts,
        minimum=float(values.min()),
        maximum=float(values.max()),
        mean=float(values.mean()),
        std=float(values.std()),
    )


def numeric_batch(values: list[object]) -> Batch:
    return Batch(len(values), features={"x": numeric_column(values)})


def one_group(rows: int) -> Groups:
    return Groups(np.zeros(rows, dtype=np.int64), 1)


def count(accumulator: DenseAccumulator, batch: Batch, groups: Groups | None = None) -> np.ndarray:
    groups = groups or one_group(batch.rows)
    out = np.zeros((groups.count, accumulator.cells))
    accumulator.count(batch, groups, out)
    return out


NUMERIC = NumericBins("feature", "x", profile_of(RNG.normal(50, 10, 5000)), "ref")
CATEGORIES = CategoricalProfile(
    ("DE", "FR", "7"), np.array([50.0, 30.0, 20.0]), frozenset({"LU", "MT"}), 4
)


def test_numeric_cells_count_values_missing_and_invalid() -> None:
    bins = NUMERIC
    low, high = bins.profile.minimum, bins.profile.maximum
    values: list[object] = [low, high, low - 1, high + 1, 50, "50.5", None, "n/a", True]
    cells = count(bins, numeric_batch(values))[0]
    assert bins.fine_counts(cells).sum() == 7
    assert (bins.missing(cells), bins.invalid(cells)) == (1, 1)
    assert bins.out_of_range(cells) == 3  # low - 1, high + 1, and 1.0 for True
    assert bins.fine_sums(cells).sum() == pytest.approx(2 * low + 2 * high + 50 + 50.5 + 1)


def test_numeric_bins_equal_numpy_on_many_values_in_groups() -> None:
    values = RNG.normal(52, 14, ROWS)
    values[::17] = np.nan
    batch = Batch(ROWS, features={"x": NumericColumn(values)})
    out = count(NUMERIC, batch, GROUPS)
    for group in range(3):
        mine = values[(GROUPS.index == group)]
        there = mine[~np.isnan(mine)]
        cell = np.searchsorted(NUMERIC.profile.fine_edges, there)
        size = len(NUMERIC.profile.fine_edges) + 1
        assert (
            NUMERIC.fine_counts(out[group]).tolist() == np.bincount(cell, minlength=size).tolist()
        )
        sums = np.bincount(cell, there, minlength=size)
        assert NUMERIC.fine_sums(out[group]) == pytest.approx(sums)
        assert NUMERIC.squares(out[group]) == pytest.approx(
            ((there - NUMERIC.profile.mean) ** 2).sum()
        )
        assert NUMERIC.missing(out[group]) == np.isnan(mine).sum()


def test_a_value_at_an_edge_belongs_to_the_lower_bin() -> None:
    edge = float(NUMERIC.profile.edges[3])
    cells = count(NUMERIC, numeric_batch([edge, np.nextafter(edge, np.inf)]))[0]
    coarse = NUMERIC.profile.coarse(NUMERIC.fine_counts(cells))
    assert np.flatnonzero(coarse).tolist() == [3, 4]


def test_rows_without_inputs_are_not_missing_features() -> None:
    inputs = np.array([True, False, True])
    batch = Batch(3, features={"x": numeric_column([1.0, None, None])}, inputs=inputs)
    assert NUMERIC.missing(count(NUMERIC, batch)[0]) == 1
    bins = CategoryBins("feature", "x", CATEGORIES, "ref")
    batch = Batch(3, features={"x": CategoryColumn(["DE", None, None])}, inputs=inputs)
    assert bins.missing(count(bins, batch)[0]) == 1


def test_huge_values_do_not_poison_the_counts() -> None:
    layout = Layout([NUMERIC], [])
    batch = numeric_batch([1e308, -1e308, 2**60 + 1, 51.0])
    cells = layout.count(batch, one_group(4)).dense[0]
    assert NUMERIC.fine_counts(cells).sum() == 4
    assert NUMERIC.out_of_range(cells) == 3
    assert np.isfinite(cells).all()


def test_a_constant_reference_has_one_bin() -> None:
    profile = NumericProfile(
        np.array([]), np.array([]), np.array([9.0]), np.array([5.0]), 5, 5, 5, 0
    )
    bins = NumericBins("feature", "x", profile, "ref")
    cells = count(bins, numeric_batch([5, 4, 6, None]))[0]
    assert bins.fine_counts(cells).tolist() == [3]
    assert bins.out_of_range(cells) == 2


def test_categories_are_known_other_unseen_missing_or_invalid() -> None:
    bins = CategoryBins("feature", "x", CATEGORIES, "ref")
    values: list[Scalar] = ["DE", "FR", 7, 7.0, "7", "LU", "??", "??", None, None]
    invalid = np.array([False] * 9 + [True])
    batch = Batch(10, features={"x": CategoryColumn(values, invalid)})
    cells = count(bins, batch)[0]
    assert dict(zip(CATEGORIES.bins, bins.counts(cells), strict=True)) == {
        "DE": 1, "FR": 1, "7": 3, "other": 1, "unseen": 2,
    }  # fmt: skip
    assert (bins.missing(cells), bins.invalid(cells)) == (1, 1)


def test_a_million_unseen_categories_use_no_memory() -> None:
    bins = CategoryBins("feature", "x", CATEGORIES, "ref")
    for start in range(0, 1_000_000, 100_000):
        names = [f"c{number}" for number in range(start, start + 100_000)]
        count(bins, Batch(100_000, features={"x": CategoryColumn(names)}))
    assert len(bins._cell_of) < 100


def test_histograms_count_into_prometheus_buckets() -> None:
    bounds = (0.1, 0.5, 1.0)
    histogram = Histogram(bounds)
    values = [0.05, 0.1, 0.10001, 0.5, 0.7, 1.0, 99.0, float("nan")]
    cells = count(histogram, Batch(8, latency=NumericColumn(np.array(values))))[0]
    total = sum(values[:-1])
    assert histogram.exported(cells) == [2, 4, 6, 7, pytest.approx(total), 7]


@pytest.mark.parametrize("bounds", [(0.1, 0.5, 1.0), (1e-9,), (0.25, 0.250001, 0.250002, 7.0)])
def test_the_table_of_a_histogram_finds_the_same_cells_as_a_binary_search(
    bounds: tuple[float, ...],
) -> None:
    for histogram in (Histogram(bounds), Histogram(bounds, "inference")):
        grid = histogram.grid
        near = np.concatenate((grid, np.nextafter(grid, np.inf), np.nextafter(grid, 0)))
        far = np.array([0.0, -0.0, 5e-324, 1e-300, 1e300, 1e9])
        values = np.concatenate((near, far, RNG.lognormal(-3, 3, 5000)))
        assert histogram._cells_of(values).tolist() == grid.searchsorted(values).tolist()


def test_status_codes_failures_and_the_limit() -> None:
    codes = StatusCodes(limit=3, ok=("200..299", "Success"))
    status: list[Scalar] = [200, "200", 204, 500, "success", "timeout", "nope", None, 299.0]
    batch = Batch(len(status), status=status)
    increments = codes.count(batch, one_group(len(status)))
    assert {key[1]: value for _, key, value in increments if key[0] == "code"} == {
        "unknown": 1, OVERFLOW: 4, "200": 2, "204": 1, "500": 1,
    }  # fmt: skip
    assert [value for _, key, value in increments if key == ("failed",)] == [3]


def test_a_million_distinct_classes_stay_within_the_limit() -> None:
    predictions = Predictions(Vocabulary(50), (), regression=False)
    seen: Counter[str] = Counter()
    for start in range(0, 1_000_000, 50_000):
        names = [str(number) for number in range(start, start + 50_000)]
        for _, key, value in predictions.count(Batch(50_000, prediction=names), one_group(50_000)):
            seen[key[1]] += int(value)
    assert len(seen) == 51
    assert seen[OVERFLOW] == 1_000_000 - 50


def test_limits_hold_over_a_restart() -> None:
    vocabulary = Vocabulary(2)
    predictions = Predictions(vocabulary, (), regression=False)
    predictions.restore((("prediction", "a"), ("prediction", "b"), ("code", "200")))
    increments = predictions.count(Batch(3, prediction=["c", "b", "a"]), one_group(3))
    assert {key[1] for _, key, _ in increments} == {OVERFLOW, "a", "b"}


def test_confusion_counts_rows_with_both() -> None:
    confusion = Confusion(Vocabulary(10), known=("0", "1"))
    batch = Batch(5, prediction=[1, 1, 0, None, "0"], actual=["1", 0, 0.0, 1, None])
    increments = confusion.count(batch, one_group(5))
    assert {key[1:]: value for _, key, value in increments} == {
        ("1", "1"): 1, ("1", "0"): 1, ("0", "0"): 1,
    }  # fmt: skip
    assert ("outcome", "0", "1") in confusion.preset()


def test_score_outcomes_equal_scikit_learn() -> None:
    outcomes = ScoreOutcomes(positive="1", negative="0")
    score = RNG.random(ROWS)
    actual = (RNG.random(ROWS) < score).astype(int)
    raw: list[Scalar] = [None if row % 5 == 0 else int(actual[row]) for row in range(ROWS)]
    batch = Batch(ROWS, score=NumericColumn(score), actual=raw)
    cells = count(outcomes, batch, GROUPS).sum(axis=0)
    kept = np.arange(ROWS) % 5 != 0
    n = kept.sum()
    assert cells[-2] / n == pytest.approx(brier_score_loss(actual[kept], score[kept]), rel=1e-9)
    assert cells[-1] / n == pytest.approx(log_loss(actual[kept], score[kept]), rel=1e-9)
    for label in (0, 1):
        rows = kept & (actual == label)
        expected, _ = np.histogram(score[rows], np.arange(21) / 20)
        assert outcomes.counts(cells)[label].tolist() == expected.tolist()
        assert outcomes.score_sums(cells)[label].sum() == pytest.approx(score[rows].sum())


def test_regression_sums() -> None:
    outcomes = RegressionOutcomes()
    predicted, actual = numeric_column([3.0, -1.0, 2.0, None]), numeric_column([1.0, 1.0, 0.0, 5.0])
    batch = Batch(4, prediction_value=predicted, actual_value=actual)
    assert outcomes.sums(count(outcomes, batch)[0]) == {
        "n": 3, "absolute": 6, "squared": 12, "over": 4, "under": 2, "percentage": 4,
        "percentage_n": 2, "actual_positive": 2, "actual_negative": 0, "actual_squared": 2,
    }  # fmt: skip


def dense_accumulators() -> list[DenseAccumulator]:
    return [
        NUMERIC,
        CategoryBins("feature", "c", CATEGORIES, "ref"),
        Histogram((0.1, 1.0)),
        Histogram((0.1, 1.0), "inference"),
        ScoreOutcomes("1", "0"),
        RegressionOutcomes(),
        Weights(),
    ]


def a_batch(seed: int, rows: int = 60) -> Batch:
    rng = np.random.default_rng(seed)
    return Batch(
        rows,
        features={
            "x": NumericColumn(rng.normal(50, 20, rows)),
            "c": CategoryColumn(rng.choice(["DE", "FR", "??"], rows).tolist()),
        },
        actual=rng.choice(["0", "1"], rows).tolist(),
        score=NumericColumn(rng.random(rows)),
        latency=NumericColumn(rng.exponential(0.3, rows)),
        steps={"inference": NumericColumn(rng.exponential(0.1, rows))},
        prediction_value=NumericColumn(rng.normal(0, 1, rows)),
        actual_value=NumericColumn(rng.normal(0, 1, rows)),
        weight=NumericColumn(rng.random(rows)),
    )


@pytest.mark.parametrize("accumulator", dense_accumulators(), ids=lambda one: one.key)
def test_merging_is_associative_commutative_and_empty_is_neutral(
    accumulator: DenseAccumulator,
) -> None:
    layout = Layout([accumulator], [])
    a, b, c = (layout.count(a_batch(seed), one_group(60)).tallies()[0] for seed in range(3))
    left, right, swapped = a.copy(), b.copy(), c.copy()
    left.merge(b)
    left.merge(c)
    right.merge(c)
    right.merge(a)
    swapped.merge(b)
    swapped.merge(a)
    swapped.merge(layout.empty())
    assert a.dense.any()
    assert left.dense == pytest.approx(right.dense)
    assert left.dense == pytest.approx(swapped.dense)


@pytest.mark.parametrize("accumulator", dense_accumulators(), ids=lambda one: one.key)
def test_groups_add_up_to_the_whole(accumulator: DenseAccumulator) -> None:
    batch = a_batch(5, ROWS)
    assert count(accumulator, batch, GROUPS).sum(axis=0) == pytest.approx(
        count(accumulator, batch)[0]
    )


GRIDS = {
    "even": np.linspace(-5, 5, 99),
    "normal": np.sort(RNG.normal(0, 1, 99)),
    "skewed": np.sort(RNG.lognormal(0, 4, 99)),
    "integers": np.arange(18.0, 81.0),
    "one": np.array([3.5]),
    "two_close": np.array([1.0, np.nextafter(1.0, 2)]),
    "wide": np.array([-1e308, 0.0, 1e308]),
    "tiny": np.arange(50) * 5e-324,
}


class GridRow:
    """The least that the table needs of a column."""

    def __init__(self, grid: np.ndarray) -> None:
        self.grid, self.mean = grid, 0.0
        self.stride = len(grid) + 3
        self.cells = self.stride + len(grid) + 2

    def column(self, batch: Batch) -> NumericColumn | None:
        return batch.score


NUMERIC_ROWS = {name: GridRow(grid) for name, grid in GRIDS.items()}


@pytest.mark.parametrize("name", GRIDS)
def test_the_guide_table_finds_the_same_cells_as_a_binary_search(name: str) -> None:
    grid = GRIDS[name]
    rows = [NUMERIC_ROWS[name], NUMERIC_ROWS["normal"]]
    near = np.concatenate((grid, np.nextafter(grid, np.inf), np.nextafter(grid, -np.inf)))
    far = np.array([1.7e308, -1.7e308, 0.0, -0.0, 5e-324])
    values = np.concatenate((near, far, RNG.normal(0, 3, 2000), RNG.lognormal(0, 5, 2000)))
    with np.errstate(over="ignore", invalid="ignore"):
        cells = NumericTable(rows)._guide.cells(np.stack((values, values)))
    assert cells[0].tolist() == grid.searchsorted(values).tolist()
    expected = GRIDS["normal"].searchsorted(values) + rows[0].cells
    assert cells[1].tolist() == expected.tolist()


@pytest.mark.parametrize("count_of_groups", [1, 3])
def test_columns_counted_together_are_counted_as_they_are_alone(count_of_groups: int) -> None:
    groups = Groups(GROUPS.index % count_of_groups, count_of_groups)
    names = ("a", "b", "c")
    bins = [NumericBins("feature", name, profile_of(RNG.normal(0, 9, 999)), "r") for name in names]
    raw: list[list[object]] = [RNG.normal(0, 20, ROWS).tolist() for _ in names]
    for row in range(0, ROWS, 7):
        raw[0][row], raw[1][row] = None, "n/a"
    inputs = RNG.random(ROWS) < 0.9
    features = {name: numeric_column(column) for name, column in zip(names, raw, strict=True)}
    batch = Batch(ROWS, features=features, inputs=inputs)
    together = Layout(bins, []).count(batch, groups).dense
    alone = np.concatenate([count(one, batch, groups) for one in bins], axis=1)
    assert together == pytest.approx(alone)
