"""Whether two versions answer alike: of requests that both scored, with or without labels."""

from __future__ import annotations

import numpy as np

from inference_exporter.values.batch import Batch, Floats, NumericColumn, TextColumn, category_name

COUNTS = ("champion", "challenger", "met", "told", "equal", "scored", "distance")
"""Predictions of each side; requests that both scored; those of them with two classes, and with
the same; those with two numbers (scores, or the predictions of a regression), and the sum of how
far these are apart."""


class Agreement:
    """Counts of one contest."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0.0)

    def seen(self, champion: int, challenger: int) -> None:
        """Predictions were made by the sides."""
        self._add(champion=champion, challenger=challenger)

    def met(self, champion: Batch, challenger: Batch) -> None:
        """Requests were scored by both, row by row."""
        self._add(met=champion.rows)
        if champion.prediction is not None and challenger.prediction is not None:
            told, equal = _equal(champion.prediction, challenger.prediction)
            self._add(told=told, equal=equal)
        apart = _apart(_numbers(champion), _numbers(challenger))
        self._add(scored=len(apart), distance=float(apart.sum()))

    def _add(self, **more: float) -> None:
        for name, value in more.items():
            self.counts[name] += value

    @property
    def ratio(self) -> float | None:
        """Share of the requests with the same class; None without classes."""
        told = self.counts["told"]
        return self.counts["equal"] / told if told else None

    @property
    def distance(self) -> float | None:
        """How far the numbers are apart, on average; None without numbers."""
        scored = self.counts["scored"]
        return self.counts["distance"] / scored if scored else None


def _equal(one: TextColumn, other: TextColumn) -> tuple[int, int]:
    pairs = [
        category_name(a) == category_name(b)
        for a, b in zip(one, other, strict=True)
        if a is not None and b is not None
    ]
    return len(pairs), sum(pairs)


def _numbers(batch: Batch) -> NumericColumn | None:
    return batch.score if batch.prediction_value is None else batch.prediction_value


def _apart(one: NumericColumn | None, other: NumericColumn | None) -> Floats:
    if one is None or other is None:
        return np.empty(0)
    found: Floats = np.abs(one.values - other.values)
    return found[~np.isnan(found)]
