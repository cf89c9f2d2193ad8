"""What a call of the logger in client/ costs its caller, and what its thread does with it."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np

from bench.result import Result, Settings, Spread, Table, Target, percentile, say

sys.path.insert(0, str(Path(__file__).parents[1] / "client"))
from inference_log import PredictionLog
from inference_log.asgi import PredictionMiddleware

_TARGET = 15e-6  # seconds of a call
_INPUTS = 20
_COLUMNS = ("features", "in a loop", "apart, median", "apart, p99", "CPU of the thread")
_PACE = 0.0005  # seconds between two calls: a busy service, not a loop that starves the thread

_METHOD = f"""\
COUNT calls with {_INPUTS} numeric inputs, a class, a score, an id and a latency. *In a loop* is the
CPU time of a call among others like it; *apart* the time until `write` returns where
{_PACE * 1e3:g} ms of sleep are between two calls, caches are cold and the thread that writes runs
beside them. *CPU of the thread* is that of the process beyond the caller's, for a line on disk. The
ASGI application answers JSON without a server; with the middleware over without is what the
middleware costs. Every log is checked to have a line for each call.
"""


def measure(settings: Settings) -> Result:
    """Each way of writing in turns."""
    count, rounds = settings.size(4000, 200), settings.size(5, 1)
    row = {f"x{i}": i * 1.5 for i in range(_INPUTS)}
    ways: dict[str, Any] = {"dict": row, "NumPy row": np.arange(_INPUTS) * 1.5}
    loops: dict[str, list[float]] = {way: [] for way in ways}
    medians: dict[str, list[float]] = {way: [] for way in ways}
    highest: dict[str, list[float]] = {way: [] for way in ways}
    cpu: dict[str, list[float]] = {way: [] for way in ways}
    requests: list[float] = []
    for number in range(rounds):
        for way, features in ways.items():
            folder = settings.subfolder(f"client-{number}-{way.split()[0]}")
            loops[way].append(_loop(folder, features, count))
            taken, beyond = _calls(folder, features, count)
            medians[way].append(percentile(taken, 0.5))
            highest[way].append(percentile(taken, 0.99))
            cpu[way].append(beyond)
        requests.append(_middleware(settings.subfolder(f"client-asgi-{number}"), row, count))
        say(f"round {number + 1}: {Spread(medians['dict']).text('µs', 1e6)} a call")
    rows = tuple(
        (way, *(Spread(one[way]).text("µs", 1e6) for one in (loops, medians, highest, cpu)))
        for way in ways
    )  # fmt: skip
    looped, apart = (_slowest(one) for one in (loops, medians))
    return Result(
        "client",
        "The logger for Python services",
        _METHOD.replace("COUNT", f"{count:,}"),
        f"{rounds} rounds",
        (
            Table(_COLUMNS, rows),
            Table(("ASGI middleware", "a request"),
                  (("with over without", Spread(requests).text("µs", 1e6)),)),
        ),
        (
            Target("a call in a loop", "15 µs at the caller's side", looped.text("µs", 1e6),
                   looped.median < _TARGET),
            Target("a call apart from others", "15 µs at the caller's side",
                   apart.text("µs", 1e6), apart.median < _TARGET),
        ),
        {"loop_seconds": loops, "caller_seconds": medians, "thread_seconds": cpu,
         "middleware_seconds": requests},
    )  # fmt: skip


def _slowest(by_way: dict[str, list[float]]) -> Spread:
    return max(map(Spread, by_way.values()), key=lambda one: one.median)


def _loop(folder: Path, features: Any, count: int) -> float:
    """CPU seconds of the caller for a call, without a pause and with nothing written meanwhile."""
    path = folder / "loop.jsonl"
    log = PredictionLog(path, model="m", version="7", queue=count, interval=60)
    begin = time.thread_time()
    for i in range(count):
        log.write(features, 1, score=0.5, id=f"q{i}", latency=0.01)
    taken = time.thread_time() - begin
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
