"""A model server for the soak: predictions at a rate, late labels, both logs rotated."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter, deque
from io import FileIO
from pathlib import Path

COUNTRIES, VERSIONS, CLASSES = ("DE", "FR", "IT", "PL"), ("1", "2"), ("no", "yes")
LABELLED = 0.6
DELAYS = (2.0, 20.0)  # seconds until a label comes
KEPT = 15  # rotated files, so that an exporter may be away for some minutes
TICK = 0.05  # seconds between two writes
LINE = (
    b'{"ts":%.3f,"id":"r%d","version":"%b","country":"%b","prediction":"%b","score":%.3f,'
    b'"latency_ms":%.2f,"features":{"amount":%.2f,"age":%d,"plan":"%b"}}\n'
)


class RotatedLog:
    """A log that gets a new name every so many seconds; the oldest of them are deleted."""

    def __init__(self, path: Path, every: float, now: float) -> None:
        self._path, self._every, self._next = path, every, now + every
        self._old: deque[Path] = deque()
        self._file: FileIO = path.open("ab", buffering=0)
        self.rotations = 0

    def write(self, data: bytes, now: float) -> None:
        """Append, to a new file if it is time."""
        if now >= self._next:
            self._rotate()
            self._next += self._every
        self._file.write(data)

    def _rotate(self) -> None:
        self.rotations += 1
        old = self._path.with_name(f"{self._path.name}.{self.rotations}")
        self._path.rename(old)
        self._file.close()
        self._file = self._path.open("ab", buffering=0)
        self._old.append(old)
        while len(self._old) > KEPT:
            self._old.popleft().unlink()

    def close(self) -> None:
        """No more lines."""
        self._file.close()


class Traffic(threading.Thread):
    """Writes until it is told to stop, and knows what it has written."""

    def __init__(self, folder: Path, rate: float, rotate: float) -> None:
        super().__init__(daemon=True)
        self._rate, self._rng = rate, random.Random(7)
        now = time.monotonic()
        self._predictions = RotatedLog(folder / "predictions.jsonl", rotate, now)
        self._labels = RotatedLog(folder / "labels.jsonl", rotate, now)
        self._stopping = threading.Event()
        self._due: list[list[bytes]] = []  # a slot for each tick to come, used in turns
        self._tick = 0
        self.lines = self.labels = 0
        self.requests: Counter[tuple[str, str]] = Counter()  # country, version
        self.outcomes: Counter[tuple[str, str, str]] = Counter()  # country, predicted, actual
        self.seconds = 0.0

    @property
    def rotations(self) -> int:
        """Of both logs."""
        return self._predictions.rotations + self._labels.rotations

    def run(self) -> None:
        """Write at the rate; who is late does not make up for it."""
        self._due = [[] for _ in range(int(DELAYS[1] / TICK) + 2)]
        started = due = time.monotonic()
        while not self._stopping.is_set():
            now = time.monotonic()
            self._write(now, int(self._rate * TICK))
            due = max(due + TICK, now)
            self._stopping.wait(max(0.0, due - time.monotonic()))
        self.seconds = time.monotonic() - started
        for slot in range(len(self._due)):
            self._labels.write(b"".join(self._taken(self._tick + slot)), time.monotonic())
        self._predictions.close()
        self._labels.close()

    def _write(self, now: float, lines: int) -> None:
        self._predictions.write(b"".join(self._line() for _ in range(lines)), now)
        labels = self._taken(self._tick)
        if labels:
            self._labels.write(b"".join(labels), now)
        self._tick += 1

    def _taken(self, tick: int) -> list[bytes]:
        slot = tick % len(self._due)
        labels, self._due[slot] = self._due[slot], []
        self.labels += len(labels)
        return labels

    def _line(self) -> bytes:
        draw, number = self._rng.random, self.lines
        country, version = COUNTRIES[int(draw() * 4)], VERSIONS[int(draw() * 2)]
        score, plan = draw(), b"pro" if draw() < 0.3 else b"free"
        predicted = CLASSES[score > 0.5]
        self.lines += 1
        self.requests[country, version] += 1
        if draw() < LABELLED:
            actual = CLASSES[draw() < score]
            self.outcomes[country, predicted, actual] += 1
            delay = DELAYS[0] + draw() * (DELAYS[1] - DELAYS[0])
            self._due[(self._tick + int(delay / TICK)) % len(self._due)].append(
                b'{"id":"r%d","actual":"%b"}\n' % (number, actual.encode())
            )
        return LINE % (
            time.time(), number, version.encode(), country.encode(), predicted.encode(), score,
            1 + 20 * draw() ** 3, 100 * draw(), 18 + int(60 * draw()), plan,
        )  # fmt: skip

    def stop(self) -> None:
        """Write the labels that are still due, and end."""
        self._stopping.set()
        self.join()
