"""What a prediction costs that is pushed, against one in a file, and how soon it is safe."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.result import Result, Settings, Spread, Table, Target, percentile, say
from bench.sidecar import Sidecar, total, wait_for

_ROWS = 500  # of a body
_PACE, _CLIENTS = 1000, 16  # events a second, from so many connections
_FIELDS = (
    "fields: {timestamp: timestamp, id: request_id, features: features, prediction: prediction,"
    " score: score, latency: {from: latency_ms, unit: ms}}"
)
_OTLP = 50_000  # predictions per CPU-second

_METHOD = f"""\
COUNT predictions with two numeric inputs, a category, a score, a class and a latency; a reference
frozen from the first 2,000. *Read from a file*: the exporter starts on a log that has them all. The
others are posted by one client in bodies of {_ROWS}, each acknowledged before the next, as NDJSON,
as OTLP logs in protobuf, and as CloudEvents in batches. CPU seconds are those of the exporter's
process from its start until all are counted on its page. *Acknowledged*: {_PACE:,} CloudEvents a
second, one a request, from {_CLIENTS} connections, for SECONDS s; the time from when a request was
due to its answer, which comes when the event is on disk. That is time on the clock and as good as
the machine is quiet; CPU of a post is that of the exporter for one of these requests, with reading
and counting it.
"""

Bodies = list[bytes]


@dataclass(slots=True)
class _Way:
    """How predictions come: settings of the model, and what is posted where."""

    settings: str
    path: str = ""
    content_type: str = ""
    bodies: Callable[[int], Bodies] | None = None
    speeds: list[float] = field(default_factory=list)


def _record(i: int) -> dict[str, Any]:
    return {
        "timestamp": f"2026-11-20T10:{i // 1000 // 60 % 60:02}:{i // 1000 % 60:02}.{i % 1000:03}Z",
        "request_id": f"q{i}",
        "features": {"x1": (i * 7919 % 1000) / 250 - 2, "x2": (i * 104729 % 1000) / 250 - 2,
                     "x3": "abcd"[i % 4]},
        "prediction": "yes" if i % 3 else "no", "score": i * 31 % 100 / 100, "latency_ms": 2.5,
    }  # fmt: skip


def _ndjson(count: int) -> Bodies:
    return [
        "".join(json.dumps(_record(i)) + "\n" for i in range(begin, begin + _ROWS)).encode()
        for begin in range(0, count, _ROWS)
    ]


def _events(count: int) -> Bodies:
    return [
        json.dumps([_event(i) for i in range(begin, begin + _ROWS)]).encode()
        for begin in range(0, count, _ROWS)
    ]


def _event(i: int) -> dict[str, Any]:
    return {"specversion": "1.0", "id": f"e{i}", "source": "bench", "type": "prediction",
            "data": _record(i)}  # fmt: skip


def _otlp(count: int) -> Bodies:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs

    def body(begin: int) -> bytes:
        records = [
            LogRecord(
                time_unix_nano=1_795_168_800_000_000_000 + i * 1_000_000,
                attributes=[_pair(key, value) for key, value in _attributes(i).items()],
            )
            for i in range(begin, begin + _ROWS)
        ]
        logs = ResourceLogs(scope_logs=[ScopeLogs(log_records=records)])
        return bytes(ExportLogsServiceRequest(resource_logs=[logs]).SerializeToString())

    return [body(begin) for begin in range(0, count, _ROWS)]


def _attributes(i: int) -> dict[str, Any]:
    record = _record(i)
    del record["timestamp"]
    return record


def _pair(key: str, value: Any) -> Any:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue, KeyValueList

    if isinstance(value, Mapping):
        pairs = [_pair(name, one) for name, one in value.items()]
        return KeyValue(key=key, value=AnyValue(kvlist_value=KeyValueList(values=pairs)))
    kind = {str: "string_value", float: "double_value", int: "int_value"}[type(value)]
    return KeyValue(key=key, value=AnyValue(**{kind: value}))


def _ways() -> dict[str, _Way]:
    events = _FIELDS.replace(": {timestamp: ", ": {timestamp: data.").replace(
        "id: request_id", "id: data.request_id"
    )
    for name in ("features", "prediction", "score"):
        events = events.replace(f"{name}: {name}", f"{name}: data.{name}")
    events = events.replace("from: latency_ms", "from: data.latency_ms")
    return {
        "read from a file": _Way(f"logs: [log], start_at: beginning, {_FIELDS}"),
        "NDJSON": _Way(
            f"receive: [predictions], {_FIELDS}",
            "/api/v1/predictions", "application/x-ndjson", _ndjson,
        ),
        "OTLP logs": _Way(
            "receive: [otlp-logs], format: otlp-logs",
            "/v1/logs", "application/x-protobuf", _otlp,
        ),
        "CloudEvents": _Way(
            f"receive: [cloudevents], {events}",
            "/cloudevents", "application/cloudevents-batch+json", _events,
        ),
    }  # fmt: skip


def measure(settings: Settings) -> Result:
    """Each way in turns, then the answers."""
    count, rounds = settings.size(200_000, 2_000), settings.size(3, 1)
    ways = _ways()
    bodies = {name: one.bodies(count) if one.bodies else [] for name, one in ways.items()}
    for round_ in range(rounds):
        for place, (name, way) in enumerate(ways.items()):
            way.speeds.append(_speed(settings, f"{round_}-{place}", way, bodies[name], count))
        say(
            f"round {round_ + 1}: " + ", ".join(f"{n} {w.speeds[-1]:,.0f}" for n, w in ways.items())
        )
    seconds = settings.size(10, 1)
    posts = [_posts(settings, f"waits-{round_}", seconds) for round_ in range(rounds)]
    return _result(ways, posts, count, seconds)


def _prepare(settings: Settings, name: str, way: _Way) -> Sidecar:
    folder = settings.subfolder(f"receivers-{name}")
    (folder / "config.yaml").write_text(
        "commit_interval: 1s\nmodels: {m: {task: classification, reference: {warmup: 2000},"
        f" lateness: 30d, {way.settings}}}}}\n"
    )
    return Sidecar(folder)


def _speed(settings: Settings, name: str, way: _Way, bodies: Bodies, count: int) -> float:
    sidecar = _prepare(settings, name, way)
    if not bodies:
        (sidecar.folder / "log").write_bytes(b"".join(_ndjson(count)))
    with sidecar:
        connection = http.client.HTTPConnection("127.0.0.1", sidecar.port, timeout=60)
        for body in bodies:
            connection.request("POST", way.path, body, {"Content-Type": way.content_type})
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (200, 202):
                raise RuntimeError(f"{way.path}: {answer.status}")
        wait_for(lambda: _predictions(sidecar) >= count, f"{count} predictions", pause=0.5)
        if (seen := _predictions(sidecar)) != count:
            raise RuntimeError(f"{name}: {seen:g} predictions of {count}")
        return count / sidecar.cpu_seconds()


def _predictions(sidecar: Sidecar) -> float:
    return total(sidecar.page(), "inference_predictions_total")


@dataclass(frozen=True, slots=True)
class _Posts:
    """Seconds from when each event was due to its answer, in order; CPU seconds of one."""

    waits: list[float]
    cpu: float


def _posts(settings: Settings, name: str, seconds: int) -> _Posts:
    waits: list[list[float]] = [[] for _ in range(_CLIENTS)]
    with _prepare(settings, name, _ways()["CloudEvents"]) as sidecar:
        before = sidecar.cpu_seconds()
        begin = time.monotonic() + 0.2
        threads = [
            threading.Thread(target=_client, args=(sidecar.port, number, begin, seconds, found))
            for number, found in enumerate(waits)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        wait_for(lambda: _predictions(sidecar) >= _PACE * seconds, "all are counted", pause=0.5)
        cpu = (sidecar.cpu_seconds() - before) / (_PACE * seconds)
    found = [one for own in waits for one in own]
    if len(found) != _PACE * seconds:
        raise RuntimeError(f"{len(found)} events of {_PACE * seconds} were acknowledged")
    return _Posts(found, cpu)


def _client(port: int, number_: int, begin: float, seconds: int, found: list[float]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/cloudevents+json"}
    for i in range(number_, _PACE * seconds, _CLIENTS):
        due = begin + i / _PACE
        time.sleep(max(due - time.monotonic(), 0.0))
        connection.request("POST", "/cloudevents", json.dumps(_event(i)).encode(), headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            found.append(time.monotonic() - due)


def _result(ways: dict[str, _Way], posts: list[_Posts], count: int, seconds: int) -> Result:
    file = ways["read from a file"].speeds
    ratios = {
        name: Spread(mine / plain for mine, plain in zip(way.speeds, file, strict=True))
        for name, way in ways.items()
    }
    rows = tuple(
        (name, Spread(way.speeds).text(), ratios[name].text()) for name, way in ways.items()
    )
    otlp = Spread(ways["OTLP logs"].speeds)
    times = {
        name: [percentile(one.waits, share) for one in posts]
        for name, share in (("median", 0.5), ("90th percentile", 0.9), ("99th percentile", 0.99))
    }
    cells = [(name, Spread(found).text("ms", 1e3)) for name, found in times.items()]
    cells.append(("CPU of a post", Spread(one.cpu for one in posts).text("ms", 1e3)))
    return Result(
        "receivers",
        "What is pushed",
        _METHOD.replace("COUNT", f"{count:,}").replace("SECONDS", str(seconds)),
        f"{len(posts)} rounds",
        (
            Table(("way", "predictions per CPU-second", "of a file"), rows),
            Table(("acknowledged", "after"), tuple(cells), f"{_PACE:,} events a second"),
        ),
        (
            Target("NDJSON against reading a file", "0.5", ratios["NDJSON"].text(),
                   ratios["NDJSON"].median >= 0.5),
            Target("OTLP in protobuf", f"{_OTLP:,} predictions per CPU-second", otlp.text(),
                   otlp.median >= _OTLP),
        ),
        {"predictions_per_cpu_second": {n: w.speeds for n, w in ways.items()},
         "acknowledged_seconds": times, "cpu_of_a_post_seconds": [one.cpu for one in posts]},
    )  # fmt: skip
