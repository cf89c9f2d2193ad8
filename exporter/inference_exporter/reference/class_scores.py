"""Labelled probabilities and rankings of the reference data, as live ones are judged."""

from __future__ import annotations

import numpy as np

from inference_exporter.batch import RANKS, ClassScores, Floats, Ints, TextColumn
from inference_exporter.config.schema import ModelConfig
from inference_exporter.performance import (
    LOSS_SUMS,
    REST_EDGES,
    SCORE_BINS,
    Metrics,
    class_losses,
    loss_metrics,
    rank_metrics,
    rest_metrics,
    top_calibration_error,
)
from inference_exporter.performance.scores import bin_of
from inference_exporter.profile import ClassCalibration
from inference_exporter.reference.calibrate_classes import calibrate_classes
from inference_exporter.reference.columns import names
from inference_exporter.reference.roles import Block
from inference_exporter.reference.scored import Thinned
from inference_exporter.vectors import actual_ranks, item_codes, listed_ranks

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
        self._top = np.zeros((3, SCORE_BINS))
        self._rest = np.zeros((size, 2, len(REST_EDGES) + 1))
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
        self._add_top(values, actual)
        known = actual >= 0
        self._add_ranks(np.full(int((~known).sum()), RANKS + 1))
        values, actual = values[known], actual[known]
        self._add_ranks(actual_ranks(ClassScores(self.classes, values), actual))
        self._losses += class_losses(values, actual).sum(axis=1)
        at = np.searchsorted(REST_EDGES, values)
        columns = np.arange(len(self.classes))
        at += (2 * columns + (actual[:, None] == columns)) * (len(REST_EDGES) + 1)
        counts = np.bincount(at.ravel(), minlength=self._rest.size)
        self._rest += counts.reshape(self._rest.shape)

    def _add_ranks(self, ranks: Ints) -> None:
        self._ranks += np.bincount(np.minimum(ranks, RANKS + 1) - 1, minlength=RANKS + 1)

    def _add_top(self, values: Floats, actual: Ints) -> None:
        score = np.minimum(values.max(axis=1, initial=0.0), 1.0)
        hits = (values.argmax(axis=1) == actual).astype(np.float64)
        for row, weights in zip(self._top, (np.ones(len(score)), score, hits), strict=True):
            row += np.bincount(bin_of(score), weights, minlength=SCORE_BINS)

    def metrics(self) -> Metrics:
        """Performance, as it is computed of live data."""
        top_k = [k for k in self._top_k if not self._many or k < len(self.classes)]
        found = rank_metrics(self._ranks, top_k)
        if self._many:
            found.update(loss_metrics(self._losses))
            found.update(rest_metrics(self._rest, self.classes))
            error = top_calibration_error(*self._top)
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
