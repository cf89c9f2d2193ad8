"""Which file is this? Three facts, none of them alone.

`(dev, ino)` is a hint that finds candidates fast: an inode is reused at once after a delete, and a
copy or a restored backup has another one. `head` (first 1024 bytes) is not enough where files
begin alike. `tail` (last 256 bytes before the offset) is the proof: together with the head it says
"everything up to here was read", wherever the bytes are found.
"""

from __future__ import annotations

import os
from hashlib import blake2b

import msgspec

HEAD = 1024

Key = tuple[int, int]  # (device, inode)


class Record(msgspec.Struct, frozen=True, array_like=True):
    """A promise: of the file with this head and tail, `offset` bytes have been delivered.

    `origin` is the name under which the file was first met; its rotated names are found from it.
    `skipping`: the offset is inside a line over the limit. `cut`: the generation ended because the
    file was truncated, so a copy of it may turn up. `size` and `mtime` (nanoseconds) as last seen.
    `begun` is the wall clock when the file was met or found cut. `done`: a compressed file that was
    read to its end; while its size and time stay, it is not opened again. `copy`: its original is
    read in its place.
    """

    path: str
    origin: str
    dev: int
    ino: int
    head_len: int
    head: bytes
    offset: int
    tail_len: int
    tail: bytes
    generation: int = 0
    skipping: bool = False
    cut: bool = False
    size: int = 0
    mtime: int = 0
    begun: float = 0.0
    done: bool = False
    copy: bool = False

    @property
    def key(self) -> Key:
        """Where the file was, as a hint."""
        return self.dev, self.ino


def digest(data: bytes) -> bytes:
    """Fingerprint of a few bytes."""
    return blake2b(data, digest_size=16).digest()


class Candidate:
    """An open file of which it is not yet known whether it was read before."""

    __slots__ = ("_digests", "fd", "head", "key", "mtime", "size")

    def __init__(self, fd: int) -> None:
        facts = os.fstat(fd)
        self.fd = fd
        self.size = facts.st_size
        self.mtime = facts.st_mtime
        self.key: Key = (facts.st_dev, facts.st_ino)
        self.head = os.pread(fd, HEAD, 0)
        self._digests: dict[int, bytes] = {}

    def at(self, offset: int, length: int) -> bytes:
        """The bytes there; fewer at the end."""
        return os.pread(self.fd, length, offset)

    def fits(self, record: Record) -> bool:
        """Whether the record's promise holds for this file. Offset 0 promises nothing."""
        if not 0 < record.offset <= self.size or self._head(record.head_len) != record.head:
            return False
        return digest(self.at(record.offset - record.tail_len, record.tail_len)) == record.tail

    def best(self, records: list[Record]) -> Record | None:
        """The fitting record that promises most; of equals the one with the same inode."""
        fitting = [record for record in records if self.fits(record)]
        return max(fitting, key=lambda r: (r.offset, r.key == self.key), default=None)

    def _head(self, length: int) -> bytes:
        known = self._digests.get(length)
        if known is None:
            known = self._digests[length] = digest(self.head[:length])
        return known


def line_start(fd: int, offset: int, reach: int) -> int | None:
    """The last start of a line at or before `offset`; None if there is none within `reach`."""
    end = offset
    while end > 0 and offset - end <= reach:
        begin = max(0, end - (1 << 16))
        found = os.pread(fd, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0 if end == 0 else None
