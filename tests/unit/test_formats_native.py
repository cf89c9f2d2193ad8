"""The reader written in C: which lines it leaves to the Python path, and that nothing is lost."""

from __future__ import annotations

import importlib
import json
import random
import sys
from typing import Any

import pytest

from handwritten import HANDWRITTEN
from inference_exporter import _native, config
from inference_exporter.config.schema import JsonFormat, ModelConfig
from inference_exporter.errors import ConfigError
from inference_exporter.formats import make_decoder
from inference_exporter.formats.columns.plan import Kind
from inference_exporter.formats.guess import guess
from native_lines import FEATURES, GOOD, LEFT, READ, encoded, model, native
from other_answers import OTHER_ANSWERS
from shapes import OTHERS, PRESETS
from two_decoders import assert_same, built

pytestmark = built


@pytest.mark.parametrize("line", READ)
def test_a_line_is_read(line: str) -> None:
    assert native(model(), FEATURES).read(encoded(line)).odd == []
    assert_same(model(), FEATURES, encoded(GOOD, line, GOOD))


@pytest.mark.parametrize("line", [*LEFT, *(GOOD[:cut] for cut in range(1, len(GOOD), 7))])
def test_a_line_is_left_to_the_python_path_and_its_neighbours_are_not(line: str) -> None:
    found = native(model(), FEATURES).read(encoded(GOOD, line, GOOD))
    assert [row for row, _, _ in found.odd] == [1]
    assert_same(model(), FEATURES, encoded(GOOD, line, GOOD))


@pytest.mark.parametrize("block", [
    b"", b"\n", b"\n\n", b" \t\r\n", GOOD.encode(), b'{"s":\n0.5}\n', b'\xef\xbb\xbf{"s": 0.5}',
    b'{"v": "\xff"}\n', b'{"v": "\xed\xa0\x80"}\n', b'{"\xff": 1, "s": 0.5}\n', b"\x00\n\x0b\n",
    b'\xff{"s": 1}\n', b'{"x": "\xff", "v": "a"}\r\n\r\n{"v": "b"}\r', b'{"v": "\xc3"}\n',
])  # fmt: skip
def test_a_block_is_the_same_whatever_its_ends(block: bytes) -> None:
    assert_same(model(), FEATURES, block)
    assert_same(model(), FEATURES, GOOD.encode() + b"\n" + block)


def test_all_odd_lines_at_once() -> None:
    lines = [*READ, *LEFT, "", *READ]
    for seed in range(20):
        random.Random(seed).shuffle(lines)
        assert_same(model(), FEATURES, encoded(*lines))


@pytest.mark.parametrize("fields", [
    "timestamp: ts, trace_id: ts, score: s, latency: s",  # shared by columns of other kinds
    "timestamp: {from: ts, timezone: Europe/Berlin}, prediction: p",
    "timestamp: {from: [at, ts], unit: ms}, score: [x.y, s], weight: ms",
    "features: {from: f, names: [age, plan, tags]}, prediction: p",
    "features: [g, f, more], prediction: p",
    "features: {rest: true}, score: s",
    "features: {from: f, as: {age: number, plan: lower}}, score: s",
    "latency: {from: ts, since: since}, prediction: p, ranking: pr",
])  # fmt: skip
def test_fields_of_every_form(fields: str) -> None:
    try:
        one = model(f"fields: {{{fields}}}, when: {{status: 200}}, segments: {{v: v, f: f.plan}}")
    except ConfigError:
        one = model(f"fields: {{{fields}}}")
    lists = ['{"f": [41, "pro", 7], "p": 1}', '{"f": [41.5, null, [1]]}', '{"f": [1]}', '{"f": []}']
    several = ['{"g": {"age": 1}, "f": {"age": 2, "plan": "x"}, "at": 5, "x": {"y": 3}}', GOOD]
    for features in (FEATURES, None):
        assert_same(one, features, encoded(*several, *lists, *READ, *LEFT, *several))
        assert_same(one, features, encoded(*several, *READ[:4]), collect=features is None)


def mutations(lines: list[str], seed: int) -> bytes:
    """A log with bytes changed here and there, lines cut and doubled."""
    chance = random.Random(seed)
    block = bytearray(encoded(*(chance.choice(lines) for _ in range(30))))
    for _ in range(chance.randrange(12)):
        at = chance.randrange(len(block))
        way = chance.randrange(4)
        if way == 0:
            block[at] = chance.choice(b'"\\{}[],:\n0-e.\x00\xff ')
        elif way == 1:
            del block[at : at + chance.randrange(40)]
        elif way == 2:
            block[at:at] = block[at : at + chance.randrange(40)]
        else:
            block[at:at] = chance.choice([b"NaN", b"\\ud800", b"1e999", b'"a":1,', b"null"])
        block = block or bytearray(b"x")
    return bytes(block)


SHAPES = PRESETS | OTHERS | HANDWRITTEN | OTHER_ANSWERS


@pytest.mark.parametrize("name", SHAPES)
def test_real_logs_and_what_is_left_of_them(name: str) -> None:
    lines = list(SHAPES[name].lines)
    text = guess([f"{line}\n".encode() for line in lines], "p.log")
    (one,) = config.parse(text, "config.yaml").models
    features = _features(one, encoded(*lines))
    for seed in range(6):
        block = mutations(lines, seed)
        assert_same(one, features, block)
        assert_same(one, None, block, collect=True)


def _features(one: ModelConfig, block: bytes) -> dict[str, Kind]:
    rows = make_decoder(one, None, collect=True).decode(block).batch.raw_features or ()
    found: dict[str, Kind] = {}
    for name, value in (pair for row in rows if row for pair in row.items()):
        found[name] = "numeric" if isinstance(value, int | float) else "categorical"
    return found


def test_samples_are_read_by_it() -> None:
    """That all is the same would be so too if it read nothing."""
    (one,) = config.parse("models: {m: {logs: [l], format: inference-log}}", "c.yaml").models
    assert isinstance(one.format, JsonFormat)
    record: dict[str, Any] = {"features": {"age": 1.5}, "prediction": "a", "time": 1795396040.5}
    found = native(one, {"age": "numeric"}).read(encoded(json.dumps(record)))
    assert (found.rows, found.odd) == (1, [])


def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _native._load("python")[0] is None
    assert _native._load("native")[0] is not None
    with pytest.raises(ImportError, match="auto, native, python"):
        _native._load("fastest")
    monkeypatch.setitem(sys.modules, "inference_exporter._native._columns", None)
    monkeypatch.delattr(importlib.import_module("inference_exporter._native"), "_columns")
    found, why = _native._load("auto")
    assert found is None
    assert "not built" in why
    with pytest.raises(ImportError):
        _native._load("native")
