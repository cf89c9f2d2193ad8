"""Names that fields have in the wild, the surest first, and what is ambiguous about some of them.

Collected from public services that log predictions, and from the defaults of python-json-logger,
structlog, loguru, ECS, BentoML, LiteLLM, nginx and gunicorn recipes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

_ANSWERS = ("output", "outputs", "result", "response", "prediction", "predictions", "model_output")
_INSIDE = ("label", "class", "class_name", "predicted_class", "prediction", "value", "category")
_NESTED = tuple(f"{answer}.{name}" for answer in _ANSWERS for name in _INSIDE)

NAMES: Mapping[str, tuple[str, ...]] = {
    "timestamp": (
        "timestamp", "@timestamp", "ts", "time", "event_time", "datetime", "created_at",
        "inferenceTime", "startTime", "start_time", "timestamp_ms", "msec", "timestamp_ns",
        "time.timestamp", "asctime", "date_time", "timestamp_s", "logged_at", "logging_time",
        "timestamp_us", "timestamp_iso", "iso_time", "log_time", "predicted_at", "scored_at",
        "prediction_time", "request_timestamp", "time_stamp", "epoch", "epoch_ms", "occurrenceTime",
        "SageMakerInferenceTime", "endTime", "end_time", "timestamp.$date", "timestamp.seconds",
        "__REALTIME_TIMESTAMP", "zeitstempel", "zeit", "date", "$prefix.time", "$wrap.time",
    ),
    "id": (
        "request_id", "prediction_id", "inference_id", "requestId", "inferenceId", "correlation_id",
        "correlationid", "x_request_id", "req_id", "call_id", "transaction_id", "request.id",
        "SageMakerInferenceId", "trip_id", "flow_id", "session_id", "event_id", "eventId",
        "http.request.id", "id", "uuid",
    ),
    "version": (
        "model_version", "modelversion", "model.version", "version", "model_ver", "service.version",
        "ml.version", "model_info.version",
        "model", "model_name",
    ),
    "prediction": (
        "prediction", "predicted_label", "predicted_class", "predicted", "pred", "y_pred", "yhat",
        "y_hat", "pred_label", "pred_class", "prediction_label", "risk_label", "decision",
        *_NESTED, "class_name", "classification", "forecast", "estimate", "scored_label",
        "scored_labels", "vorhersage", "prognose", "output", "result", "ergebnis", "label",
        "predicted_*", "*_prediction", "*_pred", "*_predicted", "is_fraud", "is_spam",
        "is_anomaly", "is_outlier", "approved", "flagged", "verdict", "anomaly", "outlier",
        "class", "class_id", "class_index", "label_id", "cluster", "intent", "risk_level",
        "sentiment", "category",
    ),
    "score": (
        "probability", "score", "proba", "prob", "risk_score", "prediction_score", "predicted_prob",
        "predicted_proba", "predicted_probability", "scored_probability", "scored_probabilities",
        "scored_prob", "fraud_probability", "confidence", "confidence_score", "certainty",
        "*_prob", "*_proba", "*_probability", "*_confidence", "*_score", "p", "wahrscheinlichkeit",
        "konfidenz", "conf",
    ),
    "latency": (
        "latency_ms", "latency_s", "latency_seconds", "latency", "duration_ms", "duration_s",
        "duration_us", "duration_seconds", "processing_time_ms", "processing_time",
        "response_time_ms", "response_time_seconds", "response_time", "request_time",
        "execution_time_ms", "inference_time_ms", "elapsed_ms", "elapsed_seconds", "elapsed",
        "event.duration", "duration", "took", "took_ms", "time_taken", "elapsed_time", "runtime_ms",
        "inference_time", "latencyMs", "durationMs", "time_ms", "ms", "*_latency_ms",
        "*_duration_ms", "total_ms", "total_time_ms", "total_time", "total_seconds", "dur",
        "time_taken_ms", "took_seconds", "exec_time_ms", "exec_time", "execution_time",
        "latency_us", "latency_ns", "timings.total_ms", "stages.total_ms", "timings.total",
        "stages.total", "latency.total", "latency.total_ms", "*_latency", "*_duration",
        "*_latency_s", "*_time_ms", "elapsed_us", "elapsed_s", "elapsed_sec", "runtime_s",
        "runtime_sec", "runtime_seconds", "runtime", "duration_sec", "latency_sec", "*_elapsed_ms",
        "dauer_ms", "dauer_s", "dauer",
    ),
    "status": (
        "status", "status_code", "http_status", "http.response.status_code", "response_code",
        "outcome", "event.outcome", "state", "success", "succeeded", "is_success", "ok",
    ),
    "trace_id": ("trace_id", "traceparent", "trace.id", "traceId", "otelTraceID"),
    "actual": (
        "actual", "true_label", "ground_truth", "expected_label", "y_true", "actual_label",
        "actual_class", "actual_value", "true_class", "true_value", "groundtruth", "gold_label",
        "expected", "target", "actual_*",
    ),
}  # fmt: skip

FEATURES = (
    "features", "inputs", "input", "input_data", "extracted_features", "engineered",
    "feature_vector", "feature_values", "feats", "input_features", "model_input", "model_inputs",
    "request_data", "request_body", "request.body", "request.data", "request.json",
    "request.params", "payload", "instance", "x", "context", "row", "data", "attributes", "body",
    "params", "history", "eingaben", "eingabe", "merkmale", "request", "usage",
)  # fmt: skip

SURE_FEATURES = FEATURES[: FEATURES.index("request_data")]
"""Names that mean inputs, whatever is in them."""

ANSWERS = ("predictions", "prediction", "labels", "outputs", "output", "result")
"""Lists of answers that may be ranked: the best class first."""

RANKINGS = (
    "recommendations",
    "ranking",
    "ranked",
    "items",
    "candidates",
    "hits",
    "top_k",
    "results",
)
"""Lists of items, best first."""

SPANS = (
    ("startTime", "endTime"), ("start_time", "end_time"), ("start", "end"),
    ("started_at", "finished_at"), ("started_at", "ended_at"), ("request_time", "response_time"),
    ("request_timestamp", "response_timestamp"), ("received_at", "answered_at"),
)  # fmt: skip
"""Times between which a request was answered."""

STEPS = ("stages", "steps", "timings", "stage_latencies", "latencies", "latency", "durations")
"""Objects that hold the latency of each step."""

STEP_KEYS: Mapping[str, tuple[str, ...]] = {
    "first_token": ("ttft_ms", "ttft", "ttft_s", "time_to_first_token", "time_to_first_token_ms"),
    "queue": ("queue_ms", "queue_time_ms", "queue_time"),
    "preprocess": ("preprocess_ms", "preprocessing_ms", "preprocess_time_ms"),
    "inference": ("inference_ms", "predict_ms", "model_ms", "inference_time_ms"),
    "postprocess": ("postprocess_ms", "postprocessing_ms", "postprocess_time_ms"),
}
"""Latencies of steps that are keys of their own."""

WEAK = frozenset(("class", "cluster", "intent", "risk_level", "sentiment", "category"))
"""Names of answers that are as well names of inputs."""

TOP_LEVEL_ONLY = frozenset(
    (
        "version",
        "id",
        "name",
        "label",
        "target",
        "x",
        "time",
        "status",
        "ms",
        "data",
        "row",
        "date",
        "dur",
        "class",
        "category",
        "class_id",
        "label_id",
        "expected",
        "request",
        "estimate",
        "epoch",
        "forecast",
        "classification",
    )
)
"""Names too common inside other objects (`ecs.version`, `process.name`) to mean anything there."""

NOISE = frozenset((
    "level", "levelname", "levelno", "severity", "logger", "logger_name", "name", "module",
    "filename", "pathname", "lineno", "funcName", "function", "process", "processName",
    "process_id", "pid", "thread", "threadName", "taskName", "message", "msg", "event",
    "exception", "hostname", "host", "service", "app", "application", "env",
    "environment", "component", "kind", "type", "model", "model_name", "method", "path",
    "route", "url", "uri", "client", "remote_ip", "remote_addr", "user_agent", "ua", "lvl",
    "caller", "stream", "lineno", "exc_info", "stack_info", "error", "status_code",
    "threshold", "cutoff", "endpoint", "namespace", "pod",
    "headers", "protocol", "response_flags", "bytes_received", "bytes_sent", "@version",
    "batch_size", "level_value", "thread_name", "ip", "client_ip", "user", "username", "user_name",
    "email", "replica", "deployment", "component_name", "actor_name", "labels", "tags",
))  # fmt: skip
"""Keys that loggers and web servers add: never inputs of a model."""

UNITS: Mapping[str, str] = {
    "_ms": "ms", "_millis": "ms", "_us": "us", "_ns": "ns", "_s": "s", "_sec": "s",
    "_seconds": "s", "msec": "s", "event.duration": "ns", "request_time": "s",
}  # fmt: skip
"""Ends of names that say the unit. nginx's `$msec` is seconds, ECS's `event.duration` is ns."""

DOUBTS: Mapping[tuple[str, str], str] = {
    ("prediction", "label"): "a label can also be the truth: then it belongs to actual",
    ("prediction", "output"): "check that this is the predicted class or value",
    ("prediction", "result"): "check that this is the predicted class or value",
    ("actual", "target"): "check that this is the truth and not the prediction",
    ("score", "confidence"): "check that it is 0 to 1, and of the positive class if there are two",
    ("version", "model"): "this may be the name of the model and not its version",
    ("version", "model_name"): "this is the name of the model, not its version",
    ("id", "session_id"): "check that no two predictions share it",
    ("id", "id"): "check that no two predictions share it",
    ("timestamp", "msec"): "nginx's $msec is in seconds",
}
"""What to say about (field, name) pairs that mean different things in different places."""


def unit_of(path: str) -> str | None:
    """The unit that a name says, if it says one.

    >>> unit_of("latency_ms"), unit_of("Response Time (ms)"), unit_of("latency")
    ('ms', 'ms', None)
    """
    plain = spelled(path)
    if plain.rpartition(".")[2] in ("ms", "us", "ns"):
        return plain.rpartition(".")[2]
    return next((unit for end, unit in UNITS.items() if plain.endswith(end)), None)


@lru_cache(4096)
def spelled(path: str) -> str:
    """A path in the one spelling in which names are compared.

    >>> spelled("requestId"), spelled("Predicted Class"), spelled("otelTraceID"), spelled("a.B c")
    ('request_id', 'predicted_class', 'otel_trace_id', 'a.b_c')
    >>> spelled("input_json.age")  # a cell of a table, which holds JSON
    'input.age'
    """
    return ".".join(_spelled(part) for part in path.split("."))


def _spelled(part: str) -> str:
    apart = _HUMP.sub("_", part)
    plain = _BETWEEN.sub("_", apart).rstrip("_").lower().removesuffix("_json")
    return plain or part


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BETWEEN = re.compile(r"[\s()/-]+")


def fits(path: str, name: str) -> bool:
    """Whether a path ends in a name of the tables; `*` stands for anything at one of its ends.

    >>> fits("out.churn_probability", "*_probability"), fits("predictedClass", "predicted_class")
    (True, True)
    >>> fits("process.name", "name")  # one of those that mean something at the top only
    False
    """
    plain, wanted = spelled(path), spelled(name)
    last = plain.rpartition(".")[2]
    if "." in plain and name in TOP_LEVEL_ONLY:
        return False
    if wanted.startswith("*"):
        return last.endswith(wanted[1:]) and last != wanted[1:]
    if wanted.endswith("*"):
        return last.startswith(wanted[:-1]) and last != wanted[:-1]
    return plain == wanted or plain.endswith(f".{wanted}")
