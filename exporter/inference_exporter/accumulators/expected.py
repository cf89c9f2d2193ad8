"""What outcomes to expect before any label comes: calibrated scores, errors by decile. Sums."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.values.batch import Batch, Floats
from inference_exporter.values.profile import Calibration, LossTable
from inference_exporter.values.vocabulary import ABSENT, OVERFLOWED, Vocabulary


class ExpectedOutcomes:
    """Predictions of a two-class model by predicted class and bin of the score.

    Cells, for the negative and the positive predicted class in turn and per bin: rows and the sums
    of p, of 1 - p and of p (1 - p), with p the calibrated probability of the positive class. The
    sum of 1 - p has a cell of its own: as rows minus the sum of p it would step back now and then
    by a rounding error, and a counter must not. Scores outside [0, 1] are left out.
    """

    _SUMS = 4

    def __init__(self, calibration: Calibration) -> None:
        self.calibration = calibration
        self.classes = (calibration.negative, calibration.positive)
        self._bins = len(calibration.rows)
        self.cells = 2 * self._bins * self._SUMS
        tables = (calibration.scores, calibration.probabilities, calibration.edges)
        self.key = f"expected_outcomes/{_short((self.classes, [one.tolist() for one in tables]))}"
        self._predicted = Vocabulary(limit=1, known=[calibration.positive])

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if batch.score is None or batch.prediction is None:
            return
        score = batch.score.values
        predicted = self._predicted.indexes(batch.prediction)
        usable = (predicted != ABSENT) & (score >= 0) & (score <= 1)
        score, index = score[usable], groups.index[usable]
        p = self.calibration.probability(score)
        side = (predicted[usable] > OVERFLOWED).astype(np.int64)
        cell = side * self._bins + np.searchsorted(self.calibration.edges, score)
        flat = cell * self._SUMS + index * self.cells
        for offset, column in enumerate((np.ones(len(p)), p, 1 - p, p * (1 - p))):
            added = np.bincount(flat + offset, column, minlength=out.size)
            out += added.reshape(out.shape)

    def table(self, cells: Floats) -> Floats:
        """Rows, sums of p, of 1 - p and of p (1 - p): shape (4, 2 predicted classes, bins)."""
        return np.moveaxis(cells.reshape(2, self._bins, self._SUMS), 2, 0)


class ExpectedErrors:
    """Numeric predictions per decile of the reference's predictions."""

    def __init__(self, losses: LossTable) -> None:
        self.losses = losses
        self.cells = len(losses.rows)
        columns = (losses.edges, losses.absolute, losses.squared)
        self.key = f"expected_errors/{_short([column.tolist() for column in columns])}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if batch.prediction_value is None:
            return
        values = batch.prediction_value.values
        usable = ~np.isnan(values)
        cell = np.searchsorted(self.losses.edges, values[usable])
        flat = cell + groups.index[usable] * self.cells
        out += np.bincount(flat, minlength=out.size).reshape(out.shape)


def _short(meaning: object) -> str:
    """Sums made with another table have another meaning: they are never restored into this one."""
    return sha256(repr(meaning).encode()).hexdigest()[:8]
