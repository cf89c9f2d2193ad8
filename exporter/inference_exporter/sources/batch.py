"""Folders that fill: exports of object stores and synced folders, whose files never grow again.

Each file is read once, whole, in the order of names, plain or `.gz`. A file that is still being
copied is waited for: its size and time must be the same in two looks. A file that comes late with
an earlier name is read too; one that is changed after it was read is not read again.

What was read is remembered by name: the newest `remembered` files, by their modification time. Once
older ones are forgotten, a file that is no newer than those is taken as read.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from glob import iglob
from typing import Literal

import msgspec

from inference_exporter.sources.base import Block, FileStatus, SourceFacts
from inference_exporter.sources.compressed import SUFFIX, Damaged, Stream
from inference_exporter.sources.discovery import gone, reason_of
from inference_exporter.sources.facts import Counts
from inference_exporter.sources.framing import Framer
from inference_exporter.sources.holding import Hold, HoldingFramer

log = logging.getLogger("inference_exporter.sources")

REMEMBERED = 20_000  # files; their names are 16 bytes of state each
_TITLE = 1 << 16  # bytes of a first line that is repeated
_State = tuple[int, int]  # size and modification time in nanoseconds


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """What `BatchSource` needs to go on: names read, the file in hand, files that were damaged."""

    version: int
    done: dict[int, int]
    floor: int
    current: tuple[str, int] | None
    damaged: dict[str, tuple[int, int, int]]


@dataclass(slots=True)
class _Open:
    """The file in hand. `offset` counts the bytes in it that are done with."""

    path: str
    fd: int
    state: _State
    framer: Framer
    offset: int = 0
    stream: Stream | None = None
    title: bytes = b""
    place: int = field(init=False)  # where the next bytes are

    def __post_init__(self) -> None:
        self.place = self.offset
        if self.path.endswith(SUFFIX):
            self.stream = Stream(self.fd)
            left = self.offset
            while left and (data := self.stream.read(min(left, 1 << 20))):
                left -= len(data)

    def read(self, length: int) -> bytes:
        if self.stream is not None:
            data = self.stream.read(length)
        else:
            data = os.pread(self.fd, length, self.place)
        self.place += len(data)
        return data


class BatchSource:
    """Files that match the patterns (`**` is any depth), each once. See `Source`."""

    def __init__(  # noqa: PLR0913 - each is an option of its own
        self,
        patterns: Sequence[str],
        *,
        exclude: Sequence[str] = (),
        start_at: Literal["beginning", "end"] = "end",
        line_bytes: int = 1 << 20,
        block_bytes: int = 1 << 19,
        turn_bytes: int = 8 << 20,
        interval: float = 5.0,
        settle: float = 2.0,
        remembered: int = REMEMBERED,
        hold: Hold | None = None,
        title: bytes = b"",
    ) -> None:
        self._patterns, self._exclude = tuple(patterns), tuple(exclude)
        self._from_end, self._fresh = start_at == "end", True
        self._line_bytes, self._hold, self._title = line_bytes, hold, title
        self._chunk, self._turn_bytes = min(block_bytes, line_bytes), turn_bytes
        self._interval, self._settle, self._remembered = interval, settle, remembered
        self._done: dict[int, int] = {}  # modification time by name
        self._floor = 0  # all that is older was read
        self._seen: dict[str, tuple[_State, float]] = {}  # not read yet, since when like that
        self._damaged: dict[str, tuple[int, int, int]] = {}  # size, time, offset
        self._current: _Open | None = None
        self._resumed: tuple[str, int] | None = None
        self._next_sweep = float("-inf")
        self._counts = Counts()
        self._watched = 0
        self._found = self._more = False
        self._unreadable: dict[str, str] = {}

    # -- a turn -----------------------------------------------------------------------------------

    def poll(self, now: float, monotonic: float) -> Iterator[Block]:  # noqa: ARG002 - the contract
        """See `Source.poll`."""
        self._found = False
        if monotonic >= self._next_sweep:
            self._next_sweep = monotonic + self._interval
            self._sweep(monotonic)
        yield from self._read(self._turn_bytes, monotonic, self._settle)

    def _read(self, budget: int, monotonic: float, settle: float) -> Iterator[Block]:
        while budget > 0 and (self._current or self._take_next(monotonic, settle)):
            assert self._current is not None
            try:
                data = self._current.read(self._chunk)
            except Damaged as error:
                self._put_aside(str(error))
                continue
            self._found = True
            budget -= len(data)
            lines = self._take(self._current, data) if data else self._end(self._current)
            if lines:
                yield lines
        self._more = budget <= 0

    def _take(self, file: _Open, data: bytes) -> Block | None:
        frame = file.framer.feed(data)
        first = file.offset == 0
        file.offset += frame.consumed
        self._counts.bytes_read += len(data)
        self._counts.too_long += frame.too_long
        return self._block(file, frame.lines, first=first) if frame.lines else None

    def _end(self, file: _Open) -> Block | None:
        line = file.framer.flush()
        self._counts.partials_flushed += bool(line)
        first = file.offset == 0
        self._finish_file(file)
        return self._block(file, line, first=first) if line else None

    def _block(self, file: _Open, lines: bytes, *, first: bool) -> Block:
        if not self._title:
            return Block(lines, file.path)
        if first and not file.title:
            file.title = lines[: lines.find(b"\n") + 1]
        return Block(self._title + file.title + lines, file.path)

    def _finish_file(self, file: _Open) -> None:
        os.close(file.fd)
        self._current = None
        self._damaged.pop(file.path, None)
        self._seen.pop(file.path, None)
        self._remember(_name(file.path), file.state[1])

    def _remember(self, name: int, mtime: int) -> None:
        self._done[name] = mtime
        if len(self._done) > self._remembered:
            oldest = min(self._done, key=self._done.__getitem__)
            self._floor = max(self._floor, self._done.pop(oldest))

    def _put_aside(self, why: str) -> None:
        """A packed file that ends too early: it goes on where it was once it has changed."""
        file = self._current
        assert file is not None
        log.warning("%s cannot be unpacked (%s); waiting until it changes", file.path, why)
        self._counts.open_errors["io"] += 1
        self._damaged[file.path] = (*file.state, file.offset)
        self._seen.pop(file.path, None)
        os.close(file.fd)
        self._current = None

    # -- which files ------------------------------------------------------------------------------

    def _sweep(self, monotonic: float) -> None:
        """Look at the names; only of those that were not read at the files themselves."""
        found = (path for one in self._patterns for path in _paths(one))
        names = {path for path in found if not self._left_out(path)}
        self._watched = len(names)
        first = self._fresh and self._from_end
        self._fresh = False
        for path in names:
            if _name(path) in self._done or (self._current and self._current.path == path):
                continue
            with suppress(OSError):
                facts = os.stat(path)  # noqa: PTH116 - a hundred thousand of them
                if os.path.isfile(path):  # noqa: PTH113
                    self._look(path, (facts.st_size, facts.st_mtime_ns), monotonic, first)
        self._seen = {path: seen for path, seen in self._seen.items() if path in names}

    def _look(self, path: str, state: _State, monotonic: float, first: bool) -> None:
        if path in self._damaged and self._damaged[path][:2] == state:
            return
        if path in self._seen or path in self._damaged:
            if path not in self._seen or self._seen[path][0] != state:
                self._seen[path] = (state, monotonic)
        elif first or state[1] <= self._floor:
            self._remember(_name(path), state[1])
        else:
            self._seen[path] = (state, monotonic)

    def _left_out(self, path: str) -> bool:
        name = os.path.basename(path)  # noqa: PTH119 - texts
        return any(fnmatch(path if "/" in one else name, one) for one in self._exclude)

    def _take_next(self, monotonic: float, settle: float) -> bool:
        """Open the first file by name that is complete."""
        ready = [p for p, (_, since) in self._seen.items() if monotonic - since >= settle]
        return any(self._open(path) for path in sorted(ready))

    def _open(self, path: str) -> bool:
        state = self._seen[path][0]
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            del self._seen[path]
            if not gone(error):
                self._counts.open_errors[reason_of(error)] += 1
                self._unreadable[path] = reason_of(error)
            return False
        self._unreadable.pop(path, None)
        facts = os.fstat(fd)
        if (facts.st_size, facts.st_mtime_ns) != state:  # it has gone on after all
            os.close(fd)
            del self._seen[path]
            return False
        offset = self._damaged[path][2] if path in self._damaged else 0
        if self._resumed is not None and self._resumed[0] == path:
            offset, self._resumed = self._resumed[1], None
        framer = (
            HoldingFramer(self._line_bytes, hold=self._hold)
            if self._hold
            else Framer(self._line_bytes)
        )
        try:
            self._current = _Open(path, fd, state, framer, offset, title=self._first(path, fd))
        except Damaged:
            os.close(fd)
            self._damaged[path] = (*state, offset)
            del self._seen[path]
            return False
        return True

    def _first(self, path: str, fd: int) -> bytes:
        if not self._title:
            return b""
        head = Stream(fd).read(_TITLE) if path.endswith(SUFFIX) else os.pread(fd, _TITLE, 0)
        return head[: head.find(b"\n") + 1]

    # -- the rest of the contract -----------------------------------------------------------------

    def checkpoint(self) -> bytes:
        """See `Source.checkpoint`."""
        file = self._current
        current = self._resumed if file is None else (file.path, file.offset)
        return msgspec.msgpack.encode(
            Checkpoint(1, self._done, self._floor, current, self._damaged)
        )

    def restore(self, checkpoint: bytes) -> None:
        """See `Source.restore`."""
        try:
            kept = msgspec.msgpack.decode(checkpoint, type=Checkpoint)
        except msgspec.DecodeError as error:
            raise ValueError(f"unusable checkpoint: {error}") from error
        if kept.version != 1:
            raise ValueError(f"unusable checkpoint: version {kept.version}")
        self._done, self._floor = dict(kept.done), kept.floor
        self._resumed, self._damaged = kept.current, dict(kept.damaged)
        self._fresh = False

    def take_facts(self) -> SourceFacts:
        """See `Source.take_facts`."""
        counts, self._counts = self._counts, Counts()
        file = self._current
        return SourceFacts(
            bytes_read=counts.bytes_read,
            open_errors=dict(counts.open_errors),
            too_long=counts.too_long,
            partials_flushed=counts.partials_flushed,
            files_watched=self._watched,
            files_open=int(file is not None),
            files_unreadable=len(self._unreadable) + len(self._damaged),
            lag_bytes=sum(state[0] for state, _ in self._seen.values()),
            catching_up=self._more,
            up=self._watched > 0,
            waiting_for=() if self._watched else self._patterns,
            files=(
                *([FileStatus(file.path, file.offset, file.state[0])] if file else []),
                *(FileStatus(path, 0, 0, why) for path, why in self._unreadable.items()),
                *(
                    FileStatus(path, at, size, "io")
                    for path, (size, _, at) in self._damaged.items()
                ),
            ),
        )

    def idle(self) -> bool:
        """See `Source.idle`."""
        return not self._found

    def finish(self) -> Iterator[Block]:
        """See `Source.finish`: what is there is taken to be complete."""
        self._sweep(0.0)
        yield from self._read(1 << 62, 0.0, float("-inf"))

    def close(self) -> None:
        """See `Source.close`."""
        if self._current is not None:
            os.close(self._current.fd)
            self._current = None


def _paths(pattern: str) -> Iterator[str]:
    return iglob(pattern, recursive=True)  # noqa: PTH207 - texts, a hundred thousand of them


def _name(path: str) -> int:
    """A name in 8 bytes: of a million files two are alike with a probability of 3e-8."""
    data = os.fsencode(path)
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)
