"""A log as a model server writes it, and an exporter that is asked which lines it has counted.

Every line carries a class of its own, so the page says which were counted, and how often.
"""

from __future__ import annotations

import json
import os
import weakref
from collections import Counter
from pathlib import Path

from exporter_process import ExporterProcess, total, wait_for


def lines(*names: str) -> bytes:
    return b"".join(json.dumps({"line": name}).encode() + b"\n" for name in names)


class Log:
    """Opened for appending, kept open whatever happens to its name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        weakref.finalize(self, os.close, self._fd)

    def write(self, *names: str) -> None:
        self.write_bytes(lines(*names))

    def write_bytes(self, data: bytes) -> None:
        assert os.write(self._fd, data) == len(data)

    def rename(self) -> None:
        """Give it another name; whoever has it open writes on."""
        self.path.rename(f"{self.path}.1")

    def copytruncate(self, *names: str) -> None:
        """As logrotate does; then these lines before anybody looks."""
        Path(f"{self.path}.1").write_bytes(self.path.read_bytes())
        os.ftruncate(self._fd, 0)
        self.write(*names)


class Watched(ExporterProcess):
    """An exporter with what it has counted, line by line."""

    def counted(self) -> Counter[str]:
        return Counter(
            {
                dict(labels)["prediction"]: int(value)
                for (name, labels), value in self.page().items()
                if name == "inference_predictions_total" and value
            }
        )

    def has_counted(self, *names: str) -> None:
        """Wait for these lines, each once and no other."""
        try:
            wait_for(lambda: self.counted() >= Counter(names), "these lines")
        finally:
            assert self.counted() == Counter(names), self.log()

    def own(self, name: str, **labels: str) -> float:
        """A metric of the exporter about itself."""
        return total(self.page(), f"inference_exporter_{name}", **labels)

    def waits_for(self, name: str, value: float, **labels: str) -> None:
        """Wait until one of its own metrics has this value."""
        wait_for(lambda: self.own(name, **labels) == value, f"{name} is {value:g}")
