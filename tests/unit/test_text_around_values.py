"""JSON with text behind it, JSON in cells, lists as lines: by `init` alone, and by hand."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_exporter import assembly, config
from inference_exporter.cli import main
from inference_exporter.exposition.text import render_text
from inference_exporter.formats import make_decoder
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.peeling.suffix import without_suffix

BEHIND = [" worker=3 done in 5 ms", "\t[app.py:33]", " -- 200", " (ok)"]


def _record(i: int) -> dict[str, object]:
    return {
        "ts": f"2026-11-20T10:00:{i:02}Z", "id": f"q{i}", "features": {"age": 30 + i % 4},
        "prediction": "yes" if i % 2 else "no", "latency_ms": 12.5,
    }  # fmt: skip


def page_of_init(path: Path) -> str:
    """What `once` shows with what `init` writes, and nothing else."""
    written = path.with_name("config.yaml")
    assert main(["init", str(path), f"--output={written}"]) == 0
    return render_text(assembly.read_once(str(written))).decode()


def decoded(settings: str, lines: str) -> Decoded:
    (model,) = config.parse(f"models: {{m: {{logs: [l], {settings}}}}}", "c").models
    return make_decoder(model, None, collect=True).decode(lines.encode())


@pytest.mark.parametrize("behind", BEHIND)
@pytest.mark.parametrize("before", ["", "2026-11-20 10:00:00,123 INFO app - "])
def test_text_behind_an_object_is_passed_over(tmp_path: Path, before: str, behind: str) -> None:
    log = tmp_path / "p.log"
    log.write_text("".join(f"{before}{json.dumps(_record(i))}{behind}\n" for i in range(10)))
    page = page_of_init(log)
    assert 'inference_predictions_total{model="p",version="",prediction="yes"} 5' in page
    assert 'inference_exporter_lines_total{source="p",result="ok"} 10' in page
    assert "the text behind the JSON is passed over" in (tmp_path / "config.yaml").read_text()


@pytest.mark.parametrize(
    "line",
    [
        '{"prediction": 1} {"prediction": 2}',  # two in one line
        '{"prediction": 1} {"predic',  # the second is torn
        '["x", {"prediction": 1} , 2]',  # an entry of a list
        '{"prediction": {"a": 1} torn',
        '{"prediction": 1}x',
    ],
)
def test_what_is_behind_is_text_and_nothing_else(line: str) -> None:
    found = decoded("fields: {prediction: prediction}", f'{{"prediction": 3}} ok\n{line}\n')
    assert found.results == {"ok": 1, "malformed": 1}
    assert found.batch.prediction == (3,) or found.batch.prediction == [3]


@given(
    st.dictionaries(st.text(), st.none() | st.text() | st.integers() | st.lists(st.text()))
    | st.lists(st.dictionaries(st.text(), st.text()), min_size=1)
)
def test_what_is_json_stays_as_it_is(value: object) -> None:
    line = json.dumps(value).encode() + b"\n"
    assert without_suffix(line) == line


def test_lists_as_lines_have_names_by_what_is_in_them(tmp_path: Path) -> None:
    log = tmp_path / "p.jsonl"
    rows = [
        [f"2026-11-20T10:00:{i:02}Z", f"q{i}", {"age": 30 + i % 4}, "spam" if i % 3 else "ham",
         i / 40]
        for i in range(20)
    ]  # fmt: skip
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    page = page_of_init(log)
    assert 'inference_predictions_total{model="p",version="",prediction="spam"} 13' in page
    written = (tmp_path / "config.yaml").read_text()
    assert "columns: [timestamp, id, features, prediction, score]" in written


def test_lists_are_read_by_place_and_others_are_malformed() -> None:
    settings = "columns: [at, who, x, p], fields: {timestamp: at, id: who, features: x, score: p}"
    found = decoded(
        settings,
        '[1795168800.5, "q1", {"a": 1, "b": "n"}, 0.25]\n[1, 2]\n'
        '["INFO"] \nINFO [1795168801.5, "q2", {"a": NaN}, null]\n',
    )
    assert found.results == {"ok": 2, "malformed": 2}
    assert list(found.batch.id or ()) == ["q1", "q2"]
    assert found.batch.raw_features is not None
    assert found.batch.raw_features[0] == {"a": 1, "b": "n"}
    assert found.batch.score is not None
    assert found.batch.score.values[0] == 0.25


def test_json_in_cells(tmp_path: Path) -> None:
    """By `init` alone; a restart in the middle is that of any CSV."""
    text = io.StringIO()
    table = csv.writer(text, delimiter=";")
    table.writerow(["created_at", "req_id", "input_json", "output_json", "took_ms"])
    for i in range(12):
        answer = {"label": "yes" if i % 3 else "no", "probability": 0.25}
        ts = f"2026-11-20T10:00:{i:02}Z"
        table.writerow([ts, f"q{i}", json.dumps({"age": 30 + i % 4}), json.dumps(answer), 12.5])
    log = tmp_path / "p.csv"
    log.write_text(text.getvalue(), newline="")
    page = page_of_init(log)
    assert 'inference_predictions_total{model="p",version="",prediction="yes"} 8' in page
    assert 'inference_request_duration_seconds_sum{model="p",version=""} 0.15' in page
    assert "features: input_json" in (tmp_path / "config.yaml").read_text()


def test_cells_that_hold_rows() -> None:
    found = decoded(
        "format: csv, columns: [id, body, y], decode: {body: [json, rows], y: json},"
        " explode: [body, y], fields: {id: id, features: body, prediction: y}",
        'id,body,y\nq1,"{""instances"": [{""a"": 1}, {""a"": 2}]}","[0, 1]"\nq2,"{""instances"": ['
        '{""a"": 1}]}","[0, 1]"\nq3\n',
    )
    assert found.results == {"header": 1, "ok": 1, "malformed": 2}
    assert found.batch.rows == 2
    assert list(found.batch.id or ()) == ["q1", "q1"]
    assert list(found.batch.prediction or ()) == [0, 1]


def test_a_failed_request_of_several_rows_is_a_failed_request() -> None:
    settings = (
        "decode: {asked: rows, told: rows}, explode: [asked, told],"
        " fields: {features: asked, prediction: told, status: code}"
    )
    line = {"asked": {"instances": [[1], [2]]}, "told": {"error": "no such model"}, "code": 400}
    found = decoded(settings, json.dumps(line) + "\n")
    assert found.results == {"ok": 1}
    assert found.batch.rows == 2
    assert list(found.batch.prediction or ()) == [None, None]


def test_a_web_servers_records_are_requests_by_their_status(tmp_path: Path) -> None:
    log = tmp_path / "p.jsonl"
    texts = [f'127.0.0.1:5 - "POST /score HTTP/1.1" {code}' for code in (200, 200, 500)]
    records = [{"message": t, "timestamp": "2026-11-20T10:00:00Z"} for t in [*texts, "started"]]
    log.write_text("".join(json.dumps(one) + "\n" for one in records))
    page = page_of_init(log)
    assert 'inference_requests_total{model="p",version="",code="200"} 2' in page
    assert 'inference_request_failures_total{model="p",version=""} 1' in page
    assert 'result="filtered"} 1' in page


def test_labels_in_a_file_that_is_called_so(tmp_path: Path) -> None:
    log, labels = tmp_path / "p.jsonl", tmp_path / "labels.csv"
    log.write_text("".join(json.dumps(_record(i)) + "\n" for i in range(9)))
    labels.write_text("id,label\n" + "".join(f"q{i},yes\n" for i in range(7)))
    written = tmp_path / "config.yaml"
    assert main(["init", str(log), str(labels), f"--output={written}"]) == 0
    page = render_text(assembly.read_once(str(written))).decode()
    assert 'inference_labels_total{model="p",version="",result="matched"} 7' in page
