"""Reference data in the form of the model's own log, whatever its lines look like."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from inference_exporter import config, reference
from inference_exporter.errors import ProfileError
from inference_exporter.values.profile import CategoricalProfile, NumericProfile, Reference


def built(folder: Path, settings: str, name: str, text: str) -> Reference:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    (one,) = config.parse(f"models: {{m: {{logs: [l], {settings}}}}}", "c.yaml").models
    return reference.build([str(path)], one, now=0.0)


def lines(records: list[Any]) -> str:
    return "".join(json.dumps(record) + "\n" for record in records)


def mean(profile: Reference, name: str) -> float:
    one = profile.features[name]
    assert isinstance(one, NumericProfile)
    return one.mean


BATCHES = [
    {"x": [{"a": i, "b": "u"}, {"a": i + 0.5, "b": "v"}], "y": [{"c": "A", "p": 0.2}] * 2}
    for i in range(50)
]


@pytest.mark.parametrize("name", ["log.jsonl", "log.jsonl.gz", "predictions.log"])
def test_lines_of_several_rows(tmp_path: Path, name: str) -> None:
    settings = (
        "explode: [x, y], fields: {features: x, prediction: y.c, score: y.p}, task: classification"
    )
    profile = built(tmp_path, settings, name, lines(BATCHES))
    assert profile.rows == 100
    assert mean(profile, "a") == pytest.approx(24.75)
    assert isinstance(profile.features["b"], CategoricalProfile)


def test_requests_and_responses_of_their_own(tmp_path: Path) -> None:
    settings = (
        "pairs: {id: id, request: {t: q}}, decode: {request.d: rows, response.d: rows},"
        " explode: [request.d, response.d], task: classification,"
        " fields: {features: {from: request.d, names: auto}, prediction: response.d}"
    )
    asked = [{"id": i, "t": "q", "d": {"instances": [[i, "x"]]}} for i in range(60)]
    told = [{"id": i, "t": "a", "d": {"predictions": [i % 2]}} for i in range(50)]
    profile = built(tmp_path, settings, "log.jsonl", lines(asked + told))
    assert profile.rows == 60
    assert mean(profile, "x0") == pytest.approx(29.5)
    assert profile.features["x0"].samples == 60


def test_values_that_are_not_written_as_they_are_meant(tmp_path: Path) -> None:
    settings = "fields: {features: {from: f, as: {amount: number}}, prediction: p}"
    records = [{"f": {"amount": f"1,{i:03}.5"}, "p": i % 2} for i in range(100)]
    profile = built(tmp_path, settings, "log.jsonl", lines(records))
    assert mean(profile, "amount") == pytest.approx(1050.0)


def test_a_log_in_logfmt(tmp_path: Path) -> None:
    settings = (
        "format: logfmt, fields: {features: {rest: true, exclude: [at]}, prediction: p},"
        " task: classification"
    )
    text = "".join(f"at=1 a={i} b=x p={i % 2}\n" for i in range(100)) + "Traceback\n"
    profile = built(tmp_path, settings, "predictions.log", text)
    assert profile.rows == 100
    assert mean(profile, "a") == pytest.approx(49.5)
    assert set(profile.features) == {"a", "b"}


def test_a_table_beside_a_log_that_is_mapped(tmp_path: Path) -> None:
    settings = "explode: [x, y], fields: {features: x, prediction: y.c}, task: classification"
    table = "a,b,c\n" + "".join(f"{i},u,A\n" for i in range(100))
    profile = built(tmp_path, settings, "train.csv", table)
    assert mean(profile, "a") == pytest.approx(49.5)
    flat = [{"a": i, "b": "u", "c": "A"} for i in range(100)]
    again = built(tmp_path, settings, "train.jsonl", lines(flat))
    assert mean(again, "a") == pytest.approx(49.5)


@pytest.mark.parametrize("name", ["log.jsonl", "train.csv"])
def test_only_some_inputs(tmp_path: Path, name: str) -> None:
    settings = "fields: {features: {from: f, only: [a]}, prediction: p}, task: classification"
    log = lines([{"f": {"a": i, "b": 1}, "p": "A"} for i in range(100)])
    table = "a,b,p\n" + "".join(f"{i},1,A\n" for i in range(100))
    profile = built(tmp_path, settings, name, table if name.endswith("csv") else log)
    assert set(profile.features) == {"a"}


def test_a_file_that_is_neither(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="and from logs of the model"):
        built(tmp_path, "fields: {features: f}", "notes.txt", "hello\n")
