"""What a source is: it hands over blocks of whole lines and can say where to go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Block:
    r"""Whole lines of one file, each ended by `b"\n"`.

    A flushed last line gets the newline it lacked. A `\r` before the newline is left in place:
    taking it off here would cost a pass over every byte, formats ignore it for nothing.
    """

    data: bytes
    path: str


@dataclass(frozen=True, slots=True)
class FileStatus:
    """One file as the status page shows it; `error` is empty while it can be read."""

    path: str
    offset: int
    size: int
    error: str = ""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What happened since the last call (counts) and how things are now (the rest).

    Reasons come from closed sets: `truncated` has `shrunk` and `rewritten`, `open_errors` has
    `permission`, `missing_directory`, `too_many_open`, `too_many_files` and `io`.
    """

    bytes_read: int = 0
    rotated: int = 0
    truncated: Mapping[str, int] = field(default_factory=dict)
    open_errors: Mapping[str, int] = field(default_factory=dict)
    too_long: int = 0
    partials_flushed: int = 0
    partials_dropped: int = 0
    grace_expired: int = 0
    files_watched: int = 0
    files_open: int = 0
    files_unreadable: int = 0
    lag_bytes: int = 0
    catching_up: bool = False
    up: bool = False
    waiting_for: tuple[str, ...] = ()
    files: tuple[FileStatus, ...] = ()


class Source(Protocol):
    """Bytes in, whole lines out; knows no format. One thread calls all of it."""

    def poll(self, now: float, monotonic: float) -> Iterator[Block]:
        """One turn of bounded work.

        A block counts as delivered from the moment it is yielded: `checkpoint` called after it,
        even between two blocks, says to go on behind it. So the iterator may be abandoned at
        any block without loss or repetition, as long as the block in hand is processed.
        """

    def checkpoint(self) -> bytes:
        """Everything needed to go on behind the last block yielded."""

    def restore(self, checkpoint: bytes) -> None:
        """Go on where `checkpoint` was taken; before the first poll. Unusable bytes: ValueError."""

    def take_facts(self) -> SourceFacts:
        """Counts since the last call, and the state of things now."""

    def idle(self) -> bool:
        """Whether the last turn found nothing: the caller may wait."""

    def finish(self) -> Iterator[Block]:
        """Read all there is, then hand over last lines without a newline as lines."""

    def close(self) -> None:
        """Give back every file descriptor."""
