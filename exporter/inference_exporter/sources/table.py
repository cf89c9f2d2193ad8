"""The files of one source: those followed, those remembered, and what happened to them."""

from __future__ import annotations

import logging
import math
import os
import stat
from collections.abc import Callable

from inference_exporter.sources.archive import Archive
from inference_exporter.sources.compressed import SUFFIX, CompressedReader
from inference_exporter.sources.discovery import gone, reason_of
from inference_exporter.sources.facts import Counts
from inference_exporter.sources.holding import Hold
from inference_exporter.sources.identity import Candidate, Key, Record
from inference_exporter.sources.reader import FileReader

log = logging.getLogger("inference_exporter.sources")

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
_FIRST_RETRY, _LAST_RETRY = 1.0, 30.0  # seconds between attempts after a read error

Opener = Callable[[str, int], int]


def _loss_by_closing(reader: FileReader) -> tuple[bool, bool, float]:
    """Files are put aside in this order: should one be deleted then, the least is lost."""
    return bool(reader.framer.partial), not reader.at_end, reader.looked


class Table:
    """Owns every open file. `pending` are promises of a former run whose files were not met yet."""

    def __init__(
        self, line_bytes: int, max_open: int, opener: Opener = os.open, hold: Hold | None = None
    ) -> None:
        self.readers: dict[Key, FileReader] = {}
        self.archive = Archive()
        self.pending: list[Record] = []
        self.claimed: dict[Record, FileReader] = {}
        self.counts = Counts()
        self.unreadable: dict[str, str] = {}
        self.search: dict[str, float] = {}  # names to look for rotated forms of, written since
        self.now = self.monotonic = 0.0  # of this turn
        self._torn: set[Record] = set()  # cut in the middle of a line that a copy may still hold
        self._line_bytes, self._hold = line_bytes, hold
        self._max_open = max_open
        self._opened = 0  # at least as many as there are, and counted anew before it matters
        self._open = opener

    # -- opening ----------------------------------------------------------------------------------

    def open(self, path: str) -> int | None:
        """A descriptor of the regular file, or None; failures are counted and logged once."""
        try:
            fd = self._descriptor(path)
        except OSError as error:
            if not gone(error):
                self.failed(path, reason_of(error))
            return None
        self._opened += 1
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            os.close(fd)
            return None
        if self.unreadable.pop(path, None):
            log.info("%s can be read again", path)
        return fd

    def _descriptor(self, path: str) -> int:
        """Open the file, if need be in the place of one that was silent for long.

        Who cannot look at a file cannot tell whether another one is its copy either.
        """
        try:
            return self._open(path, _FLAGS)
        except OSError as error:
            if reason_of(error) != "too_many_open":
                raise
        self._max_open = max(1, self.files_open() - 1)  # the system allows fewer than we do
        self._opened = self.files_open()
        self.make_room()
        return self._open(path, _FLAGS)

    def failed(self, path: str, reason: str) -> None:
        """Count a failure; log it when it is new."""
        self.counts.open_errors[reason] += 1
        if self.unreadable.get(path) != reason:
            log.warning("%s cannot be read (%s); trying again until it can", path, reason)
            self.unreadable[path] = reason

    def meet(self, path: str) -> FileReader | None:
        """Open a file that is not followed yet; whether it was read before is not decided."""
        fd = self.open(path)
        if fd is None:
            return None
        kind = CompressedReader if path.endswith(SUFFIX) else FileReader
        reader = kind(path, fd, self._line_bytes, self._hold)
        reader.begun, reader.last_data = self.now, self.monotonic
        known = self.readers.get(reader.key)
        if known is not None and known.fd >= 0:  # two names were swapped while we looked
            os.close(fd)
            return None
        if known is not None:
            self.forget(known)
        self.readers[reader.key] = reader
        return reader

    def reopen(self, reader: FileReader) -> bool:
        """Open a file that was put aside; False if its name leads elsewhere now."""
        fd = self.open(reader.path)
        if fd is None:
            return False
        try:
            candidate = Candidate(fd)
        except OSError:
            os.close(fd)
            raise
        if candidate.key != reader.key:
            os.close(fd)
            return False
        reader.fd, reader.error, reader.retry_pause, reader.wake = fd, "", 0.0, False
        reader.last_data, reader.at_end = self.monotonic, False
        if not reader.reopened(candidate):
            self.cut(reader, "shrunk" if candidate.size < reader.offset else "rewritten")
            reader.undecided = True  # it may be another file with the same inode
        return True

    def files_open(self) -> int:
        """Descriptors in use."""
        return sum(reader.fd >= 0 for reader in self.readers.values())

    def crowded(self) -> bool:
        """Whether more files are open than should be."""
        if self._opened > self._max_open:
            self._opened = self.files_open()
        return self._opened > self._max_open

    def make_room(self, keep: FileReader | None = None) -> None:
        """Put aside the files that were silent longest until enough descriptors are free."""
        if not self.crowded():
            return
        excess = self._opened - self._max_open
        idle = [r for r in self.readers.values() if r.can_be_put_aside() and r is not keep]
        for reader in sorted(idle, key=_loss_by_closing)[: excess + self._max_open // 10]:
            reader.put_aside()
            self._opened -= 1

    # -- endings ----------------------------------------------------------------------------------

    def cut(self, reader: FileReader, reason: str) -> None:
        """The file is not what was read any more: keep what it was, begin again at 0."""
        record = reader.record(cut=True)
        self.archive.add(record, reader.head)
        self.counts.truncated[reason] += 1
        self.look_for_rotated(reader)
        log.info("%s was truncated (%s)", reader.path, reason)
        if reader.restart():
            self._torn.add(record)
        reader.begun = self.now

    def look_for_rotated(self, reader: FileReader, since: float = math.inf) -> None:
        """Have the rotated names of this file looked at.

        Of a file of which nothing was read yet, cuts in the meantime went unseen: what appeared
        beside it since it began may be its content.
        """
        since = reader.begun if reader.unproven else since
        for path in (reader.path, reader.origin):
            self.search[path] = min(since, self.search.get(path, math.inf))

    def forget(self, reader: FileReader) -> None:
        """Stop following; keep the promise."""
        self.archive.add(reader.record())
        reader.close()
        if self.readers.get(reader.key) is reader:
            del self.readers[reader.key]

    def drop(self, reader: FileReader) -> None:
        """There is nothing to read in it: the promises stay as they were."""
        self.claimed = {r: owner for r, owner in self.claimed.items() if owner is not reader}
        reader.close()
        del self.readers[reader.key]

    def fault(self, reader: FileReader, error: OSError, monotonic: float) -> None:
        """A read failed: close, wait, open again by name. Without a name nothing is left to try."""
        self.failed(reader.path, reason_of(error))
        reader.error = reason_of(error)
        reader.put_aside()
        reader.retry_pause = min(_LAST_RETRY, max(_FIRST_RETRY, 2 * reader.retry_pause))
        reader.due = monotonic + reader.retry_pause
        if not reader.named:
            self.forget(reader)

    def confirm(self, reader: CompressedReader) -> None:
        """A promise turned out to be about this file: it is the reader's own from now on."""
        record, reader.confirmed = reader.confirmed, None
        if record is not None:
            self.pending = [other for other in self.pending if other != record]
            self.archive.discard(record)

    # -- promises ---------------------------------------------------------------------------------

    def promises(self) -> list[Record]:
        """Records of files that are not followed at the moment."""
        return [*self.pending, *self.archive.records()]

    def settle_claims(self) -> None:
        """Promises that a reader has taken over are its own from now on."""
        self.pending = [record for record in self.pending if record not in self.claimed]
        for record in self.claimed:
            self.archive.discard(record)
        self.archive.settle()
        self.counts.partials_dropped += len(self._torn - self.claimed.keys())
        self._torn.clear()
        self.claimed.clear()
