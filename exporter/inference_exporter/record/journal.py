"""Lines of the record, each in its file exactly once, whatever kills the process.

A line is committed to the state database in the same transaction as the counts it rests on, with
the place in the file where it belongs; only then it is written there, and the next commit forgets
it. After a crash in between, the same bytes are written to the same place again.

Where the folder takes no lines (a full disk, a folder that is read-only) they wait in the state,
up to `MOST_WAITING` bytes, and are written once it does. What has no room there, or in its month,
is left out and counted. A file that lost its end begins anew where it ends now.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import msgspec

from inference_exporter.config.schema_services import RecordConfig
from inference_exporter.record import months

log = logging.getLogger("inference_exporter.record")

PREFIX = "record/"
_PLACES = f"{PREFIX}places"  # where each month's file ends, all that is waiting included
_WAITING = f"{PREFIX}waiting/"
MOST_WAITING = 8 << 20  # bytes of lines that are not in their files yet
_LOOKED = 3600.0  # seconds between two looks for months that are too old


class Journal:
    """The writer of the record in the state folder; `configure` says for how long and how large."""

    def __init__(self, storage: Path, config: RecordConfig | None) -> None:
        self.folder = storage / months.FOLDER
        self.config = config
        self.written = self.dropped = self.errors = 0  # lines, lines, attempts; see `take_counts`
        self._new: dict[str, bytearray] = {}  # lines without a place
        self._waiting: dict[tuple[str, int], bytes] = {}  # by month and place
        self._done: set[tuple[str, int]] = set()  # written, and not yet forgotten by the state
        self._ends: dict[str, int] = {}
        self._complaint = ""
        self._next_look = float("-inf")

    @property
    def waiting_bytes(self) -> int:
        """Bytes of lines that are not in their files yet."""
        return sum(map(len, self._new.values())) + sum(map(len, self._waiting.values()))

    @property
    def size_bytes(self) -> int:
        """Bytes of all files."""
        return months.size_of(self.folder)

    def add(self, ended: float, line: bytes) -> None:
        """A line of a window that ended then."""
        if self.config is None:
            return
        month = months.month_of(ended)
        new = self._new.setdefault(month, bytearray())
        size = self._ends.get(month, 0) + len(new) + len(line)
        if size > self.config.month_bytes or self.waiting_bytes + len(line) > MOST_WAITING:
            self.dropped += 1
        else:
            new += line

    # -- a commit -------------------------------------------------------------------------------

    def take_changes(self) -> tuple[dict[str, bytes], list[str]]:
        """State to write and to delete: new lines with their places, those that are written."""
        deletes = [_key(*place) for place in self._done]
        self._done.clear()
        puts: dict[str, bytes] = {}
        try:
            for month in list(self._new):
                puts |= self._placed(month)
        except OSError as error:
            self._failed(error)
        if puts or deletes:
            puts[_PLACES] = msgspec.json.encode(self._ends)
        return puts, deletes

    def _placed(self, month: str) -> dict[str, bytes]:
        """The new lines of a month behind everything that is in its file, or will be."""
        if not self._new[month]:
            del self._new[month]
            return {}
        start = b""
        if month not in self._ends:
            self._ends[month], torn = months.end_of(months.path_of(self.folder, month))
            start = b"\n" if torn else b""
        data = start + bytes(self._new.pop(month))
        place = (month, self._ends[month])
        self._waiting[place] = data
        self._ends[month] += len(data)
        return {_key(*place): data}

    def append(self, now: float) -> None:
        """Write what is committed to the files; what cannot be written waits."""
        try:
            for place in sorted(self._waiting):
                self._write(*place)
            if now >= self._next_look:
                self._next_look = now + _LOOKED
                self._forget(now)
        except OSError as error:
            self._failed(error)
        else:
            self._succeeded()

    def _write(self, month: str, offset: int) -> None:
        if (month, offset) not in self._waiting:
            return  # it has moved with one before it
        data = self._waiting[month, offset]
        path = months.path_of(self.folder, month)
        if months.put(path, offset, data, self._ends[month]):
            del self._waiting[month, offset]
            self._done.add((month, offset))
            self.written += data.count(b"\n") - data.startswith(b"\n")
        else:
            self._move(month)

    def _move(self, month: str) -> None:
        """The file is shorter than it was: give all that waits a new place, in the next commit."""
        log.warning("the record of %s lost lines; it goes on where its file ends now", month)
        self.errors += 1
        mine = sorted(place for place in self._waiting if place[0] == month)
        lines = b"".join(self._waiting.pop(place) for place in mine)
        self._done.update(mine)
        self._new[month] = bytearray(lines) + self._new.get(month, b"")
        self._ends.pop(month, None)

    def _forget(self, now: float) -> None:
        if self.config is not None:
            for month in months.forget(self.folder, now - self.config.keep):
                self._ends.pop(month, None)

    # -- state ----------------------------------------------------------------------------------

    def restore(self, state: Mapping[str, bytes]) -> None:
        """Take up committed state; raises ValueError if it is damaged."""
        try:
            self._ends = msgspec.json.decode(state.get(_PLACES, b"{}"), type=dict[str, int])
            for key, data in state.items():
                if key.startswith(_WAITING):
                    month, offset = key.removeprefix(_WAITING).split("/")
                    self._waiting[month, int(offset)] = data
        except msgspec.MsgspecError as error:
            raise ValueError(f"damaged places of lines: {error}") from error

    def take_counts(self) -> tuple[int, int, int]:
        """Lines written, lines left out and failed attempts since the last call."""
        counts = self.written, self.dropped, self.errors
        self.written = self.dropped = self.errors = 0
        return counts

    def _failed(self, error: OSError) -> None:
        self.errors += 1
        if str(error) != self._complaint:
            log.error("decisions are not recorded in %s, they wait: %s", self.folder, error)
        self._complaint = str(error)

    def _succeeded(self) -> None:
        if self._complaint:
            log.info("decisions are recorded in %s again", self.folder)
        self._complaint = ""


def _key(month: str, offset: int) -> str:
    return f"{_WAITING}{month}/{offset}"
