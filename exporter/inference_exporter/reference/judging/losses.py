"""Errors of a regression by decile of the prediction: what to expect without labels."""

from __future__ import annotations

import numpy as np

from inference_exporter.reference.judging.scored import Thinned
from inference_exporter.reference.reading.columns import numeric
from inference_exporter.values.batch import Floats, TextColumn
from inference_exporter.values.profile import LossTable

MIN_ROWS = 200
DECILES = 10


class PredictedErrors:
    """Numeric predictions with their errors."""

    def __init__(self) -> None:
        self._kept = Thinned()

    def add(self, predicted: TextColumn | None, actual: TextColumn | None) -> None:
        """Take in a block of both columns."""
        if predicted is None or actual is None:
            return
        one, other = numeric(predicted).values, numeric(actual).values
        both = ~(np.isnan(one) | np.isnan(other))
        self._kept.add(np.column_stack((one[both], (one - other)[both])))

    def table(self) -> LossTable | None:
        """The table; None where there are too few labelled rows for one."""
        rows = self._kept.rows(2)
        return loss_table(rows[:, 0], rows[:, 1]) if len(rows) >= MIN_ROWS else None


def loss_table(predicted: Floats, error: Floats) -> LossTable | None:
    """Mean and variance of |error| and error² per decile; None where they are not finite."""
    edges = np.unique(np.quantile(predicted, np.arange(1, DECILES) / DECILES))
    cell = np.searchsorted(edges, predicted)
    size = len(edges) + 1
    rows = np.bincount(cell, minlength=size).astype(np.float64)
    columns: list[Floats] = []
    with np.errstate(all="ignore"):
        for loss in (np.abs(error), error**2):
            mean = np.bincount(cell, loss, minlength=size) / np.maximum(rows, 1.0)
            spread = np.bincount(cell, (loss - mean[cell]) ** 2, minlength=size)
            columns += [mean, spread / np.maximum(rows - 1, 1.0)]
    if not all(np.isfinite(column).all() for column in columns):
        return None
    return LossTable(edges, rows, *columns)
