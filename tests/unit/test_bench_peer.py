"""The comparison on a peer's data reads its files and judges intervals as they are published."""

from __future__ import annotations

import csv
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bench.peer.__main__ import _report
from bench.peer.compare import Window, compared
from bench.peer.data import DataSet

LOANS = DataSet("loans", ("r.csv", "a.csv", "t.csv"), "y_pred", "repaid", 500, "p", ("day",))


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(3)
    rows: list[dict[str, Any]] = [
        {"id": at, "age": 20 + at % 50, "day": at, "y_pred": int(p > 0.5), "p": p,
         "repaid": float(random.random() < p)}
        for at, p in enumerate(random.random(3100).tolist())
    ]  # fmt: skip
    write(tmp_path / "r.csv", rows[:2000])
    later = rows[2000:]
    write(tmp_path / "t.csv", [{"id": row["id"], "repaid": row["repaid"]} for row in later])
    for row in later:
        del row["repaid"]
    write(tmp_path / "a.csv", later)
    return tmp_path


def test_whole_windows_are_compared_with_their_labels(folder: Path, tmp_path: Path) -> None:
    windows = compared(LOANS, folder, tmp_path)
    assert {one.chunk for one in windows} == {0, 1}  # 1,100 rows: the last 100 are left out
    assert {one.metric for one in windows} >= {"accuracy", "precision", "roc_auc", "log_loss"}
    assert all(math.isfinite(one.outcome) for one in windows)
    assert np.mean([one.holds for one in windows]) > 0.8
    with (folder / "t.csv").open() as stream:
        labels = {row["id"]: row["repaid"] for row in csv.DictReader(stream)}
    with (folder / "a.csv").open() as stream:
        rows = list(csv.DictReader(stream))[:500]
    right = np.mean([float(row["y_pred"]) == float(labels[row["id"]]) for row in rows])
    (accuracy,) = (one for one in windows if one.metric == "accuracy" and one.chunk == 0)
    assert accuracy.outcome == pytest.approx(right)


def test_the_report_says_how_often_intervals_held() -> None:
    windows = [
        Window("f1", 0, 0.8, 0.7, 0.9, 0.75),
        Window("f1", 1, 0.8, 0.7, 0.9, 0.95),
        Window("f1", 2, 0.8, 0.7, 0.9, math.nan),
    ]
    lines = list(_report(LOANS, windows, chunks=False))
    assert lines[0] == "loans: 3 windows of 500 rows"
    assert lines[-1] == "| `f1` | 0.1000 |  | 0.1000 | 1 of 2 (50%) |"
