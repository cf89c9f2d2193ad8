"""`check --sample` says how much of a log was understood, and what to look at."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from inference_exporter.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(
    folder: Path,
    settings: str,
    lines: Sequence[object],
    capsys: pytest.CaptureFixture[str],
    *arguments: str,
) -> str:
    (folder / "config.yaml").write_text(f"models: {{m: {{logs: [log.jsonl], {settings}}}}}\n")
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(["check", "--sample=log.jsonl", *arguments]) == 0
    return capsys.readouterr().out


def test_the_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        {"id": f"r{i}", "f": {"age": 40 + i % 2, "amount": f"1,{i:03}.5", "who": f"c{i}x"},
         "p": "a", "ms": None if i % 4 else 2}
        for i in range(40)
    ]  # fmt: skip
    settings = "fields: {id: id, features: f, prediction: p, latency: {from: ms, unit: ms}}"
    out = checked(folder, settings, lines, capsys, "--lines=1")
    head = out[: out.index("warning:")]
    table = {line.split()[0]: line.split() for line in head.splitlines() if line.strip()}
    assert out.startswith("40 rows\n")
    assert table["id"] == ["id", "id", "100%", "r0,", "r1,", "r2"]
    assert table["latency"][:3] == ["latency", "ms", "25%"]
    assert table["age"] == ["age", "100%", "40,", "41"]
    assert "warning: amount has numbers written as text ('1,000.5')" in out
    assert "as: {amount: number}" in out
    assert "warning: who hardly has two values alike (40 of 40)" in out
    assert out.index("40 rows") < out.index("line 1: ok")


def test_pairs_are_joined(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        {"id": "a", "type": "org.kubeflow.serving.inference.request", "time": 1795168800,
         "data": {"instances": [[1.5], [2.5]]}},
        {"id": "a", "type": "org.kubeflow.serving.inference.response", "time": 1795168801,
         "data": {"predictions": [0, 1]}},
        {"id": "b", "type": "org.kubeflow.serving.inference.request", "time": 1795168800,
         "data": {"instances": [[1.5]]}},
    ]  # fmt: skip
    out = checked(folder, "format: kserve", lines, capsys)
    assert out.startswith("2 requests, 3 predictions\n")
    assert "such a log lacks the status of failed requests" in out
    assert "line 1: ok, 2 predictions; the first:" in out


def test_a_line_step_by_step(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inside = {"request": '{"instances": [[1], [2]]}', "response": '{"predictions": [5, 6]}'}
    line = {"log": json.dumps(inside) + "\n", "stream": "stdout", "time": "2026-11-20T10:00:00Z"}
    settings = (
        "decode: {request: [json, rows], response: [json, rows]}, explode: [request, response],"
        " fields: {features: {from: request, names: auto}, prediction: response}"
    )
    out = checked(folder, settings, [line], capsys, "--explain=1")
    heads = ["as written: ", "inside its docker wrapper: ", "parsed: ", "decoded: ",
             "2 entries at request, the first: [1]", "2 entries at response, the first: 5",
             "line 1: ok, 2 predictions"]  # fmt: skip
    places = [out.index(head) for head in heads]
    assert places == sorted(places)
    out = checked(folder, settings, [line], capsys, '--explain={"request": "{"}')
    assert "line 1: ok" in out
    assert main(["check", "--sample=log.jsonl", "--explain=7"]) == 2
    assert "the sample has the lines 1 to 1" in capsys.readouterr().err


def test_what_is_hardly_an_input_is_warned_about(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [
        {"f": {"row": 7 * i, "shop": f"s{i % 70}x", "temp": -999 if i % 3 else i % 7,
               "who": {"age": 1}, "kind": "ab"[i % 2]}, "p": i + 0.5}
        for i in range(100)
    ]  # fmt: skip
    out = checked(folder, "fields: {features: f, prediction: p}", lines, capsys)
    warned = [line for line in out.splitlines() if line.startswith("warning: ")]
    assert [line.split()[1] for line in warned] == ["row", "shop", "temp", "who", "prediction"]
    assert "row only grows" in warned[0]
    assert "shop has 70 different values in 100 rows" in warned[1]
    assert "as: {temp: {missing: [-999]}}" in warned[2]
    assert "by the step flat" in warned[3]
    assert "add task: regression" in warned[4]
    good = checked(folder, "task: regression, fields: {features: f, prediction: p}", lines, capsys)
    assert "add task" not in good


def test_what_is_not_configured_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = {"f": {"a": 1}, "p": 1}
    for fields, said in (
        ("features: f", "no prediction is configured"),
        ("prediction: p", "no features are configured"),
        ("score: p", "no timestamp is configured"),
        ("prediction: p", "no latency is configured"),
    ):
        assert said in checked(folder, f"fields: {{{fields}}}", [line], capsys)
    every = "timestamp: t, features: f, prediction: p, latency: l"
    assert "is configured" not in checked(folder, f"fields: {{{every}}}", [line], capsys)
