"""A value is the same number in float64 and in float32: no distance tells one from the other.

The whole kind: few distinct values, ties at quantile edges, bounds of latencies, scores in steps,
thresholds, a constant, sentinels, large and tiny numbers. What comes again and again keeps its
cell, to the row. Values that are there once cross an edge only from within half a step of float32,
and then it is one row an edge.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comparisons import against, numeric_profile
from inference_exporter.accumulators import NumericBins
from inference_exporter.accumulators.base import Groups
from inference_exporter.cli.differences import compare
from inference_exporter.statistics import STATISTICS, Comparison
from inference_exporter.values.batch import Batch, Floats, NumericColumn
from inference_exporter.values.edges import around, limits

KINDS = {
    "latency bounds": [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0],
    "scores in steps": [k / 20 for k in range(21)],
    "per mille": [k / 1000 for k in range(1001)],  # more values than are known by name
    "a threshold": [0.1, 0.3],
    "a constant": [0.1],
    "prices": [round(0.99 + k, 2) for k in range(150)],
    "negative": [-0.7, -0.1, 0.0, 0.1],
    "huge": [1.1e30, 2.2e30, 3.3e30],
    "tiny": [1.1e-30, 2.2e-30],
    "a sentinel": [-999.9, 0.1, 0.2, 0.7],
}


def rounded(values: Floats) -> Floats:
    return values.astype(np.float32).astype(np.float64)


def distances(comparison: Comparison) -> dict[str, float]:
    found = {name: one(comparison) for name, one in STATISTICS.items()}
    return {name: one.value for name, one in found.items() if one is not None}


@pytest.mark.parametrize("kind", KINDS)
def test_values_that_come_again_keep_their_cells(kind: str) -> None:
    values = np.random.default_rng(3).choice(np.array(KINDS[kind]), 20_000)
    profile = numeric_profile(values)
    bins = NumericBins("feature", "x", profile, "r")
    out = np.zeros((1, bins.cells))
    batch = Batch(len(values), features={"x": NumericColumn(rounded(values))})
    bins.count(batch, Groups(np.zeros(len(values), dtype=np.int64), 1), out)
    live = bins.fine_counts(out[0])
    if kind == "per mille":  # the fine grid's edges may be at values that are there a few times
        live, known = profile.coarse(live), profile.coarse(profile.counts)
        assert np.abs(live - known).max() == 0
    else:
        assert live.tolist() == profile.counts.tolist()
    assert bins.out_of_range(out[0]) == 0


steps = st.lists(st.integers(-3000, 3000), min_size=1, max_size=40, unique=True)


@settings(deadline=None)
@given(steps, st.sampled_from([7.0, 10.0, 100.0, 3e-5]), st.integers(0, 99))
def test_no_distance_of_repeated_values_changes(ticks: list[int], per: float, seed: int) -> None:
    draw = np.random.default_rng(seed)
    values = np.array(ticks) / per
    weights = draw.dirichlet(np.full(len(values), 0.5))
    reference = np.concatenate((values, draw.choice(values, 500, p=weights)))
    live = draw.choice(values, 300)
    before = distances(against(numeric_profile(reference), live))
    after = distances(against(numeric_profile(reference), rounded(live)))
    assert after == pytest.approx(before, rel=1e-5, abs=1e-5)  # the mean itself is rounded


@settings(deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 9), st.floats(0.0, 0.9))
def test_ties_among_other_values_change_by_a_row_an_edge(
    seed: int, digits: int, share: float
) -> None:
    """Values of so many digits, of which a share is one of three."""
    draw = np.random.default_rng(seed)
    rows = np.round(draw.normal(100.0, 15.0, 2000), digits)
    tied = draw.random(2000) < share
    rows[tied] = draw.choice([72.1, 100.1, 133.7], int(tied.sum()))
    profile = numeric_profile(rows)
    exact = np.searchsorted(profile.edges, rows)
    moved = np.searchsorted(profile.edges, rounded(rows)) != exact
    assert moved.sum() <= len(profile.edges)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, unique=True))
def test_edges_are_beside_their_values_and_in_order(numbers: list[float]) -> None:
    values = np.unique(np.array(numbers) + 0.0)
    down, up = around(values)
    assert (down < values).all()
    assert (values <= up).all()
    assert (up[:-1] < values[1:]).all()
    edges = np.unique(np.concatenate((down, up)))
    below, above = limits(edges[np.isfinite(edges)], values[0], values[-1])
    assert below < values[0]
    assert above >= values[-1]


def test_references_whose_hairs_differ_are_compared_value_by_value() -> None:
    old = numeric_profile(np.array([0.0, 1.0, 2.0] * 100))
    new = numeric_profile(np.array([0.0, 2.0, 2.0, 2.0] * 75))  # a wider gap, a wider hair
    comparison = compare(old, new)
    assert comparison is not None
    assert comparison.current.counts.tolist() == [75, 0, 225]
