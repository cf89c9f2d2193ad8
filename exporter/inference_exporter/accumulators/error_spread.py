"""How much errors of a regression differ from row to row: what their intervals are made of."""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.accumulators.outcomes import labelled_numbers
from inference_exporter.values.batch import Batch, Floats


class ErrorSpread:
    """Sums of higher powers of errors and labels, in the order of `NAMES`.

    Labels are taken from `centre`, a number near their mean: else the fourth powers of labels far
    from 0 would leave no digits for their spread.
    """

    joined = True
    NAMES = (
        "fourth", "percentage_squared", "squared_actual", "squared_actual_squared",
        "actual_third", "actual_fourth",
    )  # fmt: skip
    cells = len(NAMES)

    def __init__(self, centre: float = 0.0) -> None:
        self.centre = centre
        self.key = f"regression_spread@{centre!r}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if (pairs := labelled_numbers(batch, groups)) is None:
            return
        predicted, actual, index = pairs
        error, label = predicted - actual, actual - self.centre
        nonzero = actual != 0
        relative = error / np.where(nonzero, actual, 1.0) * nonzero
        columns = (
            error**4, relative**2, error**2 * label, error**2 * label**2, label**3, label**4,
        )  # fmt: skip
        for cell, column in enumerate(columns):
            out[:, cell] += np.bincount(index, column, minlength=len(out))

    def sums(self, cells: Floats) -> dict[str, float]:
        """The sums by name, and the centre."""
        return dict(zip(self.NAMES, cells.tolist(), strict=True)) | {"centre": self.centre}
