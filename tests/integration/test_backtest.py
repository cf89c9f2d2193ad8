"""A backtest says what the exporter would have said, window by window, and how often by chance."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from exporter_process import parse
from html_page import faults
from inference_exporter.backtest import Backtest, as_csv, as_text, page, replay
from inference_exporter.cli import main

pytestmark = pytest.mark.slow  # weeks of traffic

START = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
HOUR, DAY = 3600.0, 86400.0
CONFIG = """\
models:
  credit:
    logs: [log.jsonl]
    start_at: beginning
    positive_class: 1
    windows: [1h]
    fields:
      timestamp: ts
      version: v
      features: features
      prediction: prediction
      score: score
      actual: actual
"""


def write(folder: Path, kind: str, days: int = 8, per_hour: int = 220) -> None:
    """Traffic that is calm, has a rhythm of a day, or moves after five days."""
    draw = np.random.default_rng(7)
    with (folder / "log.jsonl").open("w") as log:
        for hour in range(24 * days):
            mean = {
                "daily": 0.7 * np.sin(2 * np.pi * hour / 24),
                "moved": 0.8 * (hour >= 5 * 24),
            }.get(kind, 0.0)
            ages = draw.normal(mean, 1.0, per_hour)
            chance = 1 / (1 + np.exp(-ages))
            labels = draw.random(per_hour) < chance
            times = START + hour * HOUR + np.sort(draw.random(per_hour)) * HOUR
            plans = draw.choice(["a", "b", "c"], per_hour, p=[0.6, 0.3, 0.1])
            for at, age, p, label, plan in zip(times, ages, chance, labels, plans, strict=True):
                record = {
                    "ts": datetime.fromtimestamp(at, UTC).isoformat(), "v": "1",
                    "features": {"age": round(age, 4), "plan": plan},
                    "prediction": int(p > 0.5), "score": round(p, 4), "actual": int(label),
                }  # fmt: skip
                log.write(json.dumps(record) + "\n")
    (folder / "config.yaml").write_text(CONFIG)


def run(folder: Path, first: float = 3 * DAY) -> Backtest:
    with contextlib.chdir(folder):
        return replay("config.yaml", first=first)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Backtest]:
    folder = tmp_path_factory.mktemp("moved")
    write(folder, "moved")
    return folder, run(folder)


def rows_of(found: Backtest) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(found))))


def test_it_says_which_input_moved_and_when(moved: tuple[Path, Backtest]) -> None:
    _, found = moved
    rows = [row for row in rows_of(found) if row["kind"] == "feature"]
    drifted = {row["name"]: row["end"] for row in reversed(rows) if row["state"] == "drifted"}
    assert drifted == {"age": "2026-09-06 01:00Z"}
    text = as_text(found)
    assert "feature age version 1: PSI" in text
    assert "plan" not in text


def test_its_last_decisions_are_those_of_the_exporter(
    moved: tuple[Path, Backtest], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder, found = moved
    from inference_exporter import reference

    reference.save(found.reference, str(folder / "reference.json"))
    (folder / "once.yaml").write_text(
        CONFIG.replace("logs: [log.jsonl]", "logs: [log.jsonl]\n    reference: reference.json")
    )
    with contextlib.chdir(folder):
        assert main(["once", "--config.file=once.yaml"]) == 0
        again = replay("once.yaml")
    page_now = parse(capsysbinary.readouterr().out.decode())
    states = {
        dict(labels)["feature"]: value
        for (name, labels), value in page_now.items()
        if name == "inference_feature_drift_state"
    }
    last = {
        row["name"]: float(row["state"] == "drifted")
        for row in rows_of(again) if row["kind"] == "feature" and row["state"]
        and row["end"] == max(r["end"] for r in rows_of(again) if r["state"])
    }  # fmt: skip
    assert states == last == {"age": 1.0, "plan": 0.0}
    assert [r for r in rows_of(again) if r["state"]] == [r for r in rows_of(found) if r["state"]]


def test_performance_is_that_of_each_window(moved: tuple[Path, Backtest]) -> None:
    folder, found = moved
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()[:220]]
    right = np.mean([line["prediction"] == line["actual"] for line in lines])
    first = found.looked[0]
    assert first.realised["accuracy"] == pytest.approx(right)
    assert first.requests == 220
    assert abs(first.estimated["accuracy"] - first.realised["accuracy"]) < 0.1


def test_traffic_with_a_rhythm_alarms_by_itself_and_calm_traffic_does_not(tmp_path: Path) -> None:
    rates = {}
    for kind in ("calm", "daily"):
        folder = tmp_path / kind
        folder.mkdir()
        write(folder, kind)
        (rate,) = run(folder).rates
        rates[kind] = rate
    assert rates["calm"].alarms == 0
    assert rates["calm"].upper < 20
    assert rates["daily"].lower > 1  # until it is known that it moves by itself


def test_what_came_before_a_lasting_drift_is_what_is_judged_again(
    moved: tuple[Path, Backtest],
) -> None:
    _, found = moved
    (rate,) = found.rates
    assert rate.until == START + 5 * DAY
    assert rate.alarms == 0


def test_the_page_is_whole_and_needs_nothing_else(moved: tuple[Path, Backtest]) -> None:
    _, found = moved
    html = page(found)
    assert [one for one in faults(html) if "<title>" not in one] == []  # charts have theirs
    assert "<script" not in html
    assert "http" not in html.replace("http://www.w3.org", "")
    assert html.count("<rect") == 4 * sum(one.judgement is not None for one in found.looked)


def test_the_command_writes_what_it_is_asked_for(
    moved: tuple[Path, Backtest], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = moved
    with contextlib.chdir(folder):
        code = main(["backtest", "--reference-first=3d", "--csv=out.csv", "--html=out.html"])
    assert code == 0
    assert "began to drift" in capsys.readouterr().out
    assert (folder / "out.csv").read_text().startswith("end,window,version")
    assert (folder / "out.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "--reference-first=14d"),
        (["--reference-first=soon"], "--reference-first=soon: expected a duration"),
        (["--reference-first=3d", "--model=x"], "it has credit"),
        (["--reference-first=3d", "--labels=x"], "takes a section `labels`"),
    ],
)
def test_what_it_cannot_do_is_said(
    moved: tuple[Path, Backtest],
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, _ = moved
    with contextlib.chdir(folder):
        assert main(["backtest", *arguments]) == 2
    assert said in capsys.readouterr().err
