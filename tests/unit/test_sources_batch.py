"""Folders that fill: each file once, whole, over restarts, however files arrive."""

from __future__ import annotations

import gzip
import os
import random
from pathlib import Path
from typing import Any

import pytest

from inference_exporter.sources import BatchSource
from sources_driver import Driver, joined, lines


def source(folder: Path, **options: Any) -> BatchSource:
    defaults: dict[str, Any] = {"start_at": "beginning", "interval": 1.0, "settle": 2.0}
    options = defaults | options
    return BatchSource([str(folder / "**" / "*.jsonl"), str(folder / "**" / "*.gz")], **options)


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    data = text.encode()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def read(driver: Driver, turns: int = 6) -> list[str]:
    return [line for _ in range(turns) for line in driver.poll()]


def test_files_are_read_once_in_the_order_of_their_names(tmp_path: Path) -> None:
    put(tmp_path / "2026" / "b.jsonl", joined(lines(3, 4)))
    put(tmp_path / "2026" / "a.jsonl.gz", joined(lines(1, 2)))
    put(tmp_path / "2027" / "c.jsonl", "line 5 of the log")  # without an end
    driver = Driver(source(tmp_path))
    assert read(driver) == lines(1, 5)
    assert read(driver) == []
    put(tmp_path / "2026" / "0-late.jsonl", joined(lines(6, 6)))
    assert read(driver) == lines(6, 6)
    assert driver.facts.files_watched == 4


def test_a_file_that_is_being_copied_is_waited_for(tmp_path: Path) -> None:
    path, driver = tmp_path / "a.jsonl", Driver(source(tmp_path))
    path.write_text("one\n")
    assert driver.poll() == []
    assert driver.poll() == []
    with path.open("a") as file:
        file.write("two\n")
    assert [driver.poll() for _ in range(3)] == [[], [], ["one", "two"]]


def test_what_is_there_at_the_first_start_is_left_alone_if_asked_for(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", "old\n")
    driver = Driver(source(tmp_path, start_at="end"))
    assert read(driver) == []
    put(tmp_path / "b.jsonl", "new\n")
    assert read(driver) == ["new"]


def test_a_restart_goes_on_in_the_middle_of_a_file(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl.gz", joined(lines(1, 500)))
    put(tmp_path / "b.jsonl", joined(lines(501, 900)))
    options = {"block_bytes": 300, "turn_bytes": 700}
    driver, found = Driver(source(tmp_path, **options)), []
    for _ in range(100):
        found += driver.poll()
        driver = driver.restarted(source(tmp_path, settle=0.0, **options))
    assert found == lines(1, 900)


def test_a_damaged_file_goes_on_once_it_is_whole(tmp_path: Path) -> None:
    whole = gzip.compress(joined(lines(1, 3000)).encode(), mtime=0)
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(whole[: len(whole) // 2])
    driver = Driver(source(tmp_path, block_bytes=1000))
    found = read(driver)
    assert 0 < len(found) < 3000
    assert driver.facts.files_unreadable == 1
    driver = driver.restarted(source(tmp_path))
    assert read(driver) == []
    path.write_bytes(whole)
    assert found + read(driver) == lines(1, 3000)
    assert driver.facts.files_unreadable == 0


def test_what_is_remembered_is_bounded_and_old_files_are_taken_as_read(tmp_path: Path) -> None:
    driver = Driver(source(tmp_path, remembered=50))
    for i in range(120):
        put(tmp_path / f"{i:03}.jsonl", f"{i}\n")
        os.utime(tmp_path / f"{i:03}.jsonl", (1000 + i, 1000 + i))
    assert len(read(driver, 8)) == 120
    size = len(driver.source.checkpoint())
    assert size < 50 * 30
    assert read(driver) == []
    driver = driver.restarted(source(tmp_path, remembered=50))
    assert read(driver) == []


@pytest.mark.parametrize("seed", range(6))
def test_random_arrivals_restarts_and_crashes(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    written: list[str] = []
    found: list[str] = []
    committed, options = 0, {"block_bytes": 64, "turn_bytes": 200, "settle": 1.0}
    current = source(tmp_path, **options)
    driver, checkpoint = Driver(current), current.checkpoint()
    for step in range(300):
        if draw.random() < 0.2 and step < 200:
            name = f"{draw.randrange(100):02}/{step:03}.jsonl{draw.choice(['', '.gz'])}"
            texts = lines(step * 10, step * 10 + draw.randrange(8))
            put(tmp_path / name, joined(texts))
            written += texts
        found += driver.poll()
        if draw.random() < 0.3:  # a commit
            checkpoint, committed = driver.source.checkpoint(), len(found)
        if draw.random() < 0.1:  # a crash: what came after the commit is read again
            driver.source.close()
            found = found[:committed]
            again = source(tmp_path, **options)
            again.restore(checkpoint)
            driver = Driver(again, driver.now)
    found += driver.finish()
    assert sorted(found) == sorted(written)


def test_the_first_line_is_in_front_of_every_block(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", "h1,h2\n" + "1,2\n" * 10)
    put(tmp_path / "b.jsonl.gz", "h3,h4\n" + "3,4\n" * 10)
    one = source(tmp_path, block_bytes=16, title=b"\x1e")
    blocks = [block.data.split(b"\n")[0] for block in one.finish()]
    assert set(blocks) == {b"\x1eh1,h2", b"\x1eh3,h4"}


def test_bytes_that_are_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unusable"):
        source(tmp_path).restore(b"nonsense")
