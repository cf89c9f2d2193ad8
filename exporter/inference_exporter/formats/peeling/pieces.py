r"""Lines that a container runtime cut into pieces, put together again for each stream.

Pieces of one stream may stand between those of the other. A line whose last piece never came, as
when a container died within it, is given up once the other stream has gone on for 64 KiB: what is
behind it must not wait for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

PATIENCE = 1 << 16  # bytes of other lines between two pieces of one


class Piece(NamedTuple):
    """What one entry of the runtime says."""

    time: bytes
    stream: bytes
    complete: bool  # whether it ends its line
    content: bytes


@dataclass(slots=True)
class Line:
    """A line and the place of its entries, in bytes: where the first begins, where the last one."""

    first: int
    last: int
    time: bytes = b""
    stream: bytes = b""
    parts: list[bytes] = field(default_factory=list)
    complete: bool = True
    between: int = 0  # bytes of other lines since its first piece
    known: bool = True  # false for what is no entry of the runtime

    @property
    def content(self) -> bytes:
        """Its pieces together."""
        return self.parts[0] if len(self.parts) == 1 else b"".join(self.parts)


def lines_of(entries: Iterable[tuple[int, Piece | None]]) -> Iterator[Line]:
    """The lines in the order in which they end, and at last those that have not ended.

    `entries` are the length of each entry in bytes, and what it says; None for what is no entry.
    """
    begun: dict[bytes, Line] = {}
    at = 0
    for length, piece in entries:
        if begun:
            yield from _given_up(begun, piece, at, length)
        if piece is None:
            yield Line(at, at, known=False)
        else:
            line = begun.get(piece.stream) or Line(at, at, piece.time, piece.stream)
            line.parts.append(piece.content)
            line.last = at
            if piece.complete:
                begun.pop(piece.stream, None)
                yield line
            else:
                begun[piece.stream] = line
        at += length
    for line in begun.values():
        line.complete = False
        yield line


def _given_up(
    begun: dict[bytes, Line], piece: Piece | None, at: int, length: int
) -> Iterator[Line]:
    """The lines that another entry of so many bytes makes too old."""
    for stream, line in list(begun.items()):
        if piece is None or piece.stream != stream:
            line.between += length
            if line.between > PATIENCE:
                line.last = at
                yield begun.pop(stream)


def first_open(lines: Iterable[Line], size: int) -> int:
    """The last place before every line that has not ended at which no line is torn."""
    place, whole = size, []
    for line in lines:
        if not line.complete:
            place = min(place, line.first)
        elif line.first != line.last:
            whole.append((line.first, line.last))
    return untorn(whole, place)


def untorn(whole: Iterable[tuple[int, int]], place: int) -> int:
    """The last place up to `place` that is in none of some lines in pieces."""
    for first, last in sorted(whole, reverse=True):
        if first < place <= last:
            place = first
    return place
