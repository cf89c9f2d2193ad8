"""What is remembered of a version's traffic: how much its rows resemble each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.decisions import dependence
from inference_exporter.decisions.between import Between
from inference_exporter.decisions.cells import Pooled
from inference_exporter.decisions.dependence import ROWS, Design
from inference_exporter.decisions.hours import Expected
from inference_exporter.decisions.wander import Wander
from inference_exporter.values.batch import Floats


@dataclass(frozen=True, slots=True)
class Memory:
    """`stretches` (dependence.ROWS, T) sums within windows, and what windows showed beside them."""

    stretches: Floats
    windows: Between
    wander: Wander

    @classmethod
    def fresh(cls, features: int, cells: int, hours: int = 0) -> Memory:
        """Before the first window of so many features in a table of so many cells.

        `hours` are those that are told apart, if any.
        """
        windows = Between.fresh(features, cells, hours)
        wander = Wander.fresh(features, cells, hours)
        return cls(np.zeros((ROWS, features)), windows, wander)

    def after(
        self, live: Floats, pooled: Pooled, least: float, expected: Expected | None = None
    ) -> tuple[Memory, Design]:
        """With a window of `live` rows (T, B), and the design effects to judge it by.

        They are at least what is known of the window beside its counts: who asked how often.

        What it shows against the windows before it is not among them: drift would excuse itself.
        """
        stretches = dependence.remember(self.stretches, pooled)
        found = dependence.design(stretches, pooled.freedom)
        within = Design(*(np.maximum(one, least) for one in (found.first, found.rest, found.mean)))
        windows = self.windows.after(live, within, expected)
        effects = self.windows.widen(within)
        return Memory(stretches, windows, self.wander.after(live, within, expected)), effects

    def usual(self, mean: Floats) -> Floats:
        """Mean design effects (T,); of features that never varied, what others usually have."""
        varied = self.stretches[1] > 0
        others: Floats = np.where(varied, mean, np.median(mean[varied]) if varied.any() else mean)
        return np.maximum(others, 1.0)
