"""The quantile sketch keeps its bound."""

from __future__ import annotations

import math

import numpy as np
import pytest

from inference_exporter.reference.profiling.grid import edges_of
from inference_exporter.reference.profiling.sketch import CAPACITY, QuantileSketch
from inference_exporter.values.batch import Floats

LEVELS = np.arange(1, 100) / 100


def rank_error(values: Floats, found: Floats) -> float:
    """Largest distance in rank between a quantile found and its level, as a share of the rows."""
    ordered = np.sort(values)
    low = np.searchsorted(ordered, found, side="left") / len(values)
    high = np.searchsorted(ordered, found, side="right") / len(values)
    return float(np.maximum(low - LEVELS, LEVELS - high).max())


def stated_bound(n: int, capacity: int) -> float:
    return math.ceil(math.log2(n / capacity)) / capacity + 1 / n


def test_it_is_numpys_quantile_while_it_is_exact() -> None:
    values = np.random.default_rng(0).normal(size=CAPACITY - 1)
    sketch = QuantileSketch()
    for block in np.array_split(values, 7):
        sketch.add(block)
    assert sketch.quantiles(LEVELS).tolist() == np.quantile(values, LEVELS).tolist()


@pytest.mark.parametrize("shape", ["random", "ascending", "descending", "zigzag"])
@pytest.mark.parametrize("n", [50_000, 600_000])
def test_rank_error_is_within_the_stated_bound(shape: str, n: int) -> None:
    ascending = np.arange(float(n))
    values = {
        "random": np.random.default_rng(1).permutation(ascending),
        "ascending": ascending,
        "descending": ascending[::-1],
        "zigzag": np.where(np.arange(n) % 2, ascending, n - ascending),
    }[shape]
    sketch = QuantileSketch()
    for block in np.array_split(values, 40):
        sketch.add(block)
    assert rank_error(values, sketch.quantiles(LEVELS)) <= stated_bound(n, CAPACITY)


def test_merged_sketches_keep_the_bound() -> None:
    values = np.random.default_rng(2).lognormal(size=200_000)
    whole = QuantileSketch(1024)
    for block in np.array_split(values, 9):
        part = QuantileSketch(1024)
        part.add(block)
        whole.merge(part)
    assert (whole.count, whole.minimum, whole.maximum) == (200_000, values.min(), values.max())
    assert whole.distinct() is None
    assert rank_error(values, whole.quantiles(LEVELS)) <= stated_bound(200_000, 1024)


def test_memory_is_logarithmic() -> None:
    sketch = QuantileSketch(1024)
    for _ in range(100):
        sketch.add(np.random.default_rng(3).normal(size=10_000))
    kept = sum(len(values) for buffers in sketch._levels for values in buffers)
    assert kept <= 1024 * (math.log2(1_000_000 / 1024) + 1)


def test_distinct_values_are_known_up_to_a_hundred() -> None:
    sketch = QuantileSketch()
    sketch.add(np.array([0.0, -0.0, 3.0] * 20_000))
    distinct = sketch.distinct()
    assert distinct is not None
    assert distinct.tolist() == [0.0, 3.0]
    sketch.add(np.arange(200.0))
    assert sketch.distinct() is None


def test_no_values_change_nothing() -> None:
    sketch = QuantileSketch()
    sketch.add(np.empty(0))
    assert sketch.count == 0


def test_frequent_values_are_alone_in_their_cell() -> None:
    sketch = QuantileSketch()
    sketch.add(np.concatenate((np.zeros(600), np.arange(1.0, 401.0))))
    edges, fine = edges_of(sketch)
    assert np.isin(edges, fine).all()
    cells = np.searchsorted(fine, [-1e-5, 0.0, 1e-5])
    assert len(set(cells.tolist())) == 3
