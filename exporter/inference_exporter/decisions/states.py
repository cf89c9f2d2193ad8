"""One state per feature: ok, drifted, or not enough data; hard to enter, and not left at once.

A feature becomes drifted in one decision: its p-value, adjusted for all features, is at most the
level, and its distance is above the effect threshold. It is ok again after two decisions in a row
in which it is clearly not: the distance is below 0.8 of the threshold, or the p-value alone, not
adjusted for anything, is above 0.05. So a feature at the threshold does not flap. A decision
without enough data leaves the memory as it is and shows no state.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.decisions.evidence import Evidence
from inference_exporter.values.batch import Bools, Floats, Ints

LEAVE_DISTANCE = 0.8
LEAVE_P_VALUE = 0.05
LEAVE_AFTER = 2  # decisions
FOUND = ("distance", "rows", "noise")
REASONS = ("few_rows", "rows_alike", "wanders", "new_hours")


@dataclass(slots=True)
class States:
    """States of T features: `drifted`, `enough` data at the last decision, decisions of `calm`.

    Where there was not enough: whether rows were too `few`, the traffic `wanders`, or the hours are
    new to the reference; else rows resembled each other too much. `found` (3, T) are distance, rows
    and noise of the window in which a feature was last found drifted: the evidence of an alert.
    """

    drifted: Bools
    enough: Bools
    calm: Ints
    few: Bools
    wanders: Bools
    new_hours: Bools
    found: Floats

    @classmethod
    def fresh(cls, size: int) -> States:
        """Before the first decision."""
        none = np.zeros(size, dtype=np.bool_)
        calm = np.zeros(size, dtype=np.int64)
        nothing = np.zeros((len(FOUND), size))
        return cls(none, none.copy(), calm, ~none, none.copy(), none.copy(), nothing)

    def decide(
        self,
        evidence: Evidence,
        adjusted: Floats,
        threshold: Floats,
        alpha: float,
        plain: Floats | None = None,
        noise: Floats | None = None,
    ) -> None:
        """Take a decision: drift is an `adjusted` p-value at most `alpha`, beyond `threshold`.

        `plain` are adjusted p-values as if the traffic did not move by itself: what is drift only
        by them is undecided. `noise` (T,) is what the distance reaches by chance; 0: not known.
        """
        far = evidence.distance > threshold
        alarm = evidence.enough & (adjusted <= alpha) & far
        least = adjusted if plain is None else plain
        self.wanders = evidence.enough & far & ~alarm & (least <= alpha)
        enough = evidence.enough & ~self.wanders
        near = evidence.distance < LEAVE_DISTANCE * threshold
        clear = enough & (near | (evidence.p_value > LEAVE_P_VALUE))
        held = np.where(enough, 0, self.calm)
        self.calm = np.where(clear & ~alarm, self.calm + 1, held)
        self.drifted = alarm | (self.drifted & (self.calm < LEAVE_AFTER))
        self.enough, self.few, self.new_hours = enough, evidence.few, evidence.new_hours
        reached = np.zeros_like(evidence.rows) if noise is None else noise
        now = np.stack((evidence.distance, evidence.rows, reached))
        self.found = np.where(alarm, now, self.found)

    def silence(self) -> None:
        """A window without any rows."""
        self.enough = np.zeros_like(self.enough)
        self.few, self.wanders = ~self.enough, self.enough.copy()
        self.new_hours = self.enough.copy()

    def reason(self, row: int) -> str:
        """Why there was no decision on a feature, a word of `REASONS`; empty if there was."""
        if self.enough[row]:
            return ""
        if self.wanders[row]:
            return "wanders"
        if self.new_hours[row]:
            return "new_hours"
        return "few_rows" if self.few[row] else "rows_alike"
