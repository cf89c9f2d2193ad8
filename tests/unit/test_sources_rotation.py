"""Files that lose their name, are replaced, or come back: rename, delete, links, retargets."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from inference_exporter.sources import FileSource
from sources_driver import Driver, joined, lines, set_time, write


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pred.jsonl"


@pytest.fixture(params=["outside", "inside"])
def pattern(request: pytest.FixtureRequest, log: Path) -> str:
    """Whether the pattern covers the rotated names."""
    return f"{log}*" if request.param == "inside" else str(log)


def reading(pattern: Path | str) -> Driver:
    return Driver(FileSource([str(pattern)], start_at="beginning"))


def rotated(log: Path, number: int = 1) -> Path:
    return log.with_name(f"{log.name}.{number}")


def test_a_renamed_file_and_its_successor_are_both_read(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 2)))
    driver = reading(pattern)
    assert driver.poll() == lines(1, 2)
    log.rename(rotated(log))
    write(log, joined(lines(3, 4)))
    assert driver.poll() == lines(3, 4)
    assert driver.facts.rotated == 1


def test_a_late_line_to_the_renamed_file_is_read(log: Path, pattern: str) -> None:
    write(log, "one\n")
    driver = reading(pattern)
    driver.poll()
    log.rename(rotated(log))
    write(log, "new\n")
    write(rotated(log), "late\n")
    assert sorted(driver.poll()) == ["late", "new"]
    write(rotated(log), "later\n")
    assert driver.poll() == ["later"]


def test_three_rotations_with_all_writers_alive(log: Path, pattern: str) -> None:
    driver = reading(pattern)
    for number in range(1, 4):
        write(log, f"first of {number}\n")
        assert driver.poll() == [f"first of {number}"]
        log.rename(rotated(log, number))
    for number in range(1, 4):
        write(rotated(log, number), f"last of {number}\n")
    assert sorted(driver.poll()) == [f"last of {number}" for number in range(1, 4)]


def test_the_successor_may_come_much_later(log: Path, pattern: str) -> None:
    write(log, "one\n")
    driver = reading(pattern)
    driver.poll()
    log.rename(rotated(log))
    assert driver.poll() == []
    write(rotated(log), "late\n")
    assert driver.poll(10.0) == ["late"]
    write(log, "new\n")
    assert driver.poll(10.0) == ["new"]


def test_several_files_that_rotate_together(tmp_path: Path) -> None:
    logs = [tmp_path / f"{name}.log" for name in "abc"]
    for log in logs:
        write(log, f"{log.name} 1\n")
    driver = reading(tmp_path / "*.log")
    driver.poll()
    for log in logs:
        write(log, f"{log.name} 2\n")
        log.rename(rotated(log))
        write(log, f"{log.name} 3\n")
    assert sorted(driver.poll()) == [f"{log.name} {number}" for log in logs for number in (2, 3)]


def test_two_rotations_between_two_looks(log: Path, pattern: str) -> None:
    write(log, "one\n")
    driver = reading(pattern)
    driver.poll()
    write(log, "two\n")
    log.rename(rotated(log, 2))
    write(log, "three\n")
    log.rename(rotated(log, 1))
    set_time(rotated(log, 1), driver.now + 0.5)
    write(log, "four\n")
    assert sorted(driver.poll()) == ["four", "three", "two"]


def test_an_old_rotated_file_outside_the_pattern_is_not_read(log: Path) -> None:
    write(rotated(log, 3), "long ago\n")
    set_time(rotated(log, 3), 1_600_000_000)
    write(log, "one\n")
    driver = reading(log)
    driver.poll()
    log.rename(rotated(log))
    write(log, "two\n")
    assert driver.poll() == ["two"]


def test_files_beside_the_log_that_are_no_rotated_logs_are_not_read(log: Path) -> None:
    write(log, "one\n")
    driver = reading(log)
    driver.poll()
    log.rename(rotated(log))
    write(log, "two\n")
    for suffix in (".pos", ".lock", "-errors"):
        beside = log.with_name(log.name + suffix)
        write(beside, "not ours\n")
        set_time(beside, driver.now + 0.5)
    assert driver.poll() == ["two"]


def test_within_the_grace_a_late_line_counts_and_after_it_not(log: Path) -> None:
    write(log, "one\n")
    driver = reading(log)
    driver.poll()
    log.rename(rotated(log))
    driver.poll()
    write(rotated(log), "in time\n")
    assert driver.poll(29.0) == ["in time"]
    write(rotated(log), "in time again, it starts anew with every line\n")
    assert len(driver.poll(29.0)) == 1
    assert driver.poll(30.5) == []
    assert driver.facts.files_open == 0
    write(rotated(log), "too late\n")
    assert driver.poll() == []


def test_a_rotated_file_that_is_never_silent_is_given_up_at_the_limit(log: Path) -> None:
    write(log, "one\n")
    driver = reading(log)
    driver.poll()
    log.rename(rotated(log))
    driver.poll()
    for _ in range(60):
        write(rotated(log), "more\n")
        assert driver.poll(10.0) == ["more"]
    assert driver.facts.grace_expired == 1
    assert driver.facts.files_open == 0


def test_a_backlog_is_read_even_beyond_the_limit(log: Path) -> None:
    write(log, joined(lines(1, 1000)))
    source = FileSource([str(log)], start_at="beginning", block_bytes=100, turn_bytes=100)
    driver = Driver(source)
    found = driver.poll()
    log.unlink()
    while not source.idle():
        found += driver.poll(100.0)
    assert found == lines(1, 1000)


def test_a_half_line_of_a_renamed_file_is_finished_by_its_writer(log: Path, pattern: str) -> None:
    write(log, "one\nha")
    driver = reading(pattern)
    assert driver.poll() == ["one"]
    log.rename(rotated(log))
    assert driver.poll() == []
    write(rotated(log), "lf\n")
    assert driver.poll() == ["half"]


def test_a_half_line_that_nobody_finishes_is_a_line_after_the_grace(
    log: Path, pattern: str
) -> None:
    write(log, "one\nhalf")
    driver = reading(pattern)
    driver.poll()
    log.rename(rotated(log))
    driver.poll()
    assert driver.poll(31.0) == ["half"]
    assert driver.facts.partials_flushed == 1
    assert driver.poll(31.0) == []


def test_a_file_deleted_right_after_a_write_is_read_to_its_end(log: Path) -> None:
    write(log, "one\n")
    driver = reading(log)
    driver.poll()
    write(log, "two\nhalf")
    log.unlink()
    assert driver.poll() == ["two"]
    assert driver.poll(31.0) == ["half"]
    assert driver.facts.files_open == 0


def test_a_deleted_file_may_come_back_at_once_with_the_same_inode(log: Path) -> None:
    driver = reading(log)
    for number in range(5):
        write(log, f"life {number}\n")
        assert driver.poll() == [f"life {number}"]
        log.unlink()
        driver.poll(31.0)  # by now nobody holds the old one, and its inode is free


def test_a_file_deleted_and_written_anew_between_two_looks(log: Path) -> None:
    write(log, "one\n")
    driver = reading(log)
    driver.poll()
    log.unlink()
    write(log, "two\n")
    write(log, "three\n")
    assert driver.poll() == ["two", "three"]


def test_a_temporary_file_renamed_into_place_is_the_successor(log: Path, pattern: str) -> None:
    write(log, "one\n")
    driver = reading(pattern)
    driver.poll()
    fresh = log.with_name("tmp-new")
    write(fresh, "")
    log.rename(rotated(log))
    fresh.rename(log)
    write(log, "two\n")
    assert driver.poll() == ["two"]


def test_a_file_saved_by_an_editor_yields_only_what_was_added(log: Path) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(log)
    driver.poll()
    saved = log.with_name("saved")
    write(saved, joined(lines(1, 4)))
    saved.rename(log)
    assert driver.poll() + driver.poll() == lines(4, 4)


def test_a_file_replaced_by_another_is_read_from_its_start(log: Path) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(log)
    driver.poll()
    other = log.with_name("other")
    write(other, joined(lines(1, 4, "other")))
    other.rename(log)
    assert driver.poll() == lines(1, 4, "other")


def test_a_watched_file_moved_over_another_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "a\n")
    write(tmp_path / "b.log", "b\n")
    driver = reading(tmp_path / "*.log")
    driver.poll()
    write(tmp_path / "b.log", "b again\n")
    (tmp_path / "a.log").rename(tmp_path / "b.log")
    write(tmp_path / "b.log", "a again\n")
    assert sorted(driver.poll()) == ["a again", "b again"]


def test_a_file_moved_to_another_watched_folder_goes_on(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    write(tmp_path / "a" / "x.log", "one\n")
    driver = reading(tmp_path / "*" / "*.log")
    driver.poll()
    (tmp_path / "a" / "x.log").rename(tmp_path / "b" / "y.log")
    write(tmp_path / "b" / "y.log", "two\n")
    assert driver.poll() == ["two"]


def test_a_symlink_that_moves_on_thirty_times(tmp_path: Path) -> None:
    link = tmp_path / "current"
    driver = reading(link)
    for number in range(30):
        target = tmp_path / f"target-{number}"
        write(target, f"begin {number}\n")
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        assert driver.poll() == [f"begin {number}"]
        write(target, f"end {number}\n")
        assert driver.poll() == [f"end {number}"]


def test_the_old_target_of_a_symlink_is_read_during_the_grace(tmp_path: Path) -> None:
    link, old, new = tmp_path / "current", tmp_path / "old", tmp_path / "new"
    write(old, "old\n")
    write(new, "new\n")
    link.symlink_to(old)
    driver = reading(link)
    assert driver.poll() == ["old"]
    link.unlink()
    link.symlink_to(new)
    assert driver.poll() == ["new"]
    write(old, "late\n")
    assert driver.poll() == ["late"]


def test_a_plain_copy_in_the_pattern_is_not_read_again(log: Path) -> None:
    write(log, joined(lines(1, 5)))
    driver = reading(f"{log}*")
    driver.poll()
    shutil.copy(log, rotated(log))
    assert driver.poll() == []
    write(log, joined(lines(6, 7)))
    assert driver.poll() == lines(6, 7)
    log.unlink()
    assert driver.poll() + driver.poll(31.0) + driver.poll(31.0) == []


def test_a_copy_still_being_made_is_not_read(log: Path) -> None:
    write(log, joined(lines(1, 2000)))
    driver = reading(f"{log}*")
    driver.poll()
    data = log.read_bytes()
    for start in range(0, len(data), 10_000):
        write(rotated(log), data[start : start + 10_000])
        write(log, f"meanwhile {start}\n")
        assert driver.poll() == [f"meanwhile {start}"]


def test_a_copy_that_gets_lines_of_its_own_yields_them(log: Path) -> None:
    write(log, joined(lines(1, 5)))
    driver = reading(f"{log}*")
    driver.poll()
    shutil.copy(log, rotated(log))
    driver.poll()
    write(rotated(log), "of its own\n")
    assert driver.poll() + driver.poll() == ["of its own"]
    write(log, "of the original\n")
    assert driver.poll() == ["of the original"]


@pytest.mark.slow
def test_a_hundred_thousand_lines_over_files_that_rotate_quickly(log: Path, pattern: str) -> None:
    driver = reading(pattern)
    found: list[str] = []
    number, generation = 0, 0
    while number < 100_000:
        texts = lines(number + 1, number + 500)
        number += 500
        write(log, joined(texts))
        if log.stat().st_size > 256 << 10:
            generation += 1
            rotated(log, 5).unlink(missing_ok=True)
            for older in range(4, 0, -1):
                if rotated(log, older).exists():
                    rotated(log, older).rename(rotated(log, older + 1))
            log.rename(rotated(log))
        if number % 2500 == 0:
            found += driver.poll(0.3)
    found += driver.poll() + driver.poll()
    assert sorted(found) == sorted(lines(1, 100_000))
    assert generation >= 8
