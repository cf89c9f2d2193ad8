"""Confusion cells -> accuracy, precision, recall and F1, per class and averaged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from inference_exporter.performance.intervals import Metrics
from inference_exporter.values.batch import Floats, Ints
from inference_exporter.values.vocabulary import OVERFLOW

MACRO = "macro"
WEIGHTED = "weighted"
RATIOS = ("precision", "recall", "f1")


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells that are not empty, and their sums per class.

    `predicted_at`, `actual_at` and `counts` (cells,); an index of `len(names)` means a class
    beyond the limit. `hits`, `predicted` and `actual` (classes,).
    """

    names: tuple[str, ...]
    predicted_at: Ints
    actual_at: Ints
    counts: Floats
    hits: Floats
    predicted: Floats
    actual: Floats

    @classmethod
    def of(cls, confusion: Mapping[tuple[str, str], float]) -> Cells:
        """From counts by (predicted, actual)."""
        used = {key: n for key, n in confusion.items() if n > 0 and key != (OVERFLOW, OVERFLOW)}
        names = tuple(sorted({name for key in used for name in key} - {OVERFLOW}))
        at = {name: index for index, name in enumerate(names)}
        size = len(names)
        pairs = [(at.get(one, size), at.get(other, size)) for one, other in used]
        table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        first, second = table[:, 0], table[:, 1]
        counts = np.array(list(used.values()), dtype=np.float64)
        return cls(
            names, first, second, counts,
            hits=_sums(first, counts * (first == second), size),
            predicted=_sums(first, counts, size),
            actual=_sums(second, counts, size),
        )  # fmt: skip

    @property
    def total(self) -> float:
        """Rows."""
        return float(self.counts.sum())

    def averages(self) -> tuple[str, ...]:
        """The names of means over classes, but not where a class is called so."""
        return tuple(name for name in (MACRO, WEIGHTED) if name not in self.names)

    def ratio(self, metric: str) -> Floats:
        """The metric per class, NaN where it is not defined."""
        top, bottom = {
            "precision": (self.hits, self.predicted),
            "recall": (self.hits, self.actual),
            "f1": (2 * self.hits, self.predicted + self.actual),
        }[metric]
        with np.errstate(invalid="ignore"):
            found: Floats = np.where(bottom > 0, top / np.where(bottom > 0, bottom, 1.0), np.nan)
        return found

    def weights(self, average: str, values: Floats) -> Floats:
        """How much each class counts in a mean; all 0 where there is no mean.

        Classes without a value do not count, as in scikit-learn with `zero_division=nan`.
        """
        share = np.where(np.isnan(values), 0.0, 1.0 if average == MACRO else self.actual)
        total = share.sum()
        return share / total if total else share


def _sums(index: Ints, values: Floats, size: int) -> Floats:
    found: Floats = np.bincount(index, values, minlength=size + 1)[:size].astype(np.float64)
    return found


def classification_metrics(confusion: Mapping[tuple[str, str], float]) -> Metrics:
    """Accuracy, and precision, recall and F1 per class, from counts by (predicted, actual).

    Precision is undefined for a class that was never predicted, recall for one that never
    occurred, F1 = 2 TP / (2 TP + FP + FN) where both hold. Means are over the classes for which
    the ratio is defined (scikit-learn's with `zero_division=nan`): `macro` counts every class
    the same, `weighted` by how often it occurred.

    >>> found = classification_metrics({("1", "1"): 3, ("1", "0"): 1, ("0", "0"): 6})
    >>> found["accuracy", ""], found["precision", "1"], found["recall", "1"]
    (0.9, 0.75, 1.0)
    >>> classification_metrics({})
    {}
    """
    cells = Cells.of(confusion)
    if not cells.total:
        return {}
    found: Metrics = {("accuracy", ""): float(cells.hits.sum()) / cells.total}
    for metric in RATIOS:
        values = cells.ratio(metric)
        for name, value in zip(cells.names, values.tolist(), strict=True):
            if value == value:  # not NaN
                found[metric, name] = value
        for average in cells.averages():
            weights = cells.weights(average, values)
            if weights.any():
                found[metric, average] = float(np.nansum(weights * values))
    return found
