"""Labelled rows of the reference data: what the model's performance was when all was well."""

from __future__ import annotations

from collections import Counter

import msgspec
import numpy as np

from inference_exporter.performance import (
    MACRO,
    WEIGHTED,
    Intervals,
    Metrics,
    Values,
    business_value,
    classification_intervals,
    classification_metrics,
    regression_intervals,
    regression_metrics,
)
from inference_exporter.reference.reading.columns import categories, names, numeric
from inference_exporter.values.batch import TextColumn

_LIMIT = 10_000  # classes, and pairs of predicted and actual class


class OutcomeState(msgspec.Struct, forbid_unknown_fields=True):
    """Outcomes as a shard keeps them: rows by predicted and actual class, or sums by name."""

    classes: tuple[str, ...] = ()
    pairs: list[tuple[str, str, int]] = []
    sums: dict[str, float] = {}


class ClassOutcomes:
    """Predictions and labels that are classes."""

    def __init__(self) -> None:
        self._pairs: Counter[tuple[str, str]] = Counter()
        self._classes: set[str] = set()

    @property
    def classes(self) -> tuple[str, ...]:
        """All classes, sorted."""
        return tuple(sorted(self._classes))

    @property
    def samples(self) -> int:
        """Rows with a prediction and a label."""
        return self._pairs.total()

    def add(self, predicted: TextColumn | None, actual: TextColumn | None) -> None:
        """Take in a block of both columns."""
        for cells in (predicted, actual):
            if cells is not None and len(self._classes) < _LIMIT:
                self._classes.update(categories(cells)[0])
        if predicted is None or actual is None:
            return
        pairs = Counter(zip(names(predicted), names(actual), strict=True))
        for (one, other), count in pairs.items():
            if one is None or other is None:
                continue
            if (one, other) in self._pairs or len(self._pairs) < _LIMIT:
                self._pairs[one, other] += count

    @property
    def state(self) -> OutcomeState:
        """What `merge` of another takes in."""
        return OutcomeState(self.classes, [(*pair, n) for pair, n in self._pairs.items()])

    def merge(self, other: OutcomeState) -> None:
        """Take in the outcomes of other rows."""
        self._classes.update(other.classes)
        for one, actual, count in other.pairs:
            self._pairs[one, actual] += count

    def metrics(self, limit: int, values: Values | None = None) -> Metrics:
        """Performance; with more classes than the limit, without the metrics per class."""
        found = classification_metrics(self._pairs)
        worth = business_value(self._pairs, values) if values else None
        if worth is not None:
            found["business_value", ""] = worth
        if len(self._classes) <= limit:
            return found
        return {key: value for key, value in found.items() if key[1] in ("", MACRO, WEIGHTED)}

    def intervals(self) -> Intervals:
        """At 95 %, of `metrics`."""
        return classification_intervals(self._pairs)


class NumberOutcomes:
    """Predictions and labels that are numbers."""

    classes: tuple[str, ...] = ()

    def __init__(self) -> None:
        self._sums: dict[str, float] = {}

    @property
    def samples(self) -> int:
        """Rows with a prediction and a label."""
        return int(self._sums.get("n", 0))

    def add(self, predicted: TextColumn | None, actual: TextColumn | None) -> None:
        """Take in a block of both columns."""
        if predicted is None or actual is None:
            return
        one, other = numeric(predicted).values, numeric(actual).values
        both = ~(np.isnan(one) | np.isnan(other))
        labels = other[both]
        with np.errstate(over="ignore", invalid="ignore"):
            errors = one[both] - labels
            nonzero = labels != 0
            relative = np.abs(errors[nonzero] / labels[nonzero])
            sums = {
                "fourth": (errors**4).sum(),
                "percentage_squared": (relative**2).sum(),
                "spread_n": len(labels),
                "n": len(labels),
                "absolute": np.abs(errors).sum(),
                "squared": (errors**2).sum(),
                "over": np.maximum(errors, 0).sum(),
                "under": np.maximum(-errors, 0).sum(),
                "percentage": relative.sum(),
                "percentage_n": len(relative),
                "actual_positive": np.maximum(labels, 0).sum(),
                "actual_negative": np.maximum(-labels, 0).sum(),
                "actual_squared": (labels**2).sum(),
            }
        for name, value in sums.items():
            self._sums[name] = self._sums.get(name, 0.0) + float(value)

    @property
    def state(self) -> OutcomeState:
        """What `merge` of another takes in."""
        return OutcomeState(sums=self._sums)

    def merge(self, other: OutcomeState) -> None:
        """Take in the outcomes of other rows."""
        for name, value in other.sums.items():
            self._sums[name] = self._sums.get(name, 0.0) + value

    def metrics(self, limit: int, values: Values | None = None) -> Metrics:
        """Performance."""
        del limit, values
        return regression_metrics(self._sums) if self._sums else {}

    def intervals(self) -> Intervals:
        """At 95 %, of `metrics` but for R²; none of parts that an earlier version profiled."""
        if not self._sums or self._sums.get("spread_n") != self._sums["n"]:
            return {}
        return regression_intervals(self._sums)
