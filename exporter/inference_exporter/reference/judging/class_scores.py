"""Labelled probabilities and rankings of the reference data, as live ones are judged."""

from __future__ import annotations

import numpy as np

from inference_exporter.config.schema import ModelConfig
from inference_exporter.performance import (
    LOSS_SUMS,
    REST_BINS,
    SCORE_BINS,
    TOP_CELLS,
    Metrics,
    class_losses,
    count_rest,
    count_top_scores,
    loss_metrics,
    rank_metrics,
    rest_metrics,
    top_calibration_error,
)
from inference_exporter.reference.judging.calibrate_classes import calibrate_classes
from inference_exporter.reference.judging.scored import Thinned
from inference_exporter.reference.reading.columns import names
from inference_exporter.reference.reading.roles import Block
from inference_exporter.values.batch import RANKS, ClassScores, Floats, Ints, TextColumn
from inference_exporter.values.profile import ClassCalibration
from inference_exporter.values.vectors import actual_ranks, item_codes, listed_ranks

_NUMBERS = 2_000_000  # kept to learn a calibration from: 16 MB


class LabelledChoices:
    """Sums over labelled rows. Without a model, or with two classes at most: none."""

    def __init__(self, model: ModelConfig | None) -> None:
        scores = model.fields.scores if model else None
        self.classes = scores.classes if scores else ()
        self._many = len(self.classes) > 2
        self._top_k = model.top_k if model else ()
        self._at = {name: at for at, name in enumerate(self.classes)}
        self._ranks = np.zeros(RANKS + 1)
        size = max(1, len(self.classes))
        self._losses = np.zeros(len(LOSS_SUMS))
        self._top = np.zeros((1, TOP_CELLS))
        self._rest = np.zeros((1, size * 2 * REST_BINS))
        self._kept = Thinned(_NUMBERS // (size + 2))

    def add(self, block: Block) -> None:
        """Take in a block."""
        if block.actual is None:
            return
        if self._many and block.scores is not None:
            self._add_scores(block.scores.values, block.prediction, block.actual)
        elif block.ranking is not None:
            actual = item_codes(names(block.actual))
            rows = np.flatnonzero(block.ranking.listed & (actual != 0))
            self._add_ranks(listed_ranks(block.ranking.take(rows), actual[rows]))

    def _columns(self, column: TextColumn | None, rows: int) -> Ints:
        """The column of each class, -1 for an unknown one, -2 for none."""
        found = [-2 if one is None else self._at.get(one, -1) for one in names(column or ())]
        return np.array(found or [-2] * rows, np.int64)

    def _add_scores(self, values: Floats, prediction: TextColumn | None, label: TextColumn) -> None:
        actual = self._columns(label, len(values))
        rows = np.flatnonzero(~np.isnan(values[:, 0]) & (actual >= -1))
        predicted = self._columns(prediction, len(values))[rows]
        values, actual = values[rows], actual[rows]
        self._kept.add(np.column_stack((values, predicted, actual)))
        count_top_scores(values, actual, np.zeros(len(values), np.int64), self._top)
        known = actual >= 0
        self._add_ranks(np.full(int((~known).sum()), RANKS + 1))
        values, actual = values[known], actual[known]
        self._add_ranks(actual_ranks(ClassScores(self.classes, values), actual))
        self._losses += class_losses(values, actual).sum(axis=1)
        count_rest(values, actual, np.zeros(len(values), np.int64), self._rest)

    def _add_ranks(self, ranks: Ints) -> None:
        self._ranks += np.bincount(np.minimum(ranks, RANKS + 1) - 1, minlength=RANKS + 1)

    def metrics(self) -> Metrics:
        """Performance, as it is computed of live data."""
        top_k = [k for k in self._top_k if not self._many or k < len(self.classes)]
        found = rank_metrics(self._ranks, top_k)
        if self._many:
            found.update(loss_metrics(self._losses))
            rest = self._rest.reshape(len(self.classes), 2, REST_BINS)
            found.update(rest_metrics(rest, self.classes))
            (misses, missed), (hits, hit) = self._top.reshape(2, 2, SCORE_BINS)
            error = top_calibration_error(misses + hits, missed + hit, hits)
            if error is not None:
                found["calibration_error", ""] = error
        return found

    def calibration(self) -> ClassCalibration | None:
        """From probabilities to such that come true; None with too few labelled rows."""
        if not self._many:
            return None
        size = len(self.classes)
        rows = self._kept.rows(size + 2)
        predicted, actual = rows[:, size:].astype(np.int64).T
        return calibrate_classes(rows[:, :size], predicted, actual, self.classes)
