"""Detections and levels are those of river, value by value, however the stream is cut."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter.detectors import DETECTORS, Detector
from inference_exporter.detectors.base import Input
from inference_exporter.values.batch import Floats

with warnings.catch_warnings():  # an oracle's deprecated imports are not our failures
    warnings.simplefilter("ignore")
    from river import drift
    from river.drift import binary

Change = Literal["stationary", "abrupt", "gradual"]
Parameters = tuple[tuple[str, float], ...]

RIVER: dict[str, Callable[..., Any]] = {
    "adwin": drift.ADWIN,
    "ddm": binary.DDM,
    "eddm": binary.EDDM,
    "hddm_a": binary.HDDMA,
    "kswin": partial(drift.KSWIN, seed=0),
    "page_hinkley": drift.PageHinkley,
}

OTHER_PARAMETERS: dict[str, Parameters] = {
    "adwin": (("delta", 0.05), ("clock", 1)),
    "ddm": (("warm_start", 10), ("warning_threshold", 1.0), ("drift_threshold", 2.0)),
    "eddm": (("warm_start", 10), ("alpha", 0.8), ("beta", 0.75)),
    "hddm_a": (("drift_confidence", 0.05), ("warning_confidence", 0.1)),
    "kswin": (("alpha", 0.0001), ("window_size", 60), ("stat_size", 20), ("seed", 7)),
    "page_hinkley": (("min_instances", 5), ("delta", 0.1), ("threshold", 3.0), ("alpha", 0.99)),
}

BOLD: Parameters = (("alpha", 0.1),)  # at which even kswin sees a change of error rate

PAIRS = [(name, kind) for name, one in DETECTORS.items() for kind in sorted(one.inputs)]
CHANGES: tuple[Change, ...] = ("stationary", "abrupt", "gradual")
BLOCKS = (1, 7, 1000, 10**9)


def stream(kind: Input, change: Change, seed: int, length: int) -> Floats:
    """A seeded stream; a change is at 40 %, to three times the rate or by one sigma, and back."""
    draw = np.random.default_rng((seed, CHANGES.index(change)))
    position = np.arange(length) / length
    moved = {
        "stationary": np.zeros(length),
        "abrupt": np.where((position > 0.4) & (position < 0.8), 1.0, 0.0),
        "gradual": np.interp(position, (0.3, 0.6, 0.7, 1.0), (0.0, 1.0, 1.0, 0.0)),
    }[change]
    if kind == "binary":
        return np.asarray(draw.random(length) < 0.15 + 0.3 * moved, np.float64)
    return np.asarray(draw.standard_normal(length) + moved, np.float64)


@cache
def expected(
    name: str, kind: Input, change: Change, seed: int, parameters: Parameters, length: int
) -> tuple[list[int], list[int]]:
    """River's detections, and its level at every value."""
    oracle = RIVER[name](**dict(parameters))
    found, levels = [], []
    for index, value in enumerate(stream(kind, change, seed, length).tolist()):
        oracle.update(value)
        warning = getattr(oracle, "warning_detected", False)
        levels.append(2 if oracle.drift_detected else int(warning))
        if oracle.drift_detected:
            found.append(index)
    return found, levels


def blocks(length: int, size: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + size, length)) for start in range(0, length, size))


def follow(detector: Detector, values: Floats, size: int) -> tuple[list[int], dict[int, int]]:
    """Detections, and the level after each block, with restarts of the process in between."""
    restarts = random.Random(size)
    found: list[int] = []
    levels: dict[int, int] = {}
    for start, end in blocks(len(values), size):
        if restarts.random() < max(0.02, 100 / len(values)):
            detector = type(detector).from_bytes(detector.to_bytes())
        found += [start + offset for offset in detector.update_many(values[start:end])]
        levels[end - 1] = detector.level
    assert detector.detections == len(found)
    return found, levels


def agree(
    name: str, kind: Input, change: Change, seed: int, parameters: Parameters = ()
) -> list[int]:
    length = 1200 if name == "kswin" else 5000  # river's takes 0.3 ms per value
    values = stream(kind, change, seed, length)
    found, levels = expected(name, kind, change, seed, parameters, length)
    for size in BLOCKS:
        made: Callable[..., Detector] = DETECTORS[name]
        got, level_after = follow(made(**dict(parameters)), values, size)
        assert got == found, (name, kind, change, seed, size)
        assert level_after == {index: levels[index] for index in level_after}
    return found


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_detections_and_levels_are_those_of_river(name: str, kind: Input, change: Change) -> None:
    for seed in range(1 if name == "kswin" else 3):
        agree(name, kind, change, seed)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_with_other_parameters_too(name: str, kind: Input, change: Change) -> None:
    agree(name, kind, change, 11, OTHER_PARAMETERS[name])


def test_kswin_on_errors_at_a_level_at_which_it_sees_something() -> None:
    agree("kswin", "binary", "abrupt", 11, BOLD)


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_on_many_more_streams(name: str, kind: Input, change: Change) -> None:
    for seed in range(100, 103 if name == "kswin" else 120):
        agree(name, kind, change, seed)
        agree(name, kind, change, seed, OTHER_PARAMETERS[name])


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_the_streams_of_these_tests_do_have_detections(name: str, kind: Input) -> None:
    # otherwise agreement would say nothing
    parameters = OTHER_PARAMETERS[name] if name != "kswin" else BOLD
    length = 1200 if name == "kswin" else 5000
    assert expected(name, kind, "abrupt", 11, parameters, length)[0]


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("name", DETECTORS)
def test_a_constant_stream_is_no_drift(name: str, value: float) -> None:
    oracle = RIVER[name]()
    detector = DETECTORS[name]()
    assert detector.update_many(np.full(500, value)) == []
    for _ in range(500):
        oracle.update(value)
        assert not oracle.drift_detected


cuts = st.lists(st.integers(0, 400), max_size=8)
rates = st.lists(st.floats(0, 1), min_size=1, max_size=4)


@pytest.mark.parametrize("name", DETECTORS)
@given(rates=rates, seed=st.integers(0, 2**31), cuts=cuts)
@settings(max_examples=settings().max_examples // 4, deadline=None)
def test_any_cut_into_blocks_gives_the_same_state(
    name: str, rates: list[float], seed: int, cuts: list[int]
) -> None:
    draw = np.random.default_rng(seed)
    chance = np.repeat(rates, 400 // len(rates))
    values = np.asarray(draw.random(len(chance)) < chance, np.float64)
    whole, cut = DETECTORS[name](), DETECTORS[name]()
    expected_offsets = whole.update_many(values)
    found: list[int] = []
    edges = [0, *sorted(cuts), len(values)]
    for start, end in pairwise(edges):
        found += [start + offset for offset in cut.update_many(values[start:end])]
        cut = type(cut).from_bytes(cut.to_bytes())
    assert found == expected_offsets
    assert cut == whole
