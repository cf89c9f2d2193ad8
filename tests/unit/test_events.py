"""Events: what is worth one, what is said, to whom, and that there are never too many."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.config.schema_services import EventsConfig, PushTarget
from inference_exporter.errors import ConfigError
from inference_exporter.senders import EventTeller, event_file
from inference_exporter.senders import sender as sending
from inference_exporter.senders.loki import push_request
from inference_exporter.senders.otlp_log import log_request
from inference_exporter.values.events import Event
from told import Told

NOW = 1795168800.0
TRACE = "0af7651916cd43dd8448eb211c80319c"
FIELDS = (
    "timestamp: ts, id: id, version: v, trace_id: trace, prediction: p, score: s, status: code,"
    " actual: a, latency: {from: ms, unit: ms}"
)


def line(number: int, **more: Any) -> dict[str, Any]:
    return {"ts": NOW - 5, "id": f"q{number}", "v": "1", "trace": TRACE, "p": "a", "s": 0.9,
            "code": 200, "ms": 10} | more  # fmt: skip


def events_of(
    lines: list[dict[str, Any]], settings: EventsConfig, room: int = 100, more: str = ""
) -> Told:
    text = f"models: {{m: {{logs: [l], task: classification, {more} fields: {{{FIELDS}}}}}}}"
    (one,) = config.parse(text, "c.yaml").models
    told = Told(room)
    model = make_model(one, None, events=(settings, told))
    model.restore({}, NOW)
    model.start(NOW)
    model.take("".join(json.dumps(line) + "\n" for line in lines).encode(), NOW)
    return told


def test_a_request_that_failed_is_told_with_its_ids() -> None:
    told = events_of(
        [line(0), line(1, code=500, a="b")], EventsConfig(predictions=("error", "wrong"))
    )
    version, event = told.events
    assert (version.kind, version.fields) == ("version", {"version": "1"})
    assert (event.kind, event.model, event.time) == ("prediction", "m", NOW - 5)
    assert event.fields == {
        "reason": "error", "version": "1", "request_id": "q1", "status": 500, "prediction": "a",
        "actual": "b", "score": 0.9, "trace_id": TRACE, "latency_seconds": 0.01,
    }  # fmt: skip
    assert json.loads(event.line()) == {
        "ts": "2026-11-20T09:59:55.000Z", "event": "prediction", "model": "m",
        "msg": "a request failed", **event.fields,
    }  # fmt: skip


def test_only_what_is_asked_for_is_told() -> None:
    lines = [line(0, code=500), line(1, ms=900), line(2, a="b"), line(3, s=0.51)]
    more = "thresholds: {request_duration_seconds: 0.5}, boundary: {score: 0.5, margin: 0.05},"
    for reason, number in (("error", 0), ("slow", 1), ("wrong", 2), ("boundary", 3)):
        told = events_of(lines, EventsConfig(predictions=(reason,)), more=more)
        found = [one.fields["request_id"] for one in told.events if one.kind == "prediction"]
        assert found == [f"q{number}"]


def test_what_has_no_room_is_counted_and_not_made() -> None:
    lines = [line(i, code=500) for i in range(50)]
    told = events_of(lines, EventsConfig(), room=4)  # one is the version's
    assert (len(told.events), told.held_back) == (4, 46)


def test_a_minute_has_enough_events_of_a_kind() -> None:
    teller = EventTeller(EventsConfig(per_minute=3, log=False))
    room = [teller.has_room("m", "prediction", "slow", NOW + at) for at in range(10)]
    assert room.count(True) == 3
    assert teller.has_room("m", "prediction", "error", NOW)
    assert teller.has_room("m", "prediction", "slow", NOW + 60)
    assert teller.take_counts() == {("prediction", "told"): 5, ("prediction", "held_back"): 7}
    assert teller.take_counts() == {}


EVENT = Event("prediction", NOW, "m", "slow", {"request_id": "q1", "age": 41.0, "trace_id": TRACE})


def test_redacted_values_reach_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bodies: list[bytes] = []

    def post(_target: sending.Target, body: bytes) -> tuple[int, str]:
        bodies.append(body)
        return 204, ""

    path = tmp_path / "events.jsonl"
    settings = EventsConfig(
        redact=("request_id", "age"), file=str(path), loki=PushTarget("http://x"),
        otlp=PushTarget("http://y"),
    )  # fmt: skip
    teller = EventTeller(settings, post)
    with caplog.at_level(logging.INFO):
        teller.tell(EVENT)
    teller.close()
    told = [path.read_bytes(), *bodies, repr(caplog.records[0].__dict__["fields"]).encode()]
    assert len(told) == 4
    for one in told:
        assert b"[redacted]" in one
        assert b"q1" not in one
        assert b"41" not in one
    assert teller.take_deliveries() == {
        ("file", "sent"): 1,
        ("loki", "sent"): 1,
        ("otlp", "sent"): 1,
    }


def test_a_file_is_begun_anew_when_it_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_file, "LARGEST", 400)
    file = event_file.EventFile(str(tmp_path / "e"))
    assert all([file.write(EVENT) for _ in range(5)])
    sizes = {path.name: len(path.read_text().splitlines()) for path in tmp_path.iterdir()}
    assert sizes == {"e": 2, "e.1": 3}
    assert not event_file.EventFile(str(tmp_path / "none" / "e")).write(EVENT)


def test_loki_gets_few_labels_and_ids_as_metadata() -> None:
    body = json.loads(push_request([EVENT, EVENT], {"service_name": "x"}))
    (stream,) = body["streams"]
    assert stream["stream"] == {"service_name": "x", "model": "m", "event": "prediction"}
    time, text, metadata = stream["values"][0]
    assert time == "1795168800000000000"
    assert json.loads(text)["age"] == 41.0
    assert metadata == {"request_id": "q1", "trace_id": TRACE}


def test_the_official_messages_read_the_logs() -> None:
    message = ExportLogsServiceRequest.FromString(log_request([EVENT], {"service.name": "x"}))
    (group,) = message.resource_logs
    (scope,) = group.scope_logs
    (record,) = scope.log_records
    assert group.resource.attributes[0].value.string_value == "x"
    assert scope.scope.name == "inference-exporter"
    assert record.trace_id.hex() == TRACE
    assert (record.body.string_value, record.event_name) == ("slow", "prediction")
    assert record.time_unix_nano == record.observed_time_unix_nano == 1795168800 * 10**9
    assert (record.severity_number, {one.key for one in record.attributes}) == (
        9, {"model", "request_id", "age", "trace_id"},
    )  # fmt: skip


def test_the_section_of_the_configuration() -> None:
    text = "models: {m: {logs: [l], fields: {prediction: p}}}\nevents: "
    parsed = config.parse(f"{text}{{file: e.jsonl, predictions: error}}", "/etc/x/c.yaml").events
    assert parsed == EventsConfig(predictions=("error",), file="/etc/x/e.jsonl")
    assert config.parse(text + "{}", "c.yaml").events == EventsConfig()
    with pytest.raises(ConfigError, match=r"events\.loki\.endpoint"):
        config.parse(text + "{loki: {endpoint: loki}}", "c.yaml")
