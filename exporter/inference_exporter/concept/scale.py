"""Puts a stream on the scale that detectors with absolute thresholds suppose.

Page-Hinkley's default threshold and ADWIN's bound fit values with a standard deviation of about
0.3, that of errors at rate 0.1 (docs/detectors.md). The first `LEARNED` values after a (re)start
fix mean and standard deviation; they are not tested, and what follows is (x - mean) / std * 0.3,
clipped at 10 standard deviations so that one huge value cannot hide a drift for long.
"""

from __future__ import annotations

import msgspec
import numpy as np

from inference_exporter.values.batch import Floats

LEARNED = 200  # the standard deviation of so many values is within 10 % of the truth (2 sigma)
DEVIATION = 0.3
_CLIP = 10.0 * DEVIATION


class Scale(msgspec.Struct, array_like=True):
    """A learned scale; `center` False keeps the mean, and never widens: for errors, 0 and 1."""

    center: bool = True
    learning: list[float] = msgspec.field(default_factory=list)
    mean: float = 0.0
    factor: float = 0.0  # 0: not learned yet

    def apply(self, values: Floats) -> Floats:
        """The values that are tested, scaled; those that are still learned from are left out."""
        if not self.factor:
            missing = LEARNED - len(self.learning)
            self.learning += values[:missing].tolist()
            values = values[missing:]
            if len(self.learning) < LEARNED:
                return values
            self._learn()
        scaled: Floats = np.clip((values - self.mean) * self.factor, -_CLIP, _CLIP)
        return scaled

    def restart(self) -> None:
        """Learn anew: after a detection the old scale may be wrong."""
        self.learning, self.mean, self.factor = [], 0.0, 0.0

    def _learn(self) -> None:
        known = np.array(self.learning)
        with np.errstate(over="ignore", invalid="ignore"):
            mean, std = float(known.mean()), float(known.std())
        usable = np.isfinite(mean) and np.isfinite(std) and std > 0.0
        factor = DEVIATION / std if usable else 1.0
        self.learning = []
        self.mean = mean if self.center and np.isfinite(mean) else 0.0
        self.factor = factor if self.center else min(1.0, factor)
