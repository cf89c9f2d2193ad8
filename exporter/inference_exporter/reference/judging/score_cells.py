"""Labelled scores as sums, so that any part of the rows can have its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference_exporter.performance import (
    Intervals,
    Metrics,
    ScoreSums,
    count_scores,
    score_intervals,
    score_metrics,
)
from inference_exporter.performance.scores import SCORE_CELLS
from inference_exporter.values.batch import Floats

_CLASSES = 2
_REST = ""  # whatever is not the positive class


class ScoreCells:
    """Scores in [0, 1] in the 20 bins of the counters, by class.

    Without a configured positive class it is known at the end which of the two is; each class is
    counted as the one and as the other until then.
    """

    def __init__(self, positive: str | None) -> None:
        self._positive = positive
        self._cells: dict[str, Floats] = {}  # of each class (as negatives, as positives)
        self._more = False  # than two classes

    def add(self, score: Floats, actual: Sequence[str | None]) -> None:
        """Take in scores (rows,) and their labels."""
        usable = ((score >= 0) & (score <= 1)).tolist()
        rows: dict[str, list[int]] = {}
        for at, (fine, label) in enumerate(zip(usable, actual, strict=True)):
            if fine and label is not None:
                rows.setdefault(self._key(label), []).append(at)
        for key, chosen in rows.items():
            self._count(key, score[chosen])

    def _key(self, label: str) -> str:
        return label if self._positive in (None, label) else _REST

    def _count(self, key: str, score: Floats) -> None:
        if key not in self._cells and len(self._cells) >= _CLASSES:
            self._more = True
            return
        cells = self._cells.setdefault(key, np.zeros((_CLASSES, SCORE_CELLS)))
        group = np.zeros(len(score), np.int64)
        for at in range(_CLASSES):
            count_scores(score, np.full(len(score), bool(at)), group, cells[at : at + 1])

    def judged(self, positive: str) -> tuple[Metrics, Intervals]:
        """Metrics of the score of this class, with their 95 % intervals."""
        if self._more or not self._cells:
            return {}, {}
        cells = sum(one[int(key == positive)] for key, one in self._cells.items())
        sums = ScoreSums.of(np.asarray(cells))
        return score_metrics(sums), score_intervals(sums)
