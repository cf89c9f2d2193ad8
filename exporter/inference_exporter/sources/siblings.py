"""Rotated names of a log: `<path>.*` and `<path>-*`, also where no pattern covers them."""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping

from inference_exporter.sources.adoption import adopt, adopt_compressed
from inference_exporter.sources.compressed import CompressedReader
from inference_exporter.sources.discovery import Listing, list_names, reason_of
from inference_exporter.sources.identity import Candidate, Key
from inference_exporter.sources.reader import FileReader
from inference_exporter.sources.table import Table

# What rotation appends: a number, a date, or one of a few words. Not `.pos`, `.lock`, `.tmp`.
_ROTATED = re.compile(r"[.-].*(\d|old|bak|prev|save|gz)", re.IGNORECASE)
_MARK = re.compile("[.-]")
_CLOCK_GRAIN = 0.02  # seconds by which a file's time may lag behind the clock


class Siblings:
    """Finds the unread rest of files that were rotated away while nobody looked."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def look(
        self, bases: Mapping[str, float], listing: Listing, last_sweep: float, monotonic: float
    ) -> bool:
        """Look at the rotated names of these paths; False if a folder could not be listed."""
        found = Listing()
        for path, base in _rotated_names(bases, found):
            if path not in listing.files:
                called_so = _ROTATED.match(path, len(base)) is not None
                self._meet(path, min(last_sweep, bases[base]), called_so, monotonic)
        return not found.partial

    def _meet(self, path: str, since: float, called_so: bool, monotonic: float) -> None:
        try:
            facts = os.lstat(path)
        except OSError:
            return
        known = self._table.readers.get((facts.st_dev, facts.st_ino))
        if known is not None and known.fd >= 0:
            known.path = path if not known.named else known.path
            return
        if not stat.S_ISREG(facts.st_mode) or facts.st_size == 0:
            return
        if not called_so and not self._is_renamed((facts.st_dev, facts.st_ino)):
            return
        reader = self._table.meet(path)
        if reader is None:
            return
        try:
            self._judge(reader, since, monotonic)
        except OSError as error:
            self._table.failed(path, reason_of(error))
            self._table.forget(reader)

    def _is_renamed(self, key: Key) -> bool:
        """Whether a file of the last run may have been given this name, however odd."""
        return any(record.key == key for record in self._table.pending)

    def _judge(self, reader: FileReader, since: float, monotonic: float) -> None:
        candidate = Candidate(reader.fd)
        reader.named, reader.lost_at, reader.lost_size = False, monotonic, candidate.size
        if isinstance(reader, CompressedReader):
            self._judge_compressed(reader, self._is_new(candidate, since))
            return
        if adopt(self._table, reader):
            if max(reader.offset, reader.copied) < candidate.size or self._in_grace(reader):
                return
        elif self._is_new(candidate, since):
            reader.begin()
            return
        self._table.drop(reader)

    def _judge_compressed(self, reader: CompressedReader, new: bool) -> None:
        reader.wanted, reader.lost_size = new, sys.maxsize  # it is not given up half read
        known = adopt_compressed(self._table, reader)
        if not known and new and known is not None:
            reader.begin()
        elif not known or reader.done:
            self._table.drop(reader)

    def _in_grace(self, reader: FileReader) -> bool:
        """Whether it was followed when the last run ended: its writer may not be done with it."""
        claims = self._table.claimed.items()
        return any(owner is reader and record in self._table.pending for record, owner in claims)

    def _is_new(self, candidate: Candidate, since: float) -> bool:
        """Whether the file was written and rotated away since the last sweep.

        Its modification time says so, not the change time: that one moves with every rename.
        """
        if any(r.key == candidate.key and not r.offset for r in self._table.pending):
            return True  # we knew it and had read nothing
        return candidate.mtime >= since - _CLOCK_GRAIN


def _rotated_names(bases: Iterable[str], listing: Listing) -> Iterator[tuple[str, str]]:
    """Names beside the bases that begin with one of them, each with that base."""
    folders: dict[str, set[str]] = {}
    for base in bases:
        folder, name = os.path.split(base)
        folders.setdefault(folder, set()).add(name)
    for folder, names in folders.items():
        for name in list_names(folder, listing):
            for end in (*(mark.start() for mark in _MARK.finditer(name)), len(name)):
                if name[:end] in names:
                    yield os.path.join(folder, name), os.path.join(folder, name[:end])  # noqa: PTH118
                    break
