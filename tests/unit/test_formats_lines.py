"""Lines in, rows out, format by format: one sentence, one line, one result."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_exporter import config, formats
from inference_exporter.config.lines import FORMAT_NAMES
from inference_exporter.errors import ConfigError
from inference_exporter.formats import LINE_RESULTS, Decoded, make_decoder
from inference_exporter.formats.columns.plan import Kind

FIELDS = """\
timestamp: ts
prediction: prediction
score: score
latency: {from: latency_ms, unit: ms}
status: status
trace_id: trace_id
features: features
"""


def decode(
    block: bytes,
    fields: str = FIELDS,
    features: Mapping[str, Kind] | None = None,
    settings: str = "",
    collect: bool = False,
) -> Decoded:
    body = "".join(f"      {line}\n" for line in fields.splitlines())
    more = "".join(f"    {line}\n" for line in settings.splitlines())
    text = f"models:\n  m:\n    logs: x\n{more}    fields:\n{body}"
    (model,) = config.parse(text, "c.yaml").models
    decoded = make_decoder(model, features, collect=collect).decode(block)
    assert set(decoded.results) <= set(LINE_RESULTS)
    return decoded


AGE: Mapping[str, Kind] = {"age": "numeric", "plan": "categorical"}


def values(decoded: Decoded, name: str) -> list[Any]:
    """The values of a field or feature, None for missing."""
    batch = decoded.batch
    column = batch.features[name] if name in batch.features else getattr(batch, name)
    raw: Any = getattr(column, "values", column)
    return [None if value != value else value for value in raw]


def invalid(decoded: Decoded, name: str) -> list[bool]:
    mask = decoded.batch.features[name].invalid
    return [False] * decoded.batch.rows if mask is None else mask.tolist()


def test_the_table_of_formats_is_the_folder() -> None:
    folder = Path(formats.__file__).parent
    modules = {path.stem.removesuffix("_lines") for path in folder.glob("*_lines.py")}
    assert set(formats.FORMATS) == modules == set(FORMAT_NAMES) - {"python"}  # made JSON first


def test_every_format_has_a_golden_case() -> None:
    golden = Path(__file__).parents[1] / "golden" / "formats"
    assert {path.name.split("-")[0] for path in golden.iterdir()} >= set(formats.FORMATS)


def test_a_line_becomes_a_row() -> None:
    line = b"""{"ts": "2026-11-23T01:07:20Z", "prediction": 1, "score": 0.87, "latency_ms": 12.4,
 "status": 200, "trace_id": "-", "features": {"age": 41, "plan": "pro"}}""".replace(b"\n", b"")
    decoded = decode(line, features=AGE)
    assert decoded.results == {"ok": 1}
    names = ("timestamp", "prediction", "score", "latency", "status", "trace_id", "age", "plan")
    assert [values(decoded, name)[0] for name in names] == [
        1795396040.0, 1, 0.87, 0.0124, 200, None, 41.0, "pro",
    ]  # fmt: skip
    assert decoded.batch.inputs is None


def test_bare_nan_is_an_invalid_value_and_no_bad_line() -> None:
    decoded = decode(b'{"features": {"age": NaN, "plan": NaN}, "score": -Infinity}\n', features=AGE)
    assert decoded.results == {"ok": 1}
    assert (invalid(decoded, "age"), invalid(decoded, "plan")) == ([True], [True])
    assert decoded.invalid == {"score": 1}


def test_nan_within_a_text_stays_text() -> None:
    decoded = decode(b'{"prediction": "a: NaN, b", "score": NaN}\n')
    assert values(decoded, "prediction") == ["a: NaN, b"]


def test_a_float32_that_numpy_logs_as_text_is_a_number() -> None:
    assert values(decode(b'{"features": {"age": "4.9"}}\n', features=AGE), "age") == [4.9]


def test_absent_and_null_are_both_missing_and_neither_is_invalid() -> None:
    decoded = decode(b'{"features": {"age": null}}\n{"features": {}}\n', features=AGE)
    assert values(decoded, "age") == values(decoded, "plan") == [None, None]
    assert invalid(decoded, "age") == [False, False]


def test_a_request_that_failed_early_carries_no_inputs() -> None:
    block = b'{"status": 500}\n{"features": {}}\n{"prediction": 0}\n{"features": null}\n'
    decoded = decode(block, features=AGE)
    assert decoded.batch.inputs is not None
    assert decoded.batch.inputs.tolist() == [False, True, True, False]


def test_an_object_where_a_scalar_belongs_is_invalid() -> None:
    decoded = decode(b'{"prediction": {"label": 1}, "score": [0.1], "features": {"age": {}}}\n',
                     features=AGE)  # fmt: skip
    assert decoded.results == {"ok": 1}
    assert decoded.invalid == {"prediction": 1, "score": 1}
    assert invalid(decoded, "age") == [True]


def test_features_that_are_no_object_are_all_invalid() -> None:
    decoded = decode(b'{"features": "f00d"}\n', features=AGE)
    assert decoded.invalid == {"features": 1}
    assert invalid(decoded, "age") == invalid(decoded, "plan") == [True]
    assert decoded.batch.inputs is None


def test_features_in_a_list_have_their_configured_names() -> None:
    fields = "features: {from: x, names: [age, plan]}"
    decoded = decode(b'{"x": [41, "pro"]}\n{"x": [41]}\n{}\n{"x": null}\n', fields, AGE)
    assert values(decoded, "age") == [41.0, None, None, None]
    assert values(decoded, "plan") == ["pro", None, None, None]
    assert invalid(decoded, "age") == [False, True, False, False]
    assert decoded.invalid == {"features": 1}
    assert decoded.batch.inputs is not None
    assert decoded.batch.inputs.tolist() == [True, True, False, False]


def test_a_feature_that_the_list_does_not_have_is_missing() -> None:
    decoded = decode(b'{"x": [41]}\n{"x": [1, 2]}\n{}\n', "features: {from: x, names: [age]}", AGE)
    assert values(decoded, "plan") == [None, None, None]
    assert invalid(decoded, "plan") == [False, True, False]


def test_features_between_other_keys() -> None:
    fields = "features: {rest: true, exclude: [host]}\nid: request_id"
    decoded = decode(b'{"age": 41, "plan": "pro", "host": "a", "request_id": "r"}\n', fields, AGE)
    assert (values(decoded, "age"), values(decoded, "plan")) == ([41.0], ["pro"])
    fields += "\ntimestamp: time.start"
    block = b'{"age": 41, "host": "a", "request_id": "r", "time": {}}\n{"request_id": "s"}\n'
    collected = decode(block, fields, collect=True).batch
    assert collected.raw_features == [{"age": 41}, None]
    assert collected.inputs is not None
    assert collected.inputs.tolist() == [True, False]


def test_features_are_collected_as_they_are() -> None:
    block = b'{"features": {"age": 41, "plan": "pro", "x": null}}\n{}\n{"features": 5}\n'
    decoded = decode(block, collect=True)
    assert decoded.batch.raw_features == [{"age": 41, "plan": "pro", "x": None}, None, None]
    assert decoded.batch.features == {}
    assert decoded.invalid == {"features": 1}


def test_lists_are_collected_under_their_names() -> None:
    fields = "features: {from: x, names: [age, plan]}"
    decoded = decode(b'{"x": [41, "pro"]}\n{"x": [1]}\n{}\n', fields, collect=True)
    assert decoded.batch.raw_features == [{"age": 41, "plan": "pro"}, None, None]
    assert decoded.invalid == {"features": 1}


def test_without_a_reference_features_are_not_decoded_at_all() -> None:
    batch = decode(b'{"features": {"age": 41}}\n').batch
    assert batch.features == {}
    assert batch.raw_features is None


def test_a_literal_dotted_key_goes_before_a_nested_one() -> None:
    block = b'{"a.b": 1, "a": {"b": 2}}\n{"a": {"b": 3}}\n{"a.b": null, "a": {"b": 4}}\n{"a": 5}\n'
    assert values(decode(block, "prediction: a.b"), "prediction") == [1, 3, 4, None]


def test_the_first_path_with_a_value_counts() -> None:
    block = b'{"a": null, "b": 2}\n{"a": 1, "b": 2}\n{"b": 3}\n{}\n'
    assert values(decode(block, "prediction: [a, b]"), "prediction") == [2, 1, 3, None]


def test_a_path_can_be_an_object_and_hold_a_field() -> None:
    block = b'{"extra": {"age": 41, "plan": "pro", "score": 0.5}}\n'
    decoded = decode(block, "features: extra\nscore: extra.score", AGE)
    assert (values(decoded, "age"), values(decoded, "score")) == ([41.0], [0.5])


def test_text_before_the_object_is_skipped() -> None:
    line = b'2026-11-23 01:23:29,265 - INFO - {"prediction": 1}\n'
    decoded = decode(line * 2)
    assert decoded.results == {"ok": 2}
    assert values(decoded, "prediction") == [1, 1]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (
            b'{"prediction": 1',
            "not JSON: Expecting ',' delimiter at character 17 (the line",
        ),
        (b"{'prediction': 1}", "not JSON but the repr of a Python dict"),
        (b"Traceback (most recent call last):", "not a JSON object: no { in the line"),
        (b"[1, 2]", "not a JSON object: no { in the line"),
        (b'[{"prediction": 1}, 5]', "not JSON: Extra data at character 19"),
        (b'{"message": "predict "x" done"}', "not JSON: Expecting ',' delimiter at character 23"),
        (b'{"ua": "we\\x22ird"}', "not JSON: Invalid \\escape at character 11"),
        (b"[" * 3000 + b'{"a":' * 3000, "not JSON that can be read: nested too deeply"),
    ],
)
def test_a_bad_line_is_counted_with_its_reason(line: bytes, reason: str) -> None:
    decoded = decode(b'{"prediction": 0}\n' + line + b'\n{"prediction": 2}\n')
    assert decoded.results == {"ok": 2, "malformed": 1}
    assert values(decoded, "prediction") == [0, 2]
    assert decoded.bad_example is not None
    assert decoded.bad_example[0].startswith(reason)


def test_odd_bytes_and_numbers_cost_no_line() -> None:
    block = b"\n".join([
        b'\xef\xbb\xbf{"prediction": "bom"}',
        b'{"prediction": "\xff"}',
        b'{"prediction": "\\ud800"}',
        b'{"prediction": 123456789012345678901234567890}',
        b'{"prediction": "tab\there"}',
        b'{"score": 1e999, "prediction": "inf"}',
        b'{"prediction": "crlf"}\r',
        b"",
        b"  ",
        b'{"prediction": "last"}',
    ])  # fmt: skip
    decoded = decode(block)
    assert decoded.results == {"ok": 8, "empty": 2}
    assert values(decoded, "prediction") == [
        "bom", "�", "?", 123456789012345678901234567890, "tab\there", "inf", "crlf", "last",
    ]  # fmt: skip
    assert decoded.invalid == {"score": 1}


def test_two_objects_in_a_line_are_malformed_and_half_an_object_too() -> None:
    assert decode(b'{"prediction": 1} {"prediction": 2}\n').results == {"malformed": 1}
    assert decode(b'{"prediction":\n3}\n').results == {"malformed": 2}
    # As many objects as lines, all the same
    assert decode(b'\n{"a": 1}{"a": 2}\n').results == {"empty": 1, "malformed": 1}
    assert decode(b'{"a": 1} {"a": 2}\n{"a":\n3}\n').results == {"malformed": 3}
    assert decode(b'{"a": {}\n, "b": 1}\n{"a": 1}{"a": 2}').results == {"malformed": 3}


def test_when_leaves_other_lines_out() -> None:
    block = b'{"event": "prediction", "prediction": 1}\n{"event": "start"}\n{"prediction": 2}\n'
    decoded = decode(block, settings="when: {event: prediction}")
    assert decoded.results == {"ok": 1, "filtered": 2}
    assert values(decoded, "prediction") == [1]


def test_when_compares_names_of_values() -> None:
    block = b'{"kind": 1}\n{"kind": 1.0}\n{"kind": "1"}\n{"kind": true}\n{"kind": {}}\n'
    assert decode(block, settings="when: {kind: [1]}").results == {"ok": 3, "filtered": 2}


def test_negative_and_unreadable_latencies_are_invalid() -> None:
    decoded = decode(b'{"latency_ms": -1}\n{"latency_ms": "0.000, 0.006"}\n{"latency_ms": 0}\n')
    assert values(decoded, "latency") == [None, None, 0.0]
    assert decoded.invalid == {"latency": 2}


def test_weights_cannot_be_negative() -> None:
    decoded = decode(b'{"w": 10}\n{"w": -1}\n', "weight: w")
    assert values(decoded, "weight") == [10.0, None]
    assert decoded.invalid == {"weight": 1}


def test_steps_have_their_own_units() -> None:
    fields = "steps: {lookup: {from: stages.lookup_ms, unit: ms}, inference: stages.inference}"
    steps = decode(b'{"stages": {"lookup_ms": 8, "inference": 0.5}}\n', fields).batch.steps
    assert {name: column.values.tolist() for name, column in steps.items()} == {
        "lookup": [0.008], "inference": [0.5],
    }  # fmt: skip


def test_an_empty_block_is_an_empty_batch() -> None:
    for block in (b"", b"\n", b"nothing\n"):
        assert decode(block, features=AGE).batch.rows == 0


LOGFMT = "timestamp: ts\nprediction: prediction\nfeatures: {rest: true, exclude: [event]}"


def test_logfmt_values_may_be_quoted() -> None:
    line = b'ts=2026-11-23T01:07:20Z age=41 plan="pro \\"plus\\"" prediction=1 event=x noise\n'
    decoded = decode(line, LOGFMT, AGE, "format: logfmt")
    assert (values(decoded, "age"), values(decoded, "plan")) == ([41.0], ['pro "plus"'])
    assert values(decoded, "prediction") == ["1"]
    assert values(decoded, "timestamp") == [1795396040.0]


def test_logfmt_lines_without_pairs_are_malformed() -> None:
    decoded = decode(b"age=41\nhello world\n\n", LOGFMT, AGE, "format: logfmt")
    assert decoded.results == {"ok": 1, "malformed": 1, "empty": 1}
    assert decoded.bad_example == ("not logfmt: no key=value in the line", "xxxxx xxxxx")


def test_empty_text_and_a_dash_are_missing_in_flat_lines() -> None:
    decoded = decode(b'age= plan=- prediction=""\nage=x plan=a\n', LOGFMT, AGE, "format: logfmt")
    assert values(decoded, "age") == [None, None]
    assert invalid(decoded, "age") == [False, True]
    assert (values(decoded, "plan"), values(decoded, "prediction")) == ([None, "a"], [None, None])
    assert decoded.batch.inputs is not None
    assert decoded.batch.inputs.tolist() == [False, True]


def test_logfmt_features_are_collected() -> None:
    batch = decode(b"age=41 event=x\nevent=y\n", LOGFMT, None, "format: logfmt", True).batch
    assert batch.raw_features == [{"age": "41"}, None]


REGEX = """\
format: regex
pattern: '"(?P<method>\\w+) \\S+" (?P<status>\\d{3})(?: (?P<ms>[\\d.]+)ms)?'
"""


def test_groups_of_a_pattern_are_columns() -> None:
    fields = "status: status\nlatency: {from: ms, unit: ms}"
    block = b'a "POST /p" 200 12.5ms\nb "POST /p" 500\nTraceback:\n  File "x"\n\n'
    decoded = decode(block, fields, settings=REGEX)
    assert decoded.results == {"ok": 2, "unmatched": 2, "empty": 1}
    assert values(decoded, "status") == ["200", "500"]
    assert values(decoded, "latency") == [0.0125, None]
    assert decoded.bad_example == ("not matched by the pattern", "xxxxxxxxx:")


def test_colour_codes_do_not_hinder_a_pattern() -> None:
    decoded = decode(b'\x1b[32mINFO\x1b[0m: "GET /p" \x1b[32m200\x1b[0m\n', "status: status",
                     settings=REGEX)  # fmt: skip
    assert values(decoded, "status") == ["200"]


CSV = "format: csv\ncolumns: [ts, age, plan, prediction]"


def test_csv_cells_may_be_quoted_and_headers_are_skipped() -> None:
    block = b'\xef\xbb\xbfts,age,plan,prediction\r\n1795396040,41,"pro, ""plus""",1\r\n'
    decoded = decode(block, LOGFMT, AGE, CSV)
    assert decoded.results == {"ok": 1, "header": 1}
    assert values(decoded, "plan") == ['pro, "plus"']
    assert values(decoded, "timestamp") == [1795396040.0]


def test_csv_lines_with_other_cells_are_malformed() -> None:
    decoded = decode(b'1,2,3\n1,2,"x,4\n1,2,3,4\n\n', LOGFMT, AGE, CSV)
    assert decoded.results == {"ok": 1, "malformed": 2, "empty": 1}
    assert decoded.bad_example == ("3 cells where 4 columns are configured", "0,0,0")
    unclosed = decode(b'1,2,"x,4\n', LOGFMT, AGE, CSV)
    assert unclosed.bad_example == ("not CSV: a quote is not closed", '0,0,"x,0')


def test_csv_cells_may_be_between_other_quotes() -> None:
    quoted = decode(b"""1,2,'pro, \'\'plus\n"x"\'\'',1\n""", LOGFMT, AGE, f'{CSV}\nquote: "\'"')
    assert quoted.results == {"ok": 1}
    assert values(quoted, "plan") == ["pro, 'plus\n\"x\"'"]
    header = b"'ts';'age';'plan';'prediction'\n1;2;'a;b';it's\n"
    found = decode(header, LOGFMT, AGE, "format: csv")
    assert values(found, "plan") == ["a;b"]
    assert values(found, "prediction") == ["it's"]
    plain = decode(b"1,2,'a,1\n", LOGFMT, AGE, CSV)  # not said, and no header: part of the text
    assert values(plain, "plan") == ["'a"]


def test_what_is_held_back_follows_the_quote() -> None:
    model = 'models: {m: {logs: [l], format: csv, columns: [a], unwrap: none, quote: "\'"}}'
    hold = formats.hold_of(config.parse(model, "c.yaml").models[0])
    assert hold is not None
    assert (hold(b"1,2\n3,'a\nb\n"), hold(b'3,"a\n')) == (4, 5)


@pytest.mark.parametrize("text", ["quote: a", "quote: ''", "quote: ab", "delimiter: ;\nquote: ;"])
def test_a_quote_is_one_character_of_its_own(text: str) -> None:
    with pytest.raises(ConfigError, match=r"quote: (expected one character|is what is between)"):
        decode(b"", LOGFMT, AGE, f"{CSV}\n{text}")


def test_csv_with_another_delimiter() -> None:
    decoded = decode(b"1;2,5;a;b\n", LOGFMT, AGE, f"{CSV}\ndelimiter: ;")
    assert invalid(decoded, "age") == [True]


def test_alternative_columns_of_flat_lines() -> None:
    block = b"a=1 b=2\na= b=2\nb=3\n"
    decoded = decode(block, "prediction: [a, b, c]", settings="format: logfmt")
    assert values(decoded, "prediction") == ["1", "2", "3"]
    assert np.array_equal(values(decoded, "prediction"), ["1", "2", "3"])
