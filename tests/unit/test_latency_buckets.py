"""Bounds of latency histograms, and what is counted by them."""

from __future__ import annotations

import numpy as np
import pytest

from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.config.buckets import (
    request_buckets,
    segment_buckets,
    segment_native,
    step_buckets,
)
from inference_exporter.config.schema import ModelConfig
from inference_exporter.model import Model
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.growing import Growing, bound
from inference_exporter.values.samples import Samples

NOW = 1_800_000_000.0
DURATION, SLOW = "inference_request_duration_seconds", "inference_requests_slow_total"
FIELDS = "prediction: y, latency: s, steps: {look: s}"


def parsed(more: str = "") -> ModelConfig:
    text = f"models: {{m: {{logs: [x], fields: {{{FIELDS}}}{more}}}}}"
    return config.parse(text, "test.yaml").models[0]


def blocks(one: Model, name: str) -> list[Samples]:
    found = one.samples(NOW, EvaluationFacts())
    return [block for block in found if block.series.family.name == name]


def lines(seconds: list[float], country: str = "DE") -> bytes:
    return b"".join(b'{"y": "a", "c": "%s", "s": %r}\n' % (country.encode(), s) for s in seconds)


def test_bounds_are_powers_of_two_and_roots_between_them() -> None:
    found = Growing(3, -14, 10).bounds
    assert found == pytest.approx([2 ** (i / 8) for i in range(-112, 81)], rel=1e-15)
    for schema in (0, 1, 2):
        assert set(Growing(schema, -14, 10).bounds) < set(found)
    assert bound(81, 3) > 1024 > bound(79, 3)


def test_requests_have_finer_bounds_than_steps_and_segments() -> None:
    one = parsed()
    counts = [len(of(one)) for of in (request_buckets, step_buckets, segment_buckets)]
    assert counts == [129, 65, 33]
    for of, factor in ((request_buckets, 1.1), (step_buckets, 1.2), (segment_buckets, 1.42)):
        bounds = np.array(of(one))
        assert (bounds[0], bounds[-1]) == (2**-10, 64)
        assert (bounds[1:] / bounds[:-1]).max() < factor


def test_bounds_of_ones_own_are_those_of_all() -> None:
    one = parsed(", latency_buckets: [0.1, 1]")
    assert [of(one) for of in (request_buckets, step_buckets, segment_buckets)] == [(0.1, 1.0)] * 3
    assert segment_native(one) is None


@pytest.mark.parametrize("more", ["", ", latency_buckets: [0.1, 1]"])
def test_the_objective_is_always_a_bound(more: str) -> None:
    one = parsed(more + ", thresholds: {request_duration_seconds: 0.3}")
    assert 0.3 in request_buckets(one)
    assert 0.3 in segment_buckets(one)


def test_slow_requests_are_those_above_the_objective() -> None:
    one = make_model(parsed(", thresholds: {request_duration_seconds: 0.3}"), None)
    one.start(NOW)
    one.take(lines([0.1, 0.3, 0.30001, 4.0, 5000.0]), NOW)
    assert [list(block.values) for block in blocks(one, SLOW)] == [[3.0]]


def test_without_an_objective_nothing_is_slow() -> None:
    one = make_model(parsed(), None)
    one.start(NOW)
    one.take(lines([0.1]), NOW)
    assert blocks(one, SLOW) == []


def test_slow_requests_of_segments_add_up() -> None:
    more = ", segments: [c], thresholds: {request_duration_seconds: 0.3}"
    one = make_model(parsed(more), None)
    one.start(NOW)
    one.take(lines([0.1, 0.4]) + lines([0.5, 0.6], "FR"), NOW)
    found = {block.series.label_sets[0]: list(block.values) for block in blocks(one, SLOW)}
    assert found == {("m", "", "DE"): [1.0], ("m", "", "FR"): [2.0]}
    (native,) = {block.native[0].schema for block in blocks(one, DURATION)}
    assert native == 1


def test_native_histograms_survive_a_restart() -> None:
    before, after = (make_model(parsed(), None) for _ in range(2))
    before.start(NOW)
    before.take(lines([0.00001, 0.02, 0.021, 2000.0]), NOW)
    committed, _ = before.take_changes()
    assert after.restore(committed, NOW) == []
    for one in (before, after):
        one.take(lines([0.02]), NOW)
    (first,), (second,) = blocks(before, DURATION), blocks(after, DURATION)
    assert first.native == second.native
    (native,) = second.native
    assert (native.zero_count, sum(native.counts), native.counts[-1]) == (1, 4, 1)
