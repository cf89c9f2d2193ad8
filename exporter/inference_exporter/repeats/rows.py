"""Some rows of a batch, to be counted apart."""

from __future__ import annotations

from inference_exporter.values.batch import (
    Batch,
    CategoryColumn,
    FeatureColumn,
    Ints,
    NumericColumn,
    TextColumn,
)


def inputs_of(batch: Batch, rows: Ints) -> Batch:
    """Some rows of a batch, with nothing but their features and outputs."""
    return Batch(
        len(rows),
        features={name: _taken(column, rows) for name, column in batch.features.items()},
        derived={name: _numbers(column, rows) for name, column in batch.derived.items()},
        prediction=None if batch.prediction is None else _texts(batch.prediction, rows),
        prediction_value=_numbers(batch.prediction_value, rows) if batch.prediction_value else None,
        score=_numbers(batch.score, rows) if batch.score else None,
        inputs=None if batch.inputs is None else batch.inputs[rows],
        season=None if batch.season is None else batch.season[rows],
    )


def _taken(column: FeatureColumn, rows: Ints) -> FeatureColumn:
    if isinstance(column, NumericColumn):
        return _numbers(column, rows)
    invalid = None if column.invalid is None else column.invalid[rows]
    return CategoryColumn(_texts(column.values, rows), invalid)


def _numbers(column: NumericColumn, rows: Ints) -> NumericColumn:
    invalid = None if column.invalid is None else column.invalid[rows]
    return NumericColumn(column.values[rows], invalid)


def _texts(column: TextColumn, rows: Ints) -> TextColumn:
    return [column[row] for row in rows.tolist()]
