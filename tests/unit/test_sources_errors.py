"""Files that cannot be read: counted, shown, logged once, and tried again for ever."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

import pytest

from inference_exporter.sources import FileSource
from sources_driver import Driver, unprivileged, write


class Opener:
    """Opens files, unless told that it fails."""

    def __init__(self) -> None:
        self.error = 0
        self.attempts = 0

    def __call__(self, path: str, flags: int) -> int:
        self.attempts += 1
        if self.error:
            raise OSError(self.error, os.strerror(self.error), path)
        return os.open(path, flags)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pred.jsonl"


def test_permission_denied_and_given_again(tmp_path: Path, log: Path) -> None:
    write(log, "one\n")
    log.chmod(0)
    driver = Driver(FileSource([str(log)], start_at="beginning"))
    with unprivileged(tmp_path):
        assert driver.poll() == []
        assert driver.facts.files_unreadable == 1
        assert driver.facts.open_errors == {"permission": 1}
        assert [file.error for file in driver.facts.files] == ["permission"]
        assert not driver.facts.up
        driver.poll()
    log.chmod(0o644)
    with unprivileged(tmp_path):
        assert driver.poll() == ["one"]
    assert driver.facts.files_unreadable == 0
    assert driver.facts.up


def test_permission_denied_on_the_successor_after_a_rotation(tmp_path: Path, log: Path) -> None:
    write(log, "one\n")
    log.chmod(0o644)
    driver = Driver(FileSource([str(log)], start_at="end"))
    driver.poll()
    log.rename(log.with_name("pred.jsonl.1"))
    write(log, "two\n")
    log.chmod(0)
    with unprivileged(tmp_path):
        assert driver.poll() == []
        assert driver.facts.files_unreadable == 1
    log.chmod(0o644)
    assert driver.poll() == ["two"]


def test_a_file_that_was_unreadable_at_the_first_start_is_read_from_its_end(log: Path) -> None:
    write(log, "old\n")
    opener = Opener()
    driver = Driver(FileSource([str(log)], start_at="end", opener=opener))
    opener.error = errno.EACCES
    driver.poll()
    opener.error = 0
    assert driver.poll() == []
    write(log, "new\n")
    assert driver.poll() == ["new"]


def test_a_place_is_kept_while_its_file_is_unreadable_over_restarts(log: Path) -> None:
    write(log, "one\n")
    opener = Opener()

    def source() -> FileSource:
        return FileSource([str(log)], start_at="beginning", opener=opener)

    driver = Driver(source())
    driver.poll()
    opener.error = errno.EACCES
    for _ in range(3):
        driver = driver.restarted(source())
        assert driver.poll() == []
    opener.error = 0
    write(log, "two\n")
    assert driver.poll() == ["two"]


def test_a_folder_that_cannot_be_listed_does_not_end_the_files_in_it(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(log, "one\n")
    driver = Driver(FileSource([f"{tmp_path}/*.jsonl"], start_at="beginning"))
    driver.poll()

    def refuse(path: str) -> None:
        raise PermissionError(errno.EACCES, "no", path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        for _ in range(5):
            driver.poll(20.0)
        assert driver.facts.open_errors == {"permission": 1}
    write(log, "two\n")
    assert driver.poll() == ["two"]
    assert driver.facts.rotated == 0


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE])
def test_a_read_error_is_waited_out_and_the_place_is_kept(
    log: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write(log, "one\n")
    driver = Driver(FileSource([str(log)], start_at="beginning"))
    driver.poll()
    write(log, "two\n")

    def fail(fd: int, length: int, offset: int) -> bytes:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", fail)
        driver.poll()
        attempts = 0
        for _ in range(100):
            driver.poll(0.25)
            attempts += driver.facts.open_errors.get("io", 0)
        assert 0 < attempts < 10
        assert driver.facts.files_unreadable == 1
    assert driver.poll(31.0) + driver.poll() == ["two"]
    assert driver.facts.files_unreadable == 0


def test_too_many_open_files_is_survived(tmp_path: Path) -> None:
    limit = 12
    held: set[int] = set()

    def opener(path: str, flags: int) -> int:
        live = {fd for fd in held if Path(f"/proc/self/fd/{fd}").exists()}
        if len(live) >= limit:
            raise OSError(errno.EMFILE, "too many", path)
        fd = os.open(path, flags)
        held.clear()
        held.update(live | {fd})
        return fd

    for number in range(30):
        write(tmp_path / f"{number}.log", f"{number}\n")
    driver = Driver(FileSource([f"{tmp_path}/*.log"], start_at="beginning", opener=opener))
    found = [line for _ in range(30) for line in driver.poll()]
    assert sorted(found) == sorted(str(number) for number in range(30))
    for number in range(30):
        write(tmp_path / f"{number}.log", f"again {number}\n")
    found = [line for _ in range(30) for line in driver.poll()]
    assert sorted(found) == sorted(f"again {number}" for number in range(30))


def test_a_trouble_is_logged_once_and_its_end_too(
    log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(log, "secret content\n")
    opener = Opener()
    opener.error = errno.EACCES
    driver = Driver(FileSource([str(log)], start_at="beginning", opener=opener))
    with caplog.at_level(logging.INFO):
        for _ in range(10):
            driver.poll()
        opener.error = 0
        driver.poll()
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]
    assert "secret" not in caplog.text
    assert opener.attempts == 11


def test_a_file_that_vanishes_between_the_listing_and_the_opening_is_no_error(log: Path) -> None:
    write(log, "one\n")

    def vanish(path: str, flags: int) -> int:
        Path(path).unlink()
        return os.open(path, flags)

    driver = Driver(FileSource([str(log)], start_at="beginning", opener=vanish))
    assert driver.poll() == []
    assert driver.facts.open_errors == {}


def test_a_file_that_becomes_a_pipe_is_not_waited_for(log: Path) -> None:
    write(log, "one\n")

    def swap(path: str, flags: int) -> int:
        Path(path).unlink()
        os.mkfifo(path)
        return os.open(path, flags)

    driver = Driver(FileSource([str(log)], start_at="beginning", opener=swap))
    assert driver.poll() == []


def test_more_names_than_the_table_holds_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import inference_exporter.sources.files as files

    monkeypatch.setattr(files, "MOST_FILES", 5)
    for number in range(8):
        write(tmp_path / f"{number}.log", "x\n")
    driver = Driver(FileSource([f"{tmp_path}/*.log"], start_at="beginning"))
    assert len(driver.poll()) == 5
    assert driver.facts.open_errors == {"too_many_files": 3}
