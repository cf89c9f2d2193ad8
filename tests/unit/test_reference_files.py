"""What can be read, and what is said about what cannot."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from inference_exporter.errors import ProfileError
from inference_exporter.reference import build
from reference_files import (
    MODEL,
    categorical,
    credit_rows,
    numeric,
    write_csv,
)


@pytest.fixture
def credit(tmp_path: Path) -> str:
    return write_csv(tmp_path / "credit.csv", credit_rows())


def test_bad_lines_are_skipped_and_counted(tmp_path: Path) -> None:
    lines = tmp_path / "x.jsonl"
    lines.write_text('{"features": {"x": 1}}\n{"features"\n[1]\n\nINFO {"features": {"x": 2}}\n')
    reference = build([str(lines)], MODEL, now=1.0)
    assert (reference.rows, reference.rejected) == (2, 2)
    table = tmp_path / "x.csv"
    table.write_text("a,b\n1,2\n1\n\n1,2,3\n3,4\n")
    reference = build([str(table)], MODEL, now=1.0)
    assert (reference.rows, reference.rejected) == (2, 2)


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_delimiter_and_byte_order_mark_are_recognised(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(f"﻿a{delimiter}b\n1{delimiter}x,y\n", encoding="utf-8")
    assert list(build([str(path)], MODEL, now=1.0).features) == ["a", "b"]


def test_lone_surrogates_become_question_marks(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"features": {"x": "a\\ud800"}}\n')
    assert categorical(build([str(path)], MODEL, now=1.0)).categories == ("a?",)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.csv", "", "is empty"),
        ("x.csv", "a,b\n", "no row can be used"),
        ("x.csv", "a,a\n1,2\n", "names a column twice: a"),
        ("x.csv", "a,,b\n1,2,3\n", "column 2 has no name"),
        ("x.csv", f'a\n"{"x" * 200_000}"\n', "not a CSV file"),
        ("x.json", "[\n{}]\n", "one JSON object a line"),
        ("x.jsonl", "no\n", "no row can be used (1 lines rejected)"),
        ("x.xlsx", "", "is read from .csv"),
        ("x.csv.gz", "not gzip", "cannot be read"),
    ],
)
def test_unusable_files_are_named_with_the_reason(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(ProfileError) as caught:
        build([str(path)], MODEL, now=1.0)
    assert name in str(caught.value)
    assert message in str(caught.value)


def test_missing_file_and_no_file(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be read: No such file"):
        build([str(tmp_path / "none.csv")], MODEL, now=1.0)
    with pytest.raises(ProfileError, match="no file"):
        build([], MODEL, now=1.0)


def test_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = Path(write_csv(tmp_path / "x.csv", [{"x": i} for i in range(10)]))
    calls: list[int] = []

    def grow(done: int, total: int) -> None:
        calls.append(done)
        if len(calls) == 1:
            with path.open("a") as stream:
                stream.write("99\n")

    with pytest.raises(ProfileError, match="changed while it was read"):
        build([str(path)], MODEL, now=1.0, progress=grow)


def test_progress_counts_both_passes_to_the_end(credit: str) -> None:
    seen: list[tuple[int, int]] = []
    build([credit], MODEL, now=1.0, progress=lambda done, total: seen.append((done, total)))
    total = 2 * Path(credit).stat().st_size
    assert seen[-1] == (total, total)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_parquet_without_pyarrow_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ProfileError, match=r"pip install 'inference-exporter\[parquet\]'"):
        build([str(path)], MODEL, now=1.0)


def test_parquet_gives_the_same_bins(credit: str, tmp_path: Path) -> None:
    pyarrow_csv = pytest.importorskip("pyarrow.csv")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = str(tmp_path / "credit.parquet")
    parquet.write_table(pyarrow_csv.read_csv(credit), path)
    expected = build([credit], MODEL, now=1.0)
    assert build([path], MODEL, now=1.0).fingerprint == expected.fingerprint


def test_nested_parquet_is_read_like_the_log(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [
        {"features": {"x": Decimal(i) / 2, "day": date(2026, 11, 1 + i % 3)}, "score": 0.5}
        for i in range(30)
    ]
    path = str(tmp_path / "log.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    reference = build([path], MODEL, now=1.0)
    assert numeric(reference).maximum == 14.5
    assert categorical(reference, "day").categories[0] == "2026-11-01"


def test_damaged_parquet_is_named(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "x.parquet"
    path.write_bytes(b"no parquet")
    with pytest.raises(ProfileError, match="not a Parquet file"):
        build([str(path)], MODEL, now=1.0)
