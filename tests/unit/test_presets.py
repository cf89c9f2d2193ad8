"""Presets are valid settings, read what they say they read, and give way to the user's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inference_exporter import config
from inference_exporter.config import presets, presets_doc
from inference_exporter.config.schema import (
    CsvFormat,
    FeaturesField,
    JsonFormat,
    ModelConfig,
    RegexFormat,
)
from inference_exporter.errors import ConfigError
from inference_exporter.formats import make_decoder
from inference_log import PredictionLog


def model(text: str) -> ModelConfig:
    (one,) = config.parse(f"models: {{m: {{logs: [l], {text}}}}}", "c.yaml").models
    return one


@pytest.mark.parametrize("name", presets.names())
def test_every_preset_is_valid_and_says_what_it_is(name: str) -> None:
    one, found = presets.preset(name), model(f"format: {name}")
    assert found.preset == name
    assert isinstance(found.format, JsonFormat | RegexFormat | CsvFormat)
    assert one.title
    assert one.about.endswith(".")
    for key in one.ask:
        assert key.startswith(("fields.", "when."))
    if found.fields.features is None and not found.fields.predicts:
        assert one.lacks
    if found.fields.latency is None and not found.fields.steps:
        assert any("latency" in sentence for sentence in one.lacks)


def test_the_page_about_presets_is_fresh() -> None:
    page = Path(__file__).parents[2] / "docs" / "presets.md"
    assert page.read_text(encoding="utf-8") == presets_doc.render()


def test_what_the_user_writes_is_laid_over_the_preset() -> None:
    found = model(
        "format: sagemaker, fields: {features: {names: [a, b]}, score: null,"
        " prediction: 'captureData.endpointOutput[0]', version: {const: v2}}"
    )
    path = "captureData.endpointInput"
    paths = (path, "captureData.batchTransformInput")
    assert found.fields.features == FeaturesField("list", paths, names=("a", "b"))
    assert found.fields.score is None
    assert found.fields.timestamp is not None
    assert found.explode[:2] == (path, "captureData.endpointOutput")


def test_a_path_of_the_preset_keeps_its_place_when_only_its_unit_is_given() -> None:
    found = model("format: json-lines, fields: {timestamp: {timezone: Europe/Berlin}}")
    assert found.fields.timestamp is not None
    assert found.fields.timestamp.timezone == "Europe/Berlin"
    assert found.fields.timestamp.paths[0] == "timestamp"


def test_an_unknown_format_is_named_with_its_neighbour() -> None:
    with pytest.raises(ConfigError, match=r"unknown format 'sagemakr'; did you mean sagemaker\?"):
        model("format: sagemakr")


def test_only_some_inputs_are_collected() -> None:
    one = model("fields: {features: {rest: true, only: [a, b]}}")
    lines = [{"a": 1, "x": 2}, {"x": 1}]
    block = "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert make_decoder(one, None, collect=True).decode(block).batch.raw_features == [
        {"a": 1},
        None,
    ]


def test_what_a_wrapper_or_a_path_says_is_no_input() -> None:
    one = model(
        'path_pattern: "/(?P<v>v[0-9])/", fields: {features: {rest: true}, timestamp: $wrap.time,'
        " version: $path.v}"
    )
    block = b'\x1f{"$path.v": "v3"}\n2026-11-20T10:00:00Z stdout F {"a": 1}\n'
    batch = make_decoder(one, None, collect=True).decode(block).batch
    assert batch.raw_features == [{"a": 1}]
    assert list(batch.version or ()) == ["v3"]


def test_every_line_of_the_logger_has_what_its_preset_is_recognised_by(tmp_path: Path) -> None:
    with PredictionLog(tmp_path / "p.jsonl", queue=1, interval=60) as log:
        log.write({"age": 1}, 1)
        log.label("a", 1)  # the queue is full
    lines = [json.loads(line) for line in (tmp_path / "p.jsonl").read_bytes().splitlines()]
    one = presets.preset("inference-log")
    assert [line["kind"] for line in lines] == ["prediction", "dropped"]
    for line in lines:
        assert set(one.keys) <= set(line)
        assert line["kind"] in one.values["kind"]
