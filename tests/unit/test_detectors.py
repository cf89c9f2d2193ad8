"""Detectors on hand-made streams, bad input, and their saved state."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from inference_exporter.detectors import DETECTORS, Detector
from inference_exporter.detectors.ddm import Ddm
from inference_exporter.detectors.eddm import Eddm
from inference_exporter.detectors.hddm_a import HddmA

REAL = [name for name, one in DETECTORS.items() if "real" in one.inputs]
BINARY_ONLY = [name for name, one in DETECTORS.items() if "real" not in one.inputs]
LARGEST_STATE = 8_000


def made(name: str, **parameters: object) -> Detector:
    detector: Callable[..., Detector] = DETECTORS[name]
    return detector(**parameters)


def used(name: str) -> Detector:
    """A detector in the middle of a stream of errors at rate 0.3."""
    detector = DETECTORS[name]()
    detector.update_many((np.random.default_rng(5).random(700) < 0.3) * np.float64(1))
    return detector


@pytest.mark.parametrize("name", DETECTORS)
def test_a_new_detector_is_stable_and_has_detected_nothing(name: str) -> None:
    detector = DETECTORS[name]()
    assert (detector.level, detector.detections) == (0, 0)


@pytest.mark.parametrize("name", DETECTORS)
def test_an_empty_block_changes_nothing(name: str) -> None:
    detector = used(name)
    before = detector.to_bytes()
    assert detector.update_many(np.empty(0)) == []
    assert detector.to_bytes() == before


@pytest.mark.parametrize("name", ["adwin", "page_hinkley", "ddm", "hddm_a"])
def test_a_model_that_begins_to_fail_is_detected_once_and_the_failure_becomes_normal(
    name: str,
) -> None:
    values = np.repeat((0.0, 1.0), (1000, 1000))
    values[::50] = 1.0
    detector = DETECTORS[name]()
    found = detector.update_many(values)
    assert len(found) == 1
    assert 1000 < found[0] < 1100
    assert (detector.level, detector.detections) == (0, 1)


def test_level_is_drift_at_the_detection_and_stable_at_the_next_value() -> None:
    values = np.repeat((0.0, 1.0), (1000, 1000))
    detector = DETECTORS["adwin"]()
    [offset] = detector.update_many(values)
    again = DETECTORS["adwin"]()
    blocks = (values[: offset + 1], values[offset + 1 : offset + 2])
    levels = [(again.update_many(block), again.level) for block in blocks]
    assert levels == [([offset], 2), ([], 0)]


@pytest.mark.parametrize("detector", [Ddm(), Eddm(), HddmA()])
def test_a_warning_comes_before_the_drift(detector: Detector) -> None:
    draw = np.random.default_rng(3)
    values = np.asarray(draw.random(6000) < np.linspace(0.05, 0.3, 6000), np.float64)
    levels = ""
    for value in values:
        detector.update_many(np.array([value]))
        levels += str(detector.level)
    assert "12" in levels or re.search("10{1,30}2", levels)


def test_adwin_and_page_hinkley_detect_a_mean_that_falls() -> None:
    values = np.repeat((1.0, 0.0), (1000, 1000))
    for name in ("adwin", "page_hinkley"):
        assert len(DETECTORS[name]().update_many(values)) == 1


def test_kswin_detects_a_spread_that_grows_at_the_same_mean() -> None:
    draw = np.random.default_rng(1)
    values = draw.standard_normal(400) * np.repeat((0.1, 10.0), (200, 200))
    [first, *_] = made("kswin", alpha=1e-4).update_many(values)
    assert 200 < first < 260


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("name", DETECTORS)
def test_a_value_that_is_not_finite_is_refused_and_changes_nothing(name: str, value: float) -> None:
    detector = used(name)
    before = detector.to_bytes()
    with pytest.raises(ValueError, match=f"{name} follows only"):
        detector.update_many(np.array([1.0, value]))
    assert detector.to_bytes() == before


@pytest.mark.parametrize("name", BINARY_ONLY)
def test_a_detector_of_errors_refuses_other_numbers(name: str) -> None:
    with pytest.raises(ValueError, match="only zeros and ones"):
        DETECTORS[name]().update_many(np.array([0.0, 0.5]))


@pytest.mark.parametrize("name", REAL)
def test_the_largest_floats_do_not_overflow(name: str) -> None:
    detector = DETECTORS[name]()
    values = np.tile((1.7e308, -1.7e308, 0.0), 500)
    detector.update_many(values)  # warnings are errors here
    assert DETECTORS[name].from_bytes(detector.to_bytes()) == detector


@pytest.mark.parametrize("name", DETECTORS)
def test_a_saved_detector_comes_back_as_it_was(name: str) -> None:
    detector = used(name)
    assert type(detector).from_bytes(detector.to_bytes()) == detector


@pytest.mark.parametrize("name", DETECTORS)
def test_parameters_are_saved(name: str) -> None:
    parameters: dict[str, dict[str, object]] = {
        "adwin": {"delta": 0.1, "clock": 1},
        "ddm": {"warm_start": 5},
        "eddm": {"beta": 0.5},
        "hddm_a": {"drift_confidence": 0.1},
        "kswin": {"seed": 3, "window_size": 80},
        "page_hinkley": {"threshold": 5.0},
    }
    detector = made(name, **parameters[name])
    again = type(detector).from_bytes(detector.to_bytes())
    assert {key: getattr(again, key) for key in parameters[name]} == parameters[name]


@pytest.mark.parametrize("name", DETECTORS)
def test_many_values_make_a_state_of_bounded_size(name: str) -> None:
    detector = DETECTORS[name]()
    detector.update_many(np.zeros(200_000 if name != "kswin" else 5_000))
    assert len(detector.to_bytes()) < LARGEST_STATE


@pytest.mark.parametrize("name", DETECTORS)
def test_any_flipped_bit_and_any_cut_is_damage(name: str) -> None:
    data = used(name).to_bytes()
    positions = np.random.default_rng(0).integers(0, len(data), 60).tolist()
    damaged = [data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :] for at in positions] + [
        data[:at] for at in (0, 3, 4, 5, len(data) - 1)
    ]
    for one in [*damaged, b"\0\0\0\0", data + b"\0"]:
        with pytest.raises(ValueError, match="damaged"):
            DETECTORS[name].from_bytes(one)


@pytest.mark.parametrize("name", DETECTORS)
def test_the_state_of_another_detector_is_refused(name: str) -> None:
    for other, one in DETECTORS.items():
        if other != name:
            with pytest.raises(ValueError, match=f"damaged {other}"):
                one.from_bytes(DETECTORS[name]().to_bytes())


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("adwin", {"delta": 0.0}),
        ("adwin", {"clock": 0}),
        ("page_hinkley", {"threshold": 0.0}),
        ("page_hinkley", {"threshold": float("nan")}),
        ("ddm", {"warning_threshold": 4.0}),
        ("ddm", {"warning_threshold": 0.0}),
        ("eddm", {"alpha": 0.8}),
        ("eddm", {"beta": 1.5}),
        ("hddm_a", {"drift_confidence": 1.0}),
        ("hddm_a", {"warning_confidence": -1.0}),
        ("kswin", {"alpha": 0.0}),
        ("kswin", {"stat_size": 60}),
        ("kswin", {"stat_size": 0}),
    ],
)
def test_parameters_that_cannot_be_are_refused(name: str, parameters: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|not"):
        made(name, **parameters)


def test_kswin_with_an_impossible_level_never_detects() -> None:
    detector = made("kswin", alpha=1e-300, window_size=10, stat_size=4)
    assert detector.update_many(np.repeat((0.0, 1.0), 50)) == []
