"""Labelled predictions with probabilities of more than two classes, or with a ranking: sums."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.performance import (
    LOSS_SUMS,
    REST_BINS,
    SCORE_BINS,
    TOP_CELLS,
    class_losses,
    count_rest,
    count_top_scores,
)
from inference_exporter.values.batch import RANKS, Batch, ClassScores, Floats, Ints, RankedItems
from inference_exporter.values.vectors import actual_ranks, item_codes, listed_ranks
from inference_exporter.values.vocabulary import ABSENT, OVERFLOWED, Vocabulary

_FIRST = OVERFLOWED + 1  # index of the first class in a vocabulary


@dataclass(frozen=True, slots=True)
class Labelled:
    """Rows with probabilities and a label: its column in `actual`, -1 for an unknown class."""

    scores: ClassScores
    actual: Ints
    index: Ints

    def known(self) -> Labelled:
        """Those whose label is one of the classes."""
        known = np.flatnonzero(self.actual >= 0)
        if len(known) == len(self.actual):
            return self
        return Labelled(self.scores.take(known), self.actual[known], self.index[known])


class ScoredClasses:
    """The classes whose probabilities are logged; finds the rows that have them and a label."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.names = classes
        self._vocabulary = Vocabulary(limit=len(classes), known=classes)
        self.key = sha256(repr(classes).encode()).hexdigest()[:8]

    def columns(self, column: object) -> Ints:
        """Column of each class, -1 for an unknown one, -2 for none."""
        assert isinstance(column, list | tuple)
        return self._vocabulary.indexes(column) - _FIRST

    def labelled(self, batch: Batch, groups: Groups) -> Labelled | None:
        """The rows; None if there can be none."""
        if batch.scores is None or batch.actual is None:
            return None
        actual = self.columns(batch.actual)
        rows = np.flatnonzero(~np.isnan(batch.scores.values[:, 0]) & (actual >= ABSENT - 1))
        return Labelled(batch.scores.take(rows), actual[rows], groups.index[rows])


class ActualRanks:
    """Labelled predictions by rank of the actual class: 1 to 10, then those beyond.

    A label that is none of the classes, or not in the list, is beyond.
    """

    joined = True
    cells = RANKS + 1
    names = (*(str(rank) for rank in range(1, RANKS + 1)), "beyond")

    def __init__(self, classes: ScoredClasses | None) -> None:
        self._classes = classes
        self.size = len(classes.names) if classes else None  # None: any number of items
        self.key = f"actual_ranks/{classes.key if classes else 'listed'}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        found = (
            self._listed(batch, groups) if self._classes is None else self._scored(batch, groups)
        )
        if found is None:
            return
        ranks, index = found
        flat = np.minimum(ranks, RANKS + 1) - 1 + index * self.cells
        out += np.bincount(flat, minlength=out.size).reshape(out.shape)

    def _scored(self, batch: Batch, groups: Groups) -> tuple[Ints, Ints] | None:
        assert self._classes is not None
        rows = self._classes.labelled(batch, groups)
        if rows is None:
            return None
        ranks = actual_ranks(rows.scores, np.maximum(rows.actual, 0))
        return np.where(rows.actual >= 0, ranks, RANKS + 1), rows.index

    def _listed(self, batch: Batch, groups: Groups) -> tuple[Ints, Ints] | None:
        ranking = batch.ranking
        if ranking is None or (batch.actual is None and ranking.actual is None):
            return None
        actual = ranking.actual if ranking.actual is not None else item_codes(batch.actual or ())
        rows = np.flatnonzero(ranking.listed & (actual != 0))
        chosen: RankedItems = ranking.take(rows)
        return listed_ranks(chosen, actual[rows]), groups.index[rows]


class TopScores:
    """Labelled predictions by whether the most probable class turned out, and its probability.

    Cells: for no and yes in turn, rows and sums of that probability in 20 equal bins of [0, 1].
    """

    joined = True
    cells = TOP_CELLS

    def __init__(self, classes: ScoredClasses) -> None:
        self._classes = classes
        self.key = f"top_scores/{classes.key}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        rows = self._classes.labelled(batch, groups)
        if rows is None:
            return
        count_top_scores(rows.scores.values, rows.actual, rows.index, out)

    def table(self, cells: Floats) -> Floats:
        """Rows and sums of scores, shape (2: miss and hit, 2, 20 bins)."""
        return cells.reshape(2, 2, SCORE_BINS)


class ClassLosses:
    """Sums of log loss and Brier score, and of their squares, in the order of `LOSS_SUMS`."""

    joined = True
    cells = len(LOSS_SUMS)

    def __init__(self, classes: ScoredClasses) -> None:
        self._classes = classes
        self.key = f"class_losses/{classes.key}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if (rows := self._classes.labelled(batch, groups)) is None:
            return
        rows = rows.known()
        for cell, column in enumerate(class_losses(rows.scores.values, rows.actual)):
            out[:, cell] += np.bincount(rows.index, column, minlength=len(out))


class OneVsRest:
    """Rows per class, by whether it turned out, and bin of its probability; not exported."""

    joined = True

    def __init__(self, classes: ScoredClasses) -> None:
        self._classes = classes
        self.classes = classes.names
        self.cells = len(classes.names) * 2 * REST_BINS
        self.key = f"one_vs_rest/{classes.key}/{REST_BINS}"

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if (rows := self._classes.labelled(batch, groups)) is None:
            return
        rows = rows.known()
        count_rest(rows.scores.values, rows.actual, rows.index, out)

    def rows(self, cells: Floats) -> Floats:
        """Rows, shape (classes, 2: rest and class, bins)."""
        return cells.reshape(len(self.classes), 2, REST_BINS)
