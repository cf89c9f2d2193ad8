"""Counts of answered requests, handed from the server's thread to the writer's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from threading import Lock

OnRequest = Callable[[str, str], None]


class RequestCounter:
    """Requests by route and status code, counted by the server and drained by the writer."""

    def __init__(self, on_request: OnRequest | None = None) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = Lock()
        self._on_request = on_request

    def add(self, route: str, code: str) -> None:
        """Count one."""
        with self._lock:
            self._counts[route, code] += 1
        if self._on_request is not None:
            self._on_request(route, code)

    def take(self) -> Mapping[tuple[str, str], int]:
        """What was counted since the last call."""
        with self._lock:
            taken, self._counts = self._counts, Counter()
        return taken
