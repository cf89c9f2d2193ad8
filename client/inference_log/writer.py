"""A bounded queue, and the thread that empties it into a file."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections import Counter, deque
from contextlib import suppress
from typing import Any, Callable

from inference_log.files import File

Record = dict[str, Any]
_warn = logging.getLogger("inference_log").warning
_EVERY = 60.0  # seconds between two warnings
_AT_ONCE = 64  # records between two looks at the size of the file
_all: weakref.WeakSet[Writer] = weakref.WeakSet()


class Writer:
    """`put` never waits; what finds the queue full is dropped, and the number is in the log.

    `encode` makes lines of a record, in the thread; `limit` is in rows.
    """

    def __init__(
        self, file: File, encode: Callable[[Record], bytes], limit: int, interval: float
    ) -> None:
        self._file, self._encode, self._limit, self._interval = file, encode, limit, interval
        self._warned = -_EVERY
        self._begin()
        _all.add(self)
        atexit.register(_close, weakref.ref(self))

    def _begin(self) -> None:
        """An empty queue without a thread, at first and in a process that was forked."""
        self._lock, self._writing = threading.RLock(), threading.Lock()
        self._wake, self._closing = threading.Event(), threading.Event()
        self._queue: deque[tuple[Record, int]] = deque()
        self._rows = 0
        self._dropped: Counter[str] = Counter()
        self._rest = b""
        self._thread: threading.Thread | None = None

    def forked(self) -> None:
        """The parent writes what is in its queue; this process begins with its own file."""
        self._file.forget()
        self._begin()

    def put(self, record: Record, rows: int = 1) -> None:
        """Have it written soon."""
        with self._lock:
            if self._rows >= self._limit:
                self._dropped["queue_full"] += rows
                return
            if self._thread is None:
                self._start()
            self._queue.append((record, rows))
            self._rows += rows
        if not self._wake.is_set():
            self._wake.set()

    def drop(self, reason: str, rows: int = 1) -> None:
        """Count what could not be taken."""
        with self._lock:
            self._dropped[reason] += rows

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="inference-log", daemon=True)
        self._closing.clear()
        self._thread.start()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._closing.wait(self._interval)  # what comes meanwhile is written with it
            self._wake.clear()
            if not self.flush():
                self._closing.wait(1.0)
                self._wake.set()

    def flush(self) -> bool:
        """Write what waits; whether all of it could be."""
        with self._writing:
            try:
                self._write_rest()
                while batch := self._take():
                    self._rest = b"".join(map(self._line, batch))
                    self._write_rest()
                self._rest = self._losses()
                self._write_rest()
            except Exception as error:  # the thread must not end, whatever the disk answers
                self._say("%s cannot be written, trying again: %s", self._file.path, error)
                return False
            return True

    def _take(self) -> list[tuple[Record, int]]:
        with self._lock:
            number = min(len(self._queue), _AT_ONCE)
            batch = [self._queue.popleft() for _ in range(number)]
            self._rows -= sum(rows for _, rows in batch)
            return batch

    def _line(self, entry: tuple[Record, int]) -> bytes:
        try:
            return self._encode(entry[0])
        except Exception as error:  # whatever it is, the others are written
            self.drop("unwritable", entry[1])
            self._say("a prediction could not be written: %r", error)
            return b""

    def _write_rest(self) -> None:
        while self._rest:
            self._rest = self._rest[self._file.write(self._rest) :]

    def _losses(self) -> bytes:
        with self._lock:
            lost, self._dropped = self._dropped, Counter()
        if lost:
            self._say("predictions were not logged: %s", dict(lost))
        now = time.time()
        return b"".join(
            self._encode({"kind": "dropped", "timestamp": now, "reason": reason, "dropped": number})
            for reason, number in lost.items()
        )

    def _say(self, text: str, *values: object) -> None:
        if time.monotonic() - self._warned >= _EVERY:
            self._warned = time.monotonic()
            _warn(text, *values)

    def close(self, timeout: float = 5.0) -> None:
        """Write what waits and let go of the file; a later `put` begins anew."""
        thread, self._thread = self._thread, None
        self._closing.set()
        self._wake.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)
        if thread is None or not thread.is_alive():
            self.flush()
            self._file.close()


def _close(writer: weakref.ref[Writer]) -> None:
    one = writer()
    if one is not None:
        with suppress(Exception):
            one.close()


def _forked() -> None:
    for writer in list(_all):
        writer.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
