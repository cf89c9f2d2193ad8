"""The traffic: how much is sent, when it drifts, what is wrong with some of it, when it ends."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from inference_exporter.demo.data import Population
from inference_exporter.demo.traffic import Call, Callers, Plan, Traffic, drift


class FakeTime:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def send(plan: Plan) -> tuple[list[tuple[float, Call]], int]:
    """What a plan sends, with the second at which it is sent."""
    time, calls = FakeTime(), list[tuple[float, Call]]()
    traffic = Traffic(plan, lambda call: calls.append((time() - 1000.0, call)), time, time.sleep)
    return calls, traffic.run()


def bodies(plan: Plan, count: int) -> list[dict[str, Any] | None]:
    """Bodies of calls; None for one that is not JSON."""
    callers = Callers(plan)
    return [_decode(callers.next(drifted=False).body) for _ in range(count)]


def _decode(body: bytes) -> dict[str, Any] | None:
    try:
        document: dict[str, Any] = json.loads(body)
    except ValueError:
        return None
    return document


def test_the_rate_is_kept_over_time() -> None:
    calls, sent = send(Plan(rate=20, duration=60))
    assert sent == len(calls)
    assert sent == pytest.approx(1200, rel=0.1)
    assert all(0 < at < 60 for at, _ in calls)


def test_it_ends_after_the_number_of_requests() -> None:
    assert send(Plan(requests=17))[1] == 17


def test_the_same_seed_sends_the_same_requests() -> None:
    plan = Plan(requests=50, seed=3)
    assert send(plan) == send(plan)


def test_the_income_drifts_after_the_time_and_the_people_stay_the_same() -> None:
    quiet = send(Plan(requests=200, drift_after=1e9))[0]
    moved = send(Plan(requests=200, drift_after=5))[0]
    drifted = 0
    for (at, before), (_, after) in zip(quiet, moved, strict=True):
        one, other = _decode(before.body), _decode(after.body)
        if one is None or other is None or one["features"]["income"] is None:
            continue
        expected = one["features"]["income"] if at < 5 else drift(one["features"]["income"])
        assert other["features"]["income"] == expected
        assert one.get("actual") == other.get("actual")
        drifted += at >= 5
    assert drifted > 50


@pytest.mark.parametrize(("value", "expected"), [(1000.0, 1300.0), (None, None), ("n/a", None)])
def test_drift_is_a_factor_on_numbers(value: object, expected: float | None) -> None:
    assert drift(value) == expected


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_share_of_requests_with_an_outcome_is_as_asked(share: float) -> None:
    documents = [one for one in bodies(Plan(label_share=share), 2000) if one is not None]
    labelled = sum("actual" in one for one in documents) / len(documents)
    assert labelled == pytest.approx(share, abs=0.04)


def test_some_requests_have_something_wrong_with_them() -> None:
    documents = bodies(Plan(), 4000)
    found = Counter(_fault(one) for one in documents)
    assert found["cut"] + found["no amount"] == pytest.approx(0.005 * 4000, abs=12)
    assert found["text"] == pytest.approx(0.006 * 4000, abs=15)
    assert found["unseen"] == pytest.approx(0.005 * 4000, abs=14)


def _fault(document: dict[str, Any] | None) -> str:
    if document is None:
        return "cut"
    features = document["features"]
    if "loan_amount" not in features:
        return "no amount"
    if isinstance(features["years_employed"], str):
        return "text"
    return "unseen" if features["employment"] == "gig_worker" else ""


def test_it_ends_when_its_parent_is_gone() -> None:
    time = FakeTime()
    traffic = Traffic(Plan(), lambda _: None, time, time.sleep)
    assert traffic.run(alive=lambda: time() < 1010.0) == pytest.approx(200, rel=0.3)


def test_it_ends_when_told_to() -> None:
    time = FakeTime()
    traffic = Traffic(Plan(), lambda _: traffic.stop(), time, time.sleep)
    assert traffic.run() == 1


def test_a_slow_server_is_not_flooded_when_it_is_back() -> None:
    time, at = FakeTime(), list[float]()

    def slow(_: Call) -> None:
        at.append(time())
        time.sleep(30.0 if len(at) == 1 else 0.0)

    Traffic(Plan(rate=20, requests=60), slow, time, time.sleep).run()
    made_up = sum(moment == at[1] for moment in at)
    assert made_up < 40  # 1 second's worth and chance, not 600


def test_live_people_are_not_those_of_the_reference() -> None:
    live = Population("live").draw(1)[0]
    assert live != Population("reference").draw(1)[0]
