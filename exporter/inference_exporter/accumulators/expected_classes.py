"""What outcomes to expect of more than two classes before any label comes. Sums."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.accumulators.class_scores import ScoredClasses
from inference_exporter.performance import ExpectedClassSums
from inference_exporter.values.batch import Batch, Floats, Ints
from inference_exporter.values.profile import ClassCalibration


class ExpectedClasses:
    """Predictions with probabilities, by predicted class.

    Cells, for K classes: rows per predicted class (K); then of the calibrated probabilities p, by
    predicted class i and class j, the sums of p_j, of p_j (1 - p_j) and of p_i p_j; and by two
    classes j and k, whatever was predicted, the sums of p_j p_k: 4 K² + K in all, 32 bytes a pair
    of classes. The variance of every metric is made of these (`performance.class_estimates`).
    """

    def __init__(self, calibration: ClassCalibration) -> None:
        self.calibration, self.classes = calibration, calibration.classes
        self._size = len(self.classes)
        self.cells = 4 * self._size**2 + self._size
        self._names = ScoredClasses(self.classes)
        tables = (calibration.scores, calibration.probabilities, calibration.top)
        meaning = (self.classes, [[one.tolist() for one in table] for table in tables])
        self.key = f"expected_classes/{sha256(repr(meaning).encode()).hexdigest()[:8]}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if batch.scores is None or batch.prediction is None:
            return
        predicted = self._names.columns(batch.prediction)
        rows = np.flatnonzero((predicted >= 0) & ~np.isnan(batch.scores.values[:, 0]))
        if not len(rows):
            return
        predicted, index = predicted[rows], groups.index[rows]
        p = self.calibration.calibrated(batch.scores.values[rows], predicted)
        size = self._size
        out[:, :size] += np.bincount(index * size + predicted, minlength=len(out) * size).reshape(
            len(out), size
        )
        tables = out[:, size:].reshape(len(out), 4, size, size)
        self._add(tables, p, predicted, index)

    def _add(self, tables: Floats, p: Floats, predicted: Ints, index: Ints) -> None:
        """Add to `tables` (groups, 4, K, K), a view of the cells."""
        own = np.take_along_axis(p, predicted[:, None], axis=1)
        cell = index * self._size + predicted
        order = np.argsort(cell, kind="stable")
        cells, starts = np.unique(cell[order], return_index=True)
        group, side = np.divmod(cells, self._size)
        for at, values in enumerate((p, p * (1 - p), own * p)):
            tables[group, at, side] += np.add.reduceat(values[order], starts, axis=0)
        for one in np.unique(index).tolist():
            part = p[index == one]
            tables[one, 3] += part.T @ part

    def sums(self, cells: Floats) -> ExpectedClassSums:
        """The sums by what they are."""
        rows, learned = cells[: self._size], self.calibration.rows
        table, spread, own, products = cells[self._size :].reshape(4, self._size, self._size)
        return ExpectedClassSums(rows, table, spread, own, products, learned)
