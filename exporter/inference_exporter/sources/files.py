"""Follows log files through rotation, truncation and crashes without losing or repeating a line.

One turn: read what is open to its end, look at the names, read what was found. A file that loses
its name is read on until it was silent for the grace period; a file that is cut is read from its
start, and its rotated copy from where we were. What is remembered of a file, and why, is in
`identity`; how a new file is recognised, in `adoption`.

Limits. A file that comes and goes between two sweeps is found by its rotated name, if the name it
had is taken again by the next sweep. Lines that are only in a file that was cut or deleted before
we looked are lost, and so is what is written to a rotated file after the grace period. Two new
files of less than 1024 bytes that are equal count as two logs; larger ones, and ones equal to what
was read, count as copies. A copy made less than a sweep before a crash may be read again, if its
original is cut before the next start. Named pipes and devices are not read.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Literal

import msgspec

from inference_exporter.sources.adoption import keep_up
from inference_exporter.sources.base import Block, FileStatus, SourceFacts
from inference_exporter.sources.compressed import CompressedReader
from inference_exporter.sources.discovery import Discovery
from inference_exporter.sources.facts import Counts
from inference_exporter.sources.holding import Hold
from inference_exporter.sources.identity import Record
from inference_exporter.sources.names import Names
from inference_exporter.sources.reader import FASTEST, SLOWEST, FileReader, Look
from inference_exporter.sources.table import Opener, Table

MOST_FILES = 10_000  # names followed by one source; more are counted and left alone
_IDLE_CLOSE = 300.0  # seconds of silence after which a descriptor is given back


class Checkpoint(msgspec.Struct, frozen=True, array_like=True):
    """What `FileSource` needs to go on. `swept` is the wall clock of its last look at names."""

    version: int
    swept: float
    files: list[Record]
    archive: list[Record]


class FileSource:
    """Lines of all files that match the patterns. See `Source` for the contract.

    `start_at="end"` holds for files that are there at the very first start only; it begins at the
    line being written at that moment. `fresh=False` says that there was a former run although its
    checkpoint is not known: then everything is read from its beginning. `exclude` are patterns of
    names or of whole paths that are left out. `hold`: see `holding`. With a `title` the first line
    of the file stands in front of every block, behind these bytes.
    """

    def __init__(  # noqa: PLR0913 - each is an option of its own
        self,
        patterns: Sequence[str],
        *,
        exclude: Sequence[str] = (),
        start_at: Literal["beginning", "end"] = "end",
        rotate_grace: float = 30.0,
        grace_limit: float = 600.0,
        line_bytes: int = 1 << 20,
        block_bytes: int = 1 << 19,
        turn_bytes: int = 8 << 20,
        max_open_files: int = 1024,
        discovery_interval: float = 1.0,
        fresh: bool = True,
        opener: Opener = os.open,
        hold: Hold | None = None,
        title: bytes = b"",
    ) -> None:
        self._title = title
        self._table = Table(line_bytes, max_open_files, opener, hold)
        self._names = Names(
            self._table, Discovery(patterns, MOST_FILES, exclude), start_at == "end"
        )
        self._names.fresh = fresh
        self._grace, self._grace_limit = rotate_grace, grace_limit
        self._chunk = min(block_bytes, line_bytes)
        self._turn_bytes = turn_bytes
        self._interval = discovery_interval
        self._next_sweep = float("-inf")
        self._queue: deque[FileReader] = deque()
        self._budget = 0
        self._found = False
        self._now = self._monotonic = 0.0

    # -- a turn -----------------------------------------------------------------------------------

    def poll(self, now: float, monotonic: float) -> Iterator[Block]:
        """See `Source.poll`."""
        self._now, self._monotonic = now, monotonic
        self._table.now, self._table.monotonic = now, monotonic
        self._budget, self._found = self._turn_bytes, False
        sweep = monotonic >= self._next_sweep
        yield from self._drain(everything=sweep)
        if sweep or self._table.search:
            self._next_sweep = monotonic + self._interval
            self._names.sweep(now, monotonic)
            yield from self._drain()
        yield from self._end_graces()
        self._put_aside_idle()

    def _drain(self, everything: bool = False) -> Iterator[Block]:
        """Give every file that is due one chunk after the other, in turns, within the budget."""
        for reader in self._table.readers.values():
            if not reader.queued and self._is_due(reader, everything):
                reader.queued = True
                self._queue.append(reader)
        while self._queue and self._budget > 0:
            reader = self._queue.popleft()
            reader.queued = False
            look = self._look(reader)
            if look.more:
                reader.queued = True
                self._queue.append(reader)
            if look.lines:
                yield self._block(reader, look.lines)

    def _block(self, reader: FileReader, lines: bytes) -> Block:
        title = self._title + reader.first_line() if self._title else b""
        return Block(title + lines, reader.path)

    def _is_due(self, reader: FileReader, everything: bool) -> bool:
        if reader.shadows is not None:
            return False
        if reader.fd >= 0:
            return everything or reader.due <= self._monotonic
        return reader.wake and reader.due <= self._monotonic

    def _look(self, reader: FileReader) -> Look:
        if self._table.readers.get(reader.key) is not reader or reader.shadows is not None:
            return Look()
        try:
            look = self._look_once(reader)
        except OSError as error:
            self._table.fault(reader, error, self._monotonic)
            return Look()
        self._budget -= look.size + look.spent
        if isinstance(reader, CompressedReader):
            self._table.confirm(reader)
        self._count(look)
        self._plan(reader, look)
        return look

    def _look_once(self, reader: FileReader) -> Look:
        if reader.fd < 0:
            if not self._table.reopen(reader):
                return Look()
            self._table.make_room(keep=reader)
        if reader.undecided and not self._names.decide(reader):
            return Look()
        unproven = reader.position == 0
        look = reader.look(self._chunk, self._monotonic)
        if look.cut:
            self._table.cut(reader, look.cut)
            look = reader.look(self._chunk, self._monotonic)
        elif unproven and reader.position and reader.named and not self._names.fresh:
            # With nothing read of it we could not have noticed that it was cut in the meantime.
            self._table.look_for_rotated(reader, reader.begun)
        return look

    def _plan(self, reader: FileReader, look: Look) -> None:
        reader.pause = FASTEST if look.size else min(SLOWEST, 2 * reader.pause)
        reader.due = self._monotonic + reader.pause

    def _count(self, look: Look) -> None:
        counts = self._table.counts
        counts.bytes_read += look.size
        counts.too_long += look.too_long
        counts.partials_flushed += look.flushed
        self._found = self._found or look.size + look.spent > 0

    # -- files without a name ---------------------------------------------------------------------

    def _end_graces(self) -> Iterator[Block]:
        for reader in list(self._table.readers.values()):
            if reader.lost_at is None or not self._grace_is_over(reader):
                continue
            line = reader.flush()
            if reader.named:
                reader.lost_at = None
            elif reader.shadows is not None:
                self._table.drop(reader)  # the promise for its lines is its original's
            else:
                self._table.forget(reader)
            if line:
                self._table.counts.partials_flushed += 1
                self._found = True
                yield self._block(reader, line)

    def _grace_is_over(self, reader: FileReader) -> bool:
        lost_at = reader.lost_at if reader.lost_at is not None else self._monotonic
        quiet = self._monotonic - max(lost_at, reader.last_data) >= self._grace
        if reader.undecided or reader.done:
            return quiet or reader.done
        if reader.shadows is not None:
            return quiet and reader.size <= reader.copied
        if quiet and reader.at_end and reader.looked == self._monotonic:
            return True
        if self._monotonic - lost_at < self._grace_limit or reader.position < reader.lost_size:
            return False
        if not quiet:
            self._table.counts.grace_expired += 1
        return not quiet

    def _put_aside_idle(self) -> None:
        for reader in self._table.readers.values():
            quiet = self._monotonic - reader.last_data >= _IDLE_CLOSE
            if quiet and reader.at_end and not reader.framer.partial and reader.can_be_put_aside():
                reader.put_aside()

    # -- the rest of the contract -----------------------------------------------------------------

    def checkpoint(self) -> bytes:
        """See `Source.checkpoint`."""
        for reader in self._table.readers.values():
            with suppress(OSError):  # then the copy's promise is older than need be
                keep_up(reader)
        files = [reader.record() for reader in self._table.readers.values()]
        files += self._table.pending
        swept = self._names.last_sweep
        return msgspec.msgpack.encode(Checkpoint(1, swept, files, self._table.archive.records()))

    def restore(self, checkpoint: bytes) -> None:
        """See `Source.restore`."""
        try:
            kept = msgspec.msgpack.decode(checkpoint, type=Checkpoint)
        except msgspec.DecodeError as error:
            raise ValueError(f"unusable checkpoint: {error}") from error
        if kept.version != 1:
            raise ValueError(f"unusable checkpoint: version {kept.version}")
        self._table.pending = list(kept.files)
        self._table.archive.restore(kept.archive)
        self._names.fresh = False
        self._names.last_sweep = kept.swept

    def take_facts(self) -> SourceFacts:
        """See `Source.take_facts`."""
        counts, self._table.counts = self._table.counts, Counts()
        readers = list(self._table.readers.values())
        followed = [reader for reader in readers if reader.shadows is None]
        unreadable = self._table.unreadable
        return SourceFacts(
            bytes_read=counts.bytes_read,
            rotated=counts.rotated,
            truncated=dict(counts.truncated),
            open_errors=dict(counts.open_errors),
            too_long=counts.too_long,
            partials_flushed=counts.partials_flushed,
            partials_dropped=counts.partials_dropped,
            grace_expired=counts.grace_expired,
            files_watched=len(self._names.listing.files),
            files_open=self._table.files_open(),
            files_unreadable=len(unreadable),
            lag_bytes=sum(reader.lag() for reader in followed),
            catching_up=bool(self._queue),
            up=any(reader.named and not reader.error for reader in readers),
            waiting_for=tuple(self._names.listing.waiting_for),
            files=(
                *(FileStatus(r.path, r.offset, r.size, r.error) for r in readers),
                *(FileStatus(path, 0, 0, reason) for path, reason in unreadable.items()),
            ),
        )

    def idle(self) -> bool:
        """See `Source.idle`."""
        return not self._found and not self._queue

    def finish(self) -> Iterator[Block]:
        """See `Source.finish`."""
        found = True
        while found:
            for reader in self._table.readers.values():
                reader.due = self._monotonic
            yield from self.poll(self._now, self._monotonic)
            found = not self.idle()
        for reader in self._table.readers.values():
            line = reader.flush()
            if line:
                self._table.counts.partials_flushed += 1
                yield self._block(reader, line)

    def close(self) -> None:
        """See `Source.close`."""
        for reader in self._table.readers.values():
            reader.close()
        self._queue.clear()
