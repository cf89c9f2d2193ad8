"""How much the log loss differs from row to row: how far its mean may be off."""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.accumulators.outcomes import ScoreOutcomes
from inference_exporter.performance.scores import log_losses
from inference_exporter.values.batch import Batch, Floats


class LogLossSpread:
    """One cell: the sum of squared log losses of the rows that `ScoreOutcomes` counts."""

    joined = True
    cells = 1

    def __init__(self, of: ScoreOutcomes) -> None:
        self._of = of
        self.key = f"log_loss_spread/{'/'.join(of.classes)}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if (found := self._of.labelled(batch, groups)) is None:
            return
        score, positive, index = found
        out[:, 0] += np.bincount(index, log_losses(score, positive) ** 2, minlength=len(out))
