"""Spans of requests that stand out: chosen, made with the same ids every time, sent, never lost."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.config.schema_services import TracesConfig
from inference_exporter.errors import ConfigError
from inference_exporter.senders import SpanSender
from inference_exporter.senders import sender as sending
from inference_exporter.senders.otlp_trace import span_bytes, trace_request
from inference_exporter.values.spans import Span

TRACE = "0af7651916cd43dd8448eb211c80319c"
FIELDS = (
    "timestamp: ts, id: id, trace_id: trace, span_id: span, prediction: p, score: s, status: code,"
    " actual: a, latency: {from: ms, unit: ms}, steps: {lookup: {from: lookup, unit: ms}}"
)
SETTINGS = TracesConfig("http://127.0.0.1:1/v1/traces", sample=0.0)


def spans_of(
    lines: list[dict[str, Any]],
    settings: TracesConfig = SETTINGS,
    fields: str = FIELDS,
    more: str = "",
) -> list[Span]:
    text = f"models: {{m: {{logs: [l], task: classification, {more} fields: {{{fields}}}}}}}"
    (one,) = config.parse(text, "c.yaml").models
    found: list[Span] = []
    model = make_model(one, None, traces=(settings, found.extend))
    model.take("".join(json.dumps(line) + "\n" for line in lines).encode(), 1795168800.0)
    return found


def line(number: int, **more: Any) -> dict[str, Any]:
    return {"ts": 1795168800.0, "id": f"q{number}", "trace": TRACE, "p": "a", "s": 0.9, "code": 200,
            "ms": 10, "lookup": 4} | more  # fmt: skip


def reasons(spans: list[Span]) -> dict[str, str]:
    return {
        str(one.attributes["ml.request.id"]): str(one.attributes["ml.sampled_for"])
        for one in spans
        if "ml.sampled_for" in one.attributes
    }


def test_requests_that_stand_out_and_why() -> None:
    lines = [
        line(0), line(1, code=500), line(2, ms=900), line(3, a="b"), line(4, s=0.52),
        line(5, code=500, ms=None), line(6, code=500, trace=None), line(7, a="a"),
    ]  # fmt: skip
    more = "thresholds: {request_duration_seconds: 0.5}, boundary: {score: 0.5, margin: 0.05},"
    found = reasons(spans_of(lines, more=more))
    assert found == {"q1": "error", "q2": "slow", "q3": "wrong", "q4": "boundary"}


def test_what_is_slow_is_learned() -> None:
    lines = [line(i, ms=10 + i % 7) for i in range(500)]
    assert reasons(spans_of(lines)) == {}
    (one,) = config.parse(f"models: {{m: {{logs: [l], fields: {{{FIELDS}}}}}}}", "c.yaml").models
    found: list[Span] = []
    model = make_model(one, None, traces=(SETTINGS, found.extend))
    for block in (lines, [line(1000, ms=17), line(1001, ms=16)]):
        model.take("".join(json.dumps(one) + "\n" for one in block).encode(), 1795168800.0)
    assert reasons(found) == {"q1000": "slow"}


def test_a_share_of_all() -> None:
    lines = [line(i) for i in range(2000)]
    found = reasons(spans_of(lines, TracesConfig("http://x", sample=0.02)))
    assert 10 < len(found) < 90
    assert set(found.values()) == {"sample"}


def test_a_request_with_its_steps() -> None:
    span = "b7ad6b7169203331"
    request, step = spans_of([line(1, code=500, span=span)])
    assert request.trace_id.hex() == step.trace_id.hex() == TRACE
    assert request.parent_id.hex() == span
    assert (request.start, request.end) == (1795168800.0 - 0.01, 1795168800.0)
    assert step.parent_id == request.span_id
    assert step.end - step.start == pytest.approx(0.004, abs=1e-6)  # of epoch seconds
    assert (request.error, step.error, step.name) == (True, False, "lookup")
    assert request.attributes == {
        "ml.model.name": "m", "ml.sampled_for": "error", "ml.request.id": "q1",
        "ml.request.status": 500, "ml.prediction": "a", "ml.score": 0.9,
    }  # fmt: skip
    again = spans_of([line(0), line(1, code=500, span=span)])
    assert again == [request, step]  # whatever else is read with it, and after a crash


def test_where_a_log_knows_no_traces_they_are_made_up() -> None:
    fields = FIELDS.replace("trace_id: trace, span_id: span, ", "")
    lines = [line(i, code=500) for i in range(3)]
    found = spans_of(lines, fields=fields)
    assert len({one.trace_id for one in found}) == 3
    assert spans_of(lines, fields=fields) == found


def test_the_official_messages_read_what_is_sent() -> None:
    attributes: dict[str, str | int | float | bool] = {"t": "é", "i": -5, "f": 0.25, "b": True}
    span = Span(bytes(range(16)), bytes(range(8)), "predict", 1.5, 2.25, b"parent!!", 2, True,
                attributes)  # fmt: skip
    body = trace_request([span_bytes(span)] * 2, {"service.name": "x"})
    message = ExportTraceServiceRequest.FromString(body)
    (group,) = message.resource_spans
    (scope,) = group.scope_spans
    assert group.resource.attributes[0].value.string_value == "x"
    assert scope.scope.name == "inference-exporter"
    assert len(scope.spans) == 2
    read = scope.spans[0]
    assert (read.trace_id, read.span_id, read.parent_span_id) == (
        span.trace_id, span.span_id, span.parent_id,
    )  # fmt: skip
    assert (read.start_time_unix_nano, read.end_time_unix_nano) == (1_500_000_000, 2_250_000_000)
    assert (read.kind, read.status.code, read.name) == (2, 2, "predict")
    values = {one.key: one.value for one in read.attributes}
    assert values["t"].string_value == "é"
    assert values["i"].int_value == -5
    assert values["f"].double_value == 0.25
    assert values["b"].bool_value is True


class Collector:
    """Answers as it is told; the last answer holds on."""

    def __init__(self, *answers: tuple[int, str] | OSError) -> None:
        self.answers, self.bodies = list(answers), [b""]
        self.called = threading.Semaphore(0)

    def __call__(self, _target: sending.Target, body: bytes) -> tuple[int, str]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.bodies.append(body)
        self.called.release()
        if isinstance(answer, OSError):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PAUSE", 0.0)
    monkeypatch.setattr(sending, "FIRST", 0.01)
    monkeypatch.setattr(sending, "LONGEST", 0.01)


def spans(number: int) -> list[Span]:
    return [Span(bytes(16), i.to_bytes(8, "big"), "x", 1.0, 2.0) for i in range(number)]


def test_a_batch_is_tried_again_until_it_is_taken() -> None:
    collector = Collector(OSError("refused"), (503, "7"), (429, ""), (200, ""))
    sender = SpanSender(SETTINGS, collector)
    sender.send(spans(3))
    for _ in range(4):
        assert collector.called.acquire(timeout=10)
    sender.close()
    assert sender.take_counts() == {"sent": 3}
    assert len(set(collector.bodies[1:])) == 1


def test_what_is_refused_is_given_up_and_what_has_no_room_dropped() -> None:
    collector = Collector((400, ""))
    sender = SpanSender(SETTINGS, collector)
    sender.send(spans(sending.QUEUE + 1))
    assert sender.take_counts() == {"dropped": sending.QUEUE + 1}
    sender.send(spans(2))
    assert collector.called.acquire(timeout=10)
    sender.close()
    assert sender.take_counts() == {"refused": 2}


def test_a_dead_collector_keeps_nobody_from_ending() -> None:
    collector = Collector(OSError("refused"))
    sender = SpanSender(SETTINGS, collector)
    sender.send(spans(5))
    assert collector.called.acquire(timeout=10)
    sender.close()
    assert sender.take_counts() == {"dropped": 5}


def test_the_address_must_be_one(tmp_path: Path) -> None:
    text = "traces: {endpoint: 'collector:4318'}\nmodels: {m: {logs: [l]}}\n"
    with pytest.raises(ConfigError, match=r"traces.endpoint: expected an address"):
        config.parse(text, str(tmp_path / "c.yaml"))
