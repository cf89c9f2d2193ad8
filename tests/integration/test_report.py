"""The report on a state as `run` leaves it: one page with what the record and the state know."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from html_page import Element, faults
from html_page import read as read_page
from inference_exporter.cli import main
from recorded import START, Recorded, prepare

NAMES = {"income", "country", "prediction (output)", "score (output)"}


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Ten hours: four as the reference, four drifted, one of few rows, one without any."""
    folder = tmp_path_factory.mktemp("report")
    prepare(folder)
    sidecar = Recorded.start(folder)
    for shift in (0.0, 0.0, 0.0, 0.0, 1.0, 1.0):
        sidecar.hour(shift)
    sidecar.hour(rows=20)
    sidecar.clock.advance(3600)
    sidecar.hour()
    sidecar.clock.advance(300)
    sidecar.reads()
    sidecar.reads()
    return sidecar


def written(sidecar: Recorded, output: Path, *arguments: str) -> str:
    command = ["report", f"--config.file={sidecar.folder / 'config.yaml'}"]
    command += [f"--storage.path={sidecar.storage}", f"--output={output}", *arguments]
    assert main(command) == 0
    return output.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(sidecar: Recorded, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Made while the sidecar has its state open."""
    return written(sidecar, tmp_path_factory.mktemp("page") / "report.html")


def table(page: str, caption: str) -> list[list[str]]:
    tables = read_page(page).all("table")
    found = next(one for one in tables if one.all("caption")[0].text.startswith(caption))
    return [[cell.text for cell in row.all("th", "td")] for row in found.all("tr")]


def test_the_page_is_one_file_that_everyone_can_read(page: str) -> None:
    assert faults(page) == []
    assert "<script" not in page
    assert "url(" not in page
    assert "src=" not in page
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_decisions_are_those_of_the_record_with_their_evidence(
    page: str, sidecar: Recorded
) -> None:
    (onset,) = [line for line in sidecar.lines() if line.onset]
    (row,) = table(page, "When what began to drift")[1:]
    assert row[0] == f"{onset.end:%Y-%m-%d %H:%MZ}" == "2026-11-01 15:00Z"
    assert row[1:4] == ["1h", "(no version logged)", "income"]
    assert float(row[4]) == pytest.approx(onset.distance, rel=0.01)
    assert row[5] == "0.1"
    assert row[8:10] == [f"{onset.level:.2g}", "600"]
    assert row[11] == onset.reference


def test_every_input_stands_beside_its_reference(page: str, sidecar: Recorded) -> None:
    rows = {row[0]: row for row in table(page, "Inputs and outputs in windows of 1h")[1:]}
    assert rows.keys() == NAMES
    lines = [line for line in sidecar.lines() if line.name == "income"]
    counts = [sum(line.verdict == one for line in lines) for one in ("drifted", "ok", "undecided")]
    assert rows["income"][6] == ", ".join(map(str, counts))
    worst = max((one for one in lines if one.verdict != "undecided"), key=lambda one: one.distance)
    assert rows["income"][4] == f"{worst.end:%Y-%m-%d %H:%MZ}"
    charts = [one.attributes.get("aria-label", "") for one in read_page(page).all("svg")]
    assert any("Moved most: " in words and "%" in words for words in charts)


def test_the_ledger_says_what_could_not_be_decided(page: str) -> None:
    (row,) = table(page, "Windows between")[1:]
    assert row[:2] == ["(no version logged), 1h", "9"]
    assert row[4] == "1", "the hour without rows"
    assert int(row[2]) + int(row[3]) == 8
    assert int(row[5]) == len(NAMES), "the hour of few rows"


def test_states_are_drawn_over_time(page: str) -> None:
    (chart,) = [
        one
        for one in read_page(page).all("svg")
        if one.attributes.get("aria-label", "").startswith("States over time")
    ]
    drawn = [one.attributes["class"] for one in chart.all("rect")]
    assert {"state-drifted", "state-ok", "state-undecided"} == set(drawn)
    assert len(drawn) == 8 * len(NAMES)


def words(page: str) -> str:
    (main_part,) = read_page(page).all("main")
    assert isinstance(main_part, Element)
    return main_part.text


def test_fingerprints_promise_and_what_is_not_known_are_said(page: str, sidecar: Recorded) -> None:
    said, lines = words(page), sidecar.lines()
    assert lines[0].reference in said
    assert f"of all {len(lines)} decisions were worked out again" in said
    assert "0 differ" in said
    assert "at most 1 false alarm a month" in said
    assert "no labels have been counted" in said
    assert "Garwood" in said
    assert "Whether drifts that began in the last three days will last." in said


def test_the_state_is_that_of_the_last_commit(page: str, sidecar: Recorded) -> None:
    (row,) = table(page, "Requests since")[1:]
    assert row[1] == f"{7 * 600 + 20:,}"
    assert f"{sidecar.clock.now() - START:.0f}" == "32700"
    assert "as of the last commit, 2026-11-01 19:05Z" in words(page)


def test_a_period_has_its_own_decisions(sidecar: Recorded, tmp_path: Path) -> None:
    page = written(sidecar, tmp_path / "r.html", "--from=2026-11-01T10:00", "--to=2026-11-01T14:00")
    assert "No input and no output began to drift." in words(page)
    (row,) = table(page, "Windows between")[1:]
    assert row[1:3] == ["4", "4"]


def test_a_copy_of_the_folder_gives_the_same_page_a_year_later(
    sidecar: Recorded, page: str, tmp_path: Path
) -> None:
    copy = tmp_path / "state"
    shutil.copytree(sidecar.storage, copy, copy_function=shutil.copyfile)
    output = tmp_path / "r.html"
    command = ["report", f"--config.file={sidecar.folder / 'config.yaml'}"]
    assert main([*command, f"--storage.path={copy}", f"--output={output}"]) == 0
    later = output.read_text(encoding="utf-8")
    assert later.split("Made ")[0] == page.split("Made ")[0]
    assert (
        words(later).split("inference-exporter", 1)[1]
        == words(page).split("inference-exporter", 1)[1]
    )


def test_a_state_without_a_record_still_has_its_page(sidecar: Recorded, tmp_path: Path) -> None:
    copy = tmp_path / "state"
    shutil.copytree(sidecar.storage, copy, ignore=shutil.ignore_patterns("decisions"))
    command = ["report", f"--config.file={sidecar.folder / 'config.yaml'}"]
    assert main([*command, f"--storage.path={copy}", f"--output={tmp_path / 'r.html'}"]) == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert faults(page) == []
    assert "Nothing about drift: the record has no decision" in words(page)


def test_what_cannot_be_is_said(
    sidecar: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["report", f"--config.file={sidecar.folder / 'config.yaml'}"]
    assert main([*command, f"--storage.path={tmp_path}"]) == 1
    assert "has no state" in capsys.readouterr().err
    assert main([*command, f"--storage.path={sidecar.storage}", "--model=other"]) == 2
    assert "--model=other" in capsys.readouterr().err
