"""`init`: how numbers, dates and names are written; files that are no logs; folders."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from time import perf_counter

import pytest

from inference_exporter import config
from inference_exporter.cli import main
from inference_exporter.cli.folders import files_in, named
from inference_exporter.config.schema import ModelConfig, RegexFormat
from inference_exporter.formats import make_decoder
from inference_exporter.formats.guess import guess
from inference_exporter.formats.guessing.files import no_log


def guessed(text: str | bytes) -> tuple[ModelConfig, str, list[bytes]]:
    lines = (text.encode() if isinstance(text, str) else text).splitlines(keepends=True)
    written = guess(lines, "p.log")
    (model,) = config.parse(written, "c").models
    return model, written, lines


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [
        (["1,722.25", "80"], [1722.25, 80.0]),
        (["1.722,25", "2.750"], [1722.25, 2750.0]),
        (["0,125", "1,5"], [0.125, 1.5]),
        (["1 722,25", "80,5"], [1722.25, 80.5]),
        (["1\u00a0722,25", "80"], [1722.25, 80.0]),
        (["1'722.25", "80"], [1722.25, 80.0]),
        (["$1,722.25", "$80"], [1722.25, 80.0]),
        (["80.50 \u20ac", "7 \u20ac"], [80.5, 7.0]),
        (["EUR 80.50", "EUR 7"], [80.5, 7.0]),
        (["87.5%", "3 %"], [0.875, 0.03]),
        (["81 kg", "7.5 kg"], [81.0, 7.5]),
        (["1,722.25", "N/A", "80"], [1722.25, None, 80.0]),
        (["12.5", "n/a", "3"], [12.5, None, 3.0]),
    ],
)
def test_numbers_that_are_written_as_text(texts: list[str], numbers: list[float | None]) -> None:
    lines = [json.dumps({"features": {"amount": text}, "prediction": 1}) for text in texts]
    model, written, raw = guessed("\n".join(lines) + "\n")
    assert "amount: " in written
    rows = make_decoder(model, None, collect=True).decode(b"".join(raw)).batch.raw_features or []
    found = [None if row is None else row["amount"] for row in rows]
    assert [None if one is None else float(str(one)) for one in found] == numbers


@pytest.mark.parametrize("texts", [["1.5", "2"], ["10115", "20095"], ["a 1", "b 2"], ["7 ab", "x"]])
def test_texts_that_need_no_step(texts: list[str]) -> None:
    lines = [json.dumps({"features": {"amount": text}, "prediction": 1}) for text in texts]
    assert "as:" not in guessed("\n".join(lines) + "\n")[1]


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T10:00:00Z", "2026-11-20 10:00:00 UTC", "2026-11-20 10:00:00,000",
        "20.11.2026 10:00:00", "20.11.2026 10:00:00.000", "11/20/2026 10:00:00 AM",
        "Fri, 20 Nov 2026 10:00:00 GMT", "Fri, 20 Nov 2026 11:00:00 +0100",
        "Fri Nov 20 10:00:00 2026", "20-Nov-2026 10:00:00", "Nov 20, 2026 10:00:00 AM",
        "[20/Nov/2026:10:00:00 +0000]", "1795168800", "1795168800000", "1795168800000000",
        "1795168800000000000", "2026-11-20T10:00:00.000000000+00:00",
    ],
)  # fmt: skip
def test_points_in_time(text: str) -> None:
    model, _, raw = guessed(json.dumps({"timestamp": text, "prediction": "u"}) + "\n")
    timestamp = make_decoder(model).decode(b"".join(raw)).batch.timestamp
    assert timestamp is not None
    assert timestamp.values.tolist() == [1795168800.0]


def test_a_time_may_be_in_an_object() -> None:
    for value in ({"seconds": 1795168800, "nanos": 0}, {"$date": "2026-11-20T10:00:00Z"}):
        model, _, raw = guessed(json.dumps({"timestamp": value, "prediction": "u"}) + "\n")
        timestamp = make_decoder(model).decode(b"".join(raw)).batch.timestamp
        assert timestamp is not None
        assert timestamp.values.tolist() == [1795168800.0]


def test_csv_with_names_as_people_write_them() -> None:
    text = "Time Stamp, Customer Age, Predicted Class, Response Time (ms)\n"
    text += "".join(f"2026-11-20 10:00:0{i}, {40 + i % 2}, A, 2.5\n" for i in range(6))
    model, written, raw = guessed(text)
    batch = make_decoder(model, None, collect=True).decode(b"".join(raw)).batch
    assert batch.prediction == ("A",) * 6 or list(batch.prediction or ()) == ["A"] * 6
    assert batch.latency is not None
    assert batch.latency.values.tolist() == [0.0025] * 6
    assert (batch.raw_features or [{}])[0] == {"Customer Age": "40"}
    assert "Time Stamp" in written


def test_a_printed_array_that_goes_on_behind_the_sample() -> None:
    rows = [{"features": {"a": i}, "prediction": "u"} for i in range(40)]
    lines = (json.dumps(rows, indent=2) + "\n").splitlines(keepends=True)
    for sample in (lines, lines[:100]):
        text = guess([line.encode() for line in sample], "p.json")
        assert "multiline: true" in text
        (model,) = config.parse(text, "c").models
        assert make_decoder(model).decode("".join(lines).encode()).results == {"ok": 40}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"\n\n", "the file is empty"),
        ('{"prediction": 1}\n'.encode("utf-16"), "UTF-16"),
        ('{"prediction": 1}\n'.encode("utf-16-le"), "UTF-16"),
        (gzip.compress(b'{"prediction": 1}\n', mtime=0), "a name that ends in .gz"),
        (b"PAR1\x15\x00", "a Parquet file"),
        (bytes(range(128, 256)) * 4, "no text"),
        (b"[1, 2]\n[3, 4]\n", "JSON lists"),
    ],
)
def test_a_file_that_is_no_log_is_told_so(content: bytes, said: str) -> None:
    assert said in guessed(content)[1]


def test_logs_are_not_told_so() -> None:
    for content in (
        '{"größe": 1}\n'.encode(),
        b"\x1b[32mINFO\x1b[0m hello\n",
        b"\xef\xbb\xbfa,b\n",
    ):
        assert list(no_log([content])) == []


def test_prose_is_read_by_a_pattern_that_no_line_can_slow_down() -> None:
    lines = [f"Label: u, p: 0.{i}, took: {i}ms, at: home" for i in range(10, 20)]
    model, _, raw = guessed("\n".join(lines) + "\n")
    assert isinstance(model.format, RegexFormat)
    assert make_decoder(model).decode(b"".join(raw)).results == {"ok": 10}
    hostile = b"Label: u, p: 0.5, took: 1ms, " * 20_000 + b"\n"
    begun = perf_counter()
    assert make_decoder(model).decode(hostile).results == {"unmatched": 1}
    assert perf_counter() - begun < 5


def test_keys_in_which_nothing_is_known_are_listed() -> None:
    text = guessed('{"foo": 1, "bar": {"baz": 2}}\n')[1]
    assert "# keys found: foo, bar, bar.baz; say which is what" in text


def test_folders_are_named_such_that_later_files_are_read_too(tmp_path: Path) -> None:
    line = json.dumps({"ts": 1795168800, "features": {"a": 1}, "prediction": "u"}) + "\n"
    folder = tmp_path / "captures"
    for name in ("2026/11/20/09/a.jsonl", "2026/11/20/10/b.jsonl"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(line)
    (folder / "README.md").write_text("no log\n")
    (folder / "_SUCCESS").write_text("")
    assert main(["init", str(folder), f"--output={tmp_path / 'c.yaml'}"]) == 0
    (model,) = config.load(str(tmp_path / "c.yaml")).models
    assert (model.name, model.source) == ("captures", "batch")
    assert model.logs == (f"{folder}/**/*.jsonl",)
    assert len(files_in(str(folder))) == 2


def test_files_beside_each_other_are_followed_and_packed_ones_read_once() -> None:
    growing = named("in", ["in/p-2026-11-20.log", "in/p-2026-11-21.log"])
    assert (growing.paths, growing.batch) == (("in/*.log",), False)
    assert named("in", ["in/a.csv.gz", "in/b.csv.gz"]).batch
    assert named("in", ["in/a.log"]).paths == ("in/a.log",)


def test_endpoints_of_several_models_are_told_apart() -> None:
    files = [f"cap/{one}/AllTraffic/2026/11/20/10/x.jsonl" for one in ("churn", "fraud")]
    assert named("cap", files).notes == (
        "files of several endpoints (churn, fraud): run init for the folder of each",
    )
    assert not named("cap", files[:1] * 2).notes
