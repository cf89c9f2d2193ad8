"""Labelled scores of the reference data: how well the score ranked and how honest it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.worth import class_pair
from inference_exporter.performance import (
    Intervals,
    Metrics,
    ScoreSums,
    count_scores,
    rank_edges,
    score_intervals,
    score_metrics,
)
from inference_exporter.performance.scores import SCORE_CELLS
from inference_exporter.reference.judging.calibrate import calibrate
from inference_exporter.reference.judging.chunks import LabelledScores, score_errors
from inference_exporter.reference.reading.columns import names, numeric
from inference_exporter.values.batch import Bools, Floats, TextColumn
from inference_exporter.values.profile import Calibration, FeatureProfile, NumericProfile

MAX_ROWS = 1_000_000  # 24 bytes a row
_COLUMNS = 3  # score, actual and predicted class
_CLASSES = 3  # more than two, and no positive class configured: the score is nobody's probability
_RANKED = (("roc_auc", ""), ("average_precision", ""))


@dataclass(frozen=True, slots=True)
class Judged:
    """Metrics with their 95 % intervals, and those that finer bins change, of the 20 bins."""

    metrics: Metrics
    intervals: Intervals
    binned: Metrics


def edges_of(outputs: Mapping[str, FeatureProfile]) -> Floats:
    """The edges by which scores are ranked: those of the reference's scores among them."""
    profile = outputs.get("score")
    return rank_edges(profile.fine_edges if isinstance(profile, NumericProfile) else np.empty(0))


class Thinned:
    """Rows of numbers, at most `limit`: when there are more, every second one goes.

    What is kept is every 2^k-th row, so that it is spread over all of the data.
    """

    def __init__(self, limit: int = MAX_ROWS) -> None:
        self._limit, self._stride, self._seen = limit, 1, 0
        self._parts: list[npt.NDArray[np.float64]] = []
        self._kept = 0

    def add(self, rows: Floats) -> None:
        """Take in rows, shape (n, columns)."""
        first = -self._seen % self._stride
        self._seen += len(rows)
        part = rows[first :: self._stride]
        self._parts.append(part.copy())
        self._kept += len(part)
        while self._kept > self._limit:
            self._parts = [np.concatenate(self._parts)[::2]]
            self._kept = len(self._parts[0])
            self._stride *= 2

    def rows(self, columns: int) -> Floats:
        """What is kept, in order."""
        return np.concatenate(self._parts) if self._parts else np.empty((0, columns))


class ScoredLabels:
    """Scores in [0, 1] with the class that turned out. Without a model: none (a regression)."""

    def __init__(self, model: ModelConfig | None, limit: int = MAX_ROWS) -> None:
        self._model = model
        self._kept = Thinned(limit)
        self._codes: dict[str, int] = {}
        if model is not None and model.positive_class is not None:
            self._codes[model.positive_class] = 0

    def add(
        self, score: TextColumn | None, prediction: TextColumn | None, actual: TextColumn | None
    ) -> None:
        """Take in a block of these columns."""
        if self._model is None or score is None or actual is None:
            return
        values = numeric(score).values
        labels = names(actual)
        for name in sorted({one for one in labels if one is not None} - self._codes.keys()):
            if len(self._codes) < _CLASSES:
                self._codes[name] = len(self._codes)
        said = [None] * len(labels) if prediction is None else names(prediction)
        table = np.column_stack((values, self._coded(labels), self._coded(said)))
        self._kept.add(table[(values >= 0) & (values <= 1) & (table[:, 1] >= 0)])

    def _coded(self, column: Sequence[str | None]) -> Floats:
        """The code of each class, -1 for none."""
        codes = [-1 if one is None else self._codes.get(one, _CLASSES) for one in column]
        return np.array(codes, dtype=np.float64)

    def labelled(self, classes: tuple[str, ...]) -> LabelledScores | None:
        """Scores with both classes, of rows that have a prediction; None without any."""
        pair = class_pair(self._model, classes) if self._model else None
        if pair is None or pair[1] not in self._codes:
            return None
        rows = self._kept.rows(_COLUMNS)
        rows = rows[rows[:, 2] >= 0]
        code = self._codes[pair[1]]
        return LabelledScores(rows[:, 0], rows[:, 2] == code, rows[:, 1] == code)

    def pairs(self, classes: tuple[str, ...]) -> tuple[Floats, Bools] | None:
        """Scores and whether the positive class turned out; None without a positive class."""
        pair = class_pair(self._model, classes) if self._model else None
        if pair is None or pair[1] not in self._codes:
            return None
        rows = self._kept.rows(_COLUMNS)
        return rows[:, 0], rows[:, 1] == self._codes[pair[1]]

    def calibration(self, classes: tuple[str, ...], edges: Floats) -> Calibration | None:
        """From scores to probabilities; None without a positive class or enough labels."""
        found = self.pairs(classes)
        pair = class_pair(self._model, classes) if self._model else None
        return None if found is None or pair is None else calibrate(*found, pair, edges)

    def estimate_errors(
        self, classes: tuple[str, ...], known: Calibration | None
    ) -> dict[str, float]:
        """What estimates are off by from time to time; see `chunks`."""
        rows = self.labelled(classes)
        return {} if rows is None or known is None else score_errors(rows, known)

    def judged(self, classes: tuple[str, ...], edges: Floats) -> Judged:
        """Performance of the score, as it is computed of live data, ranked by these edges."""
        found = self.pairs(classes)
        if found is None:
            return Judged({}, {}, {})
        cells = np.zeros((1, SCORE_CELLS))
        score, positive = found
        count_scores(score, positive, np.zeros(len(score), np.int64), cells)
        size, rank = len(edges) + 1, np.searchsorted(edges, score)
        sides = [np.bincount(rank[side], minlength=size) for side in (~positive, positive)]
        sums, ranks = ScoreSums.of(cells[0]), np.array(sides, dtype=np.float64)
        coarse = score_metrics(sums)
        return Judged(
            score_metrics(sums, ranks),
            score_intervals(sums, ranks),
            {key: coarse[key] for key in _RANKED if key in coarse},
        )
