"""`init` writes a configuration that is valid, reads the log and says what it guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter import config
from inference_exporter.config.schema import CsvFormat, ModelConfig
from inference_exporter.formats import make_decoder
from inference_exporter.formats.guess import guess

GOLDEN = Path(__file__).parents[1] / "golden" / "formats"


def guessed(*lines: str) -> tuple[ModelConfig, str]:
    text = guess([f"{line}\n".encode() for line in lines], "logs/p.jsonl")
    (model,) = config.parse(text, "c.yaml").models
    return model, text


def of(line: dict[str, Any]) -> tuple[ModelConfig, str]:
    return guessed(json.dumps(line))


@pytest.mark.parametrize("case", sorted(GOLDEN.iterdir()), ids=lambda case: str(case.name))
def test_logs_of_known_shape_are_read(case: Path) -> None:
    lines = (case / "sample.log").read_bytes().splitlines(keepends=True)
    text = guess(lines, "sample.log")
    (model,) = config.parse(text, "c.yaml").models
    decoded = make_decoder(model, collect=True).decode(b"".join(lines))
    assert decoded.results.get("ok", 0) + decoded.results.get("part", 0) >= 1
    assert not decoded.invalid.get("timestamp")
    wanted = config.load(str(case / "config.yaml")).models[0]
    assert type(model.format) is type(wanted.format)
    assert (model.fields.features is None) == (wanted.fields.features is None)
    assert (model.fields.prediction is None) == (wanted.fields.prediction is None)
    assert (model.fields.timestamp is None) == (wanted.fields.timestamp is None)


def test_the_usual_names_are_found() -> None:
    model, text = of(
        {
            "ts": 1777887001500, "prediction_id": "a", "model_version": "3", "input_data": {"x": 1},
            "predicted_label": "b", "proba": 0.4, "duration_ms": 8, "http_status": 200,
            "traceparent": "-", "true_label": "b", "stages": {"lookup_ms": 1, "model": 2},
        }
    )  # fmt: skip
    fields = model.fields
    assert fields.timestamp is not None
    assert (fields.timestamp.paths, fields.timestamp.unit) == (("ts",), "ms")
    assert fields.features is not None
    assert fields.features.paths == ("input_data",)
    for name, path in {
        "id": "prediction_id", "version": "model_version", "prediction": "predicted_label",
        "score": "proba", "status": "http_status", "trace_id": "traceparent",
        "actual": "true_label",
    }.items():  # fmt: skip
        assert getattr(fields, name).paths == (path,)
    assert {n: (f.paths[0], f.unit) for n, f in fields.steps.items()} == {
        "lookup": ("stages.lookup_ms", "ms"),
        "model": ("stages.model", "s"),
    }
    assert "reference: {warmup:" in text


def test_every_line_of_a_field_says_that_it_is_a_guess() -> None:
    _, text = of({"timestamp": "2026-05-04T09:30:01Z", "features": {"a": 1}, "prediction": 1})
    for line in text.split("    fields:\n")[1].splitlines():
        assert "guessed" in line or "warmup" in line


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ({"label": "spam"}, "a label can also be the truth"),
        ({"confidence": 0.5}, "check that it is 0 to 1"),
        ({"score": 87.5}, "is it a percentage?"),
        ({"latency": 12.5}, "the name says no unit: seconds are assumed"),
        ({"timestamp": "2026-05-04T09:30:01"}, "no zone in the text"),
        ({"features": [1, 2]}, "give the inputs their names"),
        ({"model": "churn"}, "the name of the model and not its version"),
        ({"request_id": "a", "trip_id": "b"}, "also found: trip_id"),
    ],
)
def test_what_cannot_be_told_is_said(line: dict[str, Any], doubt: str) -> None:
    assert doubt in of(line)[1]


def test_units_come_from_names_only() -> None:
    for name, unit in {"latency_ms": "ms", "duration_us": "us", "latency_s": "s"}.items():
        latency = of({name: 5})[0].fields.latency
        assert latency is not None
        assert latency.unit == unit
    nested = of({"event": {"duration": 8_000_000}})[0].fields.latency
    assert nested is not None
    assert nested.unit == "ns"


def test_a_log_without_payload_is_told_so() -> None:
    for line in ('{"status": 200}', '192.0.2.1:5 - "POST /p HTTP/1.1" 200 OK', "hello"):
        assert "neither features nor predictions" in guessed(line)[1]
    assert "neither features nor" not in of({"prediction": 1})[1]


def test_other_events_are_left_out() -> None:
    model, _ = guessed(
        '{"event": "startup"}', '{"event": "prediction", "prediction": 1}', '{"event": "shutdown"}'
    )
    assert model.when == {"event": ("prediction",)}


def test_csv_with_and_without_a_header() -> None:
    model, _ = guessed("time;age;prediction", "2026-05-04T09:30:01Z;4,5;1")
    assert model.format == CsvFormat(decimal=",")
    model, text = guessed("1777887001,4,a", "1777887002,5,b")
    assert model.format == CsvFormat(("timestamp", "column_2", "column_3"))
    assert "name its columns" in text
    assert "the header has age twice" in guessed("age,age,pred", "1,2,a", "3,4,b")[1]


def test_probabilities_of_all_classes_are_found() -> None:
    model, text = of({"id": 1, "probabilities": {"1": 0.5, "no": 0.3, "maybe so": 0.2}})
    assert model.fields.scores is not None
    assert model.fields.scores.classes == ("1", "maybe so", "no")
    assert "# guessed: check that these are all classes" in text
    model, text = of({"id": 1, "out": {"probs": [0.25, 0.75]}, "prediction": "x"})
    assert model.fields.scores is not None
    assert (model.fields.scores.paths, model.fields.scores.classes) == (("out.probs",), ("0", "1"))
    assert "give the classes their names" in text
    for odd in ([1, 2], [1.0], {"a": 0.5}, {"True": 0.5, "true": 0.5}, "x", [[0.5], [0.5]], {}):
        assert of({"id": 1, "probs": odd})[0].fields.scores is None


def test_names_that_a_configuration_cannot_spell_are_left_alone() -> None:
    assert of({"stages": {"": 1, "_ms": 2, "a_ms": 3}})[0].fields.steps.keys() == {"a"}
    assert of({"features": {"": "1,500.2", "b": "1,500.2"}})[1].count("number") == 1
    assert of({"": [[1]], "x": [[1]], "instances": [[1]]})[0].explode


@pytest.mark.parametrize(
    ("line", "role"),
    [
        ({"output": 0.3125, "x": 1}, "score"),  # a share of one: rather a probability
        ({"prediction": 12.5, "x": 1}, "prediction"),
        ({"credit_score": 710, "prediction": "u"}, "prediction"),
        ({"predicted_price": 12.5, "predicted_price_time_ms": 3}, "prediction"),
        ({"prediction": [1.5, 2.5], "x": 1}, "prediction"),
        ({"prediction": {"price": 1.5, "demand": 2.5}, "x": 1}, "prediction"),
        ({"prediction": {"u": 0.25, "v": 0.75}, "x": 1}, "scores"),
    ],
)
def test_what_an_answer_is_goes_by_its_values_too(line: dict[str, Any], role: str) -> None:
    fields = of(line)[0].fields
    found = {name for name in ("prediction", "score", "scores") if getattr(fields, name)}
    assert found == {role}


def test_numbers_that_are_no_classes_are_a_regression() -> None:
    assert of({"prediction": 12.5})[0].task == "regression"
    assert of({"prediction": 3})[0].task is None
    assert of({"prediction": "12.5"})[0].task == "regression"
    several, text = of({"prediction": [1.5, 2.5]})
    assert several.task == "regression"
    assert "2 outputs: this is the first of them" in text


def test_probabilities_belong_to_classes_even_beside_numbers() -> None:
    model, _ = of({"prediction": 12.5, "probabilities": {"u": 0.25, "v": 0.75}})
    assert model.task is None
    assert model.fields.scores is not None


def test_a_latency_without_a_unit_is_taken_for_what_is_usual() -> None:
    for value, unit in ((0.25, "s"), (80, "ms")):
        model, text = of({"duration": value, "prediction": 1})
        assert model.fields.latency is not None
        assert model.fields.latency.unit == unit
        assert "the name says no unit" in text


def test_what_stands_among_inputs_is_left_out_by_its_values_and_not_by_its_name() -> None:
    lines = [
        {"features": {"store_id": i % 3, "score": i % 7, "user_id": i, "text": "hello",
                      "seen": f"2026-11-2{i}T10:00Z"},
         "prediction": "u", "latency": {"total": 0.5, "model": 0.25}}
        for i in range(8)
    ]  # fmt: skip
    model, text = guessed(*map(json.dumps, lines))
    assert model.fields.features is not None
    assert model.fields.features.only == ("store_id", "score")
    assert "left out: user_id (an identifier), text (a free text), seen (a time)" in text
    assert model.fields.version is None
    assert model.fields.latency is not None
    assert model.fields.latency.paths == ("latency.total",)
    assert model.fields.steps.keys() == {"model"}


def test_words_that_mean_something_else_are_left_what_they_are() -> None:
    lines = [
        {"state": "CW"[i % 2], "class": "ab"[i % 2], "category": "xy"[i % 2], "is_fraud": i % 3 > 0,
         "score": 0.5, "amount": 1.5 * i, "region": "eu"}
        for i in range(8)
    ]  # fmt: skip
    model, text = guessed(*map(json.dumps, lines))
    fields = model.fields
    assert fields.status is None  # no request ended with C or W
    assert fields.prediction is not None
    assert fields.prediction.paths == ("is_fraud",)
    assert "this can also be the truth" in text
    assert fields.features is not None
    assert fields.features.exclude == ()


def test_inputs_beside_an_object_of_some_are_told() -> None:
    text = of({"context": {"device": "web"}, "age": 4, "prediction": "u"})[1]
    assert "not read: age" in text


def test_a_time_in_an_unknown_form_is_told_so() -> None:
    text = of({"ts": "20th of November", "prediction": "u"})[1]
    assert "ts is in no form that is known: set as: {strptime: …}" in text


def test_steps_may_be_keys_of_their_own() -> None:
    model, _ = of({"prediction": "u", "total_ms": 9, "inference_ms": 4, "ttft": 0.5, "x": 1})
    steps = {name: (one.paths[0], one.unit) for name, one in model.fields.steps.items()}
    assert steps == {"inference": ("inference_ms", "ms"), "first_token": ("ttft", "s")}
    assert model.fields.features is not None
    assert set(model.fields.features.exclude) == {"inference_ms", "ttft"}


def test_requests_without_their_responses_are_told_so() -> None:
    asked = {"type": "azureml.inference.inputs", "correlationid": "c", "data": [{"age": 4}],
             "time": "2026-11-20T10:00:00Z"}  # fmt: skip
    told = asked | {"type": "azureml.inference.outputs", "data": [{"prediction": "u"}]}
    assert "1 requests, none with its response" in of(asked)[1]
    assert (
        "1 requests are joined, 1 with a response"
        in guessed(json.dumps(asked), json.dumps(told))[1]
    )


def test_several_models_in_a_log_are_told_so() -> None:
    text = guessed('{"model": "a", "prediction": 1}', '{"model": "b", "prediction": 1}')[1]
    assert "several models (a, b)" in text
    assert "several models" not in of({"model": "a", "prediction": 1})[1]


def test_a_day_is_no_point_in_time() -> None:
    model, text = of({"date": "2026-11-20", "time": "10:00:00", "prediction": 1})
    assert model.fields.timestamp is None
    assert "date and time are two keys" in text


def test_decoding_is_for_json_only() -> None:
    assert guessed('"', ",,[]")[0].decode == {}  # a CSV that could be read as JSON in part


def test_the_model_is_called_after_its_log() -> None:
    assert of({"prediction": 1})[0].name == "p"
    assert of({"prediction": 1, "model": "churn"})[0].name == "churn"
    text = guess([b'{"prediction": 1}\n'], "-")
    assert config.parse(text, "c.yaml").models[0].logs == ("-",)


def test_lines_of_no_known_format_are_still_counted() -> None:
    model, text = guessed("hello world", "what, now?")
    assert "no known format" in text
    assert make_decoder(model).decode(b"hello\n").results == {"ok": 1}


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=6)
            | st.sampled_from(
                ["features", "timestamp", "prediction", "score", "latency", "stages"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=60) | JSON.map(lambda v: json.dumps(v).encode()), max_size=6),
    st.sampled_from(["-", "p.jsonl", "/logs/a b/ü.log", "x'\".log"]),
)
def test_any_lines_give_a_valid_configuration(lines: list[bytes], path: str) -> None:
    text = guess([line.replace(b"\n", b" ") + b"\n" for line in lines], path)
    (model,) = config.parse(text, "c.yaml").models
    assert model.logs == (path,)
