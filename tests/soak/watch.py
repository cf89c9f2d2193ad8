"""What is looked at while the soak goes on: memory, descriptors, the state's size, counters."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from exporter_process import ExporterProcess, Series

MB = 1e6


@dataclass(frozen=True, slots=True)
class Look:
    """One look; `seconds` since the start of the soak."""

    seconds: float
    rss: float
    descriptors: int
    state: float


class Watch:
    """All looks, and counters that stepped back."""

    def __init__(self, exporter: ExporterProcess) -> None:
        self._exporter, self._started = exporter, time.monotonic()
        self._before: Series = {}
        self.looks: list[Look] = []
        self.steps_back: set[str] = set()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    def look(self) -> None:
        """Look once."""
        process = Path(f"/proc/{self._exporter.pid}")
        self.looks.append(
            Look(
                self.seconds,
                _rss(process),
                len(list((process / "fd").iterdir())),
                _size(self._exporter.folder / "state"),
            )
        )
        page = self._exporter.page()
        for key, before in self._before.items():
            if page.get(key, before) < before:
                self.steps_back.add(key[0])
        self._before = {
            key: value
            for key, value in page.items()
            if key[0].endswith(("_total", "_bucket", "_count"))
        }

    def since(self, seconds: float) -> list[Look]:
        """The looks after so many seconds."""
        return [look for look in self.looks if look.seconds >= seconds]


def slope_per_hour(looks: list[Look]) -> float:
    """Growth of resident memory by least squares, MB an hour."""
    hours = np.array([look.seconds / 3600 for look in looks])
    slope, _ = np.polyfit(hours, np.array([look.rss / MB for look in looks]), 1)
    return float(slope)


def _rss(process: Path) -> float:
    text = (process / "status").read_text(encoding="ascii")
    line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024.0


def _size(folder: Path) -> float:
    return float(sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()))
