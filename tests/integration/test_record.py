"""The record of decisions on real state: exactly once, and every number can be worked out again."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from exporter_process import total
from inference_exporter.cli import main
from inference_exporter.clock import ManualClock
from inference_exporter.config.schema_services import RecordConfig
from inference_exporter.record import Decided, journal, months
from inference_exporter.record.again import again, agrees
from recorded import ROWS, START, Recorded, prepare

NAMES = {"income", "country", "prediction", "score"}
LINES = "inference_exporter_record_lines_total"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    prepare(folder)
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Path:
    for name in ("config.yaml", "reference.json"):
        shutil.copy(prepared / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def sidecar(folder: Path) -> Iterator[Recorded]:
    one = Recorded.start(folder)
    yield one
    one.pipeline.close()
    one.store.close()


def keys(lines: list[Decided]) -> Counter[tuple[str, float]]:
    return Counter((line.name, line.end.timestamp()) for line in lines)


def hours(count: int) -> Counter[tuple[str, float]]:
    return Counter((name, START + 3600.0 * (n + 1)) for n in range(count) for name in NAMES)


def settle(sidecar: Recorded) -> None:
    """The last hour is decided on."""
    sidecar.clock.advance(300)
    sidecar.reads()


def test_every_decision_is_a_line_with_what_it_rests_on(sidecar: Recorded) -> None:
    for shift in (0.0, 0.0, 1.0, 1.0):
        sidecar.hour(shift)
    settle(sidecar)
    lines = sidecar.lines()
    assert keys(lines) == hours(4)
    income = [line for line in lines if line.name == "income"]
    assert [one.verdict for one in income] == ["ok", "ok", "drifted", "drifted"]
    assert [one.verdict_before for one in income] == ["undecided", "ok", "ok", "drifted"]
    assert [one.onset for one in income] == [False, False, True, False]
    last = income[-1]
    assert sum(last.live) == last.rows == ROWS
    assert sum(last.expected) == 5000
    assert (last.start.timestamp(), last.end.timestamp()) == (START + 3 * 3600, START + 4 * 3600)
    assert last.time.timestamp() == sidecar.clock.now()
    assert (last.model, last.scope, last.window, last.threshold) == ("m", "feature", "1h", 0.1)
    assert last.distance > last.threshold
    assert last.p_value <= last.p_adjusted <= last.level
    assert all(line.verdict == "ok" for line in lines if line.name != "income")


def test_psi_test_and_p_value_follow_from_a_line_alone_and_the_gauge_says_the_same(
    sidecar: Recorded,
) -> None:
    for shift in (0.0, 0.3, 1.0):
        sidecar.hour(shift)
    page = sidecar.page()  # as the hour ends: the sliding window is the one to be decided on
    settle(sidecar)
    lines = sidecar.lines()
    assert len(lines) == 3 * len(NAMES)
    for line in lines:
        found = again(line)
        assert found.distance == pytest.approx(line.distance, rel=1e-12)
        assert found.g == pytest.approx(line.g, rel=1e-12)
        assert found.p_value == pytest.approx(line.p_value, rel=1e-9, abs=1e-12)
        assert agrees(line)
    last = lines[-len(NAMES) :]
    gauges = {
        one.name: total(page, f"inference_{one.scope}_drift", **{one.scope: one.name}, window="1h")
        for one in last
    }
    assert gauges == pytest.approx({one.name: again(one).distance for one in last}, rel=1e-9)


def test_a_line_of_a_model_with_a_season_is_enough_too(tmp_path: Path) -> None:
    prepare(tmp_path, "    season: hour_of_day\n")
    sidecar = Recorded.start(tmp_path)
    for shift in (0.0, 1.0):
        sidecar.hour(shift)
    settle(sidecar)
    lines = sidecar.lines()
    assert len(lines) == 2 * len(NAMES)
    assert {line.verdict for line in lines} >= {"ok", "drifted"}
    for line in lines:
        assert line.whole is not None
        assert sum(line.whole) == 5000
        assert line.whole != line.expected
        assert again(line).distance == pytest.approx(line.distance, rel=1e-9)
        assert agrees(line)
    sidecar.pipeline.close()
    sidecar.store.close()


def test_a_line_that_was_changed_does_not_agree(sidecar: Recorded) -> None:
    sidecar.hour()
    settle(sidecar)
    line = sidecar.lines()[0]
    assert agrees(line)
    assert not agrees(msgspec.structs.replace(line, distance=line.distance + 0.01))
    assert not agrees(msgspec.structs.replace(line, live=[line.live[0] + 50, *line.live[1:]]))


def test_counters_of_decisions_and_onsets_are_those_of_the_lines(sidecar: Recorded) -> None:
    sidecar.reads()
    for shift in (0.0, 1.0, 1.0):
        sidecar.hour(shift)
        if sidecar.clock.now() == START + 3600:  # before the first decision: so that it increases
            assert total(sidecar.page(), "inference_drift_onsets_total") == 0
            assert "inference_drift_onsets_total" in {name for name, _ in sidecar.page()}
    settle(sidecar)
    lines, page = sidecar.lines(), sidecar.page()
    for verdict, count in Counter(line.verdict for line in lines).items():
        assert total(page, "inference_drift_decisions_total", verdict=verdict) == count
    onsets = sum(line.onset for line in lines)
    assert onsets > 0
    assert total(page, "inference_drift_onsets_total", feature="income") == onsets
    assert total(page, "inference_drift_onsets_total", feature="country") == 0
    assert total(page, "inference_output_drift_onsets_total") == 0
    sidecar.reads()
    again_there = sidecar.crash()
    again_there.reads()
    assert total(again_there.page(), "inference_drift_decisions_total") == len(lines)
    assert total(again_there.page(), "inference_drift_onsets_total") == onsets
    again_there.pipeline.close()
    again_there.store.close()


@pytest.mark.parametrize("written", [0, 10, 10_000], ids=["nothing", "a part", "all"])
def test_a_crash_between_commit_and_line_leaves_every_line_once(
    sidecar: Recorded, monkeypatch: pytest.MonkeyPatch, written: int
) -> None:
    sidecar.hour()
    put = months.put

    def torn(path: Path, offset: int, data: bytes, end: int) -> bool:
        put(path, offset, data[:written], end)
        raise KeyboardInterrupt  # as if the process ended here

    monkeypatch.setattr(months, "put", torn)
    with pytest.raises(KeyboardInterrupt):
        settle(sidecar)
    monkeypatch.undo()
    after = sidecar.crash()
    after.reads()
    assert keys(after.lines()) == hours(1)
    after.hour()
    settle(after)
    assert keys(after.lines()) == hours(2)
    assert total(after.page(), LINES, result="written") == 2 * len(NAMES)
    after.pipeline.close()
    after.store.close()


def test_a_full_disk_makes_lines_wait_and_is_counted(
    sidecar: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    sidecar.hour()

    def full(*_: object) -> bool:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(months, "put", full)
    settle(sidecar)
    sidecar.reads()
    assert sidecar.lines() == []
    page = sidecar.page()
    assert total(page, "inference_exporter_record_waiting_bytes") > 0
    assert total(page, "inference_exporter_record_errors_total") > 0
    assert total(page, "inference_exporter_state_persistent") == 1
    restarted = sidecar.crash()  # what waits is in the state
    restarted.reads()
    assert restarted.lines() == []
    monkeypatch.undo()
    restarted.reads()
    assert keys(restarted.lines()) == hours(1)
    restarted.reads()
    assert total(restarted.page(), "inference_exporter_record_waiting_bytes") == 0
    restarted.pipeline.close()
    restarted.store.close()


def test_what_waits_is_bounded(sidecar: Recorded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "MOST_WAITING", 2000)
    sidecar.hour()
    settle(sidecar)
    sidecar.reads()
    page = sidecar.page()
    assert total(page, LINES, result="dropped") + total(page, LINES, result="written") == len(NAMES)
    assert total(page, LINES, result="dropped") > 0


def test_a_month_is_bounded(folder: Path) -> None:
    sidecar = Recorded(folder, ManualClock(START), RecordConfig(month_bytes=3000))
    for _ in range(3):
        sidecar.hour()
    settle(sidecar)
    sidecar.reads()
    size = (sidecar.storage / "decisions" / "2026-11.jsonl").stat().st_size
    assert 0 < size <= 3000
    page = sidecar.page()
    assert total(page, LINES, result="dropped") == 3 * len(NAMES) - len(sidecar.lines())
    sidecar.pipeline.close()
    sidecar.store.close()


def test_a_folder_that_is_deleted_is_made_again_and_lines_go_on(sidecar: Recorded) -> None:
    sidecar.hour()
    settle(sidecar)
    shutil.rmtree(sidecar.storage / "decisions")
    sidecar.hour()
    settle(sidecar)
    sidecar.reads()
    sidecar.reads()
    assert {end for _, end in keys(sidecar.lines())} == {START + 7200}
    assert total(sidecar.page(), "inference_exporter_record_errors_total") == 1
    assert max(keys(sidecar.lines()).values()) == 1


def test_a_folder_that_is_none_makes_lines_wait(sidecar: Recorded) -> None:
    (sidecar.storage / "decisions").write_text("in the way")
    sidecar.hour()
    settle(sidecar)
    sidecar.reads()
    page = sidecar.page()
    assert total(page, "inference_exporter_record_errors_total") > 0
    assert total(page, "inference_exporter_record_waiting_bytes") > 0
    (sidecar.storage / "decisions").unlink()
    sidecar.reads()
    assert keys(sidecar.lines()) == hours(1)


def test_months_are_files_and_go_when_they_are_too_old(folder: Path) -> None:
    config = RecordConfig(keep=30 * 86400.0)
    sidecar = Recorded(folder, ManualClock(START + 29 * 86400 + 13 * 3600), config)
    sidecar.hour()  # ends at midnight of December 1st: the first window of December's file
    sidecar.hour()
    settle(sidecar)
    old = sidecar.storage / "decisions" / "2026-10.jsonl"
    old.write_text("{}\n")
    names = [month for month, _ in months.months(sidecar.storage / "decisions")]
    assert names == ["2026-10", "2026-12"]
    sidecar.clock.advance(3700)
    sidecar.reads()
    assert [month for month, _ in months.months(sidecar.storage / "decisions")] == ["2026-12"]
    sidecar.clock.advance(62 * 86400)
    sidecar.reads()
    assert list(months.months(sidecar.storage / "decisions")) == []
    sidecar.pipeline.close()
    sidecar.store.close()


def test_state_that_is_lost_leaves_the_record_as_it_is(sidecar: Recorded) -> None:
    sidecar.hour()
    settle(sidecar)
    path = sidecar.storage / "decisions" / "2026-11.jsonl"
    before = path.read_bytes()
    with path.open("ab") as file:
        file.write(b'{"torn')
    sidecar.pipeline.close()
    sidecar.store.close()
    for name in sidecar.storage.glob("state.sqlite*"):
        name.unlink()
    (sidecar.folder / "log.jsonl").write_bytes(b"")
    after = Recorded.start(sidecar.folder, sidecar.clock.now() + 3300)
    after.hour()
    settle(after)
    assert path.read_bytes().startswith(before + b'{"torn\n{"time"')
    assert len(path.read_bytes().splitlines()) == 2 * len(NAMES) + 1
    after.pipeline.close()
    after.store.close()


def test_off_writes_nothing_and_still_counts(folder: Path) -> None:
    sidecar = Recorded(folder, ManualClock(START), None)
    sidecar.hour()
    settle(sidecar)
    assert not (sidecar.storage / "decisions").exists()
    assert total(sidecar.page(), "inference_drift_decisions_total") == len(NAMES)
    sidecar.pipeline.close()
    sidecar.store.close()


# -- the command -----------------------------------------------------------------------------------


@pytest.fixture
def told(sidecar: Recorded) -> Recorded:
    for shift in (0.0, 1.0, 1.0):
        sidecar.hour(shift)
    sidecar.hour(rows=20)
    settle(sidecar)
    return sidecar


def output(told: Recorded, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(["decisions", f"--storage.path={told.storage}", *arguments]) == 0
    return capsys.readouterr().out


def test_the_command_filters_by_everything_that_a_line_says(
    told: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    def ends(*arguments: str) -> list[tuple[str, int]]:
        text = output(told, capsys, "--format=json", *arguments)
        lines = [json.loads(line) for line in text.splitlines()]
        return [(line["name"], int(line["to"][11:13])) for line in lines]

    assert len(ends()) == 4 * len(NAMES)
    assert ends("--feature=income") == [("income", hour) for hour in (11, 12, 13, 14)]
    assert ends("--verdict=drifted") == [("income", 12), ("income", 13)]
    assert ends("--onsets") == [("income", 12)]
    assert len(ends("--verdict=undecided")) == len(NAMES)
    assert len(ends("--verdict=undecided", "--verdict=drifted")) == len(NAMES) + 2
    window = ("--from=2026-11-01T11:00", "--to=2026-11-01T14:00+01:00")
    assert ends(*window, "--feature=score") == [("score", 12), ("score", 13)]
    assert ends("--from=2026-12-01") == ends("--to=2026-10-31") == ends("--model=other") == []
    assert ends("--version=v9") == ends("--window=24h") == []


def test_table_and_csv_say_what_the_lines_say(
    told: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    table = output(told, capsys, "--onsets").splitlines()
    assert table[0].split("  ")[0] == "WINDOW ENDED"
    assert table[1].startswith("2026-11-01T12:00Z  m ")
    assert "drifted (new)" in table[1]
    (row,) = csv.DictReader(io.StringIO(output(told, capsys, "--onsets", "--format=csv")))
    (line,) = [line for line in told.lines() if line.onset]
    assert float(row["distance"]) == line.distance
    assert row["to"] == "2026-11-01 12:00:00+00:00" or row["to"].startswith("2026-11-01T12:00:00")
    assert output(told, capsys, "--model=other").splitlines()[-1] == "no such decision on record"


def test_verify_finds_a_line_that_was_changed(
    told: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "16 decisions worked out again, 0 differ" in output(told, capsys, "--verify")
    path = told.storage / "decisions" / "2026-11.jsonl"
    text = path.read_text()
    path.write_text(text.replace('"live":[', '"live":[9', 1))
    assert main(["decisions", f"--storage.path={told.storage}", "--verify"]) == 1
    assert "1 differ" in capsys.readouterr().out


def test_a_folder_without_a_record_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decisions", f"--storage.path={tmp_path}"]) == 2
    assert "--storage.path" in capsys.readouterr().err
