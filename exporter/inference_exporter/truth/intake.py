"""Batches become what the join keeps: predictions that wait, and labels; what is odd is counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from inference_exporter.config.schema import LabelsConfig, ModelConfig
from inference_exporter.truth.join import Join
from inference_exporter.truth.waiting.choices import classes_kept, label_values, put_choices
from inference_exporter.truth.waiting.keys import keys_of
from inference_exporter.truth.waiting.record import OUTSIDE, SEGMENTS, Schema, set_times
from inference_exporter.values.batch import (
    Batch,
    Bools,
    Floats,
    Ints,
    Scalar,
    TextColumn,
    category_name,
)
from inference_exporter.values.numeric import numeric_column

_OTHER_NAMES = (
    4  # names kept per class that gets series: predictions without a label have names too
)
_NUMBERS = ("score", "prediction_value", "weight")


def make_join(model: ModelConfig, config: LabelsConfig, *, regression: bool) -> Join:
    """The join of a model: keeps what its truth accumulators read."""
    texts = ["version"] if model.fields.version else []
    scores = ["score"] if model.fields.has_score else []
    values = ["prediction_value"] if regression else []
    scores += ["weight"] if model.fields.weight else []
    segments = {f"{SEGMENTS}{one.name}": model.limits.segments for one in model.segments}
    texts += [*([] if regression else ["prediction"]), *segments]
    classes, ranking = classes_kept(model), model.fields.ranking is not None
    schema = Schema(
        tuple(texts), tuple(values + scores), regression,
        () if regression else classes, ranking and not regression,
    )  # fmt: skip
    limits = {
        "version": model.limits.versions,
        "prediction": _OTHER_NAMES * model.limits.classes,
        **{name: _OTHER_NAMES * limit for name, limit in segments.items()},
    }
    versions = model.compare_versions
    paired = versions is not None and versions.paired
    twins = (versions.champion, versions.challenger) if versions and paired else None
    return Join(model.name, config, schema, limits, twins)


class Intake:
    """Fills the join of one model from batches.

    `known` are the classes that the reference has; a label with another one is odd, but not if it
    is an item of a ranking.
    """

    def __init__(self, join: Join, *, regression: bool, known: Collection[str] = ()) -> None:
        self._join, self._regression, self._known = join, regression, frozenset(known)

    def predictions(self, batch: Batch, times: Floats, outside: Bools | None = None) -> None:
        """Predictions to wait for; those with a label on their own line have it already.

        `outside` marks those that are in no window (too old, or from the future): their labels
        belong to none either.
        """
        made = _present(batch)
        if batch.id is None or not made.any():
            return
        named = _given(batch.id)
        without = int(np.count_nonzero(made & ~named))
        rows = np.flatnonzero(made & named)
        records = self._join.empty_records(len(rows))
        set_times(records, times[rows])
        if outside is not None:
            records["schema"] |= np.where(outside[rows], OUTSIDE, 0).astype(np.uint8)
        for name in records.dtype.names or ():
            column = _column(batch, name)
            if name in self._join.names and column is not None:
                records[name] = self._join.names[name].codes(_chosen(column, rows))
            elif name in _NUMBERS and column is not None:
                records[name] = column.values[rows]
            elif name in _NUMBERS:
                records[name] = np.nan
        put_choices(records, batch, rows)
        if batch.actual is not None:
            records["actual"] = self._actual(_chosen(batch.actual, rows))
        ids = _chosen(batch.id, rows)
        keys = keys_of(ids, None if batch.row is None else _chosen(batch.row, rows))
        self._join.expect(keys, records, without_id=without)

    def labels(self, batch: Batch, arrived: float) -> None:
        """Labels that arrived (NaN: when is not known)."""
        odd: Counter[str] = Counter()
        ids = batch.id or [None] * batch.rows
        actuals = batch.actual or [None] * batch.rows
        named, told = _given(ids), _given(actuals)
        odd["no_id"] = batch.rows - int(named.sum())
        odd["no_actual"] = int((named & ~told).sum())
        rows = np.flatnonzero(named & told)
        given = _chosen(actuals, rows)
        values = self._actual(given)
        odd["unknown_class"] = self._unknown(given)
        usable = ~np.isnan(values)
        odd["not_a_number"] = len(values) - int(usable.sum())
        rows = rows[usable]
        if batch.timestamp is not None and batch.timestamp.invalid is not None:
            odd["unreadable_time"] = int(np.count_nonzero(batch.timestamp.invalid[rows]))
        self._join.problems(odd, invalid=batch.rows - len(rows))
        times = None if batch.timestamp is None else batch.timestamp.values[rows]
        numbers_in_request = None if batch.row is None else _chosen(batch.row, rows)
        if len(rows):
            keys = keys_of(_chosen(ids, rows), numbers_in_request)
            self._join.label(keys, values[usable], times, arrived)

    def _actual(self, column: Sequence[Scalar]) -> Floats:
        if self._regression:
            return numeric_column(column).values
        codes = self._join.names["prediction"].codes(column)
        return label_values(codes, column) if self._join.ranked else codes.astype(np.float64)

    def _unknown(self, column: Sequence[Scalar]) -> int:
        if self._regression or not self._known or self._join.ranked:
            return 0
        counted = Counter(column)
        return sum(
            rows
            for value, rows in counted.items()
            if value is not None and category_name(value) not in self._known
        )


def _column(batch: Batch, name: str) -> Any:
    """The column that a field of a record is made of."""
    if name.startswith(SEGMENTS):
        return batch.segments.get(name.removeprefix(SEGMENTS))
    return getattr(batch, name, None)


def _present(batch: Batch) -> Bools:
    """Rows with a prediction, or at least a score."""
    if batch.prediction_value is not None:
        return ~np.isnan(batch.prediction_value.values)
    if batch.prediction is not None:
        return _given(batch.prediction)
    return np.zeros(batch.rows, np.bool_)


def _given(column: TextColumn) -> Bools:
    if None not in column:
        return np.ones(len(column), np.bool_)
    return np.fromiter((one is not None for one in column), np.bool_, len(column))


def _chosen(column: TextColumn, rows: Ints) -> TextColumn:
    """Some rows of a column of raw values."""
    return column if len(rows) == len(column) else [column[row] for row in rows.tolist()]
