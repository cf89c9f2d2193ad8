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


@dataclass(slots=True)
class States:
    """States of T features: `drifted`, `enough` data at the last decision, decisions of `calm`."""

    drifted: Bools
    enough: Bools
    calm: Ints

    @classmethod
    def fresh(cls, size: int) -> States:
        """Before the first decision."""
        none = np.zeros(size, dtype=np.bool_)
        return cls(none, none.copy(), np.zeros(size, dtype=np.int64))

    def decide(self, evidence: Evidence, adjusted: Floats, threshold: Floats, alpha: float) -> None:
        """Take a decision: drift is an `adjusted` p-value at most `alpha`, beyond `threshold`."""
        far = evidence.distance > threshold
        alarm = evidence.enough & (adjusted <= alpha) & far
        near = evidence.distance < LEAVE_DISTANCE * threshold
        clear = evidence.enough & (near | (evidence.p_value > LEAVE_P_VALUE))
        held = np.where(evidence.enough, 0, self.calm)
        self.calm = np.where(clear & ~alarm, self.calm + 1, held)
        self.drifted = alarm | (self.drifted & (self.calm < LEAVE_AFTER))
        self.enough = evidence.enough

    def silence(self) -> None:
        """A window without any rows."""
        self.enough = np.zeros_like(self.enough)
