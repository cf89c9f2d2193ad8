"""One window as a ring of panes: spans of event time, each with its own tally.

Panes are merged when the window is read and dropped when they have left it; nothing is ever
subtracted, so no precision is lost and a window can be rebuilt from its panes after a restart.
A window is covered to within one pane: it spans between `seconds` and `seconds + length`.
"""

from __future__ import annotations

import math

from inference_exporter.config.schema import Window
from inference_exporter.values.tally import Tally

PANES = 60  # panes in a window: a window is exact to within 1/60 of its length


class Panes:
    """The panes of one window and one model version, keyed by their number since the epoch.

    `base` is the length in seconds of the smallest window's panes; every pane is a whole number
    of them, so that increments grouped by base pane fit every window.
    """

    def __init__(self, window: Window, base: float) -> None:
        self.window = window
        self.factor = max(1, math.ceil(window.seconds / PANES / base - 1e-9))
        self.length = self.factor * base
        self.tallies: dict[int, Tally] = {}
        self.changed: set[int] = set()
        self._handed: set[int] = set()

    @property
    def cut(self) -> str:
        """How time is cut into panes: what was committed under another cut is of no use."""
        return f"{self.length:g}"

    def number(self, base_pane: int) -> int:
        """Which pane a base pane is in."""
        return base_pane // self.factor

    def add(self, base_pane: int, increments: Tally) -> None:
        """Count increments of a base pane."""
        number = self.number(base_pane)
        tally = self.tallies.get(number)
        if tally is None:
            self.tallies[number] = increments.copy()
        else:
            if number in self._handed:
                self._handed.discard(number)
                tally = self.tallies[number] = tally.copy()
            tally.merge(increments)
        self.changed.add(number)

    def handed(self) -> dict[int, Tally]:
        """The panes as they are now, for another thread: they are not added to any more.

        What is counted from now on is counted in copies, of one pane or two until the next time.
        """
        self._handed = set(self.tallies)
        return dict(self.tallies)

    def merge(self, into: Tally, now: float) -> Tally:
        """Add all panes that reach into the window ending at `now`."""
        for number, tally in self.tallies.items():
            if self._is_inside(number, now):
                into.merge(tally)
        return into

    def expire(self, now: float) -> list[int]:
        """Drop the panes that have left the window for good; returns their numbers."""
        gone = [number for number in self.tallies if not self._is_inside(number, now)]
        for number in gone:
            del self.tallies[number]
            self.changed.discard(number)
        return gone

    def _is_inside(self, number: int, now: float) -> bool:
        return (number + 1) * self.length > now - self.window.seconds


def base_length(windows: tuple[Window, ...]) -> float:
    """Length in seconds of the panes of the smallest window; at least a second.

    >>> base_length((Window("1h", 3600.0), Window("24h", 86400.0)))
    60.0
    """
    return max(1.0, min(window.seconds for window in windows) / PANES)
