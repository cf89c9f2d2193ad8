"""Lines from a pipe."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from inference_exporter.sources import StdinSource
from sources_driver import Driver


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for fd in (reader, writer):
        with suppress(OSError):  # closed by the test
            os.close(fd)


def test_lines_come_as_they_are_written(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    driver = Driver(StdinSource(reader))
    assert driver.poll() == []
    assert driver.source.idle()
    os.write(writer, b"one\ntw")
    assert driver.poll() == ["one"]
    assert not driver.source.idle()
    os.write(writer, b"o\n")
    assert driver.poll() == ["two"]
    assert driver.facts.bytes_read == 2
    assert driver.facts.up


def test_the_end_of_the_pipe_flushes_the_last_line(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    driver = Driver(StdinSource(reader))
    os.write(writer, b"one\nhalf")
    os.close(writer)
    assert driver.poll() == ["one"]
    assert driver.finish() == ["half"]
    assert driver.poll() == []
    assert not driver.facts.up
    assert driver.facts.partials_flushed == 1


def test_a_turn_has_a_budget(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    driver = Driver(StdinSource(reader, block_bytes=100, turn_bytes=1000))
    os.write(writer, b"0123456789abcde\n" * 1000)
    first = driver.poll()
    assert 50 <= len(first) <= 70
    assert driver.facts.catching_up
    assert len(first) + sum(len(driver.poll()) for _ in range(20)) == 1000


def test_a_line_over_the_limit_is_counted(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    driver = Driver(StdinSource(reader, line_bytes=10))
    os.write(writer, b"before\n" + b"x" * 100 + b"\nafter\n")
    assert driver.poll() == ["before", "after"]
    assert driver.facts.too_long == 1


def test_a_closed_descriptor_is_the_end(pipe: tuple[int, int]) -> None:
    reader, _ = pipe
    os.close(reader)
    driver = Driver(StdinSource(reader))
    assert driver.poll() == []
    assert not driver.facts.up


def test_a_pipe_cannot_be_resumed(pipe: tuple[int, int]) -> None:
    source = StdinSource(pipe[0])
    assert source.checkpoint() == b""
    source.restore(b"")
    with pytest.raises(ValueError, match="unusable"):
        source.restore(b"something")
    source.close()
