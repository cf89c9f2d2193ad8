"""How much errors of a regression differ from row to row: what their intervals are made of."""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.accumulators.outcomes import labelled_numbers
from inference_exporter.batch import Batch, Floats


class ErrorSpread:
    """Sums of error⁴ and of squared relative errors, in the order of `NAMES`; not exported."""

    joined = True
    key = "regression_spread"
    NAMES = ("fourth", "percentage_squared")
    cells = len(NAMES)

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if (pairs := labelled_numbers(batch, groups)) is None:
            return
        predicted, actual, index = pairs
        error = predicted - actual
        nonzero = actual != 0
        relative = error / np.where(nonzero, actual, 1.0) * nonzero
        for cell, column in enumerate((error**4, relative**2)):
            out[:, cell] += np.bincount(index, column, minlength=len(out))

    def sums(self, cells: Floats) -> dict[str, float]:
        """The sums by name."""
        return dict(zip(self.NAMES, cells.tolist(), strict=True))
