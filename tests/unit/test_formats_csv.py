"""CSV as people have it: a header in the file, quotes over lines, decimal commas."""

from __future__ import annotations

import csv
import gzip
import io
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter_process import Series, total
from inference_exporter import config
from inference_exporter.formats import Decoded, Header, hold_of, make_decoder
from inference_exporter.formats.csv_lines import TITLE, records
from inference_exporter.sources.holding import HoldingFramer
from late_sidecar import LateSidecar

FIELDS = "fields: {features: {rest: true}, prediction: pred, score: p}"


def decoded(block: str, text: str = "", header: Header | None = None) -> Decoded:
    (one,) = config.parse(f"models: {{m: {{logs: [l], format: csv, {text} {FIELDS}}}}}", "c").models
    decoder = make_decoder(one, {"a": "numeric", "b": "categorical"}, header=header)
    return decoder.decode(block.encode())


def columns(found: Decoded) -> list[Any]:
    a, b = (list(found.batch.features[name].values) for name in ("a", "b"))
    return [a, b, list(found.batch.prediction or ())]


@pytest.mark.parametrize("between", [",", ";", "\t", "|"])
def test_the_header_and_its_delimiter_are_found(between: str) -> None:
    lines = ["a,b,pred,p", "1,x,yes,0.5", "a,b,pred,p", "2,y,no,0.25", "3,z", ""]
    found = decoded("\ufeff" + "\r\n".join(line.replace(",", between) for line in lines) + "\r\n")
    assert found.results == {"ok": 2, "header": 2, "malformed": 1, "empty": 1}
    assert columns(found) == [[1.0, 2.0], ["x", "y"], ["yes", "no"]]
    assert found.bad_example is not None
    assert "2 cells where 4 columns are in the header" in found.bad_example[0]


def test_the_first_line_of_the_file_stands_in_front_of_a_block() -> None:
    header = Header()
    first = decoded(f"{TITLE.decode()}b,a,pred,p\nx,1,yes,0.5\n", header=header)
    assert first.results == {"ok": 1}
    assert columns(first) == [[1.0], ["x"], ["yes"]]
    other = decoded(f"{TITLE.decode()}a;b;pred;p\n2;y;no;0.5\n", header=header)
    assert columns(other) == [[2.0], ["y"], ["no"]]
    assert columns(decoded("3;z;no;0.5\n", header=header)) == [[3.0], ["z"], ["no"]]


def test_a_byte_order_mark_is_no_part_of_a_name_where_the_first_line_is_repeated() -> None:
    title = "\ufeffa,b,pred,p\r\n"
    found = decoded(f"{TITLE.decode()}{title}{title}1,x,yes,0.5\r\n")
    assert found.results == {"ok": 1, "header": 1}
    assert columns(found) == [[1.0], ["x"], ["yes"]]


def test_a_header_inside_of_a_container_runtimes_lines() -> None:
    lines = [f"2026-11-20T10:00:00Z stdout F {line}\n" for line in ("a,b,pred,p", "1,x,yes,0.5")]
    found = decoded(f"{TITLE.decode()}{lines[0]}" + "".join(lines))
    assert found.results == {"ok": 1, "header": 1}
    assert columns(found) == [[1.0], ["x"], ["yes"]]


def test_spaces_behind_delimiters_are_no_part_of_names_and_cells() -> None:
    found = decoded("a, b, pred, p\n1, x, yes, 0.5\na, b, pred, p\n")
    assert found.results == {"ok": 1, "header": 2}
    assert columns(found) == [[1.0], ["x"], ["yes"]]


def test_names_with_their_spaces_are_found_too() -> None:
    fields = "fields: {prediction: ' pred', features: {rest: true}}"
    (one,) = config.parse(f"models: {{m: {{logs: [l], format: csv, {fields}}}}}", "c").models
    batch = make_decoder(one, {" b": "categorical"}).decode(b"a, b, pred\n1, x, yes\n").batch
    assert list(batch.prediction or ()) == ["yes"]
    assert list(batch.features[" b"].values) == ["x"]


def test_the_first_column_may_have_no_name() -> None:
    found = decoded(",a,b,pred,p\n0,1,x,yes,0.5\n")
    assert found.results == {"ok": 1, "header": 1}
    assert columns(found) == [[1.0], ["x"], ["yes"]]


def test_a_file_without_a_header_is_told_so() -> None:
    found = decoded("1,x,2\n2,y,3\n")
    assert found.results == {"malformed": 2}
    assert found.bad_example is not None
    assert found.bad_example[0].startswith("no header")


def test_a_decimal_comma() -> None:
    found = decoded("a;b;pred;p\n1.500,25;Paris, France;1;0,162\n-2;x;1;1\n", 'decimal: ",",')
    assert columns(found)[:2] == [[1500.25, -2.0], ["Paris, France", "x"]]
    assert found.batch.score is not None
    assert found.batch.score.values.tolist() == [0.162, 1.0]


def test_a_cell_goes_on_in_the_next_line() -> None:
    found = decoded('a,b,pred,p\n1,"two\nlines, ""said""",yes,0.5\n2,"open,no,0.5\n3,x,no,0.5\n')
    assert found.results == {"ok": 2, "header": 1, "malformed": 1}
    assert columns(found)[1] == ['two\nlines, "said"', "x"]


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00\x1e"), max_size=6)
TABLES = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELLS, min_size=width, max_size=width), max_size=6)
)


@settings(deadline=None)
@given(TABLES, st.sampled_from(",;\t|"), st.booleans(), st.data())
def test_what_the_csv_module_writes_is_read_in_any_chunks(
    table: list[list[str]], delimiter: str, everything: bool, data: st.DataObject
) -> None:
    text = io.StringIO()
    kind = "excel" if not everything else "unix"  # which quotes everything
    csv.writer(text, kind, delimiter=delimiter, lineterminator="\n").writerows(table)
    (one,) = config.parse("models: {m: {logs: [l], format: csv}}", "c").models
    framer, found, written = HoldingFramer(1 << 16, hold=hold_of(one) or len), [], text.getvalue()
    blocks, at, encoded = [], 0, written.encode()
    while at < len(encoded):
        size = data.draw(st.integers(1, 20))
        blocks.append(framer.feed(encoded[at : at + size]).lines)
        at += size
    blocks.append(framer.flush())
    for block in blocks:
        lines = block.decode().removesuffix("\n").split("\n") if block else []
        found += [row for _, row in records(lines, delimiter)]
    assert found == table


class CsvSidecar(LateSidecar):
    """One model whose log is CSV with a header, and so is its log of labels."""

    def _write_config(self) -> None:
        (self.folder / "config.yaml").write_text(
            "models:\n  m:\n    logs: ['*.csv', '*.csv.gz']\n    start_at: beginning\n"
            "    format: csv\n    windows: [1h]\n    task: classification\n"
            "    fields: {id: id, features: {rest: true}, prediction: pred}\n"
            "    labels: {id: id, actual: actual, logs: labels.csv, format: csv}\n"
            "    exclude: [labels.csv]\n"
        )

    def put(self, name: str, text: str) -> None:
        with (self.folder / name).open("a", encoding="utf-8") as log:
            log.write(text)


def predictions(page: Series) -> dict[str, float]:
    return {x: total(page, "inference_predictions_total", prediction=x) for x in "xyz"}


def test_the_header_is_known_after_a_restart_a_rotation_and_for_every_file(tmp_path: Path) -> None:
    sidecar, draw = CsvSidecar(tmp_path), random.Random(5)
    sidecar.put("a.csv", "id,pred,age\n1,x,5\n")
    sidecar.put("b.csv", "age;pred;id\n")
    sidecar.put("labels.csv", "actual,id\n")
    expected = {"x": 1, "y": 0, "z": 0}
    for i in range(60):
        sidecar.put("a.csv", f"a{i},x,{i}\n")
        sidecar.put("b.csv", f"{i};y;b{i}\n")
        sidecar.put("labels.csv", f"x,a{i}\n")
        expected["x"] += 1
        expected["y"] += 1
        if i == 20:
            (tmp_path / "a.csv").rename(tmp_path / "a.csv.1")
            sidecar.put("a.csv", "pred,id,age\n")  # in another order
            sidecar.put("a.csv.1", "late,x,1\n")
            expected["x"] += 1
            (tmp_path / "labels.csv").rename(tmp_path / "labels.csv.1")
            sidecar.put("labels.csv", "id,actual\n")
        if i > 20:
            sidecar.put("a.csv", f"z,c{i},{i}\n")
            expected["z"] += 1
            expected["x"] -= 1  # the line above is not of this file's columns
            expected[""] = 0
        if draw.random() < 0.3:
            sidecar.turn(5)
        if draw.random() < 0.2:
            sidecar.crash()
    packed = gzip.compress(b"id,pred,age\n" + b"g,y,1\n" * 30, mtime=0)
    (tmp_path / "old.csv.gz").write_bytes(packed)
    expected["y"] += 30
    page = sidecar.settle()
    found = predictions(page)
    assert (found["y"], found["z"]) == (expected["y"], expected["z"])
    assert found["x"] == expected["x"]
