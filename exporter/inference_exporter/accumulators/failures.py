"""Which rows failed: their status is not among those that are configured as successes."""

from __future__ import annotations

import numpy as np

from inference_exporter.config.success import Success
from inference_exporter.values.batch import Bools, TextColumn, category_name
from inference_exporter.values.vocabulary import OVERFLOWED, Vocabulary


class Failures:
    """Tells failures by name, and by value where the name is beyond the limit of `codes`."""

    def __init__(self, codes: Vocabulary, ok: tuple[str, ...]) -> None:
        self._codes, self._is_ok = codes, Success(ok)
        self._by_index = [False, False]  # by index of the code; an absent status is no failure
        self._column: TextColumn | None = None
        self._failed = np.empty(0, np.bool_)

    def of(self, status: TextColumn) -> Bools:
        """True for rows that failed, shape (rows,). Not to be changed by the caller."""
        if status is not self._column:  # whoever looks for failures asks about the same column
            self._failed, self._column = self._find(status), status
        return self._failed

    def _find(self, status: TextColumn) -> Bools:
        indexes, names = self._codes.indexes(status), self._codes.names
        self._by_index += [not self._is_ok(name) for name in names[len(self._by_index) :]]
        failed: Bools = np.array(self._by_index).take(indexes)
        for row in np.flatnonzero(indexes == OVERFLOWED).tolist():
            value = status[row]
            failed[row] = value is not None and not self._is_ok(category_name(value))
        return failed
