"""What outcomes of two classes to expect before any label comes, of calibrated scores. Sums."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.performance import LOSSES, ExpectedLosses, expected_losses
from inference_exporter.values.batch import Batch, Floats, Ints
from inference_exporter.values.profile import Calibration
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
        self.key = f"expected_outcomes/{short((self.classes, [one.tolist() for one in tables]))}"
        self._predicted = Vocabulary(limit=1, known=[calibration.positive])

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if (found := self.scored(batch, groups)) is None:
            return
        score, side, index = found
        p = self.calibration.probability(score)
        cell = side * self._bins + np.searchsorted(self.calibration.edges, score)
        flat = cell * self._SUMS + index * self.cells
        for offset, column in enumerate((np.ones(len(p)), p, 1 - p, p * (1 - p))):
            added = np.bincount(flat + offset, column, minlength=out.size)
            out += added.reshape(out.shape)

    def scored(self, batch: Batch, groups: Groups) -> tuple[Floats, Ints, Ints] | None:
        """Score, predicted class (0 negative, 1 positive) and group of the rows that count."""
        if batch.score is None or batch.prediction is None:
            return None
        score = batch.score.values
        predicted = self._predicted.indexes(batch.prediction)
        usable = (predicted != ABSENT) & (score >= 0) & (score <= 1)
        side = (predicted[usable] > OVERFLOWED).astype(np.int64)
        return score[usable], side, groups.index[usable]

    def table(self, cells: Floats) -> Floats:
        """Rows, sums of p, of 1 - p and of p (1 - p): shape (4, 2 predicted classes, bins)."""
        return np.moveaxis(cells.reshape(2, self._bins, self._SUMS), 2, 0)


class ExpectedScoreLosses:
    """Brier score and log loss to expect of the same rows as `ExpectedOutcomes`.

    Cells: the sums of both losses, the sums of their variances, and the sum of scores per bin.
    """

    def __init__(self, outcomes: ExpectedOutcomes) -> None:
        self._outcomes = outcomes
        self.cells = 2 * len(LOSSES) + len(outcomes.calibration.rows)
        self.key = outcomes.key.replace("expected_outcomes", "expected_score_losses")

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if (found := self._outcomes.scored(batch, groups)) is None:
            return
        score, _, index = found
        calibration = self._outcomes.calibration
        columns = expected_losses(score, calibration.probability(score))
        for cell, column in enumerate(columns):
            out[:, cell] += np.bincount(index, column, minlength=len(out))
        at = len(columns) + np.searchsorted(calibration.edges, score) + index * self.cells
        out += np.bincount(at, score, minlength=out.size).reshape(out.shape)

    def sums(self, cells: Floats) -> ExpectedLosses:
        """The sums by what they are."""
        size = len(LOSSES)
        return ExpectedLosses(cells[:size], cells[size : 2 * size], cells[2 * size :])


def short(meaning: object) -> str:
    """A few letters for what cells mean.

    Sums made with another table have another meaning: they are never restored into this one.
    """
    return sha256(repr(meaning).encode()).hexdigest()[:8]
