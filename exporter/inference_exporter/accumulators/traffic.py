"""Requests by status, failures, predictions by class: what every log has."""

from __future__ import annotations

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.accumulators.failures import Failures
from inference_exporter.values.batch import Batch, Bools, Floats, Ints
from inference_exporter.values.tally import SparseKey
from inference_exporter.values.vocabulary import ABSENT, Vocabulary

NOT_CONFIGURED = "ok"  # code of a request in a log that has no status at all
NOT_LOGGED = "unknown"  # code of a request whose line lacks the configured status


class StatusCodes:
    """Sparse cells ("code", name) and ("failed",)."""

    kind = "code"

    def __init__(self, limit: int, ok: tuple[str, ...] | None) -> None:
        self._configured = ok is not None
        self._codes = Vocabulary(limit, absent=NOT_LOGGED)
        self._failures = Failures(self._codes, ok or ())

    def preset(self) -> tuple[SparseKey, ...]:
        """See `SparseAccumulator.preset`."""
        return (("failed",),) if self._configured else (("code", NOT_CONFIGURED), ("failed",))

    def count(self, batch: Batch, groups: Groups) -> list[tuple[int, SparseKey, float]]:
        """See `SparseAccumulator.count`."""
        if batch.requests is not None:  # each once, however many predictions it has
            groups = Groups(groups.index[batch.requests], groups.count)
        if batch.status is None:
            rows = np.bincount(groups.index, minlength=groups.count)
            return [(group, ("code", NOT_CONFIGURED), float(n)) for group, n in enumerate(rows)]
        indexes, failed = self._codes.indexes(batch.status), self._failures.of(batch.status)
        if batch.requests is not None:
            indexes, failed = indexes[batch.requests], failed[batch.requests]
        increments = count_names("code", self._codes, indexes, groups)
        if failed.any():
            counts = np.bincount(groups.index, failed, minlength=groups.count)
            increments += [(g, ("failed",), float(n)) for g, n in enumerate(counts) if n]
        return increments

    def failed(self, batch: Batch) -> Bools | None:
        """True for rows that failed, shape (rows,); None: the log has no status."""
        return None if batch.status is None else self._failures.of(batch.status)

    def restore(self, keys: tuple[SparseKey, ...]) -> None:
        """See `SparseAccumulator.restore`."""
        self._codes.learn(key[1] for key in keys if key[0] == "code" and key[1] != NOT_LOGGED)


class Predictions:
    """Sparse cells ("prediction", class); regression has the one class ``""``."""

    kind = "prediction"

    def __init__(self, classes: Vocabulary, known: tuple[str, ...], regression: bool) -> None:
        self._classes, self._known, self._regression = classes, known, regression

    def preset(self) -> tuple[SparseKey, ...]:
        """See `SparseAccumulator.preset`."""
        return tuple((self.kind, name) for name in ([""] if self._regression else self._known))

    def count(self, batch: Batch, groups: Groups) -> list[tuple[int, SparseKey, float]]:
        """See `SparseAccumulator.count`."""
        if self._regression:
            if batch.prediction_value is None:
                return []
            present = ~np.isnan(batch.prediction_value.values)
            counts = np.bincount(groups.index, present, minlength=groups.count)
            return [(g, (self.kind, ""), float(n)) for g, n in enumerate(counts) if n]
        if batch.prediction is None:
            return []
        indexes = self._classes.indexes(batch.prediction)
        present = indexes != ABSENT
        if not present.all():
            indexes, groups = indexes[present], Groups(groups.index[present], groups.count)
        return count_names(self.kind, self._classes, indexes, groups)

    def restore(self, keys: tuple[SparseKey, ...]) -> None:
        """See `SparseAccumulator.restore`."""
        self._classes.learn(key[1] for key in keys if key[0] == self.kind and key[1])


class Weights:
    """One dense cell: the sum of the weights of the rows that are predictions."""

    key = "weight"
    cells = 1

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        if batch.weight is not None:
            weights = np.nan_to_num(batch.weight.values)
            if batch.inputs is not None:
                weights = weights * batch.inputs
            out[:, 0] += np.bincount(groups.index, weights, minlength=len(out))


def count_names(
    kind: str, vocabulary: Vocabulary, indexes: Ints, groups: Groups
) -> list[tuple[int, SparseKey, float]]:
    """Increments (group, (kind, name), rows) of a column of vocabulary indexes."""
    size = len(vocabulary.names)
    counts = np.bincount(indexes + groups.index * size)
    return [
        (int(cell) // size, (kind, vocabulary.names[int(cell) % size]), float(counts[cell]))
        for cell in np.flatnonzero(counts)
    ]
