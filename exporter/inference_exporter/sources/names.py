"""One sweep over the names: which files are there, which lost their name, which are new."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable
from functools import partial

from inference_exporter.sources.adoption import adopt, adopt_compressed, review
from inference_exporter.sources.compressed import CompressedReader
from inference_exporter.sources.discovery import Discovery, Listing, reason_of
from inference_exporter.sources.identity import Candidate, Key
from inference_exporter.sources.reader import FileReader
from inference_exporter.sources.siblings import Siblings
from inference_exporter.sources.table import Table

log = logging.getLogger("inference_exporter.sources")


class Names:
    """Keeps the table of files in step with the file system.

    `from_end`: files that are there at the very first sweep are read from their end.
    """

    def __init__(self, table: Table, discovery: Discovery, from_end: bool) -> None:
        self._table = table
        self._discovery = discovery
        self._siblings = Siblings(table)
        self._from_end = from_end
        self._there_at_first: set[Key] = set()
        self.fresh = True  # no sweep yet, in this run or a former one
        self.swept = False  # in this run
        self.last_sweep = 0.0  # wall clock, of a former run too
        self.listing = Listing()

    def sweep(self, now: float, monotonic: float) -> None:
        """Look at all names, then decide about every file that is new."""
        listing = self.listing = self._discovery.list()
        for path, reason in listing.problems:
            self._table.failed(path, reason)
        keys = _by_key(listing)
        if self.fresh and self._from_end:
            self._there_at_first.update(keys)
        new = [key for key in keys if key not in self._table.readers]
        for key, paths in keys.items():
            if key in self._table.readers:
                self._see(self._table.readers[key], paths, listing.files[paths[0]], monotonic)
        if not listing.partial:
            self._miss(keys, monotonic)
            self._forget_problems()
        self._wake()
        self._meet([keys[key][0] for key in self._own_first(new)])
        self._decide()
        self._look_for_rotated(monotonic)
        self._table.settle_claims()
        self._table.make_room()
        self.fresh, self.swept, self.last_sweep = False, True, now

    def _own_first(self, keys: list[Key]) -> list[Key]:
        """Files that are where they were come first: a copy is judged by its original."""
        own = {record.key for record in self._table.pending if not record.copy}
        return sorted(keys, key=lambda key: key not in own)

    # -- names that are there ---------------------------------------------------------------------

    def _see(
        self, reader: FileReader, paths: list[str], facts: os.stat_result, monotonic: float
    ) -> None:
        self._name(reader, paths, monotonic)
        if reader.fd >= 0:  # while we hold a file its inode cannot be another's
            self._cut_while_empty(reader, facts)
            reader.size = max(facts.st_size, reader.position)
        elif reader.changed(facts):
            reader.wake = True

    def _cut_while_empty(self, reader: FileReader, facts: os.stat_result) -> None:
        """Empty as before, but something was written: lines that came and were rotated away."""
        if not reader.unproven or facts.st_size:
            return
        if facts.st_mtime_ns != reader.mtime:
            self._table.look_for_rotated(reader)
            reader.mtime = facts.st_mtime_ns
        reader.begun = self._table.now
        reader.touch()

    def _name(self, reader: FileReader, paths: list[str], monotonic: float) -> None:
        if not reader.named:
            reader.named, reader.lost_at = True, None
        if reader.path not in paths:
            self._table.look_for_rotated(reader)
            reader.path = paths[0]
            reader.wake = True
            reader.touch()
            self._rotated(reader, monotonic)

    def _rotated(self, reader: FileReader, monotonic: float) -> None:
        log.info("%s was rotated", reader.origin)
        self._table.counts.rotated += 1
        reader.lost_at = monotonic
        reader.lost_size = os.fstat(reader.fd).st_size if reader.fd >= 0 else reader.size

    # -- names that are not -----------------------------------------------------------------------

    def _miss(self, keys: dict[Key, list[str]], monotonic: float) -> None:
        for key, reader in list(self._table.readers.items()):
            if not reader.named and reader.unproven:
                reader.begun = self._table.now  # no more will be rotated away from it
                reader.touch()
            if key in keys or not reader.named:
                continue
            self._rotated(reader, monotonic)
            reader.named = False
            self._table.look_for_rotated(reader)
            if reader.fd < 0:  # its rest can only be found by content
                self._table.pending.append(reader.record())
                self._table.readers.pop(key)

    def _forget_problems(self) -> None:
        for path in self._table.unreadable.keys() - self.listing.files.keys():
            del self._table.unreadable[path]

    # -- files that are new -----------------------------------------------------------------------

    def _meet(self, paths: list[str]) -> None:
        for path in paths:
            reader = self._table.meet(path)
            if reader is not None:  # it may have been rotated since it was made
                self._table.look_for_rotated(reader)
            if self._table.crowded():  # files that are not decided about cannot be put aside
                self._decide()
                self._table.make_room()

    def _wake(self) -> None:
        """Files put aside that changed: were they cut? Their copies can only be judged then."""
        for reader in list(self._table.readers.values()):
            if reader.fd < 0 and reader.wake and not reader.error:
                self._guard(self._table.reopen, reader)
                self._table.make_room(keep=reader)

    def _decide(self) -> None:
        self._review()
        undecided = [reader for reader in self._table.readers.values() if reader.undecided]
        if self._table.pending:
            self._resume_in_place(undecided)
        for reader in undecided:
            if reader.undecided:
                self._guard(self.decide, reader)
        self._review()

    def _review(self) -> None:
        for reader in list(self._table.readers.values()):
            if reader.shadows is not None:
                self._guard(partial(review, self._table), reader)

    def _guard(self, judge: Callable[[FileReader], object], reader: FileReader) -> None:
        """A file that cannot be read while it is judged is met anew in the next sweep."""
        try:
            judge(reader)
        except OSError as error:
            self._table.failed(reader.path, reason_of(error))
            self._table.forget(reader)

    def _resume_in_place(self, undecided: list[FileReader]) -> None:
        """As `_own_first`, of the files that are open now."""
        own = {record.key for record in self._table.pending if not record.copy}
        for reader in undecided:
            if reader.key in own:
                self._guard(self._resume_own, reader)

    def _resume_own(self, reader: FileReader) -> None:
        promise = Candidate(reader.fd).best(self._table.promises())
        if promise is not None and promise.key == reader.key and not promise.copy:
            reader.resume(promise)
            self._table.claimed[promise] = reader

    def decide(self, reader: FileReader) -> bool:
        """Find out where to begin, as soon as there is content to tell by; False: do not read."""
        if os.fstat(reader.fd).st_size == 0:
            return False
        if isinstance(reader, CompressedReader):
            return self._decide_compressed(reader)
        if adopt(self._table, reader):
            return reader.shadows is None
        if reader.key in self._there_at_first:
            reader.begin_at_end()
            log.info("%s: first start, reading from its end", reader.path)
        else:
            reader.begin()
        return True

    def _decide_compressed(self, reader: CompressedReader) -> bool:
        known = adopt_compressed(self._table, reader)
        if known is None:
            return False
        if not known and reader.key in self._there_at_first:
            reader.begin_at_end()
        elif not known:
            reader.begin()
        self._table.confirm(reader)
        return not reader.done

    def _look_for_rotated(self, monotonic: float) -> None:
        table = self._table
        if not self.swept:
            for path in (*self.listing.files, *self._discovery.plain()):
                table.search.setdefault(path, math.inf)
            for record in table.pending:
                if record not in table.claimed:
                    since = math.inf if record.offset else record.begun
                    table.search.update({record.path: since, record.origin: since})
        if self.fresh:
            table.search.clear()
        complete = self._siblings.look(table.search, self.listing, self.last_sweep, monotonic)
        if complete and not self.listing.partial:
            table.search.clear()
            self._give_up_pending()

    def _give_up_pending(self) -> None:
        """Files of a former run that are nowhere, though every place could be looked at."""
        table = self._table
        waiting = []
        for record in table.pending:
            if record in table.claimed or self._may_come_back(record.path):
                waiting.append(record)
            else:
                table.archive.add(record)
        table.pending = waiting

    def _may_come_back(self, path: str) -> bool:
        if path in self._table.unreadable:
            return True
        return any(path.startswith(w) for w in self.listing.waiting_for if w.endswith("/"))


def _by_key(listing: Listing) -> dict[Key, list[str]]:
    keys: dict[Key, list[str]] = {}
    for path, facts in listing.files.items():
        keys.setdefault((facts.st_dev, facts.st_ino), []).append(path)
    return keys
