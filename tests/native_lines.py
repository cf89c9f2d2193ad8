"""Lines that the reader in C reads, lines that it leaves to the Python path, and a model."""

from __future__ import annotations

from inference_exporter import config
from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats.columns.compiled import Compiled
from inference_exporter.formats.columns.native import Native
from inference_exporter.formats.columns.plan import Kind, make_plan

FIELDS = (
    "timestamp: ts, id: id, version: v, features: f, prediction: [p, pred], score: s,"
    " latency: {from: ms, unit: ms}, status: status, scores: {from: pr, classes: [a, b]}"
)
FEATURES: dict[str, Kind] = {"age": "numeric", "plan": "categorical", "tags": "vector"}
GOOD = (
    '{"ts": "2026-11-23T01:07:20.204Z", "id": "r1", "v": "7", "f": {"age": 41, "plan": "pro",'
    ' "tags": [1]}, "p": 1, "s": 0.5944123456789012, "ms": 12.5, "status": 200, "pr": [0.4, 0.6],'
    ' "more": {"prompt": "\\ud83d\\ude00 \\"quoted\\" \\n", "list": [1, {"a": []}, {}, null]}}'
)
READ = [
    GOOD,
    GOOD.replace(": ", ":"),
    GOOD.replace(", ", "\t ,\r "),
    GOOD + " \t\r",
    "2026 INFO " + GOOD,
    "\ufeff" + GOOD,
    "{}",
    '{"f": null, "s": null, "p": null}',
    '{"f": {}, "pred": "yes"}',
    '{"s": "0.5", "ms": true, "ts": false, "f": {"age": "41"}}',
    '{"s": "n/a", "ms": -5, "ts": "yesterday", "f": {"age": "\\u0034"}}',
    '{"ts": 1795396040.204, "v": 7.5, "id": 12345678901234567890, "p": -9223372036854775809}',
    '{"ts": 1795396040204, "v": true, "id": "\\u00e9\\ud83d\\ude00\\/", "p": "é"}',
    '{"ts": -1, "s": 1e-400, "ms": 5e-324, "v": -0}',
    '{"ts": "2026-02-30T00:00:00Z", "s": -0.0, "ms": 1E+5, "v": ""}',
    '{"\\u0073": 0.25, "unknown \\u00e9": [1, 2]}',
    '{"pr": {"a": 1, "b": 0}, "f": {"tags": "x"}}',
    '{"x": ' + "[" * 60 + "]" * 60 + "}",
    '{"v": "' + "long " * 1000 + '"}',
]
LEFT = [
    '{"s": NaN}',
    '{"f": {"age": Infinity}, "s": -Infinity}',
    '{"s": 1e400}',
    '{"s": 123456789012345678901234567890}',
    '{"p": ' + "1" * 5000 + "}",
    '{"s": 0.' + "3" * 5000 + "}",
    '{"s": -0}',
    '{"s": 01}',
    '{"s": 1.}',
    '{"s": 0.5, "s": 0.25}',
    '{"f": {"age": 1, "age": 2}}',
    '{"f": {"age": 1}, "f": {}}',
    '{"f": [1, 2]}',
    '{"f": "text", "s": {}}',
    '{"v": {"a": 1}}',
    '{"v": "\\ud83d"}',
    '{"v": "\\q"}',
    '{"v": "a\x01b"}',
    '{"v": "a\x00b"}',
    '{"s": 0.5}\x00',
    '{"s": 0.5}{"s": 0.25}',
    '{"s": 0.5} {"s": 0.25}',
    '{"s": 0.5},',
    '{"s": 0.5,}',
    '{"s"  0.5}',
    '{"s": 0.5',
    '{"s": "0.5',
    '{"x": [1,]}',
    '{"x": [1}}',
    '{"x": ' + "[" * 100 + "]" * 100 + "}",
    '{"x": ' + "[" * 5000 + "]" * 5000 + "}",
    '{"pr": [NaN]}',
    "[1]",
    "null",
    "text",
    "{'s': 0.5}",
    "INFO {x} " + GOOD,
]


def model(text: str = f"fields: {{{FIELDS}}}") -> ModelConfig:
    (one,) = config.parse(f"models: {{m: {{logs: [l], {text}}}}}", "c.yaml").models
    return one


def native(one: ModelConfig, features: dict[str, Kind] | None = None) -> Native:
    plan = make_plan(one, features, False)
    return Native(one, plan, Compiled(plan))


def encoded(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")


SHORT = encoded(*READ[:6], '{"s": "odd", "v": "\\u00e9", "pr": [1]}', "text", '{"s": NaN}')
