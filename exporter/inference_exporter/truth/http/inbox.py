"""Labels on their way from the web server's thread to the writer's.

Whoever offers labels gets a future that is done after the commit in which they are counted. The
number of labels on their way is bounded: beyond it, senders are asked to come again later.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from inference_exporter.values.batch import Batch

MAX_WAITING = 200_000  # labels


@dataclass(slots=True)
class Submission:
    """Labels by model that were sent together; `done` says whether a commit reached the disk."""

    batches: Mapping[str, Batch]
    records: int
    done: Future[bool] = field(default_factory=Future)


class Inbox:
    """A queue with two ends in two threads."""

    def __init__(self, limit: int = MAX_WAITING) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._waiting: list[Submission] = []
        self._taken: list[Submission] = []
        self._records = 0  # waiting and taken
        self._refused: Counter[str] = Counter()
        self.models: frozenset[str] = frozenset()  # those that take labels

    # -- the web server's end -------------------------------------------------------------------

    def offer(self, submission: Submission) -> bool:
        """Hand labels over; False if there is no room."""
        with self._lock:
            if self._records + submission.records > self._limit:
                self._refused["busy"] += submission.records
                return False
            self._records += submission.records
            self._waiting.append(submission)
            return True

    def refuse(self, reasons: Mapping[str, int]) -> None:
        """Records that were not taken, by reason."""
        with self._lock:
            self._refused.update(reasons)

    # -- the writer's end -----------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for a commit."""
        return bool(self._waiting or self._taken)

    def take(self) -> list[Submission]:
        """What was offered since the last call; answered by `answer`."""
        with self._lock:
            taken, self._waiting = self._waiting, []
        self._taken += taken
        return taken

    def take_refused(self) -> Mapping[str, int]:
        """Refused records by reason since the last call."""
        with self._lock:
            refused, self._refused = self._refused, Counter()
        return refused

    def answer(self, persistent: bool) -> None:
        """A commit is done: everything taken before it is counted."""
        taken, self._taken = self._taken, []
        with self._lock:
            self._records -= sum(one.records for one in taken)
        for one in taken:
            if not one.done.cancelled():
                one.done.set_result(persistent)
