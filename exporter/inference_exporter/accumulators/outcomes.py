"""Predictions with a label: confusion cells, score bins, regression errors. All of it sums."""

from __future__ import annotations

from operator import ne

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.performance.scores import SCORE_BINS, SCORE_CELLS, count_scores
from inference_exporter.values.batch import Batch, Bools, Floats, Ints, Scalar, category_name
from inference_exporter.values.tally import SparseKey
from inference_exporter.values.vocabulary import ABSENT, OVERFLOW, Vocabulary


def wrong_rows(batch: Batch) -> Bools | None:
    """True for classifications whose actual class is known and another one, shape (rows,).

    None: the rows have no actual class.
    """
    predicted, actual = batch.prediction, batch.actual
    if predicted is None or actual is None:
        return None
    wrong = np.fromiter(map(ne, predicted, actual), np.bool_, batch.rows)
    for row in np.flatnonzero(wrong).tolist():  # 1 and "1" are the same class, None is no class
        wrong[row] = _differ(predicted[row], actual[row])
    return wrong


def _differ(predicted: Scalar, actual: Scalar) -> bool:
    if predicted is None or actual is None:
        return False
    return category_name(predicted) != category_name(actual)


class Confusion:
    """Sparse cells ("outcome", predicted, actual)."""

    joined = True
    kind = "outcome"

    def __init__(self, classes: Vocabulary, known: tuple[str, ...]) -> None:
        self._classes, self._known = classes, known

    def preset(self) -> tuple[SparseKey, ...]:
        """See `SparseAccumulator.preset`."""
        return tuple((self.kind, p, a) for p in self._known for a in self._known)

    def count(self, batch: Batch, groups: Groups) -> list[tuple[int, SparseKey, float]]:
        """See `SparseAccumulator.count`."""
        if batch.prediction is None or batch.actual is None:
            return []
        actual = self._classes.indexes(batch.actual)
        predicted = self._classes.indexes(batch.prediction)
        both = (predicted != ABSENT) & (actual != ABSENT)
        return self._increments(predicted[both], actual[both], groups.index[both])

    def _increments(
        self, predicted: Ints, actual: Ints, index: Ints
    ) -> list[tuple[int, SparseKey, float]]:
        names = self._classes.names
        size = len(names)
        counts = np.bincount((index * size + predicted) * size + actual)
        increments: list[tuple[int, SparseKey, float]] = []
        for cell in np.flatnonzero(counts):
            group, pair = divmod(int(cell), size * size)
            p, a = divmod(pair, size)
            increments.append((group, (self.kind, names[p], names[a]), float(counts[cell])))
        return increments

    def restore(self, keys: tuple[SparseKey, ...]) -> None:
        """See `SparseAccumulator.restore`."""
        outcomes = (key for key in keys if key[0] == self.kind)
        self._classes.learn(name for key in outcomes for name in key[1:] if name != OVERFLOW)


class ScoreOutcomes:
    """Labelled scores of a two-class model in 20 equal bins of [0, 1].

    Cells: for the negative and the positive class in turn, rows per bin and sum of scores per bin;
    then the sums of squared error and log loss. A score at an edge belongs to the lower bin.
    Scores outside [0, 1] are not probabilities and are left out.
    """

    joined = True

    def __init__(self, positive: str, negative: str) -> None:
        self.key = f"score_outcomes/{negative}/{positive}"
        self.classes = (negative, positive)
        self.cells = SCORE_CELLS
        self._actual = Vocabulary(limit=8, known=[positive])  # others are told apart for nothing
        self._positive = self._actual.names.index(positive)

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if (found := self.labelled(batch, groups)) is not None:
            count_scores(*found, out)

    def labelled(self, batch: Batch, groups: Groups) -> tuple[Floats, Bools, Ints] | None:
        """Score, whether the positive class turned out, and group of the rows that count."""
        if batch.score is None or batch.actual is None:
            return None
        score = batch.score.values
        label = self._actual.indexes(batch.actual)
        usable = (label != ABSENT) & (score >= 0) & (score <= 1)
        score, index = score[usable], groups.index[usable]
        positive = label[usable] == self._positive  # every other class is negative
        return score, positive, index

    def counts(self, cells: Floats) -> Floats:
        """Rows, shape (2 classes, 20 bins)."""
        return cells[:-2].reshape(2, 2, SCORE_BINS)[:, 0]

    def score_sums(self, cells: Floats) -> Floats:
        """Sums of scores, shape (2 classes, 20 bins)."""
        return cells[:-2].reshape(2, 2, SCORE_BINS)[:, 1]


class RegressionOutcomes:
    """Sums over labelled numeric predictions; `NAMES` gives the cells in order."""

    joined = True
    key = "regression_outcomes"
    NAMES = (
        "n", "absolute", "squared", "over", "under", "percentage", "percentage_n",
        "actual_positive", "actual_negative", "actual_squared",
    )  # fmt: skip
    cells = len(NAMES)

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if (pairs := labelled_numbers(batch, groups)) is None:
            return
        predicted, actual, index = pairs
        error = predicted - actual
        nonzero = actual != 0
        percentage = np.abs(error) / np.where(nonzero, np.abs(actual), 1.0) * nonzero
        columns = (
            np.ones(len(error)), np.abs(error), error**2, np.maximum(error, 0),
            np.maximum(-error, 0), percentage, nonzero.astype(np.float64),
            np.maximum(actual, 0), np.maximum(-actual, 0), actual**2,
        )  # fmt: skip
        for cell, column in enumerate(columns):
            out[:, cell] += np.bincount(index, column, minlength=len(out))

    def sums(self, cells: Floats) -> dict[str, float]:
        """The sums by name."""
        return dict(zip(self.NAMES, cells.tolist(), strict=True))


def labelled_numbers(batch: Batch, groups: Groups) -> tuple[Floats, Floats, Ints] | None:
    """Predicted and actual value and group of the rows that have both, (rows,) each."""
    if batch.prediction_value is None or batch.actual_value is None:
        return None
    predicted, actual = batch.prediction_value.values, batch.actual_value.values
    both = ~(np.isnan(predicted) | np.isnan(actual))
    return predicted[both], actual[both], groups.index[both]
