"""False alarms and delays on 100 seeded streams stay where docs/detectors.md says they are.

Bounds are three standard errors of 100 streams around the rates that were measured on 1,000.
"""

from __future__ import annotations

import numpy as np
import pytest

from inference_exporter.detectors import DETECTORS
from inference_exporter.values.batch import Floats

pytestmark = pytest.mark.slow

STREAMS = 100
LENGTH = 10_000


def binary(seed: int, length: int, rate: float) -> Floats:
    return np.asarray(np.random.default_rng(seed).random(length) < rate, np.float64)


def gaussian(seed: int, length: int) -> Floats:
    return np.random.default_rng(seed).standard_normal(length)


def false_alarms(name: str, streams: list[Floats]) -> float:
    return sum(bool(DETECTORS[name]().update_many(one)) for one in streams) / len(streams)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("adwin", 0.0, 0.02),
        ("page_hinkley", 0.0, 0.07),
        ("hddm_a", 0.0, 0.07),
        ("ddm", 0.30, 0.61),
        ("eddm", 0.92, 1.0),
    ],
)
def test_share_of_streams_of_errors_with_a_false_alarm(name: str, low: float, high: float) -> None:
    streams = [binary(seed, LENGTH, 0.1) for seed in range(STREAMS)]
    assert low <= false_alarms(name, streams) <= high


@pytest.mark.parametrize(
    ("name", "low", "high"), [("adwin", 0.0, 0.03), ("page_hinkley", 0.97, 1.0)]
)
def test_share_of_gaussian_streams_with_a_false_alarm(name: str, low: float, high: float) -> None:
    streams = [gaussian(seed, LENGTH) for seed in range(STREAMS)]
    assert low <= false_alarms(name, streams) <= high


def test_kswin_alarms_on_nearly_every_gaussian_stream() -> None:
    assert false_alarms("kswin", [gaussian(seed, 2000) for seed in range(20)]) >= 0.5


def test_kswin_alarms_on_every_longer_gaussian_stream_and_on_hardly_any_of_errors() -> None:
    assert false_alarms("kswin", [gaussian(seed, LENGTH) for seed in range(STREAMS)]) >= 0.97
    assert false_alarms("kswin", [binary(seed, LENGTH, 0.1) for seed in range(STREAMS)]) <= 0.05


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("adwin", 260, 350), ("page_hinkley", 370, 460), ("hddm_a", 370, 560)],
)
def test_median_delay_after_the_error_rate_doubles(name: str, low: int, high: int) -> None:
    delays = []
    for seed in range(STREAMS):
        detector = DETECTORS[name]()
        detector.update_many(binary(seed, LENGTH, 0.1))
        found = detector.update_many(binary(seed + STREAMS, 5000, 0.2))
        delays.append(found[0] + 1 if found else np.inf)
    assert low <= float(np.median(delays)) <= high
