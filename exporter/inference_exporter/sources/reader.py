r"""One file being followed: where we are in it, and whether it still is what we read.

Every look is **one** `pread` that begins at most 256 bytes before the place reached. If those
bytes are the ones remembered, the rest is new. If not, the file was truncated or rewritten, however
large it is now; asking for the size and then reading could not tell, and would be a race.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass

from inference_exporter.sources.framing import TAIL, Frame, Framer
from inference_exporter.sources.holding import Hold, HoldingFramer
from inference_exporter.sources.identity import HEAD, Candidate, Key, Record, digest, line_start

SHRINK_DOUBT = 5.0  # network file systems report an old, smaller size for some seconds
FIRST_LINE = 1 << 16  # bytes of a first line that is repeated
FASTEST, SLOWEST = 0.25, 1.0  # seconds between two looks at a file, while it grows and while not


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a file found. `cut` says why the file is not the one that was read.

    `size` bytes were new, `spent` more were read only to get there.
    """

    lines: bytes = b""
    size: int = 0
    more: bool = False
    too_long: int = 0
    cut: str = ""
    spent: int = 0
    flushed: bool = False


class FileReader:
    """A file, open or put aside, and the place reached in it.

    `offset` is the start of the first unfinished line: what is committed. `position` is where the
    next new byte is expected. `head` always holds the first `min(1024, offset)` bytes.
    `undecided` files were just found: whether they were read before is not known yet. A reader
    with `shadows` set is the copy of that other file, which is read in its place.
    """

    def __init__(self, path: str, fd: int, line_bytes: int, hold: Hold | None = None) -> None:
        facts = os.fstat(fd)
        self.path = self.origin = path
        self.key: Key = (facts.st_dev, facts.st_ino)
        self.fd = fd  # -1 while put aside
        self.size, self.mtime = facts.st_size, facts.st_mtime_ns
        self.framer = HoldingFramer(line_bytes, hold=hold) if hold else Framer(line_bytes)
        self.generation = 0
        self.undecided = True
        self.compressed = self.done = False
        self.shadows: FileReader | None = None
        self.copied = self.copied_generation = 0  # how much of the original is in this copy
        self.copied_tail = b""  # the last bytes of that: is it still the copy it was?
        self.wake = False  # put aside, and there may be more to read
        self.looked = 0.0
        self.begun = 0.0  # wall clock when it was empty or met
        self.named = True
        self.lost_at: float | None = None  # when it lost the name it had
        self.lost_size = 0
        self.last_data = 0.0
        self.due = 0.0
        self.pause = FASTEST
        self.queued = False
        self.at_end = False
        self.error = ""
        self.retry_pause = 0.0
        self._doubt_since: float | None = None
        self._record: Record | None = None
        self.offset = 0
        self.head = self.tail = b""
        self._first_line = (-1, b"")  # with the generation it is of
        self.opening = b""  # the first bytes as they were when it was found, until it is read
        self._blank = 0  # leading NULs passed over: they prove nothing

    @property
    def position(self) -> int:
        """Where the next new byte is expected."""
        return self.offset + len(self.framer.partial)

    def record(self, cut: bool = False) -> Record:
        """The promise to keep for a restart; with offset 0 where nothing was read to prove it."""
        if self.unproven:
            return self._record_of(b"", b"", 0, cut)
        if cut or self._record is None:
            self._record = self._record_of(self.head, self.tail, self.offset, cut)
        return self._record

    def _record_of(self, head: bytes, tail: bytes, offset: int, cut: bool) -> Record:
        return Record(
            self.path, self.origin, *self.key, len(head), digest(head), offset, len(tail),
            digest(tail), self.generation, self.framer.skipping, cut, self.size, self.mtime,
            self.begun, self.done, self.shadows is not None,
        )  # fmt: skip

    @property
    def unproven(self) -> bool:
        """Whether nothing was read that would tell this file from another."""
        return self.offset <= self._blank

    def lag(self) -> int:
        """Bytes written and not yet read, as far as known."""
        return max(0, self.size - self.position)

    def touch(self) -> None:
        """Something that a record holds has changed."""
        self._record = None

    def first_line(self) -> bytes:
        """The first line of the file, as far as it is no longer than FIRST_LINE."""
        generation, line = self._first_line
        if generation != self.generation or not line:
            head = self.head if b"\n" in self.head or self.fd < 0 else self._first_bytes()
            line = head[: head.find(b"\n") + 1] or head + b"\n"
            self._first_line = (self.generation, line)
        return line

    def _first_bytes(self) -> bytes:
        return os.pread(self.fd, FIRST_LINE, 0)

    # -- where to begin ---------------------------------------------------------------------------

    def begin(self) -> None:
        """At the first byte."""
        self._place(0)
        self.opening = os.pread(self.fd, HEAD, 0)

    def begin_at_end(self) -> None:
        """Behind what is there: at the line being written now, which will be read whole."""
        start = line_start(self.fd, self.size, self.framer.limit)
        self._place(self.size if start is None else start)
        self.framer.skipping = start is None

    def resume(self, record: Record) -> None:
        """Where the record says."""
        self._place(record.offset)
        self.framer.skipping = record.skipping
        self.generation = record.generation

    def place_at(self, offset: int) -> None:
        """At this byte, whatever it is."""
        self._place(offset)

    def _place(self, offset: int) -> None:
        self.framer.reset()
        self.head = os.pread(self.fd, min(HEAD, offset), 0)
        self.tail = os.pread(self.fd, min(TAIL, offset), max(0, offset - TAIL))
        self.offset = offset
        self._blank = 0 if (self.head + self.tail).strip(b"\0") else offset
        self.undecided, self.shadows, self.copied = False, None, 0
        self.at_end = False
        self._doubt_since = None
        self.touch()

    def restart(self) -> bool:
        """The file was cut: begin a new generation. Says whether an unfinished line was lost."""
        lost = bool(self.framer.partial) or self.framer.skipping
        self.generation += 1
        self.begin()
        return lost

    # -- reading ----------------------------------------------------------------------------------

    def look(self, chunk: int, monotonic: float) -> Look:
        """Read what is new, at most `chunk` bytes."""
        known = (self.tail + self.framer.partial)[-TAIL:]
        self.looked = monotonic
        data = os.pread(self.fd, len(known) + chunk, self.position - len(known))
        if not data.startswith(known):
            return self._mismatch(data, len(known), monotonic)
        self._doubt_since = None
        fresh = len(data) - len(known)
        self.at_end = fresh < chunk
        if not fresh:
            self.size = self.position
            return Look()
        self.last_data = monotonic
        self.touch()
        return self._take(data, len(known), fresh)

    def _take(self, data: bytes, start: int, fresh: int) -> Look:
        if self.offset == self._blank and not self.framer.partial and data[start] == 0:
            start += self._pass_over_nuls(data, start)
        frame = self.advance(data, start)
        self.size = max(self.size, self.position)
        return Look(frame.lines, fresh, not self.at_end, frame.too_long)

    def advance(self, data: bytes, start: int) -> Frame:
        """Frame `data[start:]` and move the place over what is done with."""
        partial = self.framer.partial
        frame = self.framer.feed(data, start)
        if frame.consumed:
            if len(self.head) < HEAD:
                head = self.head + partial + data[start : start + HEAD]
                self.head = head[: min(HEAD, self.offset + frame.consumed)]
            self.tail = (self.tail + frame.tail)[-TAIL:]
            self.offset += frame.consumed
            self.opening = b""
        return frame

    def _pass_over_nuls(self, data: bytes, start: int) -> int:
        """A writer that does not append leaves a hole in front of it when its file is cut."""
        length = len(data) - start
        blank = length - len(data[start:].lstrip(b"\0"))
        if blank == length:
            blank = max(blank, self._hole_end() - self.offset)
            self.at_end = False
        self.offset += blank
        self._blank = self.offset
        self.head = (self.head + bytes(min(HEAD, blank)))[:HEAD]
        self.tail = (self.tail + bytes(min(TAIL, blank)))[-TAIL:]
        return min(blank, length)

    def _hole_end(self) -> int:
        try:
            return os.lseek(self.fd, self.offset, os.SEEK_DATA)
        except OSError:  # a hole to the end, or a file system that cannot say
            return 0

    def _mismatch(self, data: bytes, known: int, monotonic: float) -> Look:
        if len(data) >= known:
            return Look(cut="rewritten")
        if self._may_be_stale():
            self._doubt_since = monotonic if self._doubt_since is None else self._doubt_since
            if monotonic - self._doubt_since < SHRINK_DOUBT:
                self.at_end = True
                return Look()
        return Look(cut="shrunk")

    def _may_be_stale(self) -> bool:
        """Shorter, but what is left is what was read: nobody cuts logs like that, NFS lies so."""
        left = os.pread(self.fd, HEAD, 0)
        first = self.head if len(self.head) == HEAD else self.head + self.framer.partial
        return bool(left) and left[: len(first)] == first[: len(left)]

    def flush(self) -> bytes:
        """The unfinished line as a whole one: nobody will finish it any more."""
        partial = self.framer.partial
        line = self.framer.flush()
        self.head = (self.head + partial[:HEAD])[:HEAD]
        self.tail = (self.tail + partial)[-TAIL:]
        self.offset += len(partial)
        self.touch()
        return line

    # -- comparing --------------------------------------------------------------------------------

    def intact(self) -> bool:
        """Whether the bytes before the place reached are still the ones read."""
        known = (self.tail + self.framer.partial)[-TAIL:]
        return os.pread(self.fd, len(known), self.position - len(known)) == known

    def begins_like(self, candidate: Candidate) -> bool:
        """Whether both begin with the same bytes, as far as they go.

        While nothing was read of this one, a full 1024 bytes are asked for: two new logs may well
        begin with the same line.
        """
        return self.begins_with(candidate.head)

    def begins_with(self, head: bytes) -> bool:
        """As `begins_like`, of the first 1024 bytes of another file."""
        if self.unproven:
            return len(head) == HEAD and head == self.opening
        length = min(len(self.head), len(head))
        return self.head[:length] == head[:length]

    # -- the descriptor ---------------------------------------------------------------------------

    def can_be_put_aside(self) -> bool:
        """Whether closing the descriptor loses nothing: the file has its name to come back by."""
        settled = not self.undecided and self.shadows is None and self.lost_at is None
        return self.fd >= 0 and self.named and settled

    def can_be_copied(self) -> bool:
        """Whether another file with the same content may be a copy of this one."""
        return not self.undecided and self.shadows is None

    def put_aside(self) -> None:
        """Close the descriptor but keep the place and the unfinished line."""
        self.wake = True
        self.touch()
        if self.fd < 0:
            return
        with suppress(OSError):  # a stale network handle
            facts = os.fstat(self.fd)
            self.size, self.mtime = facts.st_size, facts.st_mtime_ns
            self.wake = not (self.at_end and self.size == self.position and self.intact())
        self.close()

    def reopened(self, candidate: Candidate) -> bool:
        """After it was put aside: whether it still is what was read."""
        if self.unproven:
            self.opening = candidate.head
        record = self.record()
        return self.intact() and (not record.offset or candidate.fits(record))

    def changed(self, facts: os.stat_result) -> bool:
        """Whether a file that was put aside has to be looked at again."""
        return (facts.st_size, facts.st_mtime_ns) != (self.size, self.mtime)

    def close(self) -> None:
        """Give back the descriptor for good."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
