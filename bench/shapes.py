"""Predictions per CPU-second of `once` on logs in the shapes that servers write."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench import child
from bench.child import Usage
from bench.result import Result, Settings, Spread, Table, Target, say
from bench.sidecar import total

PLAIN = "JSON lines"
_LEAST = 50_000  # predictions per CPU-second, of any shape
_WRAPPED = 0.7  # of plain: a log of Kubernetes
_START = 1_795_168_800.0

_METHOD = """\
COUNT predictions with two numeric inputs, a category, a score and a class, in the same order with
the same values, written as different servers write them. `once` reads each to its end with a
reference frozen from the first 2,000 (`warmup`), and is checked to have counted every prediction.
CPU seconds are those of the whole process. *of plain* compares runs of the same round.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One prediction."""

    x1: float
    x2: float
    x3: str
    score: float
    label: str


@dataclass(slots=True)
class _Shape:
    """How a log is written, a request of `rows` predictions at a time, and read."""

    settings: str
    write: Callable[[int, list[Row]], list[str]]
    rows: int = 1
    usages: list[Usage] = field(default_factory=list)


def _time(number: int) -> str:
    seconds, rest = divmod(number, 1000)
    return (
        f"2026-11-20T{10 + seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{rest:03}Z"
    )


def _plain(number: int, rows: list[Row]) -> list[str]:
    (row,) = rows
    record = {
        "timestamp": _time(number), "request_id": f"q{number}", "features": _named(row),
        "prediction": row.label, "score": row.score, "latency_ms": 2.5,
    }  # fmt: skip
    return [json.dumps(record)]


def _named(row: Row) -> dict[str, Any]:
    return {"x1": row.x1, "x2": row.x2, "x3": row.x3}


def _cri(number: int, rows: list[Row]) -> list[str]:
    return [f"{_time(number)[:-1]}000000Z stdout F {line}" for line in _plain(number, rows)]


def _batch(number: int, rows: list[Row]) -> list[str]:
    record = {
        "time": _time(number), "request_id": f"q{number}", "instances": [_named(r) for r in rows],
        "predictions": [{"class": r.label, "proba": r.score} for r in rows], "ms": 2.5,
    }  # fmt: skip
    return [json.dumps(record)]


def _bentoml(number: int, rows: list[Row]) -> list[str]:
    (row,) = rows
    ids = {"request_id": str(2**62 + number), "trace_id": str(2**126 + number)}
    return [json.dumps(_named(row) | {"pred": row.label, "timestamp": _time(number)[:-1]} | ids)]


def _sagemaker(number: int, rows: list[Row]) -> list[str]:
    (row,) = rows
    record = {
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT",
                              "data": f"{row.x1},{row.x2},{row.x3}", "encoding": "CSV"},
            "endpointOutput": {"observedContentType": "text/csv", "mode": "OUTPUT",
                               "data": f"{row.score}", "encoding": "CSV"},
        },
        "eventMetadata": {"eventId": f"q{number}", "inferenceTime": _time(number)},
        "eventVersion": "0",
    }  # fmt: skip
    return [json.dumps(record)]


def _kserve(number: int, rows: list[Row]) -> list[str]:
    (row,) = rows
    kind, common = "org.kubeflow.serving.inference.", {"id": f"q{number}"}
    asked = {"instances": [[row.x1, row.x2, row.x3]]}
    halves = [
        common | {"type": f"{kind}request", "time": _time(number), "data": asked},
        common | {"type": f"{kind}response", "time": _time(number + 2),
                  "data": {"predictions": [row.label]}},
    ]  # fmt: skip
    return [json.dumps(half) for half in halves]


def _tensors(number: int, rows: list[Row]) -> list[str]:
    def tensor(name: str, kind: str, data: list[Any]) -> dict[str, Any]:
        return {"name": name, "shape": [len(data)], "datatype": kind, "data": data}

    inputs = [
        tensor("x1", "FP64", [r.x1 for r in rows]), tensor("x2", "FP64", [r.x2 for r in rows]),
        tensor("x3", "BYTES", [r.x3 for r in rows]),
    ]  # fmt: skip
    outputs = [tensor("predict", "BYTES", [r.label for r in rows])]
    record = {"ts": _time(number), "request": {"id": f"q{number}", "inputs": inputs}}
    return [json.dumps(record | {"response": {"model_version": "1", "outputs": outputs}})]


def _logfmt(number: int, rows: list[Row]) -> list[str]:
    (row,) = rows
    features = f"x1={row.x1} x2={row.x2} x3={row.x3}"
    return [f"time={_time(number)} {features} score={row.score} label={row.label} took=2.5ms"]


def _csv(number: int, rows: list[Row]) -> list[str]:
    (row,) = rows
    return [f"{_time(number)},{row.x1},{row.x2},{row.x3},{row.score},{row.label},2.5"]


def shapes() -> dict[str, _Shape]:
    """Every shape, with the settings that read it."""
    plain = (
        "fields: {timestamp: timestamp, id: request_id, features: features,"
        " prediction: prediction, score: score, latency: {from: latency_ms, unit: ms}}"
    )
    flat = "features: {rest: true}, prediction: label, score: score, timestamp: time"
    return {
        PLAIN: _Shape(plain, _plain),
        "the same behind CRI": _Shape(plain, _cri),
        "four rows a line": _Shape(
            "explode: [instances, predictions], fields: {timestamp: time, id: request_id,"
            " features: instances, prediction: predictions.class, score: predictions.proba,"
            " latency: {from: ms, unit: ms}}", _batch, 4,
        ),
        "BentoML": _Shape("format: bentoml, fields: {prediction: pred}", _bentoml),
        "SageMaker CSV": _Shape(
            "format: sagemaker, fields: {features: {names: [x1, x2, x3]}}", _sagemaker
        ),
        "KServe pairs": _Shape(
            "format: kserve, fields: {features: {names: [x1, x2, x3]}}", _kserve
        ),
        "tensors of 32 rows": _Shape("format: open-inference", _tensors, 32),
        "logfmt": _Shape(
            f"format: logfmt, fields: {{{flat}, latency: {{from: took, as: duration}}}}", _logfmt
        ),
        "CSV": _Shape(
            "format: csv, columns: [time, x1, x2, x3, score, label, ms],"
            f" fields: {{{flat}, latency: {{from: ms, unit: ms}}}}", _csv,
        ),
    }  # fmt: skip


def measure(settings: Settings) -> Result:
    """Write every log, and read them in turns."""
    count, rounds = settings.size(400_000, 6_400), settings.size(5, 1)
    folder, found = settings.subfolder("shapes"), shapes()
    for number, (name, shape) in enumerate(found.items()):
        say(f"writing {count:,} predictions: {name}")
        _write(folder / str(number), shape, count)
    for _ in range(rounds):
        for number, (name, shape) in enumerate(found.items()):
            output, usage = child.run(child.exporter("once"), folder / str(number))
            if (seen := _predictions(output)) != count:
                raise RuntimeError(f"{name}: {seen:g} predictions of {count}")
            shape.usages.append(usage)
    return _result(found, count, rounds)


def _predictions(page: str) -> float:
    """Predictions, or where the log has nothing but a score, requests with one."""
    found = total(page, "inference_predictions_total")
    return found or total(page, "inference_requests_total")


def _write(folder: Path, shape: _Shape, count: int) -> None:
    folder.mkdir()
    rows, requests = list(_rows(count)), range(count // shape.rows)
    with (folder / "log").open("w", encoding="utf-8") as log:
        for number in requests:
            begin = number * shape.rows
            lines = shape.write(number, rows[begin : begin + shape.rows])
            log.writelines(f"{line}\n" for line in lines)
    (folder / "config.yaml").write_text(
        f"models: {{m: {{logs: [log], start_at: beginning, task: classification,"
        f" reference: {{warmup: 2000}}, {shape.settings}}}}}\n"
    )


def _rows(count: int) -> Iterator[Row]:
    draw = np.random.default_rng(20261120)
    numbers = np.round(draw.normal(size=(count, 2)), 4).tolist()
    scores = np.round(draw.random(count), 4).tolist()
    for i, ((x1, x2), score) in enumerate(zip(numbers, scores, strict=True)):
        yield Row(x1, x2, "abcd"[i % 4], score, "yes" if score > 0.5 else "no")


def _result(found: dict[str, _Shape], count: int, rounds: int) -> Result:
    speeds = {n: [count / one.cpu_seconds for one in s.usages] for n, s in found.items()}
    ratios = {
        name: Spread(mine / plain for mine, plain in zip(own, speeds[PLAIN], strict=True))
        for name, own in speeds.items()
    }
    rows = tuple(
        (name, Spread(own).text(), ratios[name].text(),
         Spread(one.peak_bytes / 1e6 for one in found[name].usages).text("MB"))
        for name, own in speeds.items()
    )  # fmt: skip
    slowest = min(speeds, key=lambda name: Spread(speeds[name]).median)
    least, wrapped = Spread(speeds[slowest]), ratios["the same behind CRI"]
    return Result(
        "shapes",
        "Logs in the shapes of servers",
        _METHOD.replace("COUNT", f"{count:,}"),
        f"{rounds} rounds",
        (Table(("shape", "predictions per CPU-second", "of plain", "peak memory"), rows),),
        (
            Target(f"the slowest shape, {slowest}", f"{_LEAST:,} predictions per CPU-second",
                   least.text(), least.median >= _LEAST),
            Target("behind CRI against plain", "0.7", wrapped.text(), wrapped.median >= _WRAPPED),
        ),
        {"predictions_per_cpu_second": speeds},
    )  # fmt: skip
