"""What a good configuration becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference_exporter import config
from inference_exporter.config.schema import (
    CsvFormat,
    DurationField,
    FeaturesField,
    Field,
    LogfmtFormat,
    ModelConfig,
    ReferenceFile,
    RegexFormat,
    StatusField,
    TimestampField,
    Warmup,
    Window,
)


def one_model(body: str, path: str = "c.yaml") -> ModelConfig:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    (model,) = config.parse(f"models:\n  m:\n    logs: p.jsonl\n{lines}", path).models
    return model


def test_the_shortest_configuration_has_the_defaults() -> None:
    read = config.parse("models: {m: {logs: p.jsonl}}", "c.yaml")
    assert read.models == (ModelConfig(name="m", logs=("p.jsonl",)),)
    assert (read.commit_interval, read.poll_interval, read.rotate_grace) == (5.0, 0.25, 30.0)


def test_all_keys_of_a_model_arrive() -> None:
    model = one_model(
        """\
fields:
  timestamp: {from: [ts, time], unit: ms, timezone: Europe/Berlin}
  id: request_id
  version: [model_version, version]
  features: {from: features, numeric: [age], categorical: [postcode]}
  prediction: prediction
  score: {from: probability}
  latency: {from: latency_ms, unit: ms}
  status: {from: status, ok: [200..399, success]}
  trace_id: trace_id
  actual: actual
  weight: weight
  steps: {feature_lookup: {from: stages.lookup_ms, unit: ms}, inference: stages.inference}
when: {event: [prediction, 1, true]}
start_at: beginning
task: classification
positive_class: 1
reference: ref.json
windows: [15m, 1d]
lateness: 10m
latency_buckets: [0.1, 1]
min_samples: 500
thresholds: {feature_psi: 0.1}
limits: {versions: 5}
"""
    )
    fields = model.fields
    assert fields.timestamp == TimestampField(("ts", "time"), "ms", "Europe/Berlin")
    assert fields.version == Field(("model_version", "version"))
    assert fields.features == FeaturesField(
        "object", ("features",), numeric=("age",), categorical=("postcode",)
    )
    assert fields.score == Field(("probability",))
    assert fields.latency == DurationField(("latency_ms",), "ms")
    assert fields.status == StatusField(("status",), ("200..399", "success"))
    assert fields.steps == {
        "feature_lookup": DurationField(("stages.lookup_ms",), "ms"),
        "inference": DurationField(("stages.inference",)),
    }
    assert model.when == {"event": ("prediction", "1", "true")}
    assert (model.start_at, model.task, model.positive_class) == (
        "beginning", "classification", "1",
    )  # fmt: skip
    assert model.reference == ReferenceFile("ref.json")
    assert model.windows == (Window("15m", 900.0), Window("1d", 86400.0))
    assert (model.lateness, model.latency_buckets, model.min_samples) == (600.0, (0.1, 1.0), 500)
    assert model.thresholds == {"feature_psi": 0.1}
    assert (model.limits.versions, model.limits.classes) == (5, 50)


@pytest.mark.parametrize(
    ("features", "expected"),
    [
        ("features", FeaturesField("object", ("features",))),
        ("[features, inputs]", FeaturesField("object", ("features", "inputs"))),
        ("{from: x, names: [a, b]}", FeaturesField("list", ("x",), names=("a", "b"))),
        ("{rest: true, exclude: [host]}", FeaturesField("rest", exclude=("host",))),
    ],
)
def test_features_have_three_forms(features: str, expected: FeaturesField) -> None:
    assert one_model(f"fields: {{features: {features}}}").fields.features == expected


def test_a_reference_can_be_collected() -> None:
    assert one_model("reference: {warmup: 10000}").reference == Warmup(10000)


def test_formats_take_their_own_keys() -> None:
    assert one_model("format: logfmt").format == LogfmtFormat()
    assert one_model("format: regex\npattern: '(?P<a>.)'").format == RegexFormat("(?P<a>.)")
    assert one_model("format: csv\ncolumns: [a, b]").format == CsvFormat(("a", "b"))
    assert one_model("format: csv\ncolumns: [a]\ndelimiter: ;").format == CsvFormat(("a",), ";")


def test_relative_paths_start_at_the_folder_of_the_file(tmp_path: Path) -> None:
    text = "models: {m: {logs: [logs/*.jsonl, /var/x.log, '-'], reference: r.json}}"
    (tmp_path / "c.yaml").write_text(text)
    (model,) = config.load(str(tmp_path / "c.yaml")).models
    assert model.logs == (str(tmp_path / "logs/*.jsonl"), "/var/x.log", "-")
    assert model.reference == ReferenceFile(str(tmp_path / "r.json"))


def test_a_file_in_the_current_folder_leaves_paths_as_written() -> None:
    assert one_model("", "config.yaml").logs == ("p.jsonl",)


def test_the_digest_changes_with_the_text() -> None:
    first, second = (
        config.parse(f"models: {{m: {{logs: {log}}}}}", "c").digest for log in ("a", "b")
    )
    assert first != second
    assert len(first) == 12


def test_overrides_are_laid_over_the_file_before_it_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("models: {m: {logs: a, start_at: end}}\ncommit_interval: 9s")
    over = {"models": {"m": {"start_at": "beginning"}}, "commit_interval": "1s"}
    read = config.load(str(path), overrides=over)
    assert (read.models[0].start_at, read.commit_interval) == ("beginning", 1.0)
    assert read.models[0].logs == (str(tmp_path / "a"),)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbfmodels: {m: {logs: a}}")
    assert config.load(str(path)).models[0].name == "m"


def test_merge_keys_and_anchors_work() -> None:
    text = "models:\n  a: &a {logs: x, start_at: beginning}\n  b: {<<: *a, logs: y}\n"
    models = config.parse(text, "c").models
    assert [(m.name, m.logs, m.start_at) for m in models] == [
        ("a", ("x",), "beginning"),
        ("b", ("y",), "beginning"),
    ]


def test_a_key_without_a_value_is_absent() -> None:
    assert one_model("windows:").windows == ModelConfig("m", ()).windows


def test_fields_of_flat_lines_may_have_alternatives_that_are_no_columns() -> None:
    model = one_model("format: csv\ncolumns: [age]\nfields: {id: [request_id, age]}")
    assert model.fields.id == Field(("request_id", "age"))


def test_the_owners_labels_are_those_of_every_model_in_the_order_of_their_names() -> None:
    loaded = config.parse("labels: {team: risk, env: prod}\nmodels: {m: {logs: a}}", "c.yaml")
    assert loaded.labels == loaded.models[0].owner == {"env": "prod", "team": "risk"}
    assert list(loaded.labels) == ["env", "team"]
