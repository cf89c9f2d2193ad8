"""What a call of the logger in client/ costs its caller, and what its thread does with it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.result import Result, Settings, Spread, Table, Target, percentile, say
from bench.service import cpu_of_requests

sys.path.insert(0, str(Path(__file__).parents[1] / "client"))
from inference_log import PredictionLog
from inference_log.asgi import PredictionMiddleware

_TARGET = 15e-6  # seconds of a call
_INPUTS = 20
_COLUMNS = ("features", "in a loop", "apart, median", "apart, p99", "CPU of the thread")
_TOGETHER = 100  # calls that wait to be written: those of 0.1 s in a service that is busy
_PACE = 0.0005  # seconds between two calls: a busy service, not a loop that starves the thread

_METHOD = f"""\
COUNT calls with {_INPUTS} inputs, a class, a score, an id and a latency. Inputs are numbers; of the
frame of several types a quarter are texts. *In a loop* is the CPU time of a call among
{_TOGETHER} like it, which are then written; *apart* the time until `write` returns where
{_PACE * 1e3:g} ms of sleep are between two calls, caches are cold and the thread that writes runs
beside them. *CPU of the thread* is that of the process beyond the caller's, for a line on disk. The
ASGI application answers JSON without a server; with the middleware over without is what the
middleware costs. The FastAPI service runs under uvicorn in a process of its own and does nothing
but answer: REQUESTS requests a round with ten inputs on one connection, the three services in
turns; CPU is that of the process, the thread that writes included. Every log is checked to have a
line for each call.
"""


def measure(settings: Settings) -> Result:
    """Each way of writing in turns, then each way of serving."""
    count, rounds = settings.size(2000, 200), settings.size(5, 1)
    asked = settings.size(4000, 200)
    ways = {name: _Costs(features) for name, features in _rows().items()}
    requests: list[float] = []
    for number in range(rounds):
        for place, costs in enumerate(ways.values()):
            costs.measure(settings.subfolder(f"client-{number}-{place}"), count)
        row = ways["dict"].features
        requests.append(_middleware(settings.subfolder(f"client-asgi-{number}"), row, count))
        say(f"round {number + 1}: {Spread(ways['dict'].apart).text('µs', 1e6)} a call")
    served = cpu_of_requests(settings, rounds, asked)
    method = _METHOD.replace("COUNT", f"{count:,}").replace("REQUESTS", f"{asked:,}")
    return Result(
        "client",
        "The logger for Python services",
        method,
        f"{rounds} rounds",
        (
            Table(_COLUMNS, tuple((name, *costs.texts()) for name, costs in ways.items())),
            Table(("ASGI middleware", "a request"),
                  (("with over without", Spread(requests).text("µs", 1e6)),)),
            Table(("FastAPI service", "CPU of a request", "more than without"), _served(served)),
        ),
        _targets(ways),
        {"loop_seconds": {name: costs.loop for name, costs in ways.items()},
         "caller_seconds": {name: costs.apart for name, costs in ways.items()},
         "thread_seconds": {name: costs.thread for name, costs in ways.items()},
         "middleware_seconds": requests, "service_cpu_seconds": served},
    )  # fmt: skip


def _rows() -> dict[str, Any]:
    row = {f"x{i}": i * 1.5 for i in range(_INPUTS)}
    mixed = {name: value if i % 4 else str(value) for i, (name, value) in enumerate(row.items())}
    frame = pd.DataFrame([row])
    return {
        "dict": row,
        "NumPy row": np.array(list(row.values())),
        "pandas Series": frame.iloc[0],
        "frame of a row": frame,
        "frame of a row, several types": pd.DataFrame([mixed]),
    }


class _Costs:
    """What calls with the same features cost, round by round, in seconds of a call."""

    def __init__(self, features: Any) -> None:
        self.features = features
        self.loop: list[float] = []
        self.apart: list[float] = []
        self.highest: list[float] = []
        self.thread: list[float] = []

    def measure(self, folder: Path, count: int) -> None:
        """One round."""
        self.loop.append(_loop(folder, self.features, count))
        taken, beyond = _calls(folder, self.features, count)
        self.apart.append(percentile(taken, 0.5))
        self.highest.append(percentile(taken, 0.99))
        self.thread.append(beyond)

    def texts(self) -> tuple[str, ...]:
        """The cells of a row of the table."""
        columns = (self.loop, self.apart, self.highest, self.thread)
        return tuple(Spread(one).text("µs", 1e6) for one in columns)


def _served(served: dict[str, list[float]]) -> tuple[tuple[str, ...], ...]:
    plain = served["without"]
    return tuple(
        (
            way,
            Spread(found).text("µs", 1e6),
            Spread(mine / other - 1 for mine, other in zip(found, plain, strict=True)).text(
                "%", 100
            ),
        )
        for way, found in served.items()
    )


def _targets(ways: dict[str, _Costs]) -> tuple[Target, ...]:
    """The slowest of what is one type, and what pandas copies by itself."""
    *plain, mixed = ways.values()
    cases = (
        ("a call in a loop", _slowest(costs.loop for costs in plain)),
        ("a call in a loop, a frame of several types", Spread(mixed.loop)),
        ("a call apart from others", _slowest(costs.apart for costs in plain)),
    )
    return tuple(
        Target(name, "15 µs at the caller's side", found.text("µs", 1e6), found.median < _TARGET)
        for name, found in cases
    )


def _slowest(costs: Iterable[list[float]]) -> Spread:
    return max(map(Spread, costs), key=lambda one: one.median)


def _loop(folder: Path, features: Any, count: int) -> float:
    """CPU seconds of the caller for a call, without a pause and with nothing written meanwhile."""
    path = folder / "loop.jsonl"
    log = PredictionLog(path, model="m", version="7", interval=60)
    taken = 0.0
    for block in range(count // _TOGETHER):
        begin = time.thread_time()
        for i in range(_TOGETHER):
            log.write(features, 1, score=0.5, id=f"q{block}-{i}", latency=0.01)
        taken += time.thread_time() - begin
        log.flush()
    log.close()
    _check(path, count)
    return taken / count


def _calls(folder: Path, features: Any, count: int) -> tuple[list[float], float]:
    """Seconds of each call; CPU seconds of the thread for a line."""
    log, taken = PredictionLog(folder / "p.jsonl", model="m", version="7"), []
    process, caller = time.process_time(), time.thread_time()
    for i in range(count):
        _wait(_PACE)
        begin = time.perf_counter()
        log.write(features, 1, score=0.5, id=f"q{i}", latency=0.01)
        taken.append(time.perf_counter() - begin)
    log.close()
    beyond = time.process_time() - process - (time.thread_time() - caller)
    _check(folder / "p.jsonl", count)
    return taken, max(beyond, 0.0) / count


def _wait(seconds: float) -> None:
    time.sleep(seconds)


def _check(path: Path, count: int) -> None:
    lines = path.read_bytes().count(b"\n")
    if lines != count:
        raise RuntimeError(f"{path.name}: {lines} lines of {count} calls")


def _middleware(folder: Path, row: dict[str, float], count: int) -> float:
    """Seconds that the middleware adds to a request: the difference of two medians."""
    log = PredictionLog(folder / "p.jsonl", model="m", version="7")
    body, answer = json.dumps(row).encode(), b'{"prediction": 1, "score": 0.5}'

    async def app(_: Any, receive: Callable[[], Awaitable[Any]], send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": answer})

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        pass

    async def requests(one: Any) -> float:
        taken = []
        for _ in range(count):
            _wait(_PACE)
            begin = time.perf_counter()
            scope = {"type": "http", "method": "POST", "path": "/predict", "headers": []}
            await one(scope, receive, send)
            taken.append(time.perf_counter() - begin)
        return percentile(taken, 0.5)

    without = asyncio.run(requests(app))
    with_it = asyncio.run(requests(PredictionMiddleware(app, log)))
    log.close()
    _check(folder / "p.jsonl", count)
    return with_it - without
