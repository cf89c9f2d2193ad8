"""What a classification logs beside its first choice: probabilities of all classes, or a ranking.

Where the log has no `prediction` or `score` of its own, they are what follows from these: the most
probable class or the first item, and the probability of the positive class of two.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence

import numpy as np

from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.worth import class_pair
from inference_exporter.values.batch import ClassScores, NumericColumn, RankedItems, TextColumn
from inference_exporter.values.vectors import RankingReader, ScoresReader

Column = NumericColumn | ClassScores | RankedItems | TextColumn
VECTORS = ("scores", "ranking")  # fields that are no scalars


class Choices:
    """Reads the columns of one model."""

    def __init__(self, model: ModelConfig) -> None:
        fields = model.fields
        self._predicts = fields.prediction is None
        self._scores = self._ranking = None
        if fields.scores is not None:
            self._scores = ScoresReader(fields.scores.classes, fields.scores.delimiter)
        if fields.ranking is not None:
            self._ranking = RankingReader(fields.ranking.delimiter)
        self._positive = positive_column(model) if fields.score is None else None

    def read(
        self, raw: Mapping[str, Sequence[object]], invalid: MutableMapping[str, int]
    ) -> dict[str, Column]:
        """Columns of the Batch by name; unusable values are counted in `invalid`."""
        found: dict[str, Column] = {}
        if self._scores is not None:
            scores = found["scores"] = self._scores.read(raw["scores"])
            _note(invalid, "scores", scores)
            if self._positive is not None:
                found["score"] = NumericColumn(scores.values[:, self._positive].copy())
            if self._predicts:
                found["prediction"] = most_probable(scores)
        if self._ranking is not None:
            ranking, first = self._ranking.read(raw["ranking"])
            found["ranking"] = ranking
            _note(invalid, "ranking", ranking)
            if self._predicts:
                found["prediction"] = first
        return found


def positive_column(model: ModelConfig) -> int | None:
    """The column of the positive class, where there are two."""
    scores = model.fields.scores
    if scores is None or len(scores.classes) != 2:
        return None
    pair = class_pair(model, sorted(scores.classes))
    return scores.classes.index(pair[1]) if pair and pair[1] in scores.classes else None


def most_probable(scores: ClassScores) -> TextColumn:
    """The predicted classes; of equally probable ones the first, None without probabilities."""
    none = len(scores.classes)
    known = ~np.isnan(scores.values[:, 0])
    at = np.where(known, np.nan_to_num(scores.values).argmax(axis=1), none)
    return list(map((*scores.classes, None).__getitem__, at.tolist()))


def _note(invalid: MutableMapping[str, int], name: str, column: ClassScores | RankedItems) -> None:
    if column.invalid is not None:
        invalid[name] = int(np.count_nonzero(column.invalid))
