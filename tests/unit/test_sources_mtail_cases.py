"""The cases in which mtail 3.0.9 was measured to lose lines; here none is lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from inference_exporter.sources import FileSource
from sources_driver import Driver, write


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "a.log"


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    return Driver(FileSource([f"{tmp_path}/*.log"], start_at="beginning"))


def test_lines_written_while_down(tmp_path: Path, log: Path, driver: Driver) -> None:
    write(log, "1\n")
    assert driver.poll() == ["1"]
    driver = driver.restarted(FileSource([f"{tmp_path}/*.log"], start_at="end"))
    write(log, "2\n")
    assert driver.poll() == ["2"]


def test_a_new_file_with_two_lines_in_it(log: Path, driver: Driver) -> None:
    driver.poll()
    write(log, "1\n2\n")
    found = driver.poll()
    write(log, "3\n")
    assert found + driver.poll() == ["1", "2", "3"]


def test_a_late_line_to_the_renamed_file(log: Path, driver: Driver) -> None:
    write(log, "1\n")
    found = driver.poll()
    with log.open("ab") as writer:
        log.rename(log.with_suffix(".1"))
        found += driver.poll()
        writer.write(b"2\n")
    write(log, "3\n")
    assert sorted(found + driver.poll()) == ["1", "2", "3"]


def test_a_successor_that_comes_two_seconds_late(log: Path, driver: Driver) -> None:
    write(log, "1\n2\n")
    found = driver.poll()
    with log.open("ab") as writer:
        log.rename(log.with_suffix(".1"))
        found += driver.poll(2.0)
        write(log, "3\n4\n")
        writer.write(b"5\n")
    assert sorted(found + driver.poll()) == ["1", "2", "3", "4", "5"]


def test_a_half_line_pending_at_the_rename(log: Path, driver: Driver) -> None:
    write(log, "1\n2")
    found = driver.poll()
    log.rename(log.with_suffix(".1"))
    write(log, "3\n")
    assert sorted(found + driver.poll() + driver.poll(31.0)) == ["1", "2", "3"]


@pytest.mark.parametrize("new", [range(6, 14), range(6, 11), range(6, 8)])
def test_a_file_cut_and_written_anew(log: Path, driver: Driver, new: range) -> None:
    write(log, "".join(f"{n:02}\n" for n in range(1, 6)))
    found = driver.poll()
    os.truncate(log, 0)
    write(log, "".join(f"{n:02}\n" for n in new))
    expected = [f"{n:02}" for n in (*range(1, 6), *new)]
    assert found + driver.poll() == expected


def test_a_file_deleted_and_made_anew(log: Path, driver: Driver) -> None:
    write(log, "1\n")
    found = driver.poll()
    log.unlink()
    write(log, "2\n")
    found += driver.poll()
    write(log, "3\n")
    assert found + driver.poll() == ["1", "2", "3"]
