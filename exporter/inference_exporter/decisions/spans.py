"""Tumbling windows: each row is in exactly one, so that no row is tested twice.

Windows are aligned to the epoch (`1h`: full hours of UTC) and made of the panes of the smallest
configured window. A window's rows are kept in 12 stretches of time, in the exported bins only:
50 features are 48 kB, whatever the traffic.
"""

from __future__ import annotations

from dataclasses import dataclass

from inference_exporter.config.schema import Window
from inference_exporter.decisions.dependence import BLOCKS


@dataclass(frozen=True, slots=True)
class Span:
    """A tumbling window of `panes` base panes of `base` seconds."""

    window: Window
    base: float
    panes: int

    @classmethod
    def of(cls, window: Window, base: float) -> Span:
        """The tumbling window of a configured window."""
        return cls(window, base, max(1, round(window.seconds / base)))

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.panes * self.base

    def place(self, pane: int) -> tuple[int, int]:
        """Number of the window since the epoch, and stretch in it, of a base pane.

        >>> Span(Window("1h", 3600.0), 60.0, 60).place(125)
        (2, 1)
        """
        number, inside = divmod(pane, self.panes)
        return number, inside * BLOCKS // self.panes

    def complete(self, now: float) -> int:
        """Number of the last window that has ended at `now`."""
        return int(now // self.seconds) - 1

    def wait(self, lateness: float) -> float:
        """Seconds between its end and its decision, in which rows may still come.

        An alarm must not wait for rows that hardly ever come: at most a stretch of the window.
        What comes later is in the counters and in the sliding window, not in the decision.
        """
        return min(lateness, self.seconds / BLOCKS)

    def end(self, number: int) -> float:
        """When a window ends."""
        return (number + 1) * self.seconds
