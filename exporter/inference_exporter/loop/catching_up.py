"""A log that is far behind says how far it is: how much is left, how fast, and for how long."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from inference_exporter.values.status_facts import SourceState

log = logging.getLogger("inference_exporter.pipeline")

MUCH = 64 << 20  # bytes that are read in a second or two are not worth a word
INTERVAL = 10.0  # seconds between two messages about one source


@dataclass(slots=True)
class _Behind:
    """When it began, and what was said last: monotonic times and bytes."""

    since: float
    read: int
    told: float
    left: int


class CatchingUp:
    """Looks at the sources now and then. Belongs to the writer thread."""

    def __init__(self) -> None:
        self._behind: dict[str, _Behind] = {}

    def look(self, sources: tuple[SourceState, ...], monotonic: float) -> None:
        """Say what there is to say, at `monotonic` seconds."""
        for source in sources:
            read = sum(file.offset for file in source.files)
            left = sum(max(0, file.size - file.offset) for file in source.files)
            known = self._behind.get(source.name)
            if known is None and left > MUCH:
                self._behind[source.name] = _Behind(monotonic, read, monotonic, left)
                log.info("%s: %s to catch up with", source.name, _megabytes(left))
            elif known is not None:
                self._go_on(source.name, known, read, left, monotonic)

    def _go_on(self, name: str, known: _Behind, read: int, left: int, monotonic: float) -> None:
        if left <= MUCH // 16:
            took = monotonic - known.since
            amount = _megabytes(read - known.read)
            log.info("%s: caught up, %s in %.0f s", name, amount, took)
            del self._behind[name]
        elif monotonic - known.told >= INTERVAL:
            seconds = monotonic - known.told
            less = (known.left - left) / seconds  # what is written meanwhile taken off
            ends = f"about {left / less:.0f} s to go" if less > 0 else "it does not get less"
            log.info("%s: %s to catch up with, %s", name, _megabytes(left), ends)
            known.told, known.left = monotonic, left


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
