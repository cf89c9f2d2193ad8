"""A backtest says how two versions compare over a log, and on which row that was decided."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from inference_exporter.backtest import as_text, page, replay
from inference_exporter.performance.sequence import row_sums
from inference_exporter.versions import Contest, Rules

START = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
DAY = 86400.0
CONFIG = """\
models:
  credit:
    logs: [log.jsonl]
    windows: [7d]  # none is complete: rows are taken to be independent
    fields: {timestamp: ts, id: id, version: v, features: x, prediction: p, actual: y}
    {more}
    compare_versions: {champion: "7", challenger: "8", metric: accuracy{paired}}
"""
Row = dict[str, object]


def _rows(rates: dict[str, float], seed: int) -> list[Row]:
    """Two days; the challenger begins after 1,000 rows."""
    draw = np.random.default_rng(seed)
    found: list[Row] = []
    for row in range(6000):
        version = "8" if row >= 1000 and draw.random() < 0.3 else "7"
        right = bool(draw.random() < rates[version])
        found.append({"ts": START + row * 28, "id": row, "v": version, "x": {"age": draw.normal()},
                      "p": 1, "y": int(right)})  # fmt: skip
    return found


def _written(folder: Path, rows: list[Row], more: str = "", paired: str = "") -> Path:
    text = CONFIG.replace("{more}", more).replace("{paired}", paired)
    (folder / "config.yaml").write_text(text)
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def _text(folder: Path) -> str:
    with contextlib.chdir(folder):
        found = replay("config.yaml", first=DAY / 2)
    text = as_text(found)
    assert "version 8 against 7" in page(found)
    return text


def test_it_says_the_row_on_which_it_was_decided(tmp_path: Path) -> None:
    rows = _rows({"7": 0.9, "8": 0.8}, 3)
    first = next(at for at, row in enumerate(rows) if row["v"] == "8")
    contest = Contest(Rules(False, 0.02, 0.0, 5000, 200, 1.0, 1.0))
    sides = np.array([int(row["v"] == "8") for row in rows[first:]])
    values = np.array([float(str(row["y"])) for row in rows[first:]])
    contest.add(sides, row_sums(values, np.ones(len(values))), 0.0)
    made, found = contest.decision, contest.finding()
    assert made is not None
    assert found is not None
    number = made.champion + made.challenger
    when = datetime.fromtimestamp(START + (first + number - 1) * 28, UTC)
    text = _text(_written(tmp_path, rows))
    assert (
        f"decided that 8 is worse, on labelled row {number:,}, a prediction of"
        f" {when:%Y-%m-%d %H:%MZ}"
    ) in text
    assert f"by accuracy: {found.difference:+.4g} ({found.lower:+.4g} to" in text
    assert f"8: {values[sides == 1].mean():.4g} over {int(sides.sum()):,} labelled rows" in text


def test_it_says_how_long_it_would_take(tmp_path: Path) -> None:
    text = _text(_written(tmp_path, _rows({"7": 0.9, "8": 0.895}, 4)))
    assert "undecided; at this difference after" in text
    assert "at this rate in" in text


def test_it_says_how_pairs_compare(tmp_path: Path) -> None:
    rows = _rows({"7": 0.9, "8": 0.9}, 5)[:2000]
    draw = np.random.default_rng(6)
    shadow = [
        {**row, "v": "8", "p": int(draw.random() < 0.8)} for row in rows if draw.random() < 0.7
    ]
    both = sorted([{**row, "v": "7"} for row in rows] + shadow, key=lambda row: str(row["id"]))
    folder = _written(tmp_path, both, "labels: {id: id, actual: y}", ", paired: true")
    text = _text(folder)
    assert f"{len(shadow):,} requests that both scored" in text
    assert f"{len(rows) - len(shadow):,} predictions without a partner" in text
    alike = sum(row["p"] == 1 for row in shadow) / len(shadow)
    assert f"{alike:.1%} answered alike" in text
    assert "decided that 8 is worse, on labelled pair" in text
