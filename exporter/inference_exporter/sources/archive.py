"""What was read and is no longer followed: the newest generations, at most `limit` of them."""

from __future__ import annotations

from collections.abc import Iterable

from inference_exporter.sources.identity import HEAD, Candidate, Record

GENERATIONS = 64


class Archive:
    """Records of files that were closed, replaced or cut. The oldest make room for new ones.

    Of files that were just cut the first bytes are kept too, until the next sweep is over: a copy
    made before the last lines were read is shorter than the promise and can only be told by them.
    """

    def __init__(self, limit: int = GENERATIONS) -> None:
        self._limit = limit
        self._records: dict[Record, bytes] = {}

    def add(self, record: Record, head: bytes = b"") -> None:
        """Keep the record; one that proves nothing is not kept."""
        if record.offset > 0:
            self._records.pop(record, None)
            self._records[record] = head
            while len(self._records) > self._limit:
                del self._records[next(iter(self._records))]

    def discard(self, record: Record) -> None:
        """Forget it: the file is followed again."""
        self._records.pop(record, None)

    def records(self) -> list[Record]:
        """All, oldest first."""
        return list(self._records)

    def settle(self) -> None:
        """The copies of files that were just cut have been looked for."""
        self._records = dict.fromkeys(self._records, b"")

    def restore(self, records: Iterable[Record]) -> None:
        """Take over what a former process kept."""
        for record in records:
            self.add(record)

    def covers(self, candidate: Candidate) -> bool:
        """Whether the candidate is an older, shorter copy of a file that was cut.

        Copying a log and cutting it takes a moment; lines that were written and read in between
        are in our promise but not in the copy.
        """
        return any(
            head
            and candidate.size < record.offset
            and candidate.head == head[: min(candidate.size, HEAD)]
            for record, head in self._records.items()
        )
