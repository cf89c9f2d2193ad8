r"""Bytes in, whole lines out: where lines end, and which are too long to keep.

A line is what stands before `b"\n"`; its length does not count the newline. Memory: one
unfinished line of at most `limit` bytes. Time: one search from the end per chunk.
"""

from __future__ import annotations

from dataclasses import dataclass

TAIL = 256


@dataclass(frozen=True, slots=True)
class Frame:
    """What a chunk completed: `lines` to hand over, `consumed` bytes that are done with.

    `consumed` counts from the start of the unfinished line before the chunk, `tail` are the last
    (at most 256) of those bytes.
    """

    lines: bytes
    consumed: int
    tail: bytes
    too_long: int = 0


@dataclass(slots=True)
class Framer:
    r"""Cuts chunks into whole lines. Chunks must not be longer than `limit` (see `chunk`).

    >>> framer = Framer(limit=8)
    >>> [framer.feed(chunk).lines for chunk in (b"one\ntw", b"o\n", b"muchtool", b"ong\nok\n")]
    [b'one\n', b'two\n', b'', b'ok\n']
    """

    limit: int
    partial: bytes = b""
    skipping: bool = False  # inside a line that is over the limit

    def feed(self, data: bytes, start: int = 0) -> Frame:
        """Take `data[start:]` as the bytes that follow those of the last call."""
        end = data.rfind(b"\n", start) + 1
        if self.skipping:
            return self._skip(data, start, end)
        if not end:
            return self._hold(data, start)
        partial, self.partial = self.partial, data[end:]
        consumed = len(partial) + end - start
        first = data.find(b"\n", start) + 1 if partial else start
        # Only a line begun in an earlier chunk can be too long: a chunk is at most the limit.
        if partial and len(partial) + first - start - 1 > self.limit:
            lines, too_long = data[first:end], 1
        elif partial:
            lines, too_long = b"".join((partial, memoryview(data)[start:end])), 0
        else:
            lines, too_long = data[start:end], 0
        return Frame(lines, consumed, _last(partial, data, start, end), too_long)

    def _hold(self, data: bytes, start: int) -> Frame:
        length = len(self.partial) + len(data) - start
        if length <= self.limit:
            self.partial = b"".join((self.partial, memoryview(data)[start:]))
            return Frame(b"", 0, b"")
        tail = _last(self.partial, data, start, len(data))
        self.partial, self.skipping = b"", True
        return Frame(b"", length, tail, too_long=1)

    def _skip(self, data: bytes, start: int, end: int) -> Frame:
        if not end:
            return Frame(b"", len(data) - start, _last(b"", data, start, len(data)))
        self.skipping, self.partial = False, data[end:]
        first = data.find(b"\n", start) + 1
        return Frame(data[first:end], end - start, _last(b"", data, start, end))

    def flush(self) -> bytes:
        """The unfinished line as a whole one, or nothing."""
        partial, self.partial, self.skipping = self.partial, b"", False
        return partial + b"\n" if partial else b""

    def reset(self) -> None:
        """Forget what came before."""
        self.partial, self.skipping = b"", False


def _last(before: bytes, data: bytes, start: int, end: int) -> bytes:
    """The last bytes of `before + data[start:end]`, without building it."""
    if end - start >= TAIL:
        return data[end - TAIL : end]
    return (before[-TAIL:] + data[start:end])[-TAIL:]
