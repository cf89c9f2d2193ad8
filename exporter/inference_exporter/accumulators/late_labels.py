"""Late labels beside the outcomes: coverage, delay, and what newer labels retracted.

An accumulator of truth has `joined = True`: it also counts batches of predictions that were joined
with a label after their line was counted (`Layout.count_joined`).
"""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import DenseAccumulator, Groups
from inference_exporter.performance.scores import SCORE_BINS, bin_of
from inference_exporter.values.batch import Batch, Bools, Floats

DAY = 86400.0
DELAY_BOUNDS = (
    1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0, 12 * 3600.0, DAY, 3 * DAY, 7 * DAY,
    14 * DAY, 30 * DAY, 60 * DAY, 90 * DAY,
)  # a click takes seconds, a chargeback three months  # fmt: skip


class Made:
    """One dense cell: predictions, which all could have a label."""

    key = "labels/made"
    cells = 1

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        out[:, 0] += np.bincount(groups.index, _predictions(batch), minlength=len(out))


class MadeByScore:
    """Predictions per bin of the score (20 equal bins of 0 to 1), with a label or not."""

    key = "labels/made_by_score"
    cells = SCORE_BINS

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if batch.score is None:
            return
        score = batch.score.values
        usable = _predictions(batch) & (score >= 0) & (score <= 1)
        flat = bin_of(score[usable]) + groups.index[usable] * SCORE_BINS
        out += np.bincount(flat, minlength=out.size).reshape(out.shape)


class Labelled:
    """One dense cell: predictions with a label."""

    joined = True
    key = "labels/labelled"
    cells = 1

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        labelled = _predictions(batch) & _labels(batch)
        out[:, 0] += np.bincount(groups.index, labelled, minlength=len(out))


class LabelDelay:
    """Counts of label delays per bucket (upper bounds inclusive), then their sum in seconds."""

    joined = True
    key = "labels/delay"
    bounds = DELAY_BOUNDS
    cells = len(DELAY_BOUNDS) + 2

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if batch.label_delay is None:
            return
        known = ~np.isnan(batch.label_delay.values)
        values, index = batch.label_delay.values[known], groups.index[known]
        buckets = self.cells - 1
        flat = np.searchsorted(DELAY_BOUNDS, values) + index * buckets
        counts = np.bincount(flat, minlength=buckets * len(out))
        out[:, :buckets] += counts.reshape(len(out), buckets)
        out[:, -1] += np.bincount(index, values, minlength=len(out))

    def exported(self, cells: Floats) -> list[float]:
        """Cumulative counts per bound, the count, the sum, the count: `SeriesSet`."""
        cumulative: list[float] = np.cumsum(cells[:-1]).tolist()
        return [*cumulative, float(cells[-1]), cumulative[-1]]


class Retracted:
    """Cells of the same meaning as another's, for what a newer label took back (`update: last`).

    Counters never go down: what counts is what the other has minus what is here.
    """

    def __init__(self, of: DenseAccumulator) -> None:
        self.of = of
        self.key = f"retracted/{of.key}"
        self.cells = of.cells

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """Nothing is ever taken back by a line of the log."""


def _predictions(batch: Batch) -> Bools:
    if batch.prediction_value is not None:
        return ~np.isnan(batch.prediction_value.values)
    if batch.prediction is None:
        return np.zeros(batch.rows, np.bool_)
    return _present(batch.prediction)


def _labels(batch: Batch) -> Bools:
    if batch.prediction_value is not None:
        values = None if batch.actual_value is None else batch.actual_value.values
        return np.zeros(batch.rows, np.bool_) if values is None else ~np.isnan(values)
    return np.zeros(batch.rows, np.bool_) if batch.actual is None else _present(batch.actual)


def _present(column: object) -> Bools:
    assert isinstance(column, list | tuple)
    if None not in column:
        return np.ones(len(column), np.bool_)
    return np.fromiter((value is not None for value in column), np.bool_, len(column))
