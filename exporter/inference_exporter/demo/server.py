"""A model server as they are written: POST /predict, and a prediction log of one JSON line each.

    POST /predict {"features": {"age": 41, "income": 2100.5, ...}}
    200 {"request_id": "…", "prediction": "repaid", "score": 0.213841, "model_version": "1.0.0"}

    {"timestamp":"2026-03-01T12:00:00.125Z","request_id":"…","model_version":"1.0.0","status":200,
     "latency_ms":9.41,"steps":{"feature_lookup":4.9,"preprocess":3.1,"inference":0.2,…},
     "trace_id":"…","features":{…},"prediction":"repaid","score":0.213841,"actual":"repaid"}

The line is written before the response is sent, so whoever got an answer is in the log. Requests
that cannot be understood get a 422 and a line without features; a failing step gets a 500 and a
line without a prediction. The log is rotated by renaming it when it reaches `log_bytes`. GET
/health says how many lines were written, so that everything that reads them can be checked.

Two things are played. The feature store holds nothing: its step waits as long as one round trip to
a real one takes, and fails now and then. And an outcome that is only known months later comes with
some requests as `"actual"`, which the server logs without showing it to the model: it stands for
products whose feedback is immediate (clicks, fraud checks by hand), because the labels of real
loans arrive too late for a demo.

`python -m inference_exporter.demo.server --help` runs it alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import math
import pickle
import random
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from inference_exporter.demo.data import FEATURES, MODEL_NAME, MODEL_VERSION, Model, decide

if TYPE_CHECKING:
    from starlette.requests import Request

HOST = "127.0.0.1"  # the demo never listens or sends anywhere else
_BODY_LIMIT = 1 << 16  # an applicant takes 300 bytes
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C
_NO_TRACE = "0" * 32


class InvalidInputError(Exception):
    """The request cannot be understood: status 422."""


class FeatureStoreError(Exception):
    """The feature store did not answer: status 500."""


class FeatureStore:
    """A round trip of about `seconds` (log-normal), of which `failure_share` fail."""

    def __init__(self, seconds: float = 0.004, failure_share: float = 0.003, seed: int = 0) -> None:
        self._seconds, self._failure_share = seconds, failure_share
        self._random = random.Random(seed)

    async def look_up(self) -> None:
        """Wait for the store."""
        failed = self._random.random() < self._failure_share
        if self._seconds:
            await asyncio.sleep(self._seconds * math.exp(self._random.gauss(0.0, 0.4)))
        if failed:
            raise FeatureStoreError("the feature store did not answer in time")


class Record:
    """One request: its line in the log, filled while it is answered."""

    def __init__(self, traceparent: str) -> None:
        self._started = time.perf_counter()
        self.steps: dict[str, float] = {}
        self.line: dict[str, object] = {
            "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
            "request_id": uuid.uuid4().hex,
            "model": MODEL_NAME,
            "model_version": MODEL_VERSION,
            "trace_id": trace_id(traceparent),
        }

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time a step; one that failed has taken its time too."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.steps[name] = _milliseconds(started)

    def finish(self, status: int) -> str:
        """The line as text."""
        timing = {"latency_ms": _milliseconds(self._started), "steps": self.steps}
        return json.dumps({**self.line, "status": status, **timing}, separators=(",", ":"))


def trace_id(traceparent: str) -> str:
    """The trace of the caller, or a new one.

    >>> trace_id("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    '4bf92f3577b34da6a3ce929d0e0e4736'
    """
    found = _TRACEPARENT.fullmatch(traceparent)
    return found[1] if found and found[1] != _NO_TRACE else uuid.uuid4().hex


def _milliseconds(started: float) -> float:
    return round((time.perf_counter() - started) * 1000, 3)


class PredictionLog:
    """JSON lines in a file that is rotated by renaming it."""

    def __init__(self, path: Path, log_bytes: int = 2_000_000, files: int = 3) -> None:
        self.lines = 0
        self._handler = RotatingFileHandler(
            path, maxBytes=log_bytes, backupCount=files, encoding="utf-8"
        )

    def write(self, line: str) -> None:
        """Append a line; it is in the file when this returns."""
        self._handler.emit(logging.LogRecord("predictions", logging.INFO, "", 0, line, None, None))
        self.lines += 1

    def close(self) -> None:
        """Close the file."""
        self._handler.close()


class ModelServer:
    """The HTTP application."""

    def __init__(self, model: Model, log: PredictionLog, store: FeatureStore) -> None:
        self._model, self._log, self._store = model, log, store
        self.app = Starlette(
            routes=[
                Route("/predict", self._predict, methods=["POST"]),
                Route("/health", self._health),
            ]
        )

    async def _health(self, _request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "lines_logged": self._log.lines})

    async def _predict(self, request: Request) -> JSONResponse:
        record = Record(request.headers.get("traceparent", ""))
        status, answer = 200, {}
        try:
            answer = await self._answer(request, record)
        except InvalidInputError as error:
            status, answer = 422, {"error": str(error)}
        except Exception as error:  # whatever fails, the caller gets a 500 and the log a line
            status, answer = 500, {"error": str(error)}
        if status != 200:
            record.line.update(answer)
        self._log.write(record.finish(status))
        return JSONResponse({"request_id": record.line["request_id"], **answer}, status)

    async def _answer(self, request: Request, record: Record) -> dict[str, object]:
        features, actual = _understand(await _body(request))
        record.line["features"] = features
        if actual is not None:
            record.line["actual"] = actual
        with record.step("feature_lookup"):
            await self._store.look_up()
        with record.step("preprocess"):
            prepared = self._model.prepare([features])
        with record.step("inference"):
            score = self._model.scores(prepared)[0]
        with record.step("postprocess"):
            outcome: dict[str, object] = {"prediction": decide(score), "score": score}
            record.line.update(outcome)
        return {**outcome, "model_version": MODEL_VERSION}


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY_LIMIT:
            raise InvalidInputError(f"the body is larger than {_BODY_LIMIT} bytes")
    return bytes(body)


def _understand(body: bytes) -> tuple[dict[str, object], str | None]:
    """Features and, where the caller knows it, the outcome.

    Strict where nothing sensible can follow (no JSON, unknown names, no amount), lenient with
    single values: text for a number is passed on, as many servers do, and the model takes it as
    unknown. That is what the exporter's `inference_feature_invalid_total` is for.
    """
    try:
        document = json.loads(body, parse_constant=_reject)
    except ValueError as error:
        raise InvalidInputError(f"the body is not JSON: {error}") from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, dict):
        raise InvalidInputError('expected {"features": {...}}')
    _check(features)
    actual = document.get("actual")
    if actual is not None and not isinstance(actual, str):
        raise InvalidInputError("actual: expected text")
    return features, actual


def _check(features: Mapping[str, object]) -> None:
    unknown = sorted(features.keys() - set(FEATURES))
    if unknown:
        raise InvalidInputError(f"unknown features: {', '.join(unknown)}")
    for name, value in features.items():
        if isinstance(value, dict | list):
            raise InvalidInputError(f"{name}: expected a number or text")
    if features.get("loan_amount") is None:
        raise InvalidInputError("loan_amount: missing")


def _reject(constant: str) -> object:
    raise ValueError(f"{constant} is not a JSON number")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    import uvicorn

    options = _parser().parse_args(arguments)
    # Our own file, written by the `train` of this run; pickles of others are not to be opened.
    model = Model(pickle.loads(options.model.read_bytes()))
    log = PredictionLog(options.log, options.log_bytes, options.log_files)
    server = ModelServer(model, log, FeatureStore(failure_share=options.failure_share))
    uvicorn.run(server.app, host=HOST, port=options.port, access_log=False, log_level="warning")
    log.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m inference_exporter.demo.server",
        description="Serves a model on the loopback interface and writes a prediction log.",
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, help="the pickled pipeline of this demo")
    add("--log", type=Path, required=True, help="the prediction log to write")
    add("--port", type=int, required=True, help="the port to listen on")
    add("--log-bytes", type=int, default=2_000_000, help="size at which the log is rotated")
    add("--log-files", type=int, default=3, help="rotated files that are kept")
    add("--failure-share", type=float, default=0.003, help="share of requests that get a 500")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
