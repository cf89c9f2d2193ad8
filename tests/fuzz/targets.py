"""What is fuzzed: a function of any bytes each, that raises where something is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import yaml

from handwritten import HANDWRITTEN
from inference_exporter import config
from inference_exporter.config import presets
from inference_exporter.config.mapping import steps
from inference_exporter.config.schema import JsonFormat, ModelConfig
from inference_exporter.formats import Kind, hold_of, make_decoder, peel_of
from inference_exporter.formats.guess import guess
from inference_exporter.formats.steps import function_of
from inference_exporter.pairs import HalfReader
from other_answers import OTHER_ANSWERS
from shapes import OTHERS, PRESETS
from two_decoders import Both

_MODELS: tuple[Mapping[str, Any], ...] = (
    *({"format": name} for name in presets.names()),
    {"format": "json", "fields": {"features": "f", "scores": {"from": "s", "classes": ["a", "b"]}}},
    {"format": "json", "multiline": True, "fields": {"features": {"rest": True}, "ranking": "r"}},
    {"format": "json", "fields": {"timestamp": ["ts", "timestamp"], "prediction": "prediction",
     "features": ["features", "f"], "latency": {"from": "latency_ms", "unit": "ms"}, "id": "id",
     "score": ["probability", "score"], "status": "status"}},
    {"format": "python", "fields": {"features": "f", "timestamp": "$prefix.time"}},
    {"format": "csv", "fields": {"features": {"rest": True}, "prediction": "p"}},
    {"format": "csv", "decimal": ",", "fields": {"features": {"rest": True}, "latency": "ms"}},
    {"format": "logfmt", "fields": {"features": {"rest": True}, "timestamp": "$wrap.time"}},
    {"format": "json", "explode": ["a", "b.c"], "decode": {"a": ["json", "rows"], "b": "flat"},
     "fields": {"features": {"from": "a", "names": "auto"}, "prediction": "b.c", "latency": "ms"}},
)  # fmt: skip
_INPUTS: Mapping[str, Kind] = {
    "age": "numeric", "plan": "categorical", "a": "vector", "x0": "numeric",
}  # fmt: skip
_STEPS: tuple[Any, ...] = (
    "json", "csv", {"csv": ";"}, "base64", ["base64", "gzip"], "python", "encoded", "rows",
    {"pick": "a[0].b"}, {"keyed": ["a", "b"]}, "flat", "number", "percent", "duration",
    {"number": {"decimal": ",", "thousands": " "}}, {"strptime": "%d/%m/%Y %H:%M:%S.%f"},
    {"regex": "([0-9]+)ms"}, {"map": {"a": 1}}, {"missing": ["-", -999]}, {"hex": 16}, "inverse",
    "lower", ["json", "rows"], ["json", {"keyed": ["label", "score"]}], ["base64", "json", "rows"],
    ["json", "flat"],
)  # fmt: skip


def init(data: bytes) -> None:
    """`init` writes a valid configuration of any lines, which reads them without an error."""
    lines = data.splitlines(keepends=True)
    text = guess(lines, "p.log")
    (model,) = config.parse(text, "config.yaml").models
    _read(model, data)


def decoders(data: bytes) -> None:
    """Every format and preset counts any lines, in whatever they are wrapped."""
    if data:
        _read(_models()[data[0] % len(_models())], data[1:])


def steps_of_values(data: bytes) -> None:
    """A step never raises, whatever value it is given."""
    if not data:
        return
    function = _functions()[data[0] % len(_functions())]
    text = data[1:].decode("utf-8", "replace")
    function(text)
    try:
        function(json.loads(text))
    except (ValueError, RecursionError):
        return


def wrappers(data: bytes) -> None:
    """What is held back is a part of the lines, and any part can be peeled."""
    if not data:
        return
    model = _models()[data[0] % len(_models())]
    lines = data[1:]
    hold, peel = hold_of(model), peel_of(model)
    at = len(lines) if hold is None else hold(lines)
    assert 0 <= at <= len(lines)
    peel(lines[:at])
    peel(lines[at:])


def native(data: bytes) -> None:
    """The reader written in C says what the Python path says."""
    if not data:
        return
    for both in _decoders()[data[0] % len(_decoders())]:
        both.assert_same(data[1:])


def _read(model: ModelConfig, data: bytes) -> None:
    if model.pairs is not None:
        HalfReader(model).read(data)
    for collect in (True, False):
        decoded = make_decoder(model, None, collect=collect).decode(data)
        batch = decoded.batch
        assert all(count > 0 for count in decoded.results.values())
        assert batch.requests is None or len(batch.requests) == batch.rows
        assert batch.prediction is None or len(batch.prediction) == batch.rows
        assert batch.raw_features is None or len(batch.raw_features) == batch.rows


@cache
def _decoders() -> list[tuple[Both, Both]]:
    models = (one for one in _models() if isinstance(one.format, JsonFormat))
    return [(Both(one, _INPUTS), Both(one, None, collect=True)) for one in models]


@cache
def _models() -> tuple[ModelConfig, ...]:
    texts = (yaml.safe_dump({"models": {"m": {"logs": ["l"], **one}}}) for one in _MODELS)
    return tuple(config.parse(text, "config.yaml").models[0] for text in texts)


@cache
def _functions() -> tuple[Callable[[object], object], ...]:
    return tuple(function_of(steps(one)) for one in _STEPS)


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "init": init,
    "decoders": decoders,
    "steps": steps_of_values,
    "native": native,
    "wrappers": wrappers,
}


def seeds(name: str) -> dict[str, bytes]:
    """Logs of the tests to begin with; in front of them the byte that chooses, where one does."""
    logs = [
        "".join(f"{line}\n" for line in shape.lines[:4]).encode()
        for shape in (PRESETS | OTHERS | HANDWRITTEN | OTHER_ANSWERS).values()
    ]
    if name == "steps":
        values = [line for log in logs for line in log.splitlines()[:1]]
        return {f"{i}-{j}": bytes([j]) + one for i, one in enumerate(values) for j in range(26)}
    if name == "init":
        return {str(i): log for i, log in enumerate(logs)}
    chosen = range(len(_MODELS))
    return {f"{i}-{j}": bytes([j]) + log for i, log in enumerate(logs) for j in chosen[i % 7 :: 7]}
