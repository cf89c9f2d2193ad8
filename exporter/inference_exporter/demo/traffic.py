"""Applicants knock at the model server, at a steady rate, on the loopback interface only.

Arrivals are random (a Poisson process of `rate` per second). Most requests are sound; of a
thousand, about 20 lack a value, 6 carry text where a number belongs, 5 an employment that the model
has never seen, and 5 cannot be answered at all. Some carry a `traceparent` header.

After `drift_after` seconds the income arrives 1.3 times as large, as if an upstream team began to
send gross instead of net. Nothing about the people has changed, so the outcomes stay what they
were and the model, which believes in the larger income, misses more defaults.

It stops after `requests` or `duration`, on SIGTERM, or when the program that started it is gone.
`python -m inference_exporter.demo.traffic --help` runs it alone.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import FrameType

import requests

from inference_exporter.demo.data import Applicant, Population, Row
from inference_exporter.demo.server import HOST

DRIFTING, FACTOR = "income", 1.3
MAX_RATE = 200.0  # one connection and one request at a time does about as many
_MISSING, _INVALID, _UNSEEN, _REJECTED = 0.02, 0.006, 0.005, 0.005
_MAY_BE_MISSING = ("age", "income", "years_employed", "debt_ratio", "housing")
_GIVE_UP_AFTER = 20  # connection failures in a row


@dataclass(frozen=True, slots=True)
class Plan:
    """What is sent, and for how long; None is without end. Times are seconds."""

    rate: float = 20.0
    drift_after: float = 180.0
    label_share: float = 0.5
    requests: int | None = None
    duration: float | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One request."""

    body: bytes
    headers: dict[str, str]


class Callers:
    """Makes requests out of applicants."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._random = random.Random(plan.seed)
        self._people = self._applicants()

    def _applicants(self) -> Iterator[Applicant]:
        population = Population("live", self._plan.seed)
        while True:
            yield from population.draw(500)

    def next(self, drifted: bool) -> Call:
        """The next request; `drifted` says whether the income is already wrong."""
        person = next(self._people)
        features = dict(person.features)
        if drifted:
            features[DRIFTING] = drift(features[DRIFTING])
        document: dict[str, object] = {"features": features}
        if self._random.random() < self._plan.label_share:
            document["actual"] = person.actual
        headers = {"Content-Type": "application/json"}
        if self._random.random() < 0.8:
            trace, span = self._random.getrandbits(128), self._random.getrandbits(64)
            headers["traceparent"] = f"00-{trace:032x}-{span:016x}-01"
        return Call(self._spoil(document, features), headers)

    def _spoil(self, document: dict[str, object], features: Row) -> bytes:
        """The body, for some requests with something wrong in it."""
        draw = self._random.random()
        if draw < _REJECTED:
            return self._unusable(document, features)
        draw -= _REJECTED
        if draw < _MISSING:
            features[self._random.choice(_MAY_BE_MISSING)] = None
        elif draw < _MISSING + _INVALID:
            features["years_employed"] = self._random.choice(("n/a", "unknown", "5 years"))
        elif draw < _MISSING + _INVALID + _UNSEEN:
            features["employment"] = "gig_worker"
        return json.dumps(document).encode()

    def _unusable(self, document: dict[str, object], features: Row) -> bytes:
        if self._random.random() < 0.5:
            del features["loan_amount"]
            return json.dumps(document).encode()
        return json.dumps(document).encode()[:-20]


def drift(value: object) -> float | None:
    """An income that went through the wrong unit."""
    return round(value * FACTOR, 2) if isinstance(value, int | float) else None


class Traffic:
    """Sends the calls of a plan; `send`, `now` and `sleep` are arguments for the tests."""

    def __init__(
        self,
        plan: Plan,
        send: Callable[[Call], None],
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._plan, self._send, self._now, self._sleep = plan, send, now, sleep
        self._gaps = random.Random(plan.seed + 1)
        self._stopped = False

    def stop(self) -> None:
        """End after the request being sent."""
        self._stopped = True

    def run(self, alive: Callable[[], bool] = lambda: True) -> int:
        """Send until the plan ends; returns the number of requests."""
        plan = self._plan
        calls = Callers(plan)
        started = due = self._now()
        sent = 0
        while not self._stopped and alive():
            # A server that fell behind is not flooded later: what was missed for 1 s is not made up
            due = max(due + self._gaps.expovariate(plan.rate), self._now() - 1.0)
            self._wait(due)
            elapsed = self._now() - started
            if self._stopped or _over(plan, sent, elapsed):
                break
            self._send(calls.next(elapsed >= plan.drift_after))
            sent += 1
        return sent

    def _wait(self, due: float) -> None:
        while not self._stopped and (left := due - self._now()) > 0:
            self._sleep(min(left, 0.5))  # a signal is noticed within this


def _over(plan: Plan, sent: int, elapsed: float) -> bool:
    over_time = plan.duration is not None and elapsed >= plan.duration
    return over_time or (plan.requests is not None and sent >= plan.requests)


class Sender:
    """Posts calls over one connection; gives up when the server is gone."""

    def __init__(self, port: int) -> None:
        self._url = f"http://{HOST}:{port}/predict"
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between two ends of one machine
        self._failures = 0

    def __call__(self, call: Call) -> None:
        """Send one; the answer is of no interest here, the log has it."""
        try:
            self._session.post(self._url, data=call.body, headers=call.headers, timeout=10)
            self._failures = 0
        except requests.RequestException:
            self._failures += 1
            if self._failures >= _GIVE_UP_AFTER:
                raise


def main(arguments: Sequence[str] | None = None) -> int:
    """Send until the plan ends or SIGTERM."""
    options = _parser().parse_args(arguments)
    plan = replace(
        Plan(),
        rate=min(options.rate, MAX_RATE),
        drift_after=options.drift_after,
        label_share=options.label_share,
        requests=options.requests,
        duration=options.duration,
        seed=options.seed,
    )
    traffic = Traffic(plan, Sender(options.port))

    def stop(_signal: int, _frame: FrameType | None) -> None:
        traffic.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    parent = os.getppid()
    sent = traffic.run(alive=lambda: os.getppid() == parent)
    sys.stdout.write(f"{sent} requests sent\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference_exporter.demo.traffic",
        description="Sends loan applicants to the demo's model server on this machine.",
    )
    add, plan = parser.add_argument, Plan()
    add("--port", type=int, required=True, help="the model server's port")
    add("--rate", type=float, default=plan.rate, help="requests a second (default: 20)")
    add("--drift-after", type=float, default=plan.drift_after, help="seconds (default: 180)")
    add("--label-share", type=float, default=plan.label_share, help="share with an outcome")
    add("--requests", type=int, help="stop after so many (default: never)")
    add("--duration", type=float, help="stop after so many seconds (default: never)")
    add("--seed", type=int, default=plan.seed, help="which people come (default: 0)")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
