"""What is around lines is taken off: wrappers, prefixes, Python's repr, arrays, pretty printing."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporter_process import parse, total
from inference_exporter import config
from inference_exporter.cli import main
from inference_exporter.errors import ConfigError
from inference_exporter.formats import Decoded, Kind, hold_of, make_decoder
from inference_exporter.formats.peeling.arrays import entries_of, expand_arrays
from inference_exporter.formats.peeling.suffix import without_suffix
from inference_exporter.sources.holding import HoldingFramer
from sidecar import Sidecar

FIELDS = "fields: {features: features, prediction: prediction, timestamp: TIME}"
LINE = '{"features": {"age": 41}, "prediction": "a"}'
CRI = "2026-11-20T10:00:00.000000001Z stdout F "


def decoded(text: str, block: str, time: str = "ts", **features: Kind) -> Decoded:
    text = text.replace("TIME", time)
    (one,) = config.parse(f"models: {{m: {{logs: [l], {text}}}}}", "c.yaml").models
    return make_decoder(one, features or None).decode(block.encode())


def docker(line: str, stream: str = "stdout", end: str = "\n") -> str:
    return json.dumps({"log": line + end, "stream": stream, "time": "2026-11-20T10:00:01Z"})


def times(found: Decoded) -> list[float]:
    assert found.batch.timestamp is not None
    return list(found.batch.timestamp.values)


@pytest.mark.parametrize("wrapped", [f"{CRI}{LINE}", docker(LINE)])
def test_a_wrapper_is_found_by_itself(wrapped: str) -> None:
    found = decoded(FIELDS, f"{wrapped}\n" * 3, age="numeric")
    assert found.results == {"ok": 3}
    assert list(found.batch.features["age"].values) == [41.0] * 3


@pytest.mark.parametrize(
    ("wrapped", "second"), [(f"{CRI}{LINE}", 0), (docker(LINE), 1), (f"{CRI}{{}}", 0)]
)
def test_the_time_of_the_wrapper_where_the_line_has_none(wrapped: str, second: int) -> None:
    found = decoded(FIELDS, f"{wrapped}\n", "[ts, $wrap.time]")
    assert times(found) == [1795168800.0 + second]
    own = wrapped.replace("{}", '{"ts": 5}').replace('"prediction"', '"ts": 5, "prediction"')
    if "log" not in own:
        assert times(decoded(FIELDS, f"{own}\n", "[ts, $wrap.time]")) == [5.0]


def test_only_one_stream_by_a_condition() -> None:
    err = CRI.replace("stdout", "stderr")
    block = f"{CRI}{LINE}\n{err}{LINE}\n"
    found = decoded("when: {$wrap.stream: stdout}, fields: {prediction: prediction}", block)
    assert found.results == {"ok": 1, "filtered": 1}


def test_access_lines_get_their_time_from_the_wrapper() -> None:
    line = 'INFO:     127.0.0.1:50000 - "POST /predict HTTP/1.1" 500 Internal Server Error'
    for wrapped in (f"{CRI}{line}\n", docker(line) + "\n"):
        found = decoded("format: uvicorn, fields: {timestamp: $wrap.time}", wrapped)
        assert list(found.batch.status or ()) == ["500"]
        assert 1795168800.0 <= times(found)[0] <= 1795168801.0
    text = "format: logfmt, fields: {prediction: p, timestamp: $wrap.time}"
    assert times(decoded(text, f"{CRI}p=x\n")) == [1795168800.0]


def test_what_is_said_to_be_no_wrapper_is_none() -> None:
    block = json.dumps({"log": "x\n", "stream": "stdout", "time": "t", "p": 1}) + "\n"
    found = decoded("unwrap: none, fields: {prediction: p}", block).batch.prediction
    assert found is not None
    assert list(found) == [1]


PREFIXED = [
    "2026-11-20 10:00:00,250 - predict - INFO - ",
    "[2026-11-20 10:00:00,250] INFO in app: ",
    "2026-11-20 10:00:00.250 | INFO     | app:main:16 - ",
    "INFO 2026/11/20 10:00:00.250 ",
]


@pytest.mark.parametrize("prefix", PREFIXED)
def test_the_time_and_level_of_a_prefix(prefix: str) -> None:
    text = FIELDS + ", when: {$prefix.level: INFO}"
    found = decoded(text, f"{prefix}{LINE}\n{prefix.replace('INFO', 'DEBUG')}{LINE}\n",
                    "{from: $prefix.time, timezone: Europe/Berlin}")  # fmt: skip
    assert found.results == {"ok": 1, "filtered": 1}
    assert times(found) == [1795165200.25]


def test_a_level_alone_and_an_empty_object() -> None:
    found = decoded("fields: {version: $prefix.level}", 'INFO:app:{}\n{"a": 1}\n')
    assert list(found.batch.version or ()) == ["INFO", None]


def test_colours_are_no_part_of_a_line() -> None:
    assert decoded(FIELDS, f"\x1b[32mINFO\x1b[0m {LINE}\n").results == {"ok": 1}


def test_coloured_json() -> None:
    assert decoded(FIELDS, f"\x1b[32m{LINE}\x1b[0m\n").results == {"ok": 1}
    assert decoded(FIELDS, f"{CRI}\x1b[1m{LINE}\x1b[0m\n").results == {"ok": 1}
    assert decoded(FIELDS, f"\x1b[32m\x1b[K{LINE}\x1b[m\x1b[K\n").results == {"ok": 1}


@pytest.mark.parametrize("torn", ['0Z stdout F {"a', '"stdout","time":"2026"}', "", "\0\0\0"])
@pytest.mark.parametrize("wrapped", [f"{CRI}{LINE}", docker(LINE)])
def test_a_torn_first_line_hides_no_wrapper(wrapped: str, torn: str) -> None:
    end = "" if torn.startswith("\0") else "\n"
    found = decoded(FIELDS, f"{torn}{end}" + f"{wrapped}\n" * 3, age="numeric")
    assert found.results["ok"] == 3
    assert list(found.batch.features["age"].values) == [41.0] * 3


@pytest.mark.parametrize("wrapped", [f"{CRI}{LINE}", docker(LINE)])
def test_wrapped_lines_behind_many_that_are_not_are_read_and_others_stay(wrapped: str) -> None:
    block = "torn\n" * 20 + f"{LINE}\n{wrapped}\n" * 3
    found = decoded(FIELDS, block, "[ts, $wrap.time]", age="numeric")
    assert found.results == {"ok": 6, "malformed": 20}
    assert list(found.batch.prediction or ()) == ["a"] * 6
    assert np.isfinite(times(found)).tolist() == [False, True] * 3


def test_an_object_that_is_like_an_entry_of_docker() -> None:
    own = {"log": "x", "stream": "stdout", "time": "2026-11-20T10:00:01Z", "prediction": "b"}
    found = decoded("fields: {prediction: prediction}", json.dumps(own) + "\n")
    assert list(found.batch.prediction or ()) == ["b"]


@pytest.mark.parametrize("torn", ["x\n", "x\ny\nz\n"])
def test_pieces_after_torn_first_lines(torn: str) -> None:
    part = CRI.replace(" F ", " P ")
    cut = f"{torn}{part}{LINE[:9]}\n".encode()
    (one,) = config.parse("models: {m: {logs: [l]}}", "c.yaml").models
    framer = HoldingFramer(1 << 12, hold=hold_of(one) or len)
    first = framer.feed(cut).lines
    second = framer.feed(f"{CRI}{LINE[9:]}\n".encode()).lines
    assert (first, second) == (torn.encode(), cut[len(torn) :] + f"{CRI}{LINE[9:]}\n".encode())


@pytest.mark.parametrize("seed", range(5))
def test_a_piece_without_an_end_keeps_nothing_waiting(seed: int) -> None:
    draw = random.Random(seed)
    err = CRI.replace("stdout", "stderr")
    lines = [f"{err.replace(' F ', ' P ')}torn", *([f"{CRI}{LINE}"] * 1500), f"{err}end"]
    text = "".join(f"{line}\n" for line in lines).encode()
    (one,) = config.parse(f"models: {{m: {{logs: [l], {FIELDS}}}}}", "c.yaml").models
    framer = HoldingFramer(1 << 20, hold=hold_of(one) or len)
    decoder, at, counts, held = make_decoder(one), 0, {"ok": 0, "malformed": 0}, 0
    while at < len(text):
        size = draw.randrange(1, 9000)
        for result, number in decoder.decode(
            framer.feed(text[at : at + size]).lines
        ).results.items():
            counts[result] += number
        held = max(held, len(framer.partial))
        at += size
    assert counts == {"ok": 1500, "malformed": 2}
    assert held < (1 << 16) + 9000


def test_objects_over_several_lines_in_a_wrapper() -> None:
    (one,) = config.parse(
        f"models: {{m: {{logs: [l], multiline: true, {FIELDS}}}}}", "c.yaml"
    ).models
    decoder, framer = make_decoder(one), HoldingFramer(1 << 16, hold=hold_of(one) or len)
    pretty = json.dumps(json.loads(LINE), indent=2).split("\n")
    wrapped = "".join(f"{CRI}{line}\n" for line in pretty * 50).encode()
    for size in (1, 7, 60, 500):
        results: dict[str, int] = {}
        for at in range(0, len(wrapped), size):
            found = decoder.decode(framer.feed(wrapped[at : at + size]).lines).results
            results = {key: results.get(key, 0) + found.get(key, 0) for key in {*results, *found}}
        assert results == {"ok": 50}


def test_what_a_csv_has_no_place_for_is_refused() -> None:
    text = "format: csv, columns: [a], fields: {prediction: a, timestamp: $wrap.time}"
    with pytest.raises(ConfigError, match=r"\$wrap.time can be read with format: json or"):
        config.parse(f"models: {{m: {{logs: [l], {text}}}}}", "c.yaml")


def test_the_repr_of_a_dict() -> None:
    block = (
        "2026-11-20 - INFO - {'features': {'age': 41, 'vip': None}, 'prediction': True}\n"
        "{'features': {'age': np.float64(1.5), 'vip': nan}, 'prediction': 'x'}\n"
        f"{LINE}\n"
        "{'features': __import__('os')}\n"
        "Traceback (most recent call last):\n"
    )
    found = decoded("format: python, " + FIELDS, block, age="numeric", vip="numeric")
    assert found.results == {"ok": 3, "malformed": 2}
    assert list(found.batch.features["age"].values) == [41.0, 1.5, 41.0]
    vip: Any = found.batch.features["vip"]
    assert np.isnan(vip.values).all()
    assert vip.invalid.tolist() == [False, True, False]
    assert list(found.batch.prediction or ()) == [True, "x", "a"]


PYTHON = [
    ("'my nan np.float64(2) is'", "my nan np.float64(2) is"),
    ("np.str_('a (b)')", "a (b)"),
    ("UUID('12345678-1234-5678-1234-567812345678')", "12345678-1234-5678-1234-567812345678"),
    ("datetime.datetime(2026, 11, 20, 10, 0, tzinfo=datetime.timezone.utc)",
     "2026-11-20T10:00:00+00:00"),
    ("Timestamp('2026-11-20 10:00:00')", "2026-11-20 10:00:00"),
]  # fmt: skip


@pytest.mark.parametrize(("written", "value"), PYTHON)
def test_what_python_writes(written: str, value: str) -> None:
    line = f"INFO {{'features': {{'x': nan}}, 'prediction': {written}}}\n"
    found = decoded("format: python, " + FIELDS, line)
    assert list(found.batch.prediction or ()) == [value]


def test_arrays_and_lists_that_python_writes() -> None:
    line = "INFO [{'f': array([1.5, -nan]), 'p': float('nan')}, {'f': [2, 3], 'p': {1, 2}}]\n"
    found = decoded("format: python, fields: {features: {from: f, names: [a, b]}}", line,
                    a="numeric", b="numeric")  # fmt: skip
    assert found.results == {"ok": 2}
    assert list(found.batch.features["a"].values) == [1.5, 2.0]


def test_an_array_behind_a_prefix_is_so_many_lines() -> None:
    line = f"2026-11-20 10:00:00,250 - predict - INFO - [{LINE}, {LINE}]"
    for block in (f"{line}\n", f"{LINE}\n{line}\n"):
        found = decoded(FIELDS, block, "[ts, $prefix.time]", age="numeric")
        assert found.results == {"ok": 2 + block.count("\n") - 1}
        assert times(found)[-2:] == [1795168800.25] * 2


@pytest.mark.parametrize("before", ["", LINE + "\n"])
def test_an_array_with_numbers_that_json_has_not(before: str) -> None:
    entry = '{"features": {"age": NaN}, "prediction": "a"}'
    found = decoded(FIELDS, f"{before}[{entry}, {LINE}]\n", age="numeric")
    assert found.results == {"ok": 2 + before.count("\n")}
    assert list(found.batch.features["age"].values)[-1] == 41.0


@pytest.mark.parametrize("before", ["", LINE + "\n"])
def test_every_object_of_an_array_has_the_time_of_the_wrapper(before: str) -> None:
    before = f"{CRI}{before}" if before else ""
    for wrapped in (f"{CRI}[{LINE}, {LINE}]", f"{CRI}INFO [{LINE}, {LINE}]"):
        found = decoded(FIELDS, f"{before}{wrapped}\n", "[ts, $wrap.time]")
        assert set(found.results) == {"ok"}
        assert times(found)[-2:] == [1795168800.0] * 2


def test_an_array_is_so_many_lines() -> None:
    found = decoded(FIELDS, f"[{LINE}, {LINE}]\n{LINE}\n[5]\n")
    assert found.results == {"ok": 3, "malformed": 1}


def test_objects_over_several_lines() -> None:
    pretty = json.dumps(json.loads(LINE), indent=2)
    block = f"{pretty}\nTraceback:\n  File x\n{LINE}\n{pretty}\n"
    found = decoded("multiline: true, " + FIELDS, block, age="numeric")
    assert found.results == {"ok": 3, "malformed": 2}


def test_what_is_held_back_of_pretty_printed_objects() -> None:
    (one,) = config.parse("models: {m: {logs: [l], multiline: true}}", "c.yaml").models
    framer = HoldingFramer(1 << 12, hold=hold_of(one) or len)
    pretty = (json.dumps(json.loads(LINE), indent=2) + "\n") * 5
    found = b"".join(framer.feed(pretty[i : i + 7].encode()).lines for i in range(0, 400, 7))
    assert found.decode() == pretty
    blocks = [framer.feed(part).lines for part in (b"{\n", b' "a": 1\n', b"}\n", b"x\n")]
    assert blocks == [b"", b"", b'{\n "a": 1\n}\n', b"x\n"]


def test_records_of_opentelemetry() -> None:
    attributes = [
        {"key": "score", "value": {"doubleValue": 0.8}},
        {"key": "features", "value": {"kvlistValue": {"values": [
            {"key": "age", "value": {"intValue": "41"}}]}}},
    ]  # fmt: skip
    record = {"timeUnixNano": "1795168800000000000", "traceId": "AB" * 16, "attributes": attributes}
    scope = {"logRecords": [record, {**record, "body": {"stringValue": "late"}}]}
    line = json.dumps({"resourceLogs": [{"resource": {}, "scopeLogs": [scope]}]})
    text = (
        "records: otlp-logs, fields: {timestamp: {from: time, unit: ns}, trace_id: trace_id,"
        " score: attributes.score, features: attributes.features, version: body}"
    )
    found = decoded(text, f"{line}\nx\n", age="numeric")
    assert found.results == {"ok": 2, "malformed": 1}
    assert times(found) == [1795168800.0] * 2
    assert list(found.batch.trace_id or ()) == ["ab" * 16] * 2
    assert list(found.batch.features["age"].values) == [41.0] * 2


def test_what_the_path_says_is_a_field(tmp_path: Path) -> None:
    for version in ("v1", "v2", "other"):
        (tmp_path / version).mkdir()
        lines = [f'{CRI}{{"prediction": "a", "from": "{version}"}}', f"{CRI}{{}}"] * 20
        (tmp_path / version / "log.jsonl").write_text("".join(f"{line}\n" for line in lines))
    (tmp_path / "config.yaml").write_text(
        "models: {m: {logs: ['*/log.jsonl'], start_at: beginning, task: classification,"
        " path_pattern: '/(?P<version>v[0-9]+)/', reference: {warmup: 30},"
        " fields: {version: $path.version, features: {rest: true}, prediction: prediction}}}\n"
    )
    output = io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stdout(output):
        assert main(["once", f"--config.file={tmp_path / 'config.yaml'}"]) == 0
    output.seek(0)
    page = parse(output.read())
    for version in ("v1", "v2", ""):
        assert total(page, "inference_predictions_total", version=version) == 20


def test_a_line_in_pieces_is_counted_once_over_crashes(tmp_path: Path) -> None:
    sidecar = Sidecar(tmp_path, "fields: {prediction: prediction, features: features}")
    draw, long = random.Random(3), json.dumps({"prediction": "a", "features": {"t": "x" * 300}})
    pieces = []
    for _ in range(40):
        cut = draw.randrange(1, len(long))
        pieces += [CRI.replace(" F ", " P ") + long[:cut], CRI + long[cut:]]
    text = "".join(f"{piece}\n" for piece in pieces).encode()
    at = 0
    while at < len(text):
        size = draw.randrange(1, 700)
        sidecar.reads(text[at : at + size])
        at += size
    assert total(sidecar.page(), "inference_predictions_total", prediction="a") == 40
    assert total(sidecar.page(), "inference_exporter_lines_total", result="malformed") == 0


@pytest.mark.parametrize("end", ["", "\n"])
def test_only_lines_that_are_not_from_brace_to_brace_are_searched(end: str) -> None:
    """The lines that are, in between, stay what they are, wherever the others stand."""
    odd = ['{"a": 1} took 3 ms', 'INFO [{"a": 1}, {"a": 2}]', "", "torn", '{"a": {"b": 1}', "]"]
    for others in itertools.permutations(odd, 3):
        block = f'{others[0]}\n{{"a": 1}}\n{others[1]}\n{{"a": [{{"b": 1}}]}}\n{others[2]}{end}'
        alone = [without_suffix(line.encode()).decode() for line in block.split("\n")]
        assert without_suffix(block.encode()).decode() == "\n".join(alone)
        apart = [entry for line in block.encode().split(b"\n") for entry in entries_of(line)]
        assert expand_arrays(block.encode()).split(b"\n")[: len(apart)] == apart
