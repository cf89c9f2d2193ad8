"""A label that came after its request was sent is a span below it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.config.schema_services import TracesConfig
from inference_exporter.model import Model, label_spans
from inference_exporter.model.parts.late_labels import LateLabels
from inference_exporter.values.spans import Span

NOW = 1795168800.0
TRACE = "0af7651916cd43dd8448eb211c80319c"
CONFIG = """\
models:
  m:
    logs: [l]
    task: classification
    fields: {timestamp: ts, id: id, trace_id: trace, prediction: p, status: code,
             latency: {from: ms, unit: ms}}
    labels: {logs: [labels], id: id, actual: a, timestamp: at}
"""
SAME = CONFIG.replace("logs: [labels],", "same_log: true, when: {kind: label},").replace(
    "    task:", "    when: {kind: prediction}\n    task:"
)


def model_of(found: list[Span], text: str = CONFIG) -> Model:
    (one,) = config.parse(text, "c.yaml").models
    return make_model(one, None, traces=(TracesConfig("http://x", sample=0.0), found.extend))


def line(number: int, **more: Any) -> dict[str, Any]:
    return {
        "kind": "prediction",
        "ts": NOW,
        "id": number,
        "trace": TRACE,
        "p": "a",
        "code": 500,
        "ms": 10,
    } | more


def block(*lines: dict[str, Any]) -> bytes:
    return "".join(json.dumps(one) + "\n" for one in lines).encode()


def labelled(model: Model, *lines: dict[str, Any], now: float = NOW + 60) -> None:
    part = model.part(LateLabels)
    assert part is not None
    part.log(block(*lines), now)
    model.settle(None, now)


def test_a_label_is_a_child_of_the_request_that_was_sent() -> None:
    found: list[Span] = []
    model = model_of(found)
    model.take(block(line(1), line(2), line(3, code=200)), NOW)
    requests = {one.attributes["ml.request.id"]: one for one in found}
    labelled(
        model,
        {"id": "1", "a": "b", "at": NOW + 30}, {"id": 2, "a": "a"}, {"id": 3, "a": "b"},
        {"id": 9, "a": "b"}, {"id": 1, "a": None},
    )  # fmt: skip
    wrong, right = found[2:]
    for label, request in ((wrong, requests[1]), (right, requests[2])):
        assert (label.trace_id.hex(), label.parent_id) == (TRACE, request.span_id)
        assert label.name == "label m"
    assert (wrong.start, right.start) == (NOW + 30, NOW + 60)
    assert wrong.attributes == {
        "ml.model.name": "m", "ml.sampled_for": "wrong", "ml.actual": "b",
        "ml.label.delay_seconds": 30.0,
    }  # fmt: skip
    assert right.attributes["ml.sampled_for"] == "label"
    labelled(model, {"id": 1, "a": "b", "at": NOW + 30})
    assert found[4] == wrong  # the same again is the same span
    labelled(model, {"id": 1, "a": "a"})
    assert found[5].span_id not in (wrong.span_id, requests[1].span_id)


def test_labels_in_the_same_log_may_stand_in_the_same_block() -> None:
    found: list[Span] = []
    model = model_of(found, SAME)
    model.take(block({"kind": "label", "id": 1, "a": "b"}, line(1)), NOW)
    model.settle(None, NOW)
    assert [one.name for one in found] == ["predict m", "label m"]


def test_only_the_latest_requests_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_spans, "REMEMBERED", 2)
    found: list[Span] = []
    model = model_of(found)
    model.take(block(*[line(i) for i in range(4)], line(2)), NOW)
    labelled(model, *[{"id": i, "a": "b"} for i in range(4)])
    assert sorted(one.parent_id for one in found[5:]) == sorted({one.span_id for one in found[2:4]})
