"""Going on after a restart or a crash: where files are, were, or have been rotated to."""

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
    return f"{log}*" if request.param == "inside" else str(log)


def source(pattern: Path | str) -> FileSource:
    return FileSource([str(pattern)], start_at="beginning")


def reading(pattern: Path | str) -> Driver:
    return Driver(source(pattern))


def rotated(log: Path, number: int = 1) -> Path:
    return log.with_name(f"{log.name}.{number}")


def test_lines_written_while_down_are_read_once(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(pattern)
    driver.poll()
    again = source(pattern)
    driver = driver.restarted(again)
    write(log, joined(lines(4, 2000)))
    assert driver.poll() == lines(4, 2000)
    assert driver.poll() == []


def test_nothing_is_repeated_after_a_restart_without_news(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(pattern)
    driver.poll()
    for _ in range(3):
        driver = driver.restarted(source(pattern))
        assert driver.poll() + driver.poll() == []


def test_start_at_end_does_not_hold_after_a_restart(tmp_path: Path) -> None:
    write(tmp_path / "a.log", "old\n")
    driver = Driver(FileSource([f"{tmp_path}/*.log"], start_at="end"))
    assert driver.poll() == []
    checkpoint = driver.source.checkpoint()
    driver.source.close()
    write(tmp_path / "b.log", "made while down\n")
    again = FileSource([f"{tmp_path}/*.log"], start_at="end")
    again.restore(checkpoint)
    assert Driver(again).poll() == ["made while down"]


def test_a_half_line_is_completed_exactly_once(log: Path, pattern: str) -> None:
    write(log, "one\nha")
    driver = reading(pattern)
    assert driver.poll() == ["one"]
    driver = driver.restarted(source(pattern))
    assert driver.poll() == []
    write(log, "lf\n")
    assert driver.poll() == ["half"]


def test_a_half_line_over_the_limit_is_skipped_to_its_end(log: Path) -> None:
    write(log, b"x" * 500)
    driver = Driver(FileSource([str(log)], start_at="beginning", line_bytes=100))
    driver.poll()
    assert driver.facts.too_long == 1
    driver = driver.restarted(FileSource([str(log)], start_at="beginning", line_bytes=100))
    write(log, "the end of it\nnext\n")
    assert driver.poll() == ["next"]
    assert driver.facts.too_long == 0


def test_a_file_missing_at_the_restart_goes_on_when_it_is_back(log: Path) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(log)
    driver.poll()
    away = log.with_name("elsewhere")
    log.rename(away)
    driver = driver.restarted(source(log))
    assert driver.poll() == []
    away.rename(log)
    write(log, "four\n")
    assert driver.poll() == ["four"]


def test_a_folder_missing_at_the_restart_keeps_its_places(tmp_path: Path) -> None:
    folder = tmp_path / "mount"
    folder.mkdir()
    for number in range(100):
        write(folder / f"{number}.log", f"one {number}\n")
    driver = reading(folder / "*.log")
    assert len(driver.poll()) == 100
    folder.rename(tmp_path / "gone")
    for _ in range(2):
        driver = driver.restarted(source(folder / "*.log"))
        assert driver.poll() == []
    (tmp_path / "gone").rename(folder)
    assert driver.poll() == []
    write(folder / "5.log", "two\n")
    assert driver.poll() == ["two"]


def test_a_rotation_while_down_is_followed(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(pattern)
    driver.poll()
    driver = driver.restarted(source(pattern))
    write(log, joined(lines(4, 5)))
    log.rename(rotated(log))
    write(log, joined(lines(6, 7)))
    assert sorted(driver.poll()) == lines(4, 7)
    assert driver.poll() == []


def test_two_rotations_while_down_are_followed(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(pattern)
    driver.poll()
    now = driver.now
    driver = driver.restarted(source(pattern))
    write(log, joined(lines(4, 5)))
    log.rename(rotated(log, 2))
    write(log, joined(lines(6, 7)))
    log.rename(rotated(log, 1))
    set_time(rotated(log, 1), now + 0.5)
    write(log, joined(lines(8, 9)))
    assert sorted(driver.poll()) == lines(4, 9)


def test_a_late_line_to_a_file_rotated_before_the_restart_is_read(log: Path, pattern: str) -> None:
    write(log, "one\n")
    driver = reading(pattern)
    driver.poll()
    log.rename(rotated(log))
    write(log, "two\n")
    assert driver.poll() == ["two"]
    driver = driver.restarted(source(pattern))
    assert driver.poll() == []
    write(rotated(log), "late\n")
    assert driver.poll() == ["late"]


def test_a_file_cut_while_down_is_read_from_its_start(log: Path) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(log)
    driver.poll()
    driver = driver.restarted(source(log))
    log.write_text(joined(lines(4, 20)))
    assert driver.poll() == lines(4, 20)


def test_a_file_copied_and_cut_while_down_is_read_in_the_copy(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(pattern)
    driver.poll()
    driver = driver.restarted(source(pattern))
    write(log, joined(lines(4, 5)))
    shutil.copy(log, rotated(log))
    log.write_text(joined(lines(6, 7)))
    assert sorted(driver.poll()) == lines(4, 7)
    assert driver.poll() == []


def test_a_file_restored_as_a_copy_goes_on(log: Path) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(log)
    driver.poll()
    driver = driver.restarted(source(log))
    copy = log.with_name("copy")
    shutil.copy(log, copy)
    log.unlink()
    copy.rename(log)
    write(log, "four\n")
    assert driver.poll() == ["four"]


def test_another_file_with_the_same_inode_is_new(log: Path) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(log)
    driver.poll()
    driver = driver.restarted(source(log))
    log.unlink()
    write(log, joined(lines(1, 9, "other")))
    assert driver.poll() == lines(1, 9, "other")


def test_a_crash_repeats_exactly_what_was_not_committed(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(pattern)
    driver.poll()
    checkpoint = driver.source.checkpoint()
    write(log, joined(lines(4, 6)))
    assert driver.poll() == lines(4, 6)
    driver.source.close()
    again = source(pattern)
    again.restore(checkpoint)
    assert Driver(again).poll() == lines(4, 6)


def test_a_checkpoint_taken_before_the_first_look_loses_nothing(log: Path) -> None:
    write(log, joined(lines(1, 3)))
    driver = reading(log)
    driver.poll()
    for _ in range(3):
        driver = driver.restarted(source(log))
    write(log, "four\n")
    assert driver.poll() == ["four"]


@pytest.mark.parametrize("bad", [b"", b"\0" * 100, b"not this", b"\x94\x63\x00\x90\x90", b"\xc0"])
def test_an_unusable_checkpoint_is_refused(log: Path, bad: bytes) -> None:
    with pytest.raises(ValueError, match="unusable checkpoint"):
        source(log).restore(bad)
