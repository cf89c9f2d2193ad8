"""What a model counts with, as it follows from the reference in force."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inference_exporter.accumulators import Layout, arrange
from inference_exporter.config.schema import ModelConfig
from inference_exporter.decisions import Watch
from inference_exporter.ledger import Keys, Ledger
from inference_exporter.reference import without_whole
from inference_exporter.values.calendar import Calendar
from inference_exporter.values.profile import Reference
from inference_exporter.windows import Timeline


class Counting:
    """The layout, the timeline, and the ledgers that count into timelines.

    The first ledger is that of the versions; parts add theirs in `use`. `keys` tells the version
    of each row. `reference` is the one given, as the configuration wants it.
    """

    def __init__(
        self, config: ModelConfig, reference: Reference | None, keys: Keys, *, event_time: bool
    ) -> None:
        self.config, self.keys = config, keys
        self.reference = reference = _wanted(config, reference)
        self.layout: Layout = arrange(config, reference)
        layout = self.layout
        self.timeline = Timeline(config.windows, layout.slices, layout.signature, layout.empty)
        periods = config.calendar
        self.calendar = Calendar(periods.timezone) if periods else None
        self.ledgers = [Ledger(layout, self.timeline, keys, self.calendar)]
        self._event_time = event_time
        self.watch_decisions: Callable[[Watch], None] | None = None  # of the part that decides
        self.find_alike: Callable[[str, str], float] = lambda _version, _window: 1.0
        self.find_design: Callable[[str, str, str], float] = lambda *_: 1.0  # and by key

    def alike(self, version: str, window: str) -> float:
        """How many rows of a version and window are worth one, as decisions found."""
        return self.find_alike(version, window)

    @property
    def lateness(self) -> float:
        """Seconds a row may come late. A log read after the fact has no later lines."""
        return 0.0 if self._event_time else self.config.lateness

    def clock(self, now: float) -> float:
        """The time at which the windows end."""
        newest = self.timeline.newest
        return newest if self._event_time and not np.isnan(newest) else now


def _wanted(model: ModelConfig, reference: Reference | None) -> Reference | None:
    """The reference as the configuration wants it: with rows as a whole only if that is on."""
    if reference is None or model.multivariate:
        return reference
    return without_whole(reference)
