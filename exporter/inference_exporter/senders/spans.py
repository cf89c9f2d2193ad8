"""A thread that posts spans to a collector: in batches, again after a failure, never in the way.

Spans wait in a bounded queue; what it has no room for is dropped and counted. A batch that cannot
be delivered is tried again after a pause that doubles, or that the collector asks for; one that the
collector refuses is given up. Ids of spans follow from what they are about, so a batch that arrives
twice is one.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence

from inference_exporter.config.schema import TracesConfig
from inference_exporter.senders.otlp_trace import trace_request
from inference_exporter.values.spans import Span

log = logging.getLogger("inference_exporter.senders")

QUEUE = 4096  # spans
BATCH = 512  # spans
PAUSE = 0.5  # seconds in which spans come together
TIMEOUT = 10.0  # seconds of one post
FIRST = 1.0  # seconds until the second try
LONGEST = 30.0  # seconds between two tries
RESULTS = ("sent", "dropped", "refused")

_AGAIN = frozenset((429, 502, 503, 504))  # the statuses that OTLP/HTTP says to try again after
_OK = range(200, 300)

Post = Callable[[TracesConfig, bytes], tuple[int, str]]
"""Sends a body: status and the header Retry-After; OSError where nobody answers."""


class SpanSender:
    """Takes spans from the loop's thread and posts them from its own."""

    def __init__(self, config: TracesConfig, post: Post | None = None) -> None:
        self._config, self._post = config, post or _post
        self._queue: deque[Span] = deque()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._failing = False
        self._thread = threading.Thread(target=self._run, name="spans", daemon=True)
        self._thread.start()

    def send(self, spans: Sequence[Span]) -> None:
        """Have the spans of a request sent soon: all of them, or none."""
        with self._lock:
            if len(self._queue) + len(spans) > QUEUE:
                self._counts["dropped"] += len(spans)
                return
            self._queue.extend(spans)
        self._wake.set()

    def take_counts(self) -> Mapping[str, int]:
        """Spans by what became of them, since the last call."""
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

    def _take(self) -> list[Span]:
        with self._lock:
            return [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]

    def _deliver(self, batch: list[Span]) -> None:
        body = trace_request(batch, {"service.name": self._config.service})
        pause = FIRST
        while True:
            wait = self._try(body, len(batch))
            if wait is None:
                return
            if self._closing.wait(wait or pause):
                self._count("dropped", len(batch))
                return
            pause = min(2 * pause, LONGEST)

    def _try(self, body: bytes, spans: int) -> float | None:
        """None where it is settled, else how many seconds to wait; 0: nobody said."""
        try:
            status, after = self._post(self._config, body)
        except OSError as error:
            self._say("spans cannot be sent to %s, trying again: %s", error)
            return 0.0
        if status in _OK:
            self._count("sent", spans)
            self._failing = False
            return None
        if status in _AGAIN:
            self._say("%s asks to send spans later: status %s", status)
            return _seconds(after)
        self._count("refused", spans)
        self._say("%s refuses spans: status %s", status)
        return None

    def _say(self, text: str, reason: object) -> None:
        """Once, until it works again."""
        if not self._failing:
            self._failing = True
            log.warning(text, self._config.endpoint, reason)

    def _count(self, result: str, spans: int) -> None:
        with self._lock:
            self._counts[result] += spans


def _seconds(after: str) -> float:
    return min(float(after), LONGEST) if after.strip().isdecimal() else 0.0


def _post(config: TracesConfig, body: bytes) -> tuple[int, str]:
    import requests  # only those who send need it

    headers = {"Content-Type": "application/x-protobuf", **config.headers}
    answer = requests.post(
        config.endpoint, body, headers=headers, timeout=TIMEOUT, allow_redirects=False
    )
    return answer.status_code, answer.headers.get("Retry-After", "")
