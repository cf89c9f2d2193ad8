"""Logs in the shapes that real servers and services write, with what must be on the page.

Each has invented values. `settings` is what a person adds to `format: <preset>`; for `init` nothing
is added.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

REQUESTS, PREDICTIONS = "inference_requests_total", "inference_predictions_total"
LATENCY, STEPS = "inference_request_duration_seconds", "inference_step_duration_seconds"
FAILED, PAIRS = "inference_request_failures_total", "inference_pairs_total"
LINES, SCORES = "inference_exporter_lines_total", "inference_output_bin_total"


@dataclass(frozen=True)
class Shape:
    """Lines, and what is expected of them: values by (family, labels), inputs by name."""

    lines: Sequence[str]
    expected: dict[tuple[str, str], float]
    features: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)
    init: bool = True  # whether `init` alone reads it in full


def _json(*records: Any) -> list[str]:
    return [json.dumps(record) for record in records]


def _app(i: int, **more: Any) -> dict[str, Any]:
    return {
        "request_id": f"r{i}", "model_version": "2", "features": {"age": 30 + i, "plan": "pro"},
        "prediction": i % 2, "probability": 0.25, "latency_ms": 12.5,
    } | more  # fmt: skip


_APP = {
    (REQUESTS, ""): 3.0, (PREDICTIONS, 'prediction="1"'): 1.0, (LATENCY + "_count", ""): 3.0,
    (LATENCY + "_sum", ""): 0.0375,
}  # fmt: skip


def _loguru(i: int) -> dict[str, Any]:
    record = {"extra": _app(i), "time": {"repr": "x", "timestamp": 1795396040.5 + i}}
    return {"text": "prediction\n", "record": record | {"message": "prediction"}}


def _ecs(i: int) -> dict[str, Any]:
    own = {k: v for k, v in _app(i).items() if k != "latency_ms"}
    return own | {
        "@timestamp": f"2026-11-23T01:07:2{i}.205Z", "log.level": "info", "ecs.version": "1.6.0",
        "event": {"duration": 12_500_000}, "trace": {"id": "0af7651916cd43dd8448eb211c80319c"},
    }  # fmt: skip


def _kserve(one: str, at: str, kind: str, data: Any) -> dict[str, Any]:
    return {
        "id": one, "type": f"org.kubeflow.serving.inference.{kind}", "source": "http://x/",
        "time": f"2026-11-20T10:00:{at}Z", "inferenceservicename": "iris", "data": data,
    }  # fmt: skip


_KSERVE = _json(
    _kserve("a", "00.100", "request", {"instances": [[6.1, 2.8], [5.9, 3.0]]}),
    _kserve("b", "00.200", "request", {"instances": [[4.7, 3.2]]}),
    _kserve("a", "00.350", "response", {"predictions": [1, 0]}),
    _kserve("c", "00.400", "request", {"instances": [[5.0, 3.1]]}),
    _kserve("c", "00.450", "response", {"predictions": [0]}),
    _kserve("c", "00.450", "response", {"predictions": [0]}),
)
_DATABRICKS_CSV = [
    "databricks_request_id,timestamp_ms,status_code,execution_time_ms,request,response",
    *(
        f'r{i},{1795168800000 + i},{status},{ms},"{{""dataframe_records"": ['
        + ", ".join(f'{{""alcohol"": {i + k}.5, ""ph"": 3.{k}}}' for k in range(i + 1))
        + f']}}","{answer}"'
        for i, status, ms, answer in (
            (0, 200, 30, '{""predictions"": [""red""]}'),
            (1, 200, 40, '{""predictions"": [""red"", ""red""]}'),
            (2, 400, 50, '{""error_code"": ""BAD_REQUEST"", ""message"": ""no""}'),
        )
    ),
]
_TENSORS = {
    "inputs": [
        {"name": "width", "shape": [2], "datatype": "FP32", "data": [1.5, 2.5]},
        {"name": "emb", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]},
    ]
}
_ANSWERS = {"outputs": [{"name": "predict", "shape": [2], "datatype": "INT64", "data": [0, 1]}]}
_KSERVE_V2 = _json(
    _kserve("a", "00.100", "request", _TENSORS),
    _kserve("a", "00.300", "response", _ANSWERS | {"model_name": "iris"}),
)


def _blob(one: str, at: str, kind: str, data: Any) -> dict[str, Any]:
    body = base64.b64encode(json.dumps(data).encode()).decode()
    return {
        "url": "http://l/", "bytes": body, "contentType": "application/json", "id": one,
        "reqType": f"org.kubeflow.serving.inference.{kind}", "inferenceService": "iris",
        "occurrenceTime": f"2026-11-20T10:00:{at}Z",
    }  # fmt: skip


_KSERVE_BLOB = _json(
    _blob("a", "00.100", "request", {"instances": [[6.1, 2.8], [5.9, 3.0]]}),
    _blob("a", "00.350", "response", {"predictions": [1, 0]}),
    _blob("b", "00.200", "request", {"instances": [[4.7, 3.2]]}),
)


def _capture(given: str, encoding: str, answer: str, one: str) -> dict[str, Any]:
    return {
        "captureData": {
            "endpointInput": {"observedContentType": "text/csv", "mode": "INPUT", "data": given,
                              "encoding": encoding},
            "endpointOutput": {"observedContentType": None, "mode": "OUTPUT", "data": answer,
                               "encoding": "CSV"},
        },
        "eventMetadata": {"eventId": one, "inferenceTime": "2026-11-20T10:00:00Z"},
        "eventVersion": "0",
    }  # fmt: skip


_SAGEMAKER = _json(
    _capture("12.5,3\n9.75,4", "CSV", "0.25\n0.75", "e0"),
    _capture('{"instances": [[1.5, 2]]}', "JSON", "0.5", "e1"),
    _capture(base64.b64encode(b"7,8").decode(), "BASE64", "0.125", "e2"),
)


def _databricks(i: int, request: Any, response: Any, status: int = 200) -> dict[str, Any]:
    return {
        "databricks_request_id": f"d{i}", "client_request_id": None, "date": "2026-11-20",
        "timestamp_ms": 1795168800000 + i, "status_code": status, "sampling_fraction": 0.5,
        "execution_time_ms": 40, "request": json.dumps(request),
        "response": None if response is None else json.dumps(response),
        "request_metadata": {"model_name": "wine", "model_version": "3"},
    }  # fmt: skip


_SPLIT = {"dataframe_split": {"columns": ["ph", "color"], "data": [[3.2, "red"], [3.4, "white"]]}}
_DATABRICKS = _json(
    _databricks(0, _SPLIT, {"predictions": [5.5, 6.0]}),
    _databricks(1, {"dataframe_records": [{"ph": 3.1, "color": "red"}]}, {"predictions": [4.5]}),
    _databricks(2, _SPLIT, None, 500),
)


def _azure(one: str, kind: str, rows: list[Any]) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": f"{one}-{kind}", "type": f"azureml.inference.{kind}",
        "time": "2026-11-20T10:00:00Z", "data": rows, "correlationid": one, "modelversion": "2",
    }  # fmt: skip


_AZURE = _json(
    _azure("c0", "model_inputs", [{"age": 39, "job": "x"}, {"age": 40, "job": "y"}]),
    _azure("c0", "model_outputs", [{"prediction": "a"}, {"prediction": "b"}]),
    _azure("c1", "model_inputs", [{"age": 41, "job": "x"}]),
)
_VERTEX = _json(
    {
        "endpoint": "e", "deployed_model_id": "7", "logging_time": "2026-11-20T10:00:00Z",
        "request_id": 9, "request_payload": ['{"age": 41}', '{"age": 42}'],
        "response_payload": ['{"prediction": "a"}', '{"prediction": "b"}'],
    }
)  # fmt: skip


def _seldon(one: str, kind: str, at: str, data: Any) -> dict[str, Any]:
    return {
        "id": f"{one}-{kind}", "requestid": one, "type": f"io.seldon.serving.inference.{kind}",
        "time": f"2026-11-20T10:00:{at}Z", "modelid": "clf", "data": data,
    }  # fmt: skip


_SELDON = _json(
    _seldon("s1", "request", "00.0", {"data": {"names": ["f0", "f1"], "ndarray": [[1, 2]]}}),
    _seldon("s1", "response", "00.5", {"data": {"ndarray": [1]}}),
)


def _litellm(i: int, status: str = "success") -> dict[str, Any]:
    start = 1795168800.0 + i
    return {
        "id": f"l{i}", "litellm_call_id": f"c{i}", "call_type": "acompletion", "model": "gpt-x",
        "status": status, "startTime": start, "endTime": start + 1.5,
        "completionStartTime": start + 0.25, "prompt_tokens": 90 + i, "completion_tokens": 7,
        "total_tokens": 97 + i, "response_cost": 0.001, "metadata": {},
    }  # fmt: skip


def _ray(message: str, one: str, component: str, **more: Any) -> dict[str, Any]:
    return {
        "asctime": "2026-11-23 01:05:00,552", "levelname": "INFO", "message": message,
        "filename": "app.py" if message == "prediction" else f"{component}.py",
        "request_id": one, "application": "spam", "replica": "u9", "component_name": component,
        "timestamp_ns": 1795395900552919166,
    } | more  # fmt: skip


_RAY = _json(
    _ray("prediction", "q1", "replica", features=[1, 2], score=0.75, label="spam"),
    _ray("POST /spam 200 20.0ms", "q1", "replica"),
    _ray("POST /spam 200 25.0ms", "q1", "proxy"),
    _ray("Request failed.", "q2", "replica", levelname="ERROR", exc_text="Traceback …"),
    _ray("POST /spam 500 5.0ms", "q2", "replica"),
)


def _otlp(*records: Any) -> dict[str, Any]:
    def pairs(values: dict[str, Any]) -> list[Any]:
        return [{"key": key, "value": _any(value)} for key, value in values.items()]

    def _any(value: Any) -> Any:
        if isinstance(value, dict):
            return {"kvlistValue": {"values": pairs(value)}}
        kind = {str: "stringValue", int: "intValue", float: "doubleValue"}[type(value)]
        return {kind: str(value) if kind == "intValue" else value}

    logs = [
        {"timeUnixNano": "1795168800000000000", "attributes": pairs(record),
         "traceId": "0af7651916cd43dd8448eb211c80319c"}
        for record in records
    ]  # fmt: skip
    return {"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": logs}]}]}


_OTLP = _json(
    _otlp(
        {"features": {"age": 41}, "prediction": "a", "score": 0.5, "latency_ms": 10.0},
        {"features": {"age": 42}, "prediction": "b", "score": 0.5, "latency_ms": 10.0},
    ),
    _otlp({"features": {"age": 43}, "prediction": "a", "latency_ms": 5.0}),
)


def _span(name: str, ms: int, parent: str = "", **more: Any) -> dict[str, Any]:
    """A span that ends at the same time as all others; `more` replaces what it has."""
    end = 1795168800_000_000_000
    span = {
        "traceId": "0AF7651916CD43DD8448EB211C80319C",
        "spanId": name.encode().hex().ljust(16, "0")[:16],
        "parentSpanId": parent, "name": name, "kind": 1, "status": {},
        "startTimeUnixNano": str(end - ms * 1_000_000), "endTimeUnixNano": str(end),
    } | more  # fmt: skip
    service = {"attributes": [{"key": "service.version", "value": {"stringValue": "3"}}]}
    return {"resourceSpans": [{"resource": service, "scopeSpans": [{"spans": [span]}]}]}


def _attributes(**values: int) -> list[Any]:
    return [{"key": key.replace("__", "."), "value": {"intValue": str(value)}}
            for key, value in values.items()]  # fmt: skip


_SPANS = _json(
    _span("lookup", 4, "aa", kind="SPAN_KIND_INTERNAL"),
    _span("GET /features", 3, "aa", kind=3),
    _span("predict", 10, "aa", attributes=[{"key": "prediction", "value": {"stringValue": "a"}}]),
    _span("POST /score", 20, kind=2, attributes=_attributes(http__response__status_code=200)),
    _span("POST /score", 30, "bb", kind=2, status={"code": 2}),
)


def _bento(i: int, rows: int = 1) -> list[dict[str, Any]]:
    ids = {"request_id": str(2**62 + i), "trace_id": str(2**120 + i)}
    return [
        {"sepal length": 4.5 + row, "f32": "4.5", "hole": None, "pred": "setosa"}
        | {"timestamp": "2026-11-23T01:03:19.034148"} | ids
        for row in range(rows)
    ]  # fmt: skip


_COMBINED = '127.0.0.1 - - [23/Nov/2026:01:07:18 +0000] "POST /predict HTTP/1.1" {} 16 "-" "curl"'
_ACCESS = {(REQUESTS, 'code="200"'): 2.0, (REQUESTS, 'code="500"'): 1.0, (FAILED, ""): 1.0}
_UVICORN = 'INFO:     127.0.0.1:41482 - "POST /predict HTTP/1.1" {} OK'
_TRACE = "(trace=0af7651916cd43dd8448eb211c80319c,span=94a05fabacecaeae,sampled=1)"
_BENTO_ACCESS = (
    "2026-11-23T01:03:19+0000 [INFO] [entry_service:Iris:1] 127.0.0.1:60760"
    " (scheme=http,method=POST,path=/classify,type=application/json,length=50)"
    " (status={},type=application/json,length=23) 50.000ms " + _TRACE
)


def _over(line: str, *statuses: int) -> list[str]:
    return [line.format(status) for status in statuses or (200, 500, 200)]


def _triton(i: int, at: int) -> list[dict[str, Any]]:
    """A trace of 10 ms: 2 ms in the queue, 1 for its input, 6 of inference, half for its output."""
    names = ("REQUEST_START", "QUEUE_START", "COMPUTE_START", "COMPUTE_INPUT_END",
             "COMPUTE_OUTPUT_START", "COMPUTE_END", "REQUEST_END")  # fmt: skip
    after = (0, 250_000, 2_250_000, 3_250_000, 9_250_000, 9_750_000, 10_000_000)
    points = [{"name": n, "ns": at + ns} for n, ns in zip(names, after, strict=True)]
    return [
        {"id": i, "model_name": "iris", "model_version": 3, "request_id": f"t{i}"},
        {"id": i, "timestamps": [{"name": "HTTP_RECV_START", "ns": at - 1000}, points[0]]},
        {"id": i, "timestamps": points[1:-1]},
        {"id": i, "timestamps": points[-1:]},
    ]


_TRITON = [one for i in range(4) for one in _triton(i, 2_356_425_054_587_444 + i * 10**9)]


PRESETS: dict[str, Shape] = {
    "json-lines": Shape(
        _json(*(_app(i, timestamp=f"2026-11-23T01:07:2{i}Z", status=200) for i in range(3))),
        _APP | {(REQUESTS, 'code="200"'): 3.0}, ("age", "plan"),
    ),
    "python-json-logger": Shape(
        _json(*(_app(i, asctime="2026-11-23 01:07:20,204", levelname="INFO", message="prediction")
                for i in range(3))), _APP, ("age", "plan"),
    ),
    "structlog": Shape(
        _json(*(_app(i, event="prediction", level="info", timestamp=1795396040.25)
                for i in range(3))), _APP, ("age", "plan"),
    ),
    "loguru": Shape(_json(*map(_loguru, range(3))), _APP, ("age", "plan")),
    "ecs": Shape(_json(*map(_ecs, range(3))), _APP, ("age", "plan")),
    "bentoml": Shape(
        _json(*_bento(0), *_bento(1, rows=2)),
        {(REQUESTS, ""): 2.0, (PREDICTIONS, 'prediction="setosa"'): 3.0},
        ("f32", "sepal length"), {"fields": {"prediction": "pred"}},
    ),
    "bentoml-access": Shape(
        _over(_BENTO_ACCESS), _ACCESS | {(LATENCY + "_sum", ""): 0.15},
    ),
    "bentoml-requests": Shape(
        [
            *_json(*_bento(0), *_bento(1, rows=2), *_bento(2)),
            *(_BENTO_ACCESS.format(status).replace("94a05fabacecaeae", f"{2**62 + i:016x}")
              for i, status in ((1, 200), (0, 200), (9, 500))),
            _BENTO_ACCESS.format(200).replace("/classify", "/healthz"),
            "2026-11-23T01:03:12+0000 [INFO] [entry_service:Iris:1] Service Iris initialized",
        ],
        {
            (REQUESTS, 'code="200"'): 2.0, (REQUESTS, 'code="500"'): 1.0,
            (REQUESTS, 'code="unanswered"'): 1.0, (FAILED, ""): 2.0,
            (PREDICTIONS, 'prediction="setosa"'): 4.0, (LATENCY + "_sum", ""): 0.15,
            (PAIRS, 'result="answered"'): 2.0, (LINES, 'result="half"'): 7.0,
            (LINES, 'result="filtered"'): 1.0, (LINES, 'result="unmatched"'): 1.0,
        },
        ("f32", "sepal length"), {"fields": {"prediction": "request.pred"}},
    ),
    "kserve": Shape(
        _KSERVE,
        {
            (REQUESTS, 'code="answered"'): 2.0, (REQUESTS, 'code="unanswered"'): 1.0,
            (FAILED, ""): 1.0, (PREDICTIONS, 'prediction="0"'): 2.0,
            (PREDICTIONS, 'prediction="1"'): 1.0, (LATENCY + "_count", ""): 2.0,
            (LATENCY + "_sum", ""): 0.3, (PAIRS, 'result="duplicate"'): 1.0,
            (PAIRS, 'result="unanswered"'): 1.0, (LINES, 'result="half"'): 6.0,
        }, ("x0", "x1"),
    ),
    "kserve-blob": Shape(
        _KSERVE_BLOB,
        {(REQUESTS, 'code="answered"'): 1.0, (REQUESTS, 'code="unanswered"'): 1.0,
         (PREDICTIONS, ""): 2.0, (LATENCY + "_sum", ""): 0.25}, ("x0", "x1"),
    ),
    "kserve-container": Shape(
        [
            "2026-11-23 01:07:11.437 6857 kserve.trace requestId: req-7, preprocess_ms: 4.5,"
            " explain_ms: 0, predict_ms: 11.25, postprocess_ms: 2.25",
            "2026-11-23 01:07:11.517 6857 kserve.trace requestId: N.A., preprocess_ms: 5.5,"
            " explain_ms: 0, predict_ms: 8.75, postprocess_ms: 1e-05",
            *(f"2026-11-23 01:07:11.443 6857 kserve.trace kserve.io.v1.models.iris:predict: {took}"
              f" ['http_status:{status}', 'http_method:POST', 'time:{clock}']"
              for took, status, clock in ((0.25, 200, "wall"), (0.125, 200, "cpu"),
                                          (0.5, 404, "wall"))),
            "2026-11-23 01:07:12.443 6857 kserve.trace kserve.io.v2.health.ready: 0.5"
            " ['http_status:200', 'http_method:GET', 'time:wall']",
            "2026-11-23 01:07:11.439 uvicorn.access INFO:     127.0.0.1:57720 6857 -"
            ' "POST /v1/models/iris%3Apredict HTTP/1.1" 200 OK',
        ],
        {(REQUESTS, 'code="200"'): 1.0, (REQUESTS, 'code="404"'): 1.0, (FAILED, ""): 1.0,
         (LATENCY + "_sum", ""): 0.75, (STEPS + "_sum", 'step="inference"'): 0.02,
         (STEPS + "_count", 'step="preprocess"'): 2.0, (LINES, 'result="part"'): 2.0,
         (LINES, 'result="filtered"'): 3.0},
    ),
    "sagemaker": Shape(
        _SAGEMAKER, {(REQUESTS, ""): 3.0, (LINES, 'result="ok"'): 3.0}, ("x0", "x1")
    ),
    "databricks": Shape(
        _DATABRICKS,
        {
            (REQUESTS, 'code="200"'): 4.0, (REQUESTS, 'code="500"'): 2.0, (FAILED, ""): 2.0,
            (PREDICTIONS, ""): 6.0, (LATENCY + "_count", ""): 6.0,  # half of them are logged
            ("inference_prediction_weight_total", 'version="3"'): 10.0,
        }, ("color", "ph"), {"task": "regression", "reference": {"warmup": 10}},
    ),
    "mlflow": Shape(
        _json({"request": _SPLIT, "response": {"predictions": [{"label": "a"}, {"label": "b"}]},
               "latency_ms": 5, "request_id": "r1"}),
        {(REQUESTS, ""): 1.0, (PREDICTIONS, 'prediction="a"'): 1.0,
         (PREDICTIONS, 'prediction="b"'): 1.0, (LATENCY + "_sum", ""): 0.005}, ("color", "ph"),
    ),
    "azureml": Shape(
        _AZURE,
        {(PREDICTIONS, 'prediction="a"'): 1.0, (PREDICTIONS, 'prediction="b"'): 1.0,
         (REQUESTS, ""): 2.0, (PAIRS, 'result="unanswered"'): 1.0}, ("age", "job"),
    ),
    "vertex": Shape(
        _VERTEX, {(REQUESTS, ""): 1.0, (PREDICTIONS, 'prediction="b"'): 1.0}, ("age",)
    ),
    "seldon": Shape(
        _SELDON,
        {(REQUESTS, 'code="answered"'): 1.0, (PREDICTIONS, 'prediction="1"'): 1.0,
         (LATENCY + "_sum", ""): 0.5}, ("f0", "f1"),
    ),
    "open-inference": Shape(
        _json({"ts": "2026-11-20T10:00:00Z", "request": _TENSORS,
               "response": _ANSWERS | {"model_version": "v1"}, "latency_ms": 4}),
        {(REQUESTS, ""): 1.0, (PREDICTIONS, 'prediction="0"'): 1.0,
         (PREDICTIONS, 'prediction="1"'): 1.0, (LATENCY + "_sum", ""): 0.004},
        ("emb[0]", "emb[1]", "width"),
    ),
    "otlp-logs": Shape(
        _OTLP,
        {(REQUESTS, ""): 3.0, (PREDICTIONS, 'prediction="a"'): 2.0, (LATENCY + "_sum", ""): 0.025},
        ("age",),
    ),
    "otlp-traces": Shape(
        _SPANS,
        {
            (REQUESTS, 'code="200"'): 1.0, (REQUESTS, 'code="ERROR"'): 1.0, (FAILED, ""): 1.0,
            (LATENCY + "_sum", ""): 0.05, (STEPS + "_sum", 'step="lookup"'): 0.004,
            (STEPS + "_sum", 'step="GET_features"'): 0.003, (STEPS + "_count", ""): 3.0,
            (PREDICTIONS, 'prediction="a"'): 1.0, (LINES, 'result="part"'): 3.0,
        },
        settings={"fields": {"steps": {
            step: {"from": "duration", "unit": "ns", "when": {"name": name}}
            for step, name in (("lookup", "lookup"), ("GET_features", "GET /features"),
                               ("predict", "predict"))
        }}},
    ),
    "litellm": Shape(
        _json(_litellm(0), _litellm(1, "failure")),
        {
            (REQUESTS, 'code="success"'): 1.0, (FAILED, ""): 1.0, (LATENCY + "_sum", ""): 3.0,
            (STEPS + "_sum", 'step="first_token"'): 0.5,
        },
        ("call_type", "completion_tokens", "prompt_tokens", "response_cost", "total_tokens"),
    ),
    "ray-serve": Shape(
        _RAY,
        {
            (REQUESTS, 'code="200"'): 1.0, (REQUESTS, 'code="500"'): 1.0, (FAILED, ""): 1.0,
            (PREDICTIONS, 'prediction="spam"'): 1.0, (LATENCY + "_sum", ""): 0.025,
            (LATENCY + "_count", ""): 2.0,
        }, ("x0", "x1"),
    ),
    "ray-serve-text": Shape(
        _over("INFO 2026-11-23 01:04:26,553 spam_Clf 985 4af9ccf4 -- POST /spam {} 35.5ms"),
        _ACCESS | {(LATENCY + "_sum", ""): 0.1065},
    ),
    "databricks-csv": Shape(
        _DATABRICKS_CSV,
        {(REQUESTS, 'code="200"'): 2.0, (FAILED, ""): 1.0, (LATENCY + "_sum", ""): 0.12,
         (PREDICTIONS, 'prediction="red"'): 3.0, (LINES, 'result="header"'): 1.0},
        ("alcohol", "ph"),
    ),
    "torchserve": Shape(
        _over('2026-11-23T01:02:03,456 - /127.0.0.1:64003 "POST /predictions/r HTTP/1.1" {} 118'),
        _ACCESS | {(LATENCY + "_sum", ""): 0.354},
    ),
    "torchserve-metrics": Shape(
        [
            f"2026-11-23T01:02:03,456 - {name}.Milliseconds:{value}|#ModelName:m,Level:Model"
            "|#type:GAUGE|#hostname:h,1795396040,7f1c"
            for name, value in (("ts_handler_inference", 7.5), ("ts_handler_preprocess", 2.5),
                                ("QueueTime", 0))
        ],
        {(STEPS + "_sum", 'step="inference"'): 0.0075, (STEPS + "_count", 'step="queue"'): 1.0},
    ),
    "triton-trace": Shape(
        [json.dumps(_TRITON[:12], separators=(",", ":")),
         json.dumps(_TRITON[12:], separators=(",", ":"))[:-1]],  # Triton has not stopped yet
        {
            (REQUESTS, 'version="3"'): 4.0, (LATENCY + "_count", ""): 4.0,
            (LATENCY + "_sum", ""): 0.04, (STEPS + "_sum", 'step="queue"'): 0.008,
            (STEPS + "_sum", 'step="compute_input"'): 0.004,
            (STEPS + "_sum", 'step="inference"'): 0.024,
            (STEPS + "_sum", 'step="compute_output"'): 0.002, (LINES, 'result="ok"'): 4.0,
        },
    ),
    "mlserver": Shape(
        _over('INFO:     127.0.0.1:5 - "POST /v2/models/iris/infer HTTP/1.1" {} OK'), _ACCESS
    ),
    "nginx-timed": Shape(
        _over(_COMBINED + ' rt=0.082 uct="-, 0.002" rid=ccd0faba8cf7'),
        _ACCESS | {(LATENCY + "_sum", ""): 0.246},
    ),
    "nginx-json": Shape(
        _json(*({"time": "2026-11-23T01:15:00+00:00", "msec": 1795396500.5, "request_id": "c",
                 "x_request_id": "", "status": status, "request_time": 0.25}
                for status in (200, 500, 200))), _ACCESS | {(LATENCY + "_sum", ""): 0.75},
    ),
    "gunicorn-json": Shape(
        _json(*({"request_id": "-", "traceparent": "-", "ts": "[23/Nov/2026:01:07:18 +0000]",
                 "status": status, "duration_us": 1500, "path": "/predict"}
                for status in (200, 500, 200))), _ACCESS | {(LATENCY + "_sum", ""): 0.0045},
    ),
    "combined": Shape(_over(_COMBINED), _ACCESS),
    "combined-micros": Shape(
        _over(_COMBINED + " 15250"), _ACCESS | {(LATENCY + "_sum", ""): 0.04575}
    ),
    "combined-seconds": Shape(
        _over(_COMBINED + ' "-" 0.25 0.125 .'), _ACCESS | {(LATENCY + "_sum", ""): 0.75}
    ),
    "uvicorn-timed": Shape(_over("2026-11-23 01:07:11.439 " + _UVICORN), _ACCESS),
    "uvicorn": Shape(_over(_UVICORN), _ACCESS),
}  # fmt: skip

PRESETS["inference-log"] = Shape(
    _json(
        {"kind": "prediction", "timestamp": "2026-11-27T15:34:03.25Z", "id": "r1", "version": "7",
         "features": {"age": 41, "plan": "pro"}, "prediction": 1, "score": 0.5, "latency_ms": 12.5,
         "status": "ok"},
        {"kind": "prediction", "timestamp": "2026-11-27T15:34:04.25Z", "id": "r2", "version": "7",
         "features": [{"age": 40, "plan": "x"}, {"age": 39}], "prediction": [0, 1],
         "score": [0.2, 0.8], "latency_ms": 12.5, "status": "ok"},
        {"kind": "label", "timestamp": "2026-11-27T15:35:03.25Z", "id": "r1", "actual": 0},
        {"kind": "dropped", "timestamp": "2026-11-27T15:35:03.25Z", "lines": 3},
    ),
    {(REQUESTS, 'code="ok"'): 2.0, (PREDICTIONS, 'prediction="1"'): 2.0,
     (LATENCY + "_sum", ""): 0.025, ("inference_labels_total", 'result="matched"'): 1.0,
     ("inference_outcomes_total", 'predicted="1",actual="0"'): 1.0},
    ("age", "plan"), {"task": "classification"},
)  # fmt: skip

_CRI = "2026-11-20T10:00:0{}.000000001Z stdout {} {}"
_LONG = json.dumps(_app(2))
OTHERS: dict[str, Shape] = {
    "several predictions in a line": Shape(
        _json(*({"time": f"2026-11-20T10:00:0{i}Z", "request_id": f"q{i}", "ms": 2.5,
                 "instances": [{"x1": 1.5 + row, "x2": "a"} for row in range(4)],
                 "predictions": [{"class": "AB"[row % 2], "proba": 0.25} for row in range(4)]}
                for i in range(3))),
        {(REQUESTS, ""): 3.0, (PREDICTIONS, 'prediction="A"'): 6.0, (LATENCY + "_sum", ""): 0.0075},
        ("x1", "x2"),
    ),
    "requests and responses without an id": Shape(
        _json(*(one for i in range(3) for one in (
            {"kind": "request", "body": _SPLIT},
            {"kind": "response", "status": 200 if i else 500,
             "body": {"predictions": [{"label": "a"}, {"label": "b"}]}}))),
        {(REQUESTS, 'code="200"'): 2.0, (REQUESTS, 'code="500"'): 1.0, (FAILED, ""): 1.0,
         (PREDICTIONS, 'prediction="a"'): 3.0, (PAIRS, 'result="answered"'): 3.0,
         (PAIRS, 'result="ambiguous"'): 0.0}, ("color", "ph"),
    ),
    "a ranked list of objects": Shape(
        _json(*({"event_time": 1795168800000000000, "context": {"device": "web", "hour": i},
                 "recommendations": [{"item": f"i{i}", "score": 0.9}, {"item": "i9", "score": 0.1}]}
                for i in range(3))),
        {(REQUESTS, ""): 3.0, (PREDICTIONS, 'prediction="i1"'): 1.0}, ("device", "hour"),
    ),
    "everything at the top": Shape(
        ['{"timestamp": "2026-11-20 10:00:00", "V1": NaN, "weekend": "True", "amount": "1,722.25",'
         ' "prediction": true, "prediction_proba": [0.25, 0.75], "model_version": "2024-01-01"}',
         '{"timestamp": "2026-11-20 10:00:01", "V1": 0.5, "weekend": "False", "amount": "80",'
         ' "prediction": false, "prediction_proba": [0.9, 0.1], "model_version": "2024-01-01"}'],
        {(PREDICTIONS, 'prediction="true"'): 1.0, (REQUESTS, ""): 2.0},
        ("V1", "amount", "weekend"),
    ),
    "logfmt with units": Shape(
        [f"time=2026-11-20T10:00:0{i}Z level=info msg=\"prediction served\" model=fraud version=v7"
         f" amount=19{i}.5 country=FR score=0.25 decision=deny took=29.5ms" for i in range(4)],
        {(PREDICTIONS, 'prediction="deny"'): 4.0, (LATENCY + "_sum", ""): 0.118},
        ("amount", "country"),
    ),
    "semicolons and decimal commas": Shape(
        ["date_time;customer;tenure;monthly;churn_prob;pred",
         *(f"20/11/2026 10:00:0{i};C{i};6{i};2{i},75;0,25;1" for i in range(6))],
        {(PREDICTIONS, 'prediction="1"'): 6.0, (LINES, 'result="header"'): 1.0},
        ("monthly", "tenure"),
    ),
    "cells between apostrophes": Shape(
        ["timestamp,age,city,prediction",
         *(f"2026-11-20T10:00:0{i}Z,4{i},'Lyon, rue de l''Eau {i}','no'"
           for i in range(4)),
         "2026-11-20T10:00:05Z,50,'in two", "lines','yes'"],
        {(PREDICTIONS, 'prediction="no"'): 4.0, (PREDICTIONS, 'prediction="yes"'): 1.0,
         (LINES, 'result="ok"'): 5.0, (LINES, 'result="header"'): 1.0}, ("age", "city"),
    ),
    "a prefix of Python's logging": Shape(
        ['2026-11-20 10:00:00,250 - predict - INFO - {"input": {"age": 28, "smoker": "yes"},'
         ' "output": {"label": "high", "probability": 0.25}, "duration": 0.5}',
         "Traceback (most recent call last):", '  File "x.py", line 1', "ValueError: no"],
        {(PREDICTIONS, 'prediction="high"'): 1.0, (LATENCY + "_sum", ""): 0.5,
         (LINES, 'result="malformed"'): 3.0}, ("age", "smoker"),
    ),
    "the repr of a dict": Shape(
        ["2026-11-23 01:23:29,265 - INFO - {'input_data': {'age': 41, 'plan': None},"
         " 'prediction': 1, 'confidence': 0.5}"] * 2,
        {(PREDICTIONS, 'prediction="1"'): 2.0}, ("age", "plan"),
    ),
    "Docker's json-file": Shape(
        _json(*({"log": json.dumps(_app(i)) + "\n", "stream": "stdout",
                 "time": f"2026-11-20T10:00:0{i}Z"} for i in range(3))), _APP, ("age", "plan"),
    ),
    "Kubernetes, with a line in pieces": Shape(
        [_CRI.format(0, "F", json.dumps(_app(0))), _CRI.format(1, "F", json.dumps(_app(1))),
         _CRI.format(2, "P", _LONG[:40]), _CRI.format(2, "F", _LONG[40:])],
        _APP, ("age", "plan"),
    ),
    "requests and responses by kind": Shape(
        _json({"kind": "request", "request_id": "a", "ts": 1795168800.0,
               "body": {"instances": [{"x": 1}, {"x": 2}]}},
              {"kind": "response", "request_id": "a", "ts": 1795168800.5,
               "body": {"predictions": ["u", "v"]}}),
        {(PREDICTIONS, 'prediction="u"'): 1.0, (LATENCY + "_sum", ""): 0.5, (REQUESTS, ""): 1.0},
        ("x",),
    ),
    "objects over several lines": Shape(
        json.dumps(_app(1), indent=2).splitlines() * 2,
        {(PREDICTIONS, 'prediction="1"'): 2.0}, ("age", "plan"),
    ),
    "one payload in several shapes": Shape(
        _json(*({"ts": 1795168800.0 + i, "request": json.dumps(body), "status_code": status,
                 "response": json.dumps({"predictions": ["u"] * n}) if n else None}
                for i, (body, n, status) in enumerate((
                    (_SPLIT, 2, 200),
                    ({"dataframe_records": [{"ph": 1.5, "color": "red"}]}, 1, 200),
                    ({"inputs": [{"ph": 1.25, "color": "red"}] * 3}, 3, 200), ({"no": 1}, 0, 400),
                )))),
        {(REQUESTS, 'code="200"'): 3.0, (FAILED, ""): 1.0, (PREDICTIONS, 'prediction="u"'): 6.0},
        ("color", "no", "ph"),
    ),
    "answers in an object, values in lists of one": Shape(
        _json(*({"ts": 1795168800.0 + i, "inputs": {"x": i, "y": "u"}, "time_ms": 1.5,
                 "outputs": {"class": ["a"], "probability": [0.75]}} for i in range(3))),
        {(REQUESTS, ""): 3.0, (PREDICTIONS, 'prediction="a"'): 3.0,
         (LATENCY + "_sum", ""): 0.0045}, ("x", "y"),
    ),
    "lists of lists and of answers": Shape(
        _json(*({"ts": 1795168800.0 + i, "inputs": [[1.5, 2.5], [3.5, 4.5]], "outputs": [0, 1]}
                for i in range(3))),
        {(REQUESTS, ""): 3.0, (PREDICTIONS, 'prediction="1"'): 3.0}, ("x0", "x1"),
    ),
    "JSON in a message": Shape(
        _json(*({"level": "INFO", "time": f"2026-11-20T10:00:0{i}Z", "message": json.dumps(
                {"features": {"age": i}, "prediction": "a", "latency_ms": 2})} for i in range(3))),
        {(REQUESTS, ""): 3.0, (PREDICTIONS, 'prediction="a"'): 3.0,
         (LATENCY + "_sum", ""): 0.006}, ("age",),
    ),
    "an array in a line": Shape(
        [json.dumps([_app(0), _app(1), _app(2)])], _APP, ("age", "plan")
    ),
}  # fmt: skip
