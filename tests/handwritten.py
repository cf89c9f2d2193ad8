"""Logs as services write them by hand: names, nesting and lines between that no server has.

Each is what a person would expect `init` alone to read, and not to read: an answer, the truth or an
identifier that is taken for an input is a fault that no page shows.
"""

from __future__ import annotations

import json
from typing import Any

from shapes import FAILED, LATENCY, LINES, PREDICTIONS, REQUESTS, STEPS, Shape

_LABELS, _OUTCOMES = "inference_labels_total", "inference_outcomes_total"
_COUNT = 24


def _lines(make: Any) -> list[str]:
    return [json.dumps(make(i)) for i in range(_COUNT)]


def _at(i: int) -> str:
    return f"2026-11-21T08:15:{i:02d}.250Z"


def _of(**labels: float) -> dict[tuple[str, str], float]:
    """Predictions by class."""
    return {(PREDICTIONS, f'prediction="{name}"'): value for name, value in labels.items()}


_ALL: dict[tuple[str, str], float] = {(REQUESTS, ""): 24.0}
_HALF = {(REQUESTS, ""): 24.0, (PREDICTIONS, ""): 24.0}


def _scored(i: int) -> dict[str, Any]:
    return {"ts": _at(i), "age": 20 + i % 7, "plan": "ab"[i % 2]}


def _amid(i: int) -> dict[str, Any]:
    own = {"event": "scored", "at": _at(i), "timestamp": _at(i), "tenure": i % 5}
    if i % 4 == 0:
        return {"event": "cache.miss", "timestamp": _at(i), "bucket": "b"}
    return own | {"customer_id": f"C{i}", "churn_prediction": i % 2, "churn_probability": 0.25}


HANDWRITTEN: dict[str, Shape] = {
    "a dump of pydantic models": Shape(
        _lines(lambda i: {
            "timestamp": _at(i), "level": "INFO", "elapsed_ms": 12.5,
            "request": {"id": f"q{i}", "path": "/v1/score", "method": "POST",
                        "body": {"customer": {"age": 20 + i % 9}, "loan": {"term": 12}}},
            "response": {"status_code": 200, "body": {"prediction": "ab"[i % 2], "score": 0.5}},
        }),
        _ALL | _of(a=12.0, b=12.0) | {(LATENCY + "_sum", ""): 0.3},
        ("customer.age", "loan.term"),
    ),
    "inputs in objects of inputs, by row": Shape(
        _lines(lambda i: {"ts": _at(i), "instances": [{"who": {"age": i % 9}, "n": 1}] * 2,
                          "predictions": ["u", "v"]}),
        _ALL | _of(u=24.0, v=24.0), ("n", "who.age"),
    ),
    "inputs beside the answer, in an object of a logger": Shape(
        _lines(lambda i: {"text": "x", "record": {
            "elapsed": {"seconds": 9.5}, "message": "scored", "level": {"name": "INFO", "no": 20},
            "extra": _scored(i) | {"prediction": i % 2, "score": 0.5, "latency_ms": 2.5},
            "time": {"timestamp": 1795248900.25 + i}}}),
        _HALF | {(LATENCY + "_sum", ""): 0.06}, ("age", "plan"),
    ),
    "answers that stand between the inputs": Shape(
        _lines(lambda i: _scored(i) | {
            "created_at": _at(i), "request_id": f"q{i}", "session_id": f"s{i}",
            "prediction": i % 2, "predicted_label": "ab"[i % 2], "confidence": 0.75, "prob_0": 0.25,
            "probability": 0.75, "actual_class": 1, "y_true": 1, "total_ms": 4, "latency_ms": 2,
            "account_number": 7_000_001 + 37 * i, "input_hash": f"{i:032x}", "credit_score": 700}),
        _HALF | {(_OUTCOMES, 'predicted="1",actual="1"'): 12.0, (LATENCY + "_sum", ""): 0.048},
        ("age", "credit_score", "plan"),
    ),
    "a matrix of probabilities": Shape(
        _lines(lambda i: {"ts": _at(i), "features": {"x": i % 5}, "predictions": [[0.25, 0.75]]}),
        _ALL | _of(**{"1": 24.0, "0": 0.0}), ("x",),
    ),
    "probabilities of every row": Shape(
        _lines(lambda i: {"ts": _at(i), "instances": [[1.5, 2.5], [3.5, 4.5]],
                          "predictions": [[0.25, 0.75], [0.875, 0.125]]}),
        _ALL | _of(**{"0": 24.0, "1": 24.0}), ("x0", "x1"),
    ),
    "classes with names beside their probabilities": Shape(
        _lines(lambda i: {"ts": _at(i), "inputs": {"n": i % 5}, "probs": [0.5, 0.25, 0.25],
                          "classes": ["bad", "fair", "good"]}),
        _ALL | _of(bad=24.0, good=0.0), ("n",),
    ),
    "a list of labels with scores": Shape(
        _lines(lambda i: {"ts": _at(i), "features": {"n": i % 5}, "result": [
            {"label": "UP", "score": 0.875}, {"label": "DOWN", "score": 0.125}]}),
        _ALL | _of(UP=24.0, DOWN=0.0), ("n",),
    ),
    "a class by name and by number": Shape(
        _lines(lambda i: {"ts": _at(i), "inputs": {"n": i % 5}, "class_id": 3,
                          "class_name": "cat", "confidence": 87.5}),
        _ALL | _of(cat=24.0), ("n",),
    ),
    "a predicted price": Shape(
        _lines(lambda i: {"ts": _at(i), "features": {"area": 40 + i % 7},
                          "predicted_price": 1000.5 + i, "duration": 80 + i % 3}),
        _ALL | {(LATENCY + "_sum", ""): 1.944},
        ("area",),
    ),
    "scalars of TensorFlow Serving": Shape(
        _lines(lambda i: {"ts": _at(i), "request": {"instances": [1.5, 2.5 + i]},
                          "response": {"predictions": [3.5, 4.25]}}),
        _ALL | {(PREDICTIONS, ""): 48.0}, ("x0",),
    ),
    "columns of MLflow": Shape(
        _lines(lambda i: {"ts": _at(i), "request": {"inputs": {"a": [1, 2], "b": ["x", "y"]}},
                          "response": {"predictions": ["u", "v"]}}),
        _ALL | _of(u=24.0, v=24.0), ("a", "b"),
    ),
    "a chat": Shape(
        _lines(lambda i: {
            "ts": _at(i), "latency_ms": 250, "request": {"messages": [{"role": "user"}]},
            "response": {"choices": [{"index": 0, "message": {"content": "x"}}],
                         "usage": {"prompt_tokens": 5 + i, "completion_tokens": 3}}}),
        _ALL | {(LATENCY + "_sum", ""): 6.0}, ("completion_tokens", "prompt_tokens"),
    ),
    "other events between": Shape(
        _lines(_amid), _of(**{"1": 12.0, "0": 6.0})
        | {(REQUESTS, ""): 18.0, (LINES, 'result="filtered"'): 6.0}, ("tenure",),
    ),
    "the start of a service before its predictions": Shape(
        [*_lines(lambda i: {"level": "info", "message": "startup", "port": 80}),
         *_lines(lambda i: {"timestamp": _at(i), "features": {"n": i % 5}, "prediction": "u"})],
        _ALL | _of(u=24.0), ("n",),
    ),
    "failed requests that have no prediction": Shape(
        _lines(lambda i: {"timestamp": _at(i), "status": 500, "latency_ms": 5} if i % 4 == 0 else {
            "timestamp": _at(i), "features": {"n": i % 5}, "prediction": "u", "status": 200,
            "latency_ms": 10}),
        _ALL | _of(u=18.0) | {(FAILED, ""): 6.0, (LATENCY + "_sum", ""): 0.21}, ("n",),
    ),
    "labels that come later in the same log": Shape(
        [line for i in range(_COUNT) for line in map(json.dumps, (
            {"event": "prediction", "request_id": f"q{i}", "timestamp": _at(i),
             "features": {"n": i % 5}, "prediction": i % 2},
            {"event": "label", "request_id": f"q{i}", "timestamp": _at(i), "actual": 1}))],
        _ALL | _of(**{"1": 12.0}) | {(_LABELS, 'result="matched"'): 24.0,
                                     (_OUTCOMES, 'predicted="1",actual="1"'): 12.0}, ("n",),
    ),
    "predictions in an access log": Shape(
        [line for i in range(_COUNT) for line in (
            *['INFO:     10.0.0.1:5 - "POST /predict HTTP/1.1" 200 OK'] * 12,
            json.dumps({"timestamp": _at(i), "features": {"n": i % 5}, "prediction": "u"}))],
        _ALL | _of(u=24.0) | {(LINES, 'result="malformed"'): 288.0}, ("n",),
    ),
    "inputs as pairs of name and value": Shape(
        _lines(lambda i: {"ts": _at(i), "prediction": "u", "features": [
            {"name": "age", "value": 20 + i % 7}, {"name": "plan", "value": "a"}]}),
        _ALL | _of(u=24.0), ("age", "plan"),
    ),
    "inputs as cells of a text": Shape(
        _lines(lambda i: {"ts": _at(i), "input": f"{i / 8},{i % 3}", "output": "u"}),
        _ALL | _of(u=24.0), ("x0", "x1"),
    ),
    "inputs as the repr of a dict": Shape(
        _lines(lambda i: {"ts": _at(i), "input": repr({"age": 20 + i % 7}), "output": "u"}),
        _ALL | _of(u=24.0), ("age",),
    ),
    "inputs with their names in another list": Shape(
        _lines(lambda i: {"ts": _at(i), "feature_names": ["age", "debt"], "prediction": "u",
                          "features": [20 + i % 7, 0.5]}),
        _ALL | _of(u=24.0), ("age", "debt"),
    ),
    "steps with their total": Shape(
        _lines(lambda i: {"ts": _at(i), "features": {"n": i % 5}, "prediction": "u",
                          "timings": {"lookup_ms": 1.5, "model_ms": 4.5, "total_ms": 6.25}}),
        _ALL | {(LATENCY + "_sum", ""): 0.15, (STEPS + "_sum", 'step="model"'): 0.108,
                (STEPS + "_sum", 'step="total"'): 0.0}, ("n",),
    ),
    "other ways to spell names": Shape(
        _lines(lambda i: {"timeStamp": _at(i), "requestId": f"q{i}", "Input Features": {"n": i % 5},
                          "Predicted Class": "u", "Response Time (ms)": 2.5}),
        _ALL | _of(u=24.0) | {(LATENCY + "_sum", ""): 0.06}, ("n",),
    ),
    "inputs and answers in lines of their own": Shape(
        [line for i in range(_COUNT) for line in map(json.dumps, (
            {"ts": f"2026-11-21T08:15:{i:02d}.250Z", "request_id": f"q{i}",
             "features": {"n": i % 5}},
            {"ts": f"2026-11-21T08:15:{i:02d}.750Z", "request_id": f"q{i}", "prediction": "u",
             "latency_ms": 2.5}))],
        _ALL | _of(u=24.0) | {(LATENCY + "_sum", ""): 0.06}, ("n",),
    ),
    "requests with inputs and without an answer": Shape(
        _lines(lambda i: {"ts": _at(i), "features": {"n": i % 5},
                          "prediction": "u" if i % 2 else None}),
        _ALL | _of(u=12.0), ("n",),
    ),
    "keys with dots": Shape(
        _lines(lambda i: {"ts": _at(i), "input.age": i % 5, "output.label": "u", "host": "h",
                          "output.score": 0.5, "latency.total_ms": 2.5}),
        _ALL | _of(u=24.0) | {(LATENCY + "_sum", ""): 0.06}, ("input.age",),
    ),
    "names as Java has them": Shape(
        _lines(lambda i: {"@timestamp": _at(i), "@version": "1", "level_value": 20000,
                          "thread_name": "http-1", "message": "Scored", "loanAmount": i % 7,
                          "decision": "DENY", "riskScore": 0.75, "processingTimeMs": 12,
                          "requestId": f"q{i}", "traceId": f"{i + 1:032x}", "spanId": f"{i:016x}"}),
        _ALL | _of(DENY=24.0) | {(LATENCY + "_sum", ""): 0.288}, ("loanAmount",),
    ),
    "a success that is true or false": Shape(
        _lines(lambda i: {"ts": _at(i), "features": {"n": i % 5}, "prediction": "u",
                          "success": i % 4 > 0}),
        _ALL | {(FAILED, ""): 6.0}, ("n",),
    ),
    "the best classes of an image": Shape(
        _lines(lambda i: {"ts": _at(i), "context": {"n": i % 5}, "predictions": [
            {"label": "cat", "score": 0.5}, {"label": "dog", "score": 0.25}]}),
        _ALL | _of(cat=24.0), ("n",),
    ),
    "a flag as the answer, and another model in the shadow": Shape(
        _lines(lambda i: {"ts": _at(i), "n": i % 5, "is_fraud": i % 2 > 0, "fraud_score": 0.75,
                          "shadow_prediction": 1, "shadow_score": 0.5, "Duration": 45_000_000}),
        _ALL | _of(true=12.0) | {(LATENCY + "_sum", ""): 1.08}, ("n",),
    ),
    "prose with values": Shape(
        [f"2026-11-21 08:15:{i:02d},250 INFO Prediction: {'spam' if i % 2 else 'ham'},"
         f" confidence: 0.{50 + i}, took: 2.5ms" for i in range(_COUNT)],
        _ALL | _of(spam=12.0) | {(LATENCY + "_sum", ""): 0.06,
                                 ("inference_exporter_untimed_events_total", ""): 0.0}, (),
    ),
    "pairs inside of a container runtime's lines": Shape(
        [f"2026-11-21T08:15:{i:02d}.250000000Z stdout F level=info age={i % 7} pred=u took=2.5ms"
         for i in range(_COUNT)],
        _ALL | _of(u=24.0) | {("inference_exporter_untimed_events_total", ""): 0.0}, ("age",),
    ),
    "JSON in some of the messages": Shape(
        _lines(lambda i: {"ts": _at(i), "message": "cache filled" if i % 4 else json.dumps(
            {"features": {"n": i % 5}, "prediction": "u"})}),
        {(REQUESTS, ""): 6.0, (LINES, 'result="filtered"'): 18.0} | _of(u=6.0), ("n",),
    ),
    "JSON behind words in a message": Shape(
        _lines(lambda i: {"ts": _at(i), "message": "scored: " + json.dumps(
            {"features": {"n": i % 5}, "prediction": "u"})}),
        _ALL | _of(u=24.0), ("n",),
    ),
    "JSON in JSON in JSON": Shape(
        _lines(lambda i: {"ts": _at(i), "log": json.dumps({"event": json.dumps(
            {"features": {"n": i % 5}, "prediction": "u"})})}),
        _ALL | _of(u=24.0), ("n",),
    ),
    "a language model's answers": Shape(
        _lines(lambda i: {"ts": _at(i), "prompt": f"Question {i}?", "prompt_tokens": 5 + i % 7,
                          "output": f"A rather long answer to the question number {i}.",
                          "completion_tokens": 7, "latency_ms": 250}),
        _ALL | {(LATENCY + "_sum", ""): 6.0, (PREDICTIONS, ""): 0.0},
        ("completion_tokens", "prompt_tokens"),
    ),
    "decimal commas in every number": Shape(
        _lines(lambda i: {"ts": _at(i), "features": {"n": f"{i % 5},5"}, "prediction": "u",
                          "score": "0,5", "latency_ms": "2,5"}),
        _ALL | _of(u=24.0) | {(LATENCY + "_sum", ""): 0.06}, ("n",),
    ),
    "pairs behind a time": Shape(
        [f"2026-11-21 08:15:{i:02d}.250 | INFO | app:score:42 - prediction=u age={i % 7} took=2.5ms"
         for i in range(_COUNT)],
        _ALL | _of(u=24.0) | {(LATENCY + "_sum", ""): 0.06,
                              ("inference_exporter_untimed_events_total", ""): 0.0}, ("age",),
    ),
    "everything far inside": Shape(
        _lines(lambda i: {"ts": _at(i), "a": {"b": {"c": {"d": {
            "features": {"n": i % 5}, "prediction": "u"}}}}}),
        _ALL | _of(u=24.0), ("n",),
    ),
}  # fmt: skip
