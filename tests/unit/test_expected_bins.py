"""What the reference lets expect, against adding it up row by row."""

from __future__ import annotations

import numpy as np
import pytest

from inference_exporter.accumulators import (
    CategoryBins,
    ExpectedBins,
    Groups,
    Layout,
    NumericBins,
)
from inference_exporter.values.batch import Batch, CategoryColumn, NumericColumn
from inference_exporter.values.profile import CategoricalProfile, NumericProfile
from inference_exporter.values.seasons import PRIOR_ROWS, Seasons

AMOUNT = NumericProfile(
    np.array([1.0, 2.0]), np.array([1.0, 2.0]), np.array([10.0, 20.0, 30.0]),
    np.array([0.5, 1.5, 2.5]), 0.0, 3.0, 1.8, 0.7,
)  # fmt: skip
SHOP = CategoricalProfile(("a", "b"), np.array([40.0, 20.0]))
COUNTS = {
    "feature/amount": np.arange(72, dtype=np.float64).reshape(24, 3),
    "feature/shop": np.arange(72, dtype=np.float64)[::-1].reshape(24, 3) % 7,
}
SEASONS = Seasons("hour_of_day", "UTC", np.full(24, 50.0), COUNTS)
AMOUNTS = NumericBins("feature", "amount", AMOUNT, "r")
SHOPS = CategoryBins("feature", "shop", SHOP, "r")


def one_row(key: str, hour: int) -> np.ndarray:
    """Shares of an hour by the definition."""
    whole = AMOUNT.counts if key == "feature/amount" else SHOP.cell_counts
    q = (whole + 0.5) / (whole.sum() + 1.5)
    counts = COUNTS[key][hour]
    return np.asarray((counts + PRIOR_ROWS * q) / (counts.sum() + PRIOR_ROWS))


def batch(weighted: bool = False) -> tuple[Batch, Groups]:
    rng = np.random.default_rng(4)
    rows = 60
    amounts = np.where(rng.random(rows) < 0.2, np.nan, rng.random(rows) * 3)
    invalid = np.isnan(amounts) & (rng.random(rows) < 0.5)
    shops = [
        None if rng.random() < 0.2 else str(rng.choice(["a", "b", "new"])) for _ in range(rows)
    ]
    wrong = np.array([one is None and rng.random() < 0.5 for one in shops])
    return Batch(
        rows,
        features={
            "amount": NumericColumn(amounts, invalid),
            "shop": CategoryColumn(shops, wrong),
        },
        inputs=rng.random(rows) < 0.9,
        season=rng.integers(0, 24, rows),
        weight=NumericColumn(rng.choice([1.0, 2.5], rows)) if weighted else None,
    ), Groups(rng.integers(0, 3, rows), 3)


@pytest.mark.parametrize("weighted", [False, True])
def test_it_is_the_sum_over_rows_that_have_a_value(weighted: bool) -> None:
    rows, groups = batch(weighted)
    expected = ExpectedBins([AMOUNTS, SHOPS], SEASONS, "r")
    layout = Layout([AMOUNTS, SHOPS, expected], [])
    found = layout.count(rows, groups).dense[:, layout.slices[expected.key]]
    assert rows.inputs is not None
    assert rows.season is not None
    amounts = rows.features["amount"]
    assert isinstance(amounts, NumericColumn)
    weights = np.ones(60) if rows.weight is None else rows.weight.values
    for group in range(3):
        wanted = {"feature/amount": np.zeros(3), "feature/shop": np.zeros(3)}
        hours = np.zeros(24)
        for row in range(60):
            if groups.index[row] != group:
                continue
            hour, weight = int(rows.season[row]), weights[row]
            hours[hour] += weight * rows.inputs[row]
            if not np.isnan(amounts.values[row]):
                wanted["feature/amount"] += weight * one_row("feature/amount", hour)
            if rows.features["shop"].values[row] is not None:
                wanted["feature/shop"] += weight * one_row("feature/shop", hour)
        for one in (AMOUNTS, SHOPS):
            cells = expected.expected(one, found[group])
            np.testing.assert_allclose(cells, wanted[f"feature/{one.name}"], rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(expected.by_hour(found[group]), hours)


def test_expected_rows_are_as_many_as_live_ones() -> None:
    rows, groups = batch()
    expected = ExpectedBins([AMOUNTS, SHOPS], SEASONS, "r")
    layout = Layout([AMOUNTS, SHOPS, expected], [])
    dense = layout.count(rows, groups).dense
    for group in range(3):
        tally = dense[group]
        live = AMOUNTS.fine_counts(tally[layout.slices[AMOUNTS.key]]).sum()
        cells = tally[layout.slices[expected.key]]
        assert expected.expected(AMOUNTS, cells).sum() == pytest.approx(live)


def test_other_tables_are_not_added_to() -> None:
    other = Seasons("hour_of_day", "UTC", np.full(24, 51.0), COUNTS)
    keys = {ExpectedBins([AMOUNTS], one, "r").key for one in (SEASONS, other)}
    assert len(keys) == 2


def test_rows_behind_a_mixture_of_hours() -> None:
    """The variance of the mixture by simulation of the reference's hours."""
    rows = np.array([200.0, 800.0])
    seasons = Seasons("hour_of_day", "UTC", rows - PRIOR_ROWS, {})
    live = np.array([3.0, 1.0])
    behind = float(seasons.behind(live, np.array([1e9]))[0])
    rng = np.random.default_rng(0)
    shares = rng.binomial(rows.astype(int), 0.3, (200_000, 2)) / rows
    mixture = shares @ (live / 4.0)
    assert mixture.var() == pytest.approx(0.3 * 0.7 / behind, rel=0.02)
    assert seasons.behind(live, np.array([50.0]))[0] <= 50.0
