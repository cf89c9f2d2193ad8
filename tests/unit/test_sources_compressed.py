"""Rotated logs that were compressed: only what was not read before is read, once."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Literal

import pytest

from inference_exporter.sources import FileSource
from sources_driver import Driver, joined, lines, set_time, write


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "pred.jsonl"


@pytest.fixture(params=["outside", "inside"])
def pattern(request: pytest.FixtureRequest, log: Path) -> str:
    return f"{log}*" if request.param == "inside" else str(log)


def source(
    pattern: Path | str, start_at: Literal["beginning", "end"] = "beginning", **options: int
) -> FileSource:
    return FileSource([str(pattern)], start_at=start_at, **options)  # type: ignore[arg-type]


def zipped(path: Path) -> Path:
    """Compress as gzip does: the time stays, the file goes."""
    target = path.with_name(path.name + ".gz")
    target.write_bytes(gzip.compress(path.read_bytes()))
    set_time(target, path.stat().st_mtime)
    path.unlink()
    return target


def rotated(log: Path, number: int = 1) -> Path:
    return log.rename(log.with_name(f"{log.name}.{number}"))


def test_a_file_compressed_after_it_was_read_is_not_read_again(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 100)))
    driver = Driver(source(pattern))
    driver.poll()
    zipped(rotated(log))
    write(log, "new\n")
    assert driver.poll() == ["new"]
    assert driver.poll(31.0) + driver.poll(31.0) + driver.poll(31.0) == []
    assert driver.facts.files_open == 1


def test_the_rest_of_a_file_rotated_and_compressed_while_down_is_read(
    log: Path, pattern: str
) -> None:
    write(log, joined(lines(1, 100)))
    driver = Driver(source(pattern))
    driver.poll()
    driver = driver.restarted(source(pattern))
    write(log, joined(lines(101, 150)) + "half")
    zipped(rotated(log))
    write(log, joined(lines(151, 160)))
    assert sorted(driver.poll()) == sorted([*lines(101, 160), "half"])
    assert driver.poll() + driver.poll(31.0) == []
    for _ in range(3):
        driver = driver.restarted(source(pattern))
        assert driver.poll() + driver.poll(31.0) == []


def test_a_file_born_rotated_and_compressed_while_down_is_read(log: Path, pattern: str) -> None:
    write(log, joined(lines(1, 10)))
    driver = Driver(source(pattern))
    driver.poll()
    now = driver.now
    driver = driver.restarted(source(pattern))
    zipped(rotated(log, 2))
    write(log, joined(lines(11, 20)))
    set_time(log, now + 10)
    zipped(rotated(log, 1))
    write(log, joined(lines(21, 30)))
    assert sorted(driver.poll(20.0)) == lines(11, 30)


def test_old_archives_outside_the_pattern_are_left_alone(log: Path) -> None:
    write(log, joined(lines(1, 10, "old")))
    set_time(zipped(rotated(log, 7)), 1_600_000_000)
    write(log, joined(lines(1, 10)))
    driver = Driver(source(log))
    driver.poll()
    rotated(log)
    write(log, "new\n")
    assert driver.poll() + driver.poll() == ["new"]


def test_archives_in_the_pattern_are_skipped_when_reading_from_the_end(log: Path) -> None:
    write(log, joined(lines(1, 10, "old")))
    zipped(rotated(log, 7))
    driver = Driver(source(f"{log}*", "end"))
    assert driver.poll() + driver.poll() == []
    driver = driver.restarted(source(f"{log}*", "end"))
    assert driver.poll() + driver.poll() == []


def test_archives_in_the_pattern_are_read_when_reading_from_the_beginning(log: Path) -> None:
    write(log, joined(lines(1, 5000)))
    zipped(rotated(log, 7))
    driver = Driver(source(f"{log}*", block_bytes=500, turn_bytes=5000))
    found: list[str] = []
    for _ in range(60):
        found += driver.poll()
        if len(found) % 7 == 0:
            driver = driver.restarted(source(f"{log}*", block_bytes=500, turn_bytes=5000))
    assert found == lines(1, 5000)


def test_a_file_of_several_members_is_read_whole(log: Path) -> None:
    parts = [joined(lines(n, n + 99)).encode() for n in range(0, 1000, 100)]
    archive = log.with_name("pred.jsonl.1.gz")
    archive.write_bytes(b"".join(map(gzip.compress, parts)) + bytes(512))
    assert Driver(source(archive)).poll() == lines(0, 999)


def test_a_file_still_being_compressed_is_waited_for(log: Path) -> None:
    data = gzip.compress(os.urandom(3000).hex().encode() + b"\n" + joined(lines(1, 500)).encode())
    archive = log.with_name("pred.jsonl.1.gz")
    driver = Driver(source(f"{log}*"))
    found: list[str] = []
    for start in range(0, len(data), 300):
        write(archive, data[start : start + 300])
        set_time(archive, 1_700_000_000 + start)
        found += driver.poll()
    assert found[1:] == lines(1, 500)


def test_a_damaged_archive_harms_nobody(log: Path) -> None:
    data = bytearray(gzip.compress(os.urandom(20_000)))
    data[500:600] = bytes(100)
    log.with_name("pred.jsonl.1.gz").write_bytes(data)
    log.with_name("pred.jsonl.2.gz").write_bytes(b"not compressed at all\n")
    log.with_name("pred.jsonl.3.gz").write_bytes(b"")
    write(log, "fine\n")
    driver = Driver(source(f"{log}*"))
    assert "fine" in driver.poll()
    assert driver.poll() == []


def test_an_archive_that_begins_like_a_log_but_goes_on_otherwise_is_another(log: Path) -> None:
    header = "x" * 2000 + "\n"
    write(log, header + joined(lines(1, 100)))
    driver = Driver(source(log))
    driver.poll()
    now = driver.now
    driver = driver.restarted(source(log))
    log.unlink()
    write(log, header + joined(lines(1, 100, "other")))
    set_time(log, now + 5)
    zipped(rotated(log))
    found = driver.poll() + driver.poll()
    assert found[1:] == lines(1, 100, "other")
