"""Files that are cut: copytruncate in all its forms, and writers that do not append."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from inference_exporter.sources import FileSource
from sources_driver import Driver, joined, lines, write


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pred.jsonl"


@pytest.fixture(params=["outside", "inside"])
def pattern(request: pytest.FixtureRequest, log: Path) -> str:
    return f"{log}*" if request.param == "inside" else str(log)


def reading(pattern: Path | str) -> Driver:
    return Driver(FileSource([str(pattern)], start_at="beginning"))


def rotated(log: Path, number: int = 1) -> Path:
    return log.with_name(f"{log.name}.{number}")


def cut(log: Path) -> None:
    os.truncate(log, 0)


def test_a_file_cut_shorter_is_read_from_its_start(log: Path) -> None:
    write(log, joined(lines(1, 5)))
    driver = reading(log)
    driver.poll()
    cut(log)
    write(log, joined(lines(6, 7)))
    assert driver.poll() == lines(6, 7)
    assert driver.facts.truncated == {"shrunk": 1}


def test_a_file_cut_and_grown_beyond_the_old_place_is_read_from_its_start(log: Path) -> None:
    write(log, joined(lines(1, 5)))
    driver = reading(log)
    driver.poll()
    cut(log)
    write(log, joined(lines(11, 18)))
    assert driver.poll() == lines(11, 18)
    assert driver.facts.truncated == {"rewritten": 1}


def test_a_file_cut_and_grown_to_the_same_size_is_read_from_its_start(log: Path) -> None:
    write(log, joined(lines(1, 5)))
    driver = reading(log)
    driver.poll()
    cut(log)
    write(log, joined(lines(6, 9) + lines(5, 5)))
    assert driver.poll() == lines(6, 9) + lines(5, 5)


def test_a_file_with_a_long_common_beginning_is_still_seen_to_be_cut(log: Path) -> None:
    header = "x" * 2000 + "\n"
    write(log, header + joined(lines(1, 5)))
    driver = reading(log)
    driver.poll()
    cut(log)
    write(log, header + joined(lines(6, 10)))
    assert driver.poll()[1:] == lines(6, 10)


def test_lines_between_our_look_and_the_copy_are_found_in_the_copy(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(pattern)
    assert driver.poll() == lines(1, 3)
    write(log, joined(lines(4, 5)))
    shutil.copy(log, rotated(log))
    cut(log)
    write(log, joined(lines(6, 7)))
    assert sorted(driver.poll()) == lines(4, 7)
    assert driver.poll() == []


def test_a_copy_that_was_there_before_the_cut_is_not_read_again(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(pattern)
    driver.poll()
    shutil.copy(log, rotated(log))
    assert driver.poll() == []
    cut(log)
    write(log, joined(lines(4, 5)))
    assert driver.poll() == lines(4, 5)
    assert driver.poll() == []


def test_lines_read_between_the_copy_and_the_cut_are_not_repeated(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(pattern)
    driver.poll()
    shutil.copy(log, rotated(log))
    write(log, joined(lines(4, 5)))
    assert driver.poll(0.3) == lines(4, 5)
    cut(log)
    assert driver.poll() + driver.poll() == []


def test_a_copy_as_large_as_the_log_and_cut_again_and_again(log: Path, pattern: str) -> None:
    driver = reading(pattern)
    found: list[str] = []
    for number in range(10):
        write(log, joined(lines(number * 10, number * 10 + 9)))
        if number % 3:
            found += driver.poll(0.3)
        shutil.copy(log, rotated(log, number))
        cut(log)
    found += driver.poll() + driver.poll()
    assert sorted(found) == sorted(lines(0, 99))


def test_a_half_line_is_finished_in_the_copy(log: Path, pattern: str) -> None:
    write(log, "one\nha")
    driver = reading(pattern)
    driver.poll()
    write(log, "lf\n")
    shutil.copy(log, rotated(log))
    cut(log)
    write(log, "new\n")
    assert sorted(driver.poll()) == ["half", "new"]
    assert driver.facts.partials_dropped == 0


def test_a_half_line_that_was_cut_off_without_a_copy_is_counted(log: Path) -> None:
    write(log, "one\nha")
    driver = reading(log)
    driver.poll()
    cut(log)
    write(log, "new\n")
    assert driver.poll() == ["new"]
    assert driver.facts.partials_dropped == 1


def test_a_writer_that_does_not_append_leaves_a_hole_that_is_passed_over(log: Path) -> None:
    with log.open("wb", buffering=0) as writer:
        writer.write(joined(lines(1, 5)).encode())
        driver = reading(log)
        assert driver.poll() == lines(1, 5)
        cut(log)
        writer.write(joined(lines(6, 7)).encode())
        assert driver.poll() == lines(6, 7)
        writer.write(joined(lines(8, 8)).encode())
        assert driver.poll() == lines(8, 8)


def test_a_hole_of_ten_gigabytes_costs_no_reading(log: Path) -> None:
    with log.open("wb", buffering=0) as writer:
        writer.write(b"one\n")
        driver = reading(log)
        driver.poll()
        cut(log)
        writer.seek(10 << 30)
        writer.write(b"two\n")
        assert driver.poll() + driver.poll() == ["two"]
        assert driver.facts.bytes_read < 1 << 20


def test_a_file_cut_behind_a_symlink(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    write(target, joined(lines(1, 5)))
    driver = reading(link)
    driver.poll()
    cut(target)
    write(target, joined(lines(6, 7)))
    assert driver.poll() == lines(6, 7)


def test_a_file_that_seems_smaller_for_a_moment_is_not_read_again(log: Path) -> None:
    data = joined(lines(1, 5)).encode()
    write(log, data)
    driver = reading(log)
    driver.poll()
    os.truncate(log, 50)  # as a network file system may report it
    assert driver.poll() == []
    write(log, data[50:])
    assert driver.poll() == []
    write(log, "six\n")
    assert driver.poll() == ["six"]
    assert driver.facts.truncated == {}


def test_a_file_that_stays_smaller_was_cut(log: Path) -> None:
    write(log, joined(lines(1, 5)))
    driver = reading(log)
    driver.poll()
    os.truncate(log, len(joined(lines(1, 2))))
    assert driver.poll() == []
    assert driver.poll(6.0) == lines(1, 2)
