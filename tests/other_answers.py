"""Logs of known servers whose models answer otherwise than the preset takes for granted.

A preset says where the answer is. Whether it is a class, a value, a probability or one for each
class is the model's own affair: `init` sees it in the lines.
"""

from __future__ import annotations

import json
from typing import Any

from shapes import LATENCY, LINES, PREDICTIONS, REQUESTS, Shape

_COUNT = 12
_TENSORS = [
    {"name": "amount", "shape": [2, 1], "datatype": "FP64", "data": [12.5, 80.25]},
    {"name": "shop", "shape": [2, 1], "datatype": "BYTES", "data": ["fuel", "web"]},
]


def _events(prefix: str, key: str, asked: Any, told: Any) -> list[str]:
    """Requests and responses, each an event."""
    return [
        json.dumps({"type": f"{prefix}.{kind}", key: f"q{i}", "id": f"q{i}", "data": data,
                    "time": f"2026-11-21T08:15:{i:02d}.{ms}Z"})
        for i in range(_COUNT)
        for kind, data, ms in (("request", asked, "250"), ("response", told, "750"))
    ]  # fmt: skip


def _kserve(asked: Any, told: Any) -> list[str]:
    return _events("org.kubeflow.serving.inference", "id", asked, told)


def _capture(answer: str, encoding: str = "CSV", given: str = "1.5,2") -> list[str]:
    def side(data: str, mode: str) -> dict[str, Any]:
        return {"observedContentType": "x", "mode": mode, "data": data, "encoding": encoding}

    captured = {"endpointInput": side(given, "INPUT"), "endpointOutput": side(answer, "OUTPUT")}
    about = {"eventId": "e", "inferenceTime": "2026-11-21T08:15:00Z"}
    return [json.dumps({"captureData": captured, "eventMetadata": about, "eventVersion": "0"})] * 12


def _table(response: Any) -> list[str]:
    record = {
        "databricks_request_id": "d", "timestamp_ms": 1795249000000, "status_code": 200,
        "execution_time_ms": 40, "sampling_fraction": 1.0, "response": json.dumps(response),
        "request": json.dumps({"inputs": {"a": [1, 2], "b": ["x", "y"]}}),
        "request_metadata": json.dumps({"model_version": "9"}),
    }  # fmt: skip
    return [json.dumps(record)] * _COUNT


def _ray(i: int) -> list[str]:
    about = {"replica": "u9", "application": "a", "request_id": f"q{i}",
             "component_name": "replica", "timestamp_ns": 1795249000_000_000_000 + i}  # fmt: skip
    own = {"message": "scored", "inputs": {"age": i % 5}, "output": "u", "prob": 0.25}
    return [
        json.dumps({**about, "filename": "app.py", **own}),
        json.dumps({**about, "filename": "replica.py", "message": "POST / 200 20.5ms"}),
    ]


def _of(**labels: float) -> dict[tuple[str, str], float]:
    return {(REQUESTS, ""): 12.0} | {
        (PREDICTIONS, f'prediction="{name}"'): value for name, value in labels.items()
    }


OTHER_ANSWERS: dict[str, Shape] = {
    "KServe with probabilities": Shape(
        _kserve({"instances": [{"age": 41}]}, {"predictions": [[0.25, 0.75]]}),
        _of(**{"1": 12.0}) | {(LATENCY + "_sum", ""): 6.0}, ("age",),
    ),
    "KServe with named tensors": Shape(
        _kserve({"inputs": _TENSORS}, {"outputs": [
            {"name": "label", "shape": [2, 1], "datatype": "BYTES", "data": ["u", "v"]},
            {"name": "p", "shape": [2, 2], "datatype": "FP64", "data": [0.75, 0.25, 0.125, 0.875]},
        ]}),
        _of(u=12.0, v=12.0), ("amount", "shop"),
    ),
    "Seldon with probabilities of named classes": Shape(
        _events("io.seldon.serving.inference", "requestid",
                {"data": {"names": ["a", "b"], "tensor": {"shape": [1, 2], "values": [1, 2]}}},
                {"data": {"names": ["t0", "t1"], "ndarray": [[0.875, 0.125]]}}),
        _of(t0=12.0, t1=0.0), ("a", "b"),
    ),
    "SageMaker with a class": Shape(_capture("setosa"), _of(setosa=12.0), ("x0", "x1")),
    "SageMaker with a value": Shape(
        _capture("310.5"), {(REQUESTS, ""): 12.0, (PREDICTIONS, ""): 12.0}, ("x0", "x1")
    ),
    "SageMaker with probabilities": Shape(
        _capture("0.125,0.25,0.625"), _of(**{"2": 12.0, "0": 0.0}), ("x0", "x1")
    ),
    "SageMaker with JSON of rows": Shape(
        _capture(json.dumps({"predictions": [{"score": 0.75, "predicted_label": "u"}] * 2}), "JSON",
                 json.dumps({"instances": [{"features": [1.5, 2]}] * 2})),
        _of(u=24.0), ("x0", "x1"),
    ),
    "Databricks with probabilities": Shape(
        _table({"predictions": [[0.25, 0.75], [0.875, 0.125]]}),
        _of(**{"0": 12.0, "1": 12.0}) | {(REQUESTS, 'version="9"'): 12.0}, ("a", "b"),
    ),
    "Azure with columns of its own": Shape(
        [json.dumps({"type": f"azureml.inference.{kind}", "correlationid": f"c{i}", "data": data,
                     "time": "2026-11-21T08:15:00Z"}) for i in range(_COUNT)
         for kind, data in (("inputs", [{"age": 41}]), ("outputs", [
             {"scored_label": "u", "scored_prob": 0.75}]))],
        _of(u=12.0), ("age",),
    ),
    "Vertex with scores of classes": Shape(
        [json.dumps({"deployed_model_id": "7", "logging_time": "2026-11-21 08:15:00.250 UTC",
                     "request_payload": ["[1.5, 2.5]"], "request_id": f"{i}",
                     "response_payload": ['{"classes": ["u", "v"], "scores": [0.25, 0.75]}']})
         for i in range(_COUNT)],
        _of(v=12.0, u=0.0) | {("inference_exporter_untimed_events_total", ""): 0.0}, ("x0", "x1"),
    ),
    "Ray Serve with other words": Shape(
        [line for i in range(_COUNT) for line in _ray(i)],
        _of(u=12.0) | {(LATENCY + "_sum", ""): 0.246}, ("age",),
    ),
    "Seldon with JSON of its own": Shape(
        _events("io.seldon.serving.inference", "requestid", {"jsonData": {"age": 41}},
                {"jsonData": {"class": "u", "proba": 0.75}}),
        _of(u=12.0), ("age",),
    ),
    "log records with other names": Shape(
        [json.dumps({"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": [{
            "timeUnixNano": "1795249000000000000", "attributes": [
                {"key": "inputs", "value": {"kvlistValue": {"values": [
                    {"key": "age", "value": {"intValue": "41"}}]}}},
                {"key": "predicted_class", "value": {"stringValue": "u"}},
                {"key": "duration_ms", "value": {"doubleValue": 2.5}}]}]}]}]})] * _COUNT,
        _of(u=12.0) | {(LATENCY + "_sum", ""): 0.03}, ("age",),
    ),
    "SageMaker with its ground truth between": Shape(
        [*_capture("0.25"), *[json.dumps({
            "groundTruthData": {"data": "1", "encoding": "CSV"}, "eventVersion": "0",
            "eventMetadata": {"eventId": "e"}})] * 5],
        {(REQUESTS, ""): 12.0, (LINES, 'result="filtered"'): 5.0}, ("x0", "x1"),
    ),
    "ids like BentoML's, but not its log": Shape(
        [json.dumps({"timestamp": "2026-11-21T08:15:00Z", "request_id": f"q{i}", "trace_id": "ab",
                     "features": {"age": 41}, "prediction": "u"}) for i in range(_COUNT)],
        _of(u=12.0), ("age",),
    ),
    "kinds like the logger's, but not its log": Shape(
        [json.dumps({"timestamp": "2026-11-21T08:15:00Z", "kind": "prediction", "ms": 2.5,
                     "request_id": f"q{i}", "inputs": {"age": 41}, "output": "u"})
         for i in range(_COUNT)],
        _of(u=12.0) | {(LATENCY + "_sum", ""): 0.03}, ("age",),
    ),
}  # fmt: skip
