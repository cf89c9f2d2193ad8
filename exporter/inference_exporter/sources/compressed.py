"""Rotated logs that were compressed: read once to their end, behind what was read before.

A `.gz` file is never followed. It is recognised by the head of what is in it, and where a promise
of a file with that head exists, that many bytes are passed over and the last of them compared: only
then is the promise believed. Passing over counts against the budget of a turn, so a large archive
holds up nothing, and memory holds one chunk. A file that ends in the middle is still being written;
it is tried again when it has changed.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from inference_exporter.sources.framing import TAIL
from inference_exporter.sources.holding import Hold
from inference_exporter.sources.identity import HEAD, Candidate, Record, digest
from inference_exporter.sources.reader import FIRST_LINE, FileReader, Look

SUFFIX = ".gz"
_RAW = 1 << 16
_GZIP = 31  # zlib's number for a gzip header and checksum


class Damaged(Exception):
    """The compressed data ends early or makes no sense."""


@dataclass(slots=True)
class Stream:
    """The bytes in a gzip file of one or more members, from its start to its end."""

    fd: int
    _place: int = 0
    _raw: bytes = b""
    _member: zlib._Decompress = field(default_factory=lambda: zlib.decompressobj(_GZIP))

    def read(self, length: int) -> bytes:
        """Up to `length` bytes; empty at the end."""
        while True:
            if not self._raw:
                self._raw = os.pread(self.fd, _RAW, self._place)
                self._place += len(self._raw)
            if self._member.eof:
                self._raw = self._raw.lstrip(b"\0")  # padding between members is allowed
                if self._raw:
                    self._member = zlib.decompressobj(_GZIP)
            if not self._raw:
                if self._member.eof:
                    return b""
                raise Damaged("ends early")
            data = self._decompress(length)
            if data:
                return data

    def _decompress(self, length: int) -> bytes:
        try:
            data = self._member.decompress(self._raw, length)
        except zlib.error as error:
            raise Damaged(str(error)) from error
        self._raw = self._member.unused_data or self._member.unconsumed_tail
        return data


class CompressedReader(FileReader):
    """The place reached in a compressed file; offsets count the bytes that are in it.

    `done`: read to its end, or not to be read at all. `checking` are promises still to be tried.
    """

    def __init__(self, path: str, fd: int, line_bytes: int, hold: Hold | None = None) -> None:
        super().__init__(path, fd, line_bytes, hold)
        self.compressed = True
        self.checking: list[Record] = []
        self.confirmed: Record | None = None
        self.wanted = True  # to be read from its start where no promise holds
        self._stream = Stream(fd)
        self._passing = 0  # bytes to pass over before lines are handed on
        self._passed = b""
        self._stalled = (0, 0)

    # -- where to begin ---------------------------------------------------------------------------

    def first_bytes(self) -> bytes | None:
        """The head of what is in the file; None while it is too incomplete to tell."""
        stream, head = Stream(self.fd), b""
        try:
            while len(head) < HEAD:
                data = stream.read(HEAD - len(head))
                if not data:
                    break
                head += data
        except Damaged:
            return None
        return head

    def _first_bytes(self) -> bytes:
        stream, found = Stream(self.fd), b""
        with suppress(Damaged):
            while len(found) < FIRST_LINE and (data := stream.read(FIRST_LINE)):
                found += data
        return found

    def check(self, head: bytes, promises: Iterable[Record]) -> bool:
        """Begin to try the promises that have this head, the largest first; False: none has."""
        alike = [r for r in promises if r.offset and digest(head[: r.head_len]) == r.head]
        self.checking = sorted(alike, key=lambda record: record.offset)
        self.undecided = False
        return self._try_next()

    def _try_next(self) -> bool:
        self._passing = self.checking[-1].offset if self.checking else 0
        self._passed, self._stream = b"", Stream(self.fd)
        return bool(self.checking)

    def begin(self) -> None:
        """At the first byte that is in it."""
        self.undecided, self.checking = False, []
        self.head = self.tail = b""
        self.offset = 0
        self._try_next()

    def begin_at_end(self) -> None:
        """It is not to be read."""
        self.undecided = False
        self._end()

    def _end(self) -> None:
        self.done = self.at_end = True
        self.touch()
        self.close()

    def is_newer_than(self, record: Record) -> bool:
        """Whether the file was changed after the record was made."""
        return (self.size, self.mtime) != (record.size, record.mtime)

    def resume_done(self, record: Record) -> None:
        """It was read to its end before."""
        self.undecided, self.offset = False, record.offset
        self.confirmed = record
        self._end()

    # -- reading ----------------------------------------------------------------------------------

    def look(self, chunk: int, monotonic: float) -> Look:
        """Pass over what was read before, then read what is left."""
        self.looked = monotonic
        if self._is_stalled():
            return Look()
        try:
            look = self._pass_over(chunk) if self._passing else self._deliver(chunk)
        except Damaged:
            self._stall()
            return Look()
        self.last_data = monotonic
        self.touch()
        return look

    def _pass_over(self, chunk: int) -> Look:
        data = self._stream.read(min(chunk, self._passing))
        self._passing -= len(data)
        self._passed = (self._passed + data[-TAIL:])[-TAIL:]
        if not data or not self._passing:
            self._judge(complete=bool(data))
        return Look(spent=len(data), more=not self.done)

    def _judge(self, complete: bool) -> None:
        if not self.checking:  # our own place after a pause
            return
        record = self.checking.pop()
        tail = self._passed[-record.tail_len :]
        if complete and digest(tail) == record.tail:
            self._accept(record)
        elif self._try_next():
            return
        elif self.wanted:
            self.begin()
        else:
            self._end()

    def _accept(self, record: Record) -> None:
        self.checking, self.confirmed = [], record
        stream = Stream(self.fd)
        self.head = stream.read(min(HEAD, record.offset))
        while len(self.head) < min(HEAD, record.offset):
            self.head += stream.read(min(HEAD, record.offset) - len(self.head))
        self.tail, self.offset = self._passed, record.offset
        self.framer.skipping = record.skipping

    def _deliver(self, chunk: int) -> Look:
        data = self._stream.read(chunk)
        if not data:
            line = self.flush()
            self._end()
            return Look(line, flushed=bool(line))
        frame = self.advance(data, 0)
        return Look(frame.lines, len(data), True, frame.too_long)

    # -- a file that is still being written -------------------------------------------------------

    def _stall(self) -> None:
        facts = os.fstat(self.fd)
        self._stalled = (facts.st_size, facts.st_mtime_ns)
        self.at_end = True

    def _is_stalled(self) -> bool:
        if self._stalled == (0, 0):
            return False
        facts = os.fstat(self.fd)
        if (facts.st_size, facts.st_mtime_ns) == self._stalled:
            return True
        self._stalled, self.at_end = (0, 0), False
        self._again()
        return False

    def _again(self) -> None:
        """From the start of the file back to the place reached."""
        self.framer.partial = b""
        if not self._try_next():
            self._passing = self.offset

    # -- the rest of what a reader is asked -------------------------------------------------------

    def reopened(self, candidate: Candidate) -> bool:
        """A compressed file that changed is another one, or has got another member."""
        self.done = False
        self._again()
        return candidate.key == self.key

    def can_be_put_aside(self) -> bool:
        """Its place costs too much to find again."""
        return False

    def can_be_copied(self) -> bool:
        """Its own bytes say nothing about the content of others."""
        return False

    def lag(self) -> int:
        """Unknown before it was read."""
        return 0
