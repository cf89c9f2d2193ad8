"""Wrapped lines, cut into pieces, interleaved, read in chunks: what was written is what is read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter.formats.peeling.wrappers import held, unwrap, wrapper_of
from inference_exporter.sources.holding import HoldingFramer

CONTENT = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\x1d"), max_size=20)


@dataclass(frozen=True)
class Written:
    """Wrapped lines, and the lines inside in the order in which they were completed."""

    wrapped: bytes
    inside: list[str]


@st.composite
def logs(draw: st.DrawFn) -> Written:
    docker = draw(st.booleans())
    streams = {
        name: [_pieces(draw, line) for line in draw(st.lists(CONTENT, max_size=4))]
        for name in ("stdout", "stderr")
    }
    waiting = {
        name: [(piece, i == len(line) - 1, "".join(line)) for line in lines for i, piece in
               enumerate(line)]
        for name, lines in streams.items()
    }  # fmt: skip
    wrapped, inside = [], []
    while any(waiting.values()):
        name = draw(st.sampled_from([name for name, left in waiting.items() if left]))
        piece, last, line = waiting[name].pop(0)
        if last:
            inside.append(line)
        if docker:
            entry = {"log": piece + ("\n" if last else ""), "stream": name, "time": "2026-11-23"}
            wrapped.append(json.dumps(entry))
        else:
            wrapped.append(f"2026-11-23T01:07:20.2Z {name} {'F' if last else 'P'} {piece}")
    return Written("".join(f"{line}\n" for line in wrapped).encode(), inside)


def _pieces(draw: st.DrawFn, line: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(line)), max_size=2)))
    ends = [0, *cuts, len(line)]
    return [line[a:b] for a, b in pairwise(ends)]


@settings(deadline=None)
@given(logs(), st.data())
def test_however_it_is_cut_what_was_written_is_read(log: Written, data: st.DataObject) -> None:
    framer = HoldingFramer(1 << 16, hold=held)
    found, at = [], 0
    while at < len(log.wrapped):
        size = data.draw(st.integers(1, 60))
        frame = framer.feed(log.wrapped[at : at + size])
        found.append(unwrap(frame.lines))
        at += size
        if data.draw(st.booleans()):  # a crash: what was held is read again from the checkpoint
            again = framer.partial
            framer = HoldingFramer(1 << 16, hold=held)
            found.append(unwrap(framer.feed(again).lines) if again else b"")
    found.append(unwrap(framer.flush()))
    assert b"".join(found).decode().split("\n")[:-1] == log.inside


def test_a_record_that_goes_on_around_a_piece_of_the_other_stream_waits_for_its_end() -> None:
    head = "2026-11-23T01:07:20.2Z"
    lines = ["stdout F a", "stdout P b", "stderr F c.", "stdout F d"]
    block = "".join(f"{head} {line}\n" for line in lines).encode()
    assert unwrap(block) == b"a\nc.\nbd\n"
    assert held(block, lambda inside: inside.rfind(b".\n") + 2 if b".\n" in inside else 0) == 0


@settings(deadline=None)
@given(logs(), st.data())
def test_records_over_several_wrapped_lines_stay_together(
    log: Written, data: st.DataObject
) -> None:
    """What the lines inside hold back holds the wrapped ones back."""

    def to_full_stop(lines: bytes) -> int:
        return lines.rfind(b".\n") + 2 if b".\n" in lines else 0

    framer = HoldingFramer(1 << 16, hold=lambda lines: held(lines, to_full_stop))
    found, at = [], 0
    while at < len(log.wrapped):
        size = data.draw(st.integers(1, 60))
        lines = unwrap(framer.feed(log.wrapped[at : at + size]).lines)
        assert not lines or lines.endswith(b".\n") or wrapper_of(log.wrapped) is None
        found.append(lines)
        at += size
    found.append(unwrap(framer.flush()))
    assert b"".join(found).decode().split("\n")[:-1] == log.inside


@settings(deadline=None)
@given(st.lists(st.binary(max_size=40), max_size=6), st.integers(20, 200))
def test_nothing_stops_the_framer_and_what_it_holds_is_bounded(
    chunks: list[bytes], limit: int
) -> None:
    framer = HoldingFramer(limit, hold=held)
    for chunk in (b"2026-11-23T01:07:20.2Z stdout P x\n", *chunks):
        frame = framer.feed(chunk[:limit])
        assert len(framer.partial) <= limit
        unwrap(frame.lines)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_stop_it(block: bytes) -> None:
    for wanted in ("auto", "cri", "docker"):
        for style in ("none", "json", "logfmt", "text"):
            unwrap(block, wanted, style)
    held(block)
