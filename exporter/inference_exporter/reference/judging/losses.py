"""Errors of a regression by the leaves of a tree: what to expect without labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from inference_exporter.performance import Moments, error_moments
from inference_exporter.reference.judging.chunks import Truth, beyond_chance, chunks_of
from inference_exporter.reference.judging.error_tree import Column, grown, number_column
from inference_exporter.reference.judging.scored import Thinned
from inference_exporter.reference.reading.columns import names, numeric
from inference_exporter.values.batch import Bools, Floats, Ints, TextColumn
from inference_exporter.values.losses import LossTable, SignedErrors, Split

MIN_ROWS = 200
MAX_COLUMNS = 200  # of features that a tree may ask about; others are left out
_CATEGORIES = 100  # that are told apart in a feature
_NUMBERS = 4_000_000  # kept to grow the tree from: 32 MB
_HUGE = 1e75  # the variance of error² takes its fourth power
_OWN = 2  # prediction and label, beside the features


class PredictedErrors:
    """Numeric predictions with their labels and features; `kinds` says which are numbers."""

    def __init__(self, kinds: Mapping[str, bool] | None = None) -> None:
        self._kinds = dict(list((kinds or {}).items())[:MAX_COLUMNS])
        self._width = _OWN + len(self._kinds)
        self._kept = Thinned(_NUMBERS // self._width)
        self._codes: dict[str, dict[str, int]] = {
            name: {} for name, is_number in self._kinds.items() if not is_number
        }

    def add(
        self,
        predicted: TextColumn | None,
        actual: TextColumn | None,
        features: Mapping[str, TextColumn] | None = None,
    ) -> None:
        """Take in a block of these columns."""
        if predicted is None or actual is None:
            return
        known = features or {}
        one, other = numeric(predicted).values, numeric(actual).values
        columns = [self._column(name, known.get(name), len(one)) for name in self._kinds]
        table = np.column_stack((one, other, *columns))
        self._kept.add(table[~(np.isnan(one) | np.isnan(other))])

    def _column(self, name: str, cells: TextColumn | None, rows: int) -> Floats:
        """Numbers, or codes of categories with 0 for a missing one and those beyond the limit."""
        if cells is None:
            return np.full(rows, np.nan if self._kinds[name] else 0.0)
        if self._kinds[name]:
            return numeric(cells).values
        codes, texts = self._codes[name], names(cells)
        for text in sorted({one for one in texts if one is not None} - codes.keys()):
            if len(codes) < _CATEGORIES:
                codes[text] = len(codes) + 1
        return np.array([0 if one is None else codes.get(one, 0) for one in texts], np.float64)

    def found(self) -> tuple[LossTable | None, dict[str, float]]:
        """The table, and what estimates by it are off by over time; None with too few rows."""
        rows = self._kept.rows(self._width)
        if len(rows) < MIN_ROWS:
            return None, {}
        with np.errstate(all="ignore"):
            return loss_table(rows[:, 0], rows[:, 1], self._columns(rows))

    def _columns(self, rows: Floats) -> list[Column]:
        columns = [number_column(None, rows[:, 0])]
        for (name, is_number), values in zip(self._kinds.items(), rows[:, _OWN:].T, strict=True):
            if is_number:
                columns.append(number_column(name, values))
            else:
                codes = values.astype(np.int64)
                columns.append(Column(name, codes, None, tuple(self._codes[name])))
        return columns


def loss_table(
    predicted: Floats, actual: Floats, columns: list[Column]
) -> tuple[LossTable | None, dict[str, float]]:
    """Errors by the leaves of a tree over the columns; None where they are too large."""
    error = predicted - actual
    if not np.abs(error).max() < _HUGE:
        return None, {}
    splits, leaf = grown(columns, error)
    everything = np.ones(len(error), np.bool_)
    table = _table(splits, leaf, error, actual, everything)
    return table, beyond_chance(_compared(splits, leaf, error, actual))


def _compared(
    splits: tuple[Split, ...], leaf: Ints, error: Floats, actual: Floats
) -> Iterator[tuple[Moments, Truth]]:
    """Of each chunk the estimates by the errors of the others in the same leaf, and its own."""
    chunk = chunks_of(len(error))
    if chunk is None:
        return
    for one in range(int(chunk[-1]) + 1):
        mine = chunk == one
        table = _table(splits, leaf, error, actual, ~mine)
        rows = np.bincount(leaf[mine], minlength=len(splits) + 1).astype(np.float64)
        yield error_moments(rows, table), _realised(error[mine], actual[mine])


def _realised(error: Floats, actual: Floats) -> Truth:
    found = {
        "mae": float(np.abs(error).mean()),
        "rmse": float(np.sqrt((error**2).mean())),
        "bias": float(error.mean()),
    }
    usable = actual != 0
    if usable.any():
        found["mape"] = float(np.abs(error[usable] / actual[usable]).mean())
    return found


def _table(
    splits: tuple[Split, ...], leaf: Ints, error: Floats, actual: Floats, used: Bools
) -> LossTable:
    """Means and variances per leaf over the rows in use."""
    cells = len(splits) + 1
    share = np.abs(error / actual)
    nonzero = used & np.isfinite(share**2)  # labels that are 0, or nearly, are left out of MAPE
    relative = share[nonzero]
    rows, absolute, of_absolute = _moments(leaf[used], np.abs(error[used]), cells)
    _, squared, of_squared = _moments(leaf[used], error[used] ** 2, cells)
    _, bias, of_bias = _moments(leaf[used], error[used], cells)
    more = SignedErrors(bias, of_bias, *_moments(leaf[nonzero], relative, cells))
    none = np.empty(0)
    return LossTable(none, rows, absolute, of_absolute, squared, of_squared, splits, more)


def _moments(cell: Ints, values: Floats, cells: int) -> tuple[Floats, Floats, Floats]:
    """Rows, mean and variance of values per cell."""
    rows = np.bincount(cell, minlength=cells).astype(np.float64)
    mean = np.bincount(cell, values, minlength=cells) / np.maximum(rows, 1.0)
    spread = np.bincount(cell, (values - mean[cell]) ** 2, minlength=cells)
    return rows, mean, spread / np.maximum(rows - 1, 1.0)
