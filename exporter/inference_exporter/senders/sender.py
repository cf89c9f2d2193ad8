"""A thread that posts spans or events: in batches, again after a failure, never in the way.

What is to be sent waits in a bounded queue; what that has no room for is dropped and counted. A
batch that cannot be delivered is tried again after a pause that doubles, or that the receiver asks
for; one that it refuses is given up. Ids of spans follow from what they are about, so a batch that
arrives twice is one.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

log = logging.getLogger("inference_exporter.senders")

QUEUE = 4096
BATCH = 512
PAUSE = 0.5  # seconds in which they come together
TIMEOUT = 10.0  # seconds of one post
FIRST = 1.0  # seconds until the second try
LONGEST = 30.0  # seconds between two tries
RESULTS = ("sent", "dropped", "refused")

_AGAIN = frozenset((429, 502, 503, 504))  # the statuses that OTLP/HTTP says to try again after
_OK = range(200, 300)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """Where it goes, and what it is called in messages."""

    endpoint: str
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/x-protobuf"
    what: str = "spans"


Post = Callable[[Target, bytes], tuple[int, str]]
"""Sends a body: status and the header Retry-After; OSError where nobody answers."""


class Sender(Generic[T]):
    """Takes things from the loop's thread, and posts them from its own as `encode` writes them."""

    def __init__(
        self, target: Target, encode: Callable[[list[T]], bytes], post: Post | None = None
    ) -> None:
        self._target, self._encode, self._post = target, encode, post or _post
        self._queue: deque[T] = deque()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name=target.what, daemon=True)
        self._thread.start()

    def has_room(self, things: int) -> bool:
        """Whether so many more can wait; if not they are counted as dropped."""
        with self._lock:
            if len(self._queue) + things <= QUEUE:
                return True
            self._counts["dropped"] += things
        return False

    def send(self, things: Sequence[T]) -> None:
        """Have these sent soon: all of them, or none."""
        if self.has_room(len(things)):
            with self._lock:  # only one thread adds, so there is still room
                self._queue.extend(things)
            self._wake.set()

    def take_counts(self) -> Mapping[str, int]:
        """How many by what became of them, since the last call."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken

    def close(self, timeout: float = 3.0) -> None:
        """Try what waits once more, and end; what is left is dropped."""
        self._closing.set()
        self._wake.set()
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._closing.wait(PAUSE)
            self._wake.clear()
            while batch := self._take():
                self._deliver(batch)

    def _take(self) -> list[T]:
        with self._lock:
            return [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]

    def _deliver(self, batch: list[T]) -> None:
        body = self._encode(batch)
        pause = FIRST
        while True:
            wait = self._try(body, len(batch))
            if wait is None:
                return
            if self._closing.wait(wait or pause):
                self._count("dropped", len(batch))
                return
            pause = min(2 * pause, LONGEST)

    def _try(self, body: bytes, size: int) -> float | None:
        """None where it is settled, else how many seconds to wait; 0: nobody said."""
        try:
            status, after = self._post(self._target, body)
        except OSError as error:
            self._say("%s cannot be sent to %s, trying again: %s", error)
            return 0.0
        if status in _OK:
            self._count("sent", size)
            self._failing = False
            return None
        if status in _AGAIN:
            self._say("%s are to be sent to %s later: status %s", status)
            return _seconds(after)
        self._count("refused", size)
        self._say("%s are refused by %s: status %s", status)
        return None

    def _say(self, text: str, reason: object) -> None:
        """Once, until it works again."""
        if not self._failing:
            self._failing = True
            log.warning(text, self._target.what, self._target.endpoint, reason)

    def _count(self, result: str, size: int) -> None:
        with self._lock:
            self._counts[result] += size


def _seconds(after: str) -> float:
    return min(float(after), LONGEST) if after.strip().isdecimal() else 0.0


def _post(target: Target, body: bytes) -> tuple[int, str]:
    import requests  # only those who send need it

    headers = {"Content-Type": target.media, **target.headers}
    answer = requests.post(
        target.endpoint, body, headers=headers, timeout=TIMEOUT, allow_redirects=False
    )
    return answer.status_code, answer.headers.get("Retry-After", "")
