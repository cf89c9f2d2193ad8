"""A FastAPI service with and without the logger: CPU of its process for a request."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from bench import child
from bench.result import Settings
from bench.sidecar import free_port, wait_for

sys.path.insert(0, str(Path(__file__).parents[1] / "client"))
from inference_log import PredictionLog
from inference_log.asgi import PredictionMiddleware

WAYS = ("without", "log.write", "middleware")
_INPUTS = 10
_TURNS = 20  # of a round
_WRITTEN = 0.5  # seconds after which lines are on disk
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of_requests(settings: Settings, rounds: int, count: int) -> dict[str, list[float]]:
    """CPU seconds of each service for a request, by round; its thread that writes is included.

    All of them run, and are asked in turns, so that what else the machine does is the same for all.
    """
    folders = {way: settings.subfolder(f"service-{way}") for way in WAYS}
    with ExitStack() as stack:
        services = {way: stack.enter_context(_running(folders[way], way)) for way in WAYS}
        _in_turns(services, count)  # imports and caches
        found = [_in_turns(services, count) for _ in range(rounds)]
    for way in WAYS[1:]:
        wanted, lines = count * (rounds + 1), (folders[way] / "p.jsonl").read_bytes().count(b"\n")
        if lines != wanted:
            raise RuntimeError(f"{way}: {lines} lines of {wanted} requests")
    return {way: [one[way] for one in found] for way in WAYS}


def _in_turns(services: dict[str, tuple[int, int]], count: int) -> dict[str, float]:
    before = {way: _cpu_seconds(pid) for way, (pid, _) in services.items()}
    for _ in range(_TURNS):
        for _, port in services.values():
            _ask(port, count // _TURNS)
    time.sleep(_WRITTEN)
    return {way: (_cpu_seconds(pid) - before[way]) / count for way, (pid, _) in services.items()}


def serve(way: str, port: int) -> None:
    """The service: a row of numbers in, a class and a score out."""
    import uvicorn
    from fastapi import FastAPI

    log = PredictionLog("p.jsonl", model="m", version="7")

    @asynccontextmanager
    async def closing(_: Any) -> AsyncIterator[None]:
        with log:  # uvicorn ends by the signal that stops it: nothing runs after it
            yield

    app = FastAPI(lifespan=closing)

    async def predict(row: dict[str, float]) -> dict[str, Any]:
        score = sum(row.values()) / len(row)
        answer = {"prediction": int(score > 5), "score": score}
        if way == "log.write":
            log.write(row, answer["prediction"], score=score)
        return answer

    app.add_api_route("/predict", predict, methods=["POST"])
    if way == "middleware":
        app.add_middleware(PredictionMiddleware, log=log)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


@contextmanager
def _running(folder: Path, way: str) -> Iterator[tuple[int, int]]:
    """The service in a process of its own: its process id and its port."""
    port = free_port()
    command = [sys.executable, "-m", "bench.service", way, str(port)]
    with (folder / "service.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=child.environment()
        )
    try:
        wait_for(lambda: _answers(port), "the service answers", pause=0.05)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(20)


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/docs")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _ask(port: int, count: int) -> None:
    """So many requests, one after the other on one connection."""
    body = json.dumps({f"x{i}": i * 1.5 for i in range(_INPUTS)}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for _ in range(count):
        connection.request("POST", "/predict", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"the service answered {answer.status}")
    connection.close()


def _cpu_seconds(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    user, system = stat.rpartition(") ")[2].split()[11:13]
    return (int(user) + int(system)) / _TICKS


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
