"""Quantiles of latencies from buckets, against the values themselves, of any distribution."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter import config
from inference_exporter.accumulators import Histogram
from inference_exporter.accumulators.base import Groups
from inference_exporter.config.buckets import request_buckets, segment_buckets, step_buckets
from inference_exporter.statistics.quantiles import histogram_quantiles
from inference_exporter.values.batch import Batch, Floats, NumericColumn
from inference_exporter.values.growing import bound
from promql_quantile import histogram_quantile

(MODEL,) = config.parse("models: {m: {logs: [x], fields: {prediction: y}}}", "test.yaml").models
SECONDS = st.floats(0.001, 60.0)
# Some masses at a few points, or anything: quantiles of points are the hardest for buckets.
VALUES = st.one_of(
    st.lists(SECONDS, min_size=1, max_size=200),
    st.lists(SECONDS, min_size=1, max_size=3).flatmap(
        lambda points: st.lists(st.sampled_from(points), min_size=1, max_size=200)
    ),
)
LEVEL = st.sampled_from([0.5, 0.9, 0.95, 0.99])


def cells_of(one: Histogram, values: Floats) -> Floats:
    out = np.zeros((1, one.cells))
    batch = Batch(len(values), latency=NumericColumn(values))
    one.count(batch, Groups(np.zeros(len(values), np.int64), 1), out)
    cells: Floats = out[0]
    return cells


def exact(values: Floats, q: float) -> float:
    return float(np.quantile(values, q, method="inverted_cdf"))


@given(VALUES, LEVEL)
@settings(deadline=None, max_examples=200)
def test_any_quantile_from_a_millisecond_to_a_minute_is_within_ten_percent(
    seconds: list[float], q: float
) -> None:
    values, one = np.array(seconds), Histogram(request_buckets(MODEL))
    cells = cells_of(one, values)
    found = histogram_quantile(q, one.bounds, one.exported(cells)[: len(one.bounds) + 1])
    assert abs(found / exact(values, q) - 1) < 0.1


@given(VALUES, LEVEL)
@settings(deadline=None, max_examples=100)
def test_steps_and_segments_are_as_exact_as_their_bounds_are_close(
    seconds: list[float], q: float
) -> None:
    values = np.array(seconds)
    for bounds, most in ((step_buckets(MODEL), 0.19), (segment_buckets(MODEL), 0.415)):
        one = Histogram(bounds, fine=False, native=None)
        cells = cells_of(one, values)
        found = histogram_quantile(q, bounds, one.exported(cells)[: len(bounds) + 1])
        assert abs(found / exact(values, q) - 1) < most


@given(VALUES, LEVEL)
@settings(deadline=None, max_examples=100)
def test_the_exporters_own_quantile_is_that_of_the_exported_buckets(
    seconds: list[float], q: float
) -> None:
    one = Histogram(request_buckets(MODEL))
    cells = cells_of(one, np.array(seconds))
    (own,) = histogram_quantiles(one.grid, one.counts(cells), [q])
    fleet = histogram_quantile(q, one.bounds, one.exported(cells)[: len(one.bounds) + 1])
    assert own is not None
    assert abs(own / fleet - 1) < 0.001  # logarithmic against linear within a bucket


@given(st.lists(st.floats(0.0, 1e5), max_size=200), st.sampled_from([(), (0.1, 0.3), (1e-5, 2e3)]))
@settings(deadline=None, max_examples=200)
def test_native_buckets_are_those_of_counting_one_by_one(
    seconds: list[float], more: tuple[float, ...]
) -> None:
    one = Histogram(more or request_buckets(MODEL))
    found = one.native(cells_of(one, np.array(seconds)))
    assert found is not None
    wanted = dict.fromkeys(range(found.first, found.first + len(found.counts)), 0)
    for value in seconds:
        if value > found.zero_threshold:
            index = math.ceil(math.log2(value) * 8) if value <= 1024 else 81
            index += value > bound(index, 3) and value <= 1024
            index -= value <= bound(index - 1, 3)
            wanted[index] += 1
    assert dict(enumerate(found.counts, found.first)) == wanted
    assert found.zero_count == sum(value <= found.zero_threshold for value in seconds)
    assert bound(found.first - 1, 3) == found.zero_threshold
