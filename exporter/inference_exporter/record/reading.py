"""The lines of a record that somebody asks for, in the order in which they were decided."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from inference_exporter.record import months
from inference_exporter.record.line import Decided


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: empty collections and None are everything.

    A window belongs to [`start`, `end`] if it ended in it, `start` itself excluded.
    """

    models: Collection[str] = ()
    versions: Collection[str] = ()
    names: Collection[str] = ()
    windows: Collection[str] = ()
    verdicts: Collection[str] = ()
    start: datetime | None = None
    end: datetime | None = None
    onsets: bool = False

    def has(self, line: Decided) -> bool:
        """Whether a line is asked for."""
        pairs = (
            (self.models, line.model), (self.versions, line.version), (self.names, line.name),
            (self.windows, line.window), (self.verdicts, line.verdict),
        )  # fmt: skip
        return (
            all(not allowed or value in allowed for allowed, value in pairs)
            and (self.start is None or line.end > self.start)
            and (self.end is None or line.end <= self.end)
            and (line.onset or not self.onsets)
        )

    def may_have(self, month: str) -> bool:
        """Whether a month's file may have such lines."""
        after, before = self.start, self.end
        return (after is None or months.ends(month) >= after.timestamp()) and (
            before is None or month <= f"{before:%Y-%m}"
        )


class Lines:
    """Iterates over the lines asked for; `unreadable` are lines that are none, so far."""

    def __init__(self, storage: Path, wanted: Wanted) -> None:
        self._folder, self._wanted = storage / months.FOLDER, wanted
        self.unreadable = 0

    def __iter__(self) -> Iterator[Decided]:
        decoder = msgspec.json.Decoder(Decided)
        for month, path in months.months(self._folder):
            if self._wanted.may_have(month):
                with path.open("rb") as file:
                    yield from self._of(file, decoder)

    def _of(
        self, file: Iterator[bytes], decoder: msgspec.json.Decoder[Decided]
    ) -> Iterator[Decided]:
        for text in file:
            try:
                line = decoder.decode(text)
            except (msgspec.MsgspecError, ValueError):
                self.unreadable += text.endswith(b"\n") and bool(
                    text.strip()
                )  # else it is just written
                continue
            if self._wanted.has(line):
                yield line


def read(storage: Path, wanted: Wanted = Wanted()) -> Lines:
    """The record in a state folder, a month's file after the other."""
    return Lines(storage, wanted)
