"""Increments in, counts in time out: totals, and windows as rings of panes on event time.

Windows follow event time with a bounded lateness and age by the clock they are given.
"""

from inference_exporter.windows.panes import Panes, base_length
from inference_exporter.windows.periods import PeriodPanes, PeriodTimeline
from inference_exporter.windows.placement import (
    MAX_AHEAD,
    NO_PANE,
    Placement,
    place,
    place_joined,
    place_joined_by_day,
)
from inference_exporter.windows.timeline import History, Timeline

__all__ = [
    "MAX_AHEAD",
    "NO_PANE",
    "History",
    "Panes",
    "PeriodPanes",
    "PeriodTimeline",
    "Placement",
    "Timeline",
    "base_length",
    "place",
    "place_joined",
    "place_joined_by_day",
]
