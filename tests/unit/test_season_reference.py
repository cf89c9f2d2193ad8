"""References that tell hours apart: built, stored, merged, advised on."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from inference_exporter.cli import main
from inference_exporter.cli.differences import difference
from inference_exporter.config.schema import (
    FeaturesField,
    Field,
    Fields,
    ModelConfig,
    TimestampField,
)
from inference_exporter.errors import ProfileError
from inference_exporter.reference import (
    advice,
    build,
    build_shard,
    dump_shard,
    dumps,
    load_part,
    loads,
    merge,
    show,
    suggested,
)
from inference_exporter.reference.profiling.by_hour import swing_of
from inference_exporter.values.profile import CategoricalProfile, NumericProfile, Reference

MONDAY = 1_789_948_800.0  # 2026-09-21T00:00:00Z
FIELDS = Fields(
    timestamp=TimestampField(("ts",)),
    features=FeaturesField("object", ("features",)),
    score=Field(("score",)),
)
MODEL = ModelConfig("m", (), fields=FIELDS, season="hour_of_week")


def table(
    path: Path,
    *,
    days: int,
    rows: int,
    seed: int = 1,
    swing: float = 0.5,
    start: float = MONDAY,
    time: str = "ts",
) -> str:
    """Rows by hour: a number whose mean follows the hour, and more of one shop at night."""
    rng = np.random.default_rng(seed)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow([time, "amount", "shop", "steady", "score"])
        for hour in range(24 * days):
            mean = swing * np.sin(2 * np.pi * (hour % 24) / 24)
            for _ in range(rows):
                moment = start + 3600 * (hour + rng.random())
                shop = "night" if rng.random() < 0.5 + swing * (hour % 24 < 8) / 2 else "day"
                text = datetime.fromtimestamp(moment, UTC).isoformat()
                amount = rng.normal(mean)
                out.writerow([text, f"{amount:.4f}", shop, f"{rng.normal():.4f}", rng.random()])
    return str(path)


def counted(path: str, reference: Reference, edges: np.ndarray) -> np.ndarray:
    """Rows of `amount` by hour of the week and bin, row by row."""
    found = np.zeros((168, len(edges) + 1))
    with Path(path).open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            moment = datetime.fromisoformat(row["ts"])
            hour = 24 * moment.weekday() + moment.hour
            found[hour, int(np.searchsorted(edges, float(row["amount"])))] += 1
    return found


def test_rows_are_counted_by_hour_and_bin(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", days=7, rows=20)
    reference = build([path], MODEL, now=0.0)
    seasons, profile = reference.seasons, reference.features["amount"]
    assert seasons is not None
    assert isinstance(profile, NumericProfile)
    assert "ts" not in reference.features
    wanted = counted(path, reference, profile.edges)
    np.testing.assert_array_equal(seasons.counts["feature/amount"], wanted)
    np.testing.assert_array_equal(seasons.rows, np.full(168, 20.0))
    shop = reference.features["shop"]
    assert isinstance(shop, CategoricalProfile)
    np.testing.assert_array_equal(seasons.counts["feature/shop"].sum(axis=0), shop.cell_counts)
    assert seasons.counts["output/score"].sum() == reference.rows
    by_day = build([path], replace(MODEL, season="hour_of_day"), now=0.0).seasons
    assert by_day is not None
    np.testing.assert_array_equal(
        by_day.counts["feature/amount"], wanted.reshape(7, 24, -1).sum(axis=0)
    )


def test_the_file_keeps_them_and_says_what_is_wrong(tmp_path: Path) -> None:
    reference = build([table(tmp_path / "t.csv", days=3, rows=10)], MODEL, now=0.0)
    again = loads(dumps(reference))
    assert dumps(again) == dumps(reference)
    assert again.seasons is not None
    assert reference.seasons is not None
    assert again.seasons.digest == reference.seasons.digest
    assert "72 of 168 hours are known, 96 have none" in show(again)
    damaged = dumps(reference).replace(b'"kind": "hour_of_week"', b'"kind": "hour_of_day"')
    with pytest.raises(ValueError, match="expected 24"):
        loads(damaged)


def test_without_a_season_nothing_is_kept_but_when_rows_were_made(tmp_path: Path) -> None:
    plain = replace(MODEL, season=None)
    reference = build([table(tmp_path / "t.csv", days=2, rows=10)], plain, now=0.0)
    assert reference.seasons is None
    assert reference.times is not None
    assert reference.times.hours.sum() == 480
    assert reference.times.months[8] == 480


def test_a_column_of_times_under_another_name_is_found(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", days=2, rows=10, time="event_time")
    reference = build([path], MODEL, now=0.0)
    assert reference.seasons is not None
    assert "event_time" not in reference.features
    assert "event_time" in build([path], replace(MODEL, season=None), now=0.0).features


def test_numbers_of_another_unit_than_the_log_has_are_times(tmp_path: Path) -> None:
    lines = ["ts,amount"] + [f"{MONDAY + 3600 * hour:.0f},{hour % 7}" for hour in range(48)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    log = replace(FIELDS, timestamp=TimestampField(("at",), "ms"))
    model = replace(MODEL, season="hour_of_day", fields=log)
    seasons = build([str(tmp_path / "t.csv")], model, now=0.0).seasons
    assert seasons is not None
    np.testing.assert_array_equal(seasons.rows, np.full(24, 2.0))


def test_advice(tmp_path: Path) -> None:
    def said(days: int, swing: float) -> str:
        path = table(tmp_path / "t.csv", days=days, rows=25, swing=swing)
        return " ".join(advice(build([path], replace(MODEL, season=None), now=0.0)))

    assert "season: hour_of_week" in said(14, 0.5)
    assert "season: hour_of_day" in said(4, 0.5)
    assert said(14, 0.0) == ""
    assert "less than two days" in said(1, 0.5)


def test_what_does_not_repeat_is_no_season() -> None:
    rng = np.random.default_rng(3)
    wandering = np.cumsum(rng.normal(0, 0.05, 336))
    shares = 1 / (1 + np.exp(-wandering))
    hits = rng.binomial(100, shares).astype(np.float64)
    day, week = swing_of(np.stack((hits, 100 - hits), axis=1))
    assert day is not None
    assert week is not None
    assert max(day, week) < 0.01
    repeated = np.tile(1 / (1 + np.exp(-np.sin(2 * np.pi * np.arange(24) / 24))), 14)
    hits = rng.binomial(1000, repeated).astype(np.float64)
    day, week = swing_of(np.stack((hits, 1000 - hits), axis=1))
    true = np.mean((repeated - 0.5) ** 2) / 0.25
    assert day == pytest.approx(true, rel=0.05)
    assert week == pytest.approx(true, rel=0.1)


def test_merged_parts_are_the_whole(tmp_path: Path) -> None:
    parts = [
        table(tmp_path / f"{k}.csv", days=7, rows=10, seed=k, start=MONDAY + 604_800 * k)
        for k in range(2)
    ]
    whole = build(parts, MODEL, now=0.0)
    shards = []
    for part in parts:
        shard = build_shard([part], MODEL, now=0.0, bins=whole)
        path = tmp_path / "shard"
        path.write_bytes(dump_shard(shard))
        shards.append(load_part(str(path)))
    merged = merge(shards, now=0.0)
    assert merged.seasons is not None
    assert whole.seasons is not None
    assert merged.seasons.digest == whole.seasons.digest
    assert merged.times is not None
    assert whole.times is not None
    assert (merged.times.first, merged.times.last) == (whole.times.first, whole.times.last)
    np.testing.assert_array_equal(merged.times.hours, whole.times.hours)


def test_parts_that_do_not_add_up_are_refused(tmp_path: Path) -> None:
    one = table(tmp_path / "1.csv", days=2, rows=10)
    other = table(tmp_path / "2.csv", days=2, rows=10, seed=2, swing=2.0)
    shards = [build_shard([path], MODEL, now=0.0) for path in (one, other)]
    with pytest.raises(ProfileError, match="same --edges-from"):
        merge(shards, now=0.0)
    plain = build_shard([other], replace(MODEL, season=None), now=0.0)
    with pytest.raises(ProfileError, match="same season"):
        merge([shards[0], plain], now=0.0)


def test_the_suggestion_needs_two_weeks_for_hours_of_the_week(tmp_path: Path) -> None:
    plain = replace(MODEL, season=None)
    for days, wanted in ((13, "hour_of_day"), (14, "hour_of_week")):
        times = build([table(tmp_path / "t.csv", days=days, rows=10)], plain, now=0.0).times
        assert times is not None
        found = suggested(times)
        assert found is not None
        assert found[0] == wanted
        assert {"feature/amount", "feature/shop"} <= found[1].keys()


def test_the_command_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table(tmp_path / "t.csv", days=14, rows=15)
    (tmp_path / "c.yaml").write_text(
        "models:\n  m:\n    logs: x.jsonl\n    fields: {timestamp: ts, features: features}\n",
        encoding="utf-8",
    )
    command = ["reference", "build", str(tmp_path / "t.csv")]
    command += [f"--config.file={tmp_path / 'c.yaml'}", f"--output={tmp_path / 'r.json'}"]
    assert main(command) == 0
    assert "add `season: hour_of_week` to the model" in capsys.readouterr().out


def test_init_says_it_of_a_log_of_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(5)
    for days, said in ((4, "# season: hour_of_day\n"), (1, "")):
        lines = []
        for hour in range(24 * days):
            for value in rng.normal(0.8 * np.sin(2 * np.pi * hour / 24), 1, 30).tolist():
                moment = datetime.fromtimestamp(MONDAY + 3600 * hour, UTC).isoformat()
                features = {"amount": round(value, 4), "steady": round(rng.normal(), 4)}
                lines.append(json.dumps({"timestamp": moment, "features": features, "score": 0.5}))
        (tmp_path / "log.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        assert main(["init", str(tmp_path / "log.jsonl")]) == 0
        text = capsys.readouterr().out
        assert text.endswith(said) if said else "season" not in text
        (tmp_path / "c.yaml").write_text(text.replace("# season", "season"), encoding="utf-8")
        assert main(["check", f"--config.file={tmp_path / 'c.yaml'}"]) == 0
        capsys.readouterr()


def test_a_difference_says_which_hours_are_known(tmp_path: Path) -> None:
    three, two = (
        build([table(tmp_path / f"{days}.csv", days=days, rows=10)], MODEL, now=0.0)
        for days in (3, 2)
    )
    assert "hour_of_week: 72 hours are known before, 48 now" in difference(three, two)
    plain = replace(two, seasons=None)
    assert "told apart: hour_of_week in UTC before, none now" in difference(three, plain)
    assert "hour" not in difference(plain, plain)
