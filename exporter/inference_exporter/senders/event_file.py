"""Events as JSON lines in a file, which is renamed once it is large."""

from __future__ import annotations

import logging
from pathlib import Path

from inference_exporter.values.events import Event

log = logging.getLogger("inference_exporter.senders")

LARGEST = 64 << 20  # bytes


class EventFile:
    """Appends a line an event. Where that fails, it is said once and tried again with the next."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._failing = False

    def write(self, event: Event) -> bool:
        """Whether the line is in the file."""
        try:
            if self._path.exists() and self._path.stat().st_size >= LARGEST:
                self._path.replace(f"{self._path}.1")
            with self._path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(event.line() + "\n")
        except OSError as error:
            if not self._failing:
                log.warning("events cannot be written to %s: %s", self._path, error.strerror)
            self._failing = True
            return False
        self._failing = False
        return True
