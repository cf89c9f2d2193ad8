"""Labelled scores in fine bins, by which they are ranked: for ROC AUC and average precision."""

from __future__ import annotations

from hashlib import sha256

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.values.batch import Batch, Floats
from inference_exporter.values.vocabulary import ABSENT, Vocabulary


class ScoreRanks:
    """Rows per class (negative, positive) and bin of the score in [0, 1]; not exported.

    20 equal bins say little where most scores are in one of them; the reference's own quantiles
    are where its scores are. A score at an edge belongs to the lower bin.
    """

    joined = True

    def __init__(self, positive: str, edges: Floats) -> None:
        self._edges, self._bins = edges, len(edges) + 1
        self.cells = 2 * self._bins
        self._actual = Vocabulary(limit=8, known=[positive])  # others are told apart for nothing
        self._positive = self._actual.names.index(positive)
        meaning = repr((positive, edges.tolist())).encode()
        self.key = f"score_ranks/{sha256(meaning).hexdigest()[:8]}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if batch.score is None or batch.actual is None:
            return
        score = batch.score.values
        label = self._actual.indexes(batch.actual)
        usable = (label != ABSENT) & (score >= 0) & (score <= 1)
        cell = np.searchsorted(self._edges, score[usable])
        cell += (label[usable] == self._positive) * self._bins
        flat = cell + groups.index[usable] * self.cells
        out += np.bincount(flat, minlength=out.size).reshape(out.shape)

    def rows(self, cells: Floats) -> Floats:
        """Rows, shape (2 classes, bins)."""
        return cells.reshape(2, self._bins)
