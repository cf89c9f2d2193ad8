"""Where lines end, and which are too long."""

from __future__ import annotations

import pytest

from inference_exporter.sources.framing import TAIL, Framer


def feed(data: bytes, size: int, limit: int) -> tuple[list[bytes], Framer, int]:
    framer = Framer(limit)
    out, too_long = b"", 0
    for start in range(0, len(data), size):
        frame = framer.feed(data[start : start + size])
        out += frame.lines
        too_long += frame.too_long
    return out.split(b"\n")[:-1], framer, too_long


TEXT = b"first\n\nthird \xff\xfe\x00 bytes\r\n\xf0\x9f\x99\x82 cut anywhere\nlast without end"


@pytest.mark.parametrize("size", range(1, len(TEXT) + 1))
def test_lines_do_not_depend_on_where_chunks_are_cut(size: int) -> None:
    found, framer, too_long = feed(TEXT, size, limit=len(TEXT))
    assert found == TEXT.split(b"\n")[:-1]
    assert framer.flush() == b"last without end\n"
    assert too_long == 0


@pytest.mark.parametrize("size", range(1, 11))
def test_a_line_over_the_limit_is_dropped_and_its_neighbours_survive(size: int) -> None:
    data = b"before\n" + b"x" * 11 + b"\nafter\n"
    found, _, too_long = feed(data, size, limit=10)
    assert found == [b"before", b"after"]
    assert too_long == 1


@pytest.mark.parametrize("size", range(1, 11))
def test_a_line_of_exactly_the_limit_is_kept(size: int) -> None:
    found, _, too_long = feed(b"x" * 10 + b"\n", size, limit=10)
    assert found == [b"x" * 10]
    assert too_long == 0


def test_a_line_over_the_limit_without_an_end_is_not_flushed() -> None:
    _, framer, too_long = feed(b"x" * 30, 10, limit=10)
    assert too_long == 1
    assert framer.flush() == b""


@pytest.mark.parametrize("size", [1, 7, 64, 300, 1000])
def test_the_tail_is_the_last_bytes_that_are_done_with(size: int) -> None:
    data = b"".join(b"line %d\n" % number for number in range(200)) + b"half"
    framer = Framer(1000)
    done, tail = 0, b""
    for start in range(0, len(data), size):
        frame = framer.feed(data[start : start + size])
        done += frame.consumed
        tail = (tail + frame.tail)[-TAIL:]
        assert tail == data[max(0, done - TAIL) : done]
    assert done == len(data) - len(b"half")
