"""The mapping language: values that hold others, lines that are several predictions."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest

from inference_exporter import config
from inference_exporter.config.mapping import steps
from inference_exporter.config.schema import ModelConfig
from inference_exporter.errors import ConfigError
from inference_exporter.formats import Decoded, Kind, make_decoder
from inference_exporter.formats.paths import UNUSABLE
from inference_exporter.formats.steps import function_of


def model(text: str) -> ModelConfig:
    (one,) = config.parse(f"models: {{m: {{logs: [l], {text}}}}}", "c.yaml").models
    return one


def decoded(text: str, lines: list[Any], **features: Kind) -> Decoded:
    block = "".join(json.dumps(line) + "\n" for line in lines).encode()
    return make_decoder(model(text), features or None).decode(block)


def feature(found: Decoded, name: str) -> list[Any]:
    column: Any = found.batch.features[name]
    return list(column.values)


@pytest.mark.parametrize(
    ("chain", "value", "expected"),
    [
        ("json", '{"a": 1}', {"a": 1}),
        ("json", {"a": 1}, {"a": 1}),
        ("json", "{", UNUSABLE),
        ("json", ['{"a": 1}', "2"], [{"a": 1}, 2]),
        ("json", None, None),
        ("csv", "1,2\n3,4\n", [["1", "2"], ["3", "4"]]),
        ("csv", '"a, b",2', [["a, b", "2"]]),
        ({"csv": ";"}, "1;2", [["1", "2"]]),
        (["base64", "json"], base64.b64encode(b"[1]").decode(), [1]),
        ("base64", "not base64!", UNUSABLE),
        (["base64", "gzip"], base64.b64encode(gzip.compress(b"ok", mtime=0)).decode(), "ok"),
        ("python", "{'a': None, 'b': True}", {"a": None, "b": True}),
        ("python", "__import__('os')", UNUSABLE),
        ({"pick": "a.b"}, {"a": {"b": 2}}, 2),
        ({"pick": "item.id"}, [{"item": {"id": 7}}, {"item": {"id": 8}}], [7, 8]),
        ({"keyed": ["label", "score"]}, [{"label": "a", "score": 0.9}], {"a": 0.9}),
        ("number", "1,500.25", 1500.25),
        ({"number": {"decimal": ","}}, "1.500,25", 1500.25),
        ({"number": {"decimal": ",", "thousands": " "}}, "1 500,25", 1500.25),
        ("number", 3, 3),
        ("number", "many", UNUSABLE),
        ("percent", "87.5%", 0.875),
        ("percent", 87.5, 0.875),
        ("duration", "29.6ms", 0.0296),
        ("duration", "1m30s", 90.0),
        ("duration", "soon", UNUSABLE),
        ({"strptime": "%d/%m/%Y %H:%M"}, "03/04/2026 10:30", "2026-04-03T10:30:00"),
        ({"strptime": "%Y%m%d"}, 20260403, "2026-04-03T00:00:00"),
        ({"regex": " ([0-9.]+)ms$"}, "POST /spam 200 35.6ms", "35.6"),
        ({"regex": "(x)"}, "none", None),
        ({"map": {"approve": 1}}, "approve", 1),
        ({"map": {"approve": 1}}, "deny", "deny"),
        ({"missing": ["N.A.", -999]}, -999, None),
        ({"missing": ["N.A.", -999]}, "N.A.", None),
        ({"hex": 16}, "8152047836457259249", "7121e450dc06d0f1"),
        ({"hex": 16}, 2**70, UNUSABLE),
        ("inverse", 0.05, 20.0),
        ("inverse", 0, UNUSABLE),
        ("lower", "SUCCESS", "success"),
    ],
)
def test_steps(chain: Any, value: object, expected: object) -> None:
    assert function_of(steps(chain))(value) == expected


def test_what_comes_out_of_gzip_is_bounded() -> None:
    bomb = base64.b64encode(gzip.compress(b"0" * (64 << 20), mtime=0)).decode()
    assert function_of(steps(["base64", "gzip"]))(bomb) == UNUSABLE


@pytest.mark.parametrize(
    ("payload", "rows"),
    [
        ({"instances": [{"a": 1}, {"a": 2}]}, [{"a": 1}, {"a": 2}]),
        ({"predictions": [0.1, 0.2]}, [0.1, 0.2]),
        ({"predictions": {"labels": [1]}}, [{"labels": [1]}]),
        ({"dataframe_split": {"columns": ["a"], "index": [0], "data": [[1], [2]]}},
         [{"a": 1}, {"a": 2}]),
        ({"columns": ["a"], "data": [[1]]}, [{"a": 1}]),
        ({"dataframe_records": [{"a": 1}]}, [{"a": 1}]),
        ({"inputs": {"a": [1, 2], "b": [3, 4]}}, [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
        ({"inputs": [[1, 2]]}, [[1, 2]]),
        ({"inputs": [{"name": "a", "shape": [2], "datatype": "FP64", "data": [1, 2]},
                     {"name": "b", "shape": [2, 1], "datatype": "BYTES", "data": ["x", "y"]}]},
         [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]),
        ({"inputs": [{"name": "x", "shape": [2, 2], "data": [[1, 2], [3, 4]]}]},
         [{"x[0]": 1, "x[1]": 2}, {"x[0]": 3, "x[1]": 4}]),
        ({"model_name": "iris", "outputs": [{"name": "y", "shape": [2], "data": [0, 1]}]},
         [{"y": 0}, {"y": 1}]),
        ({"data": {"names": ["a", "b"], "ndarray": [[1, 2]]}}, [{"a": 1, "b": 2}]),
        ({"data": {"tensor": {"shape": [2, 2], "values": [1, 2, 3, 4]}}}, [[1, 2], [3, 4]]),
        ({"input_data": {"columns": ["a"], "data": [[1]]}}, [{"a": 1}]),
        ({"age": 41}, [{"age": 41}]),
        (0.87, [0.87]),
        ({"instances": []}, []),
    ],
)  # fmt: skip
def test_payloads_of_inference_servers(payload: Any, rows: list[Any]) -> None:
    assert function_of(steps("rows"))(payload) == rows


@pytest.mark.parametrize(
    "payload",
    [
        {"inputs": [{"name": "x", "shape": [2, 2], "data": [1, 2, 3]}]},
        {"inputs": [{"name": "x", "shape": "2", "data": [1]}]},
        {"inputs": [{"name": "x", "shape": [-1], "data": []}]},
        {"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}},
        {"inputs": {"a": [1, 2], "b": [3]}},
        {"data": {"tensor": {"shape": [0, 0], "values": []}}},
    ],
)
def test_payloads_that_contradict_themselves_are_unusable(payload: Any) -> None:
    assert function_of(steps("rows"))(payload) == UNUSABLE


def test_a_line_of_four_rows_is_one_request() -> None:
    found = decoded(
        "explode: [instances, predictions], fields: {id: rid, features: instances,"
        " prediction: predictions.class, score: predictions.proba, status: code,"
        " latency: {from: ms, unit: ms}}",
        [
            {"rid": "q0", "code": 200, "ms": 4, "instances": [{"x": i} for i in range(4)],
             "predictions": [{"class": "A", "proba": i / 10} for i in range(4)]},
            {"rid": "q1", "code": 500, "ms": 9, "instances": [{"x": 7}], "predictions": None},
            {"rid": "q2", "code": 200, "ms": 1, "instances": [], "predictions": []},
        ],
        x="numeric",
    )  # fmt: skip
    batch = found.batch
    assert found.results == {"ok": 3}
    assert batch.id == ["q0"] * 4 + ["q1", "q2"]
    assert batch.row == [0, 1, 2, 3, 0, 0]
    assert batch.requests is not None
    assert batch.requests.tolist() == [True, False, False, False, True, True]
    assert feature(found, "x")[:5] == [0, 1, 2, 3, 7]
    assert batch.prediction == ["A"] * 4 + [None, None]
    assert batch.latency is not None
    np.testing.assert_equal(batch.latency.values, [0.004, *[np.nan] * 3, 0.009, 0.001])
    assert batch.inputs is not None
    assert batch.inputs.tolist() == [True] * 5 + [False]


def test_lists_of_different_lengths_are_counted_and_the_line_is_left_out() -> None:
    found = decoded(
        "explode: [x, y], fields: {features: {from: x, names: auto}, prediction: y}",
        [{"x": [1, 2], "y": [0]}, {"x": [1], "y": [0]}],
    )
    assert found.results == {"ok": 1, "malformed": 1}
    assert found.bad_example is not None
    assert "2 at x, 1 at y" in found.bad_example[0]


def test_json_in_texts_and_a_split_data_frame() -> None:
    request = {"dataframe_split": {"columns": ["ph", "color"], "data": [[3.2, "red"], [3.4, "w"]]}}
    found = decoded(
        "decode: {request: [json, rows], response: [json, rows]}, explode: [request, response],"
        " fields: {features: request, prediction: response,"
        " weight: {from: fraction, as: inverse}, version: meta.version}",
        [
            {"request": json.dumps(request), "response": '{"predictions": [5.5, 6]}',
             "fraction": 0.5, "meta": {"version": "3"}},
            {"request": "{broken", "response": '{"predictions": [5.5, 6]}'},
        ],
        ph="numeric", color="categorical",
    )  # fmt: skip
    assert feature(found, "color") == ["red", "w", None, None]
    assert found.batch.prediction == [5.5, 6, 5.5, 6]
    assert found.batch.weight is not None
    np.testing.assert_equal(found.batch.weight.values, [2, 2, np.nan, np.nan])
    assert found.invalid["features"] == 2


def test_sagemaker_captures_csv_json_and_base64() -> None:
    def line(given: str, encoding: str, output: str) -> dict[str, Any]:
        return {
            "captureData": {
                "endpointInput": {"data": given, "encoding": encoding},
                "endpointOutput": {"data": output, "encoding": "CSV"},
            }
        }

    text = (
        "decode: {captureData.endpointInput: [encoded, rows],"
        " captureData.endpointOutput: [encoded, rows]},"
        " explode: [captureData.endpointInput, captureData.endpointOutput],"
        " fields: {features: {from: captureData.endpointInput, names: auto},"
        " score: 'captureData.endpointOutput[0]'}"
    )
    lines = [
        line("1.5,2\n3,4", "CSV", "0.1\n0.9"),
        line('{"instances": [[5, 6]]}', "JSON", "0.5"),
        line(base64.b64encode(b"7,8").decode(), "BASE64", "0.7"),
    ]
    found = decoded(text, lines, x0="numeric", x1="numeric")
    assert feature(found, "x0") == [1.5, 3, 5, 7]
    assert feature(found, "x1") == [2, 4, 6, 8]
    assert found.batch.score is not None
    assert found.batch.score.values.tolist() == [0.1, 0.9, 0.5, 0.7]


def test_a_duration_is_what_lies_between_two_times() -> None:
    found = decoded(
        "fields: {timestamp: end, latency: {from: end, since: start},"
        " steps: {first_token: {from: first, since: start}}}",
        [
            {"start": 1795168800.5, "first": 1795168800.75, "end": 1795168802.0},
            {"start": "2026-11-20T10:00:00Z", "end": "2026-11-20T10:00:00.250Z"},
            {"start": 10, "end": 9},
            {"end": 1795168802.0},
        ],
    )
    assert found.batch.latency is not None
    np.testing.assert_allclose(found.batch.latency.values, [1.5, 0.25, np.nan, np.nan])
    assert found.batch.latency.invalid is not None
    assert found.batch.latency.invalid.tolist() == [False, False, True, False]
    assert found.batch.steps["first_token"].values[0] == 0.25


def test_constants_and_values_that_are_not_written_as_they_are_meant() -> None:
    found = decoded(
        "fields: {version: {const: 3}, features: {from: f, as: {amount: number}},"
        " latency: {from: took, as: duration}, score: {from: p, as: percent},"
        " timestamp: {from: day, as: {strptime: '%d/%m/%Y %H:%M'}, timezone: Europe/Berlin}}",
        [{"f": {"amount": "1,500.25"}, "took": "12.3ms", "p": "87%", "day": "03/04/2026 12:00"}],
        amount="numeric",
    )
    batch = found.batch
    assert (batch.version, feature(found, "amount")) == ((3,), [1500.25])
    assert batch.latency is not None
    assert batch.score is not None
    assert batch.timestamp is not None
    assert (batch.latency.values[0], batch.score.values[0]) == (0.0123, 0.87)
    assert batch.timestamp.values[0] == 1775210400.0  # 2026-04-03T10:00:00Z


def test_steps_work_in_every_format() -> None:
    one = model(
        "format: logfmt, fields: {features: {rest: true}, latency: {from: took, as: duration}}"
    )
    found = make_decoder(one, {"amount": "numeric"}).decode(b"amount=7 took=250us\n")
    assert found.batch.latency is not None
    assert found.batch.latency.values[0] == 0.00025


def test_features_that_are_collected_are_converted_too() -> None:
    one = model("fields: {features: {rest: true, as: {amount: number}}}")
    found = make_decoder(one, None, collect=True).decode(b'{"amount": "1,722.5", "b": "x"}\n')
    assert found.batch.raw_features == [{"amount": 1722.5, "b": "x"}]


def test_ranked_objects() -> None:
    found = decoded(
        "fields: {ranking: {from: top, as: {pick: item}}}",
        [{"top": [{"item": "i7"}, {"item": "i2"}]}],
    )
    assert found.batch.ranking is not None
    assert found.batch.ranking.listed.tolist() == [True]
    assert found.batch.prediction == ["i7"]


def test_probabilities_in_objects_by_label() -> None:
    found = decoded(
        "fields: {scores: {from: probs, as: {keyed: [label, p]}, classes: [a, b]}}",
        [{"probs": [{"label": "b", "p": 0.75}, {"label": "a", "p": 0.25}]}],
    )
    assert found.batch.scores is not None
    assert found.batch.scores.values.tolist() == [[0.25, 0.75]]


@pytest.mark.parametrize(
    ("text", "key", "message"),
    [
        ("decode: {a: jsn}", "decode.a", "unknown step 'jsn'; did you mean json?"),
        ("decode: {a: {json: 1}}", "decode.a.json", "takes no option"),
        ("decode: {a: strptime}", "decode.a", "strptime needs an option"),
        ("fields: {score: {from: a, as: [percent, {regex: x}]}}", "fields.score.as[1].regex",
         "expected a regular expression with one group in parentheses"),
        ("fields: {score: {from: a, as: {number: {decimal: ',', thousands: ','}}}}",
         "fields.score.as.number", "must differ"),
        ("fields: {score: {from: a, as: {strptime: '%Q'}}}", "fields.score.as.strptime",
         "expected a format of dates"),
        ("fields: {version: {from: a, const: 1}}", "fields.version", "either from or const"),
        ("format: logfmt, explode: [a]", "explode", "belongs to format: json"),
        ("fields: {features: {from: f, names: [a], as: {b: number}}}", "fields.features.as",
         "b is not one of names"),
    ],
)  # fmt: skip
def test_mistakes_are_named(text: str, key: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        model(text)
    (problem,) = raised.value.problems
    assert problem.key == f"models.m.{key}"
    assert message in problem.message


@pytest.mark.parametrize(
    ("when", "kept"),
    [
        ("{code: {below: 400}}", ["a", "d"]),
        ("{code: {above: 200, below: 500}}", ["b"]),
        ("{path: {matches: '^/v1/'}}", ["a", "b"]),
        ("{path: {unless: [/health, /v1/x]}}", ["d"]),
        ("{path: {exists: false}}", ["c"]),
        ("{path: {exists: true}, code: [200, 404]}", ["a", "b"]),
    ],
)
def test_conditions(when: str, kept: list[str]) -> None:
    lines = [
        {"id": "a", "code": 200, "path": "/v1/x"},
        {"id": "b", "code": "404", "path": "/v1/x"},
        {"id": "c", "code": 500, "path": None},
        {"id": "d", "code": 0, "path": "/"},
    ]
    found = decoded(f"when: {when}, fields: {{id: id}}", lines)
    assert list(found.batch.id or ()) == kept
    assert found.results["filtered"] == 4 - len(kept)


@pytest.mark.parametrize(
    ("when", "key", "message"),
    [
        ("{a: {matches: '('}}", "when.a.matches", "expected a regular expression"),
        ("{a: {abov: 1}}", "when.a.abov", "did you mean above?"),
        ("{a: {exists: false, above: 1}}", "when.a.exists", "has no other properties"),
        ("{a: {}}", "when.a", "got an empty mapping"),
    ],
)
def test_mistakes_in_conditions(when: str, key: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        model(f"when: {when}")
    (problem,) = raised.value.problems
    assert problem.key == f"models.m.{key}"
    assert message in problem.message


def test_what_steps_cannot_read_is_invalid_in_a_log_without_bad_lines_too() -> None:
    fields = "prediction: {from: p, as: number}, features: {from: f, as: {plan: number}}"
    lines = [{"p": "many", "f": {"plan": "x"}}]
    found = decoded(f"fields: {{{fields}}}", lines, plan="categorical")
    assert (found.batch.prediction, feature(found, "plan")) == ((None,), [None])
    assert found.invalid == {"prediction": 1}
