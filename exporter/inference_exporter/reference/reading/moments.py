"""When rows of reference data were made: the column of the time, read by the rules of live data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import get_args

import numpy as np

from inference_exporter.config.schema import ModelConfig, TimestampField, Unit
from inference_exporter.formats.columns.times import time_reader
from inference_exporter.formats.steps.functions import function_of
from inference_exporter.values.batch import Floats, TextColumn

# What the column of the time is called in tables, where it is not called as in the log.
KNOWN_NAMES = ("timestamp", "ts", "time", "datetime", "event_time", "event_timestamp", "date")
_PLAUSIBLE = (946684800.0, 4102444800.0)  # the years 2000 to 2100
_SHARE = 0.9

_reader = lru_cache(8)(time_reader)


def moments(cells: Sequence[object], field: TimestampField) -> Floats:
    """Seconds since the epoch (rows,), NaN where a cell is no point in time."""
    if field.convert:
        step = function_of(field.convert)
        cells = [step(cell) for cell in cells]
    return _reader(field)(cells).values


def time_column(columns: Mapping[str, TextColumn], model: ModelConfig) -> tuple[str, Floats] | None:
    """The column of the time in a flat table, and its times (rows,).

    Where the model has a `season` and no column is called as the field, one that is called as such
    columns are, if it holds nothing but plausible times; and numbers may be of another unit than
    those of the log.
    """
    field = model.fields.timestamp or TimestampField(())
    named = (*field.paths, *(path.rpartition(".")[2] for path in field.paths))
    name = next((path for path in named if path in columns), None)
    if model.season is not None:
        for one in KNOWN_NAMES if name is None else (name,):
            if one in columns and (found := _plausible(columns[one], field)) is not None:
                return one, found
    return None if name is None else (name, moments(columns[name], field))


def _plausible(cells: TextColumn, field: TimestampField) -> Floats | None:
    """The times of a column, as the field says or in another unit; None if they are no times."""
    present = sum(cell is not None for cell in cells)
    for spelling in (field, *(replace(field, unit=unit, convert=()) for unit in get_args(Unit))):
        found = moments(cells, spelling)
        with np.errstate(invalid="ignore"):
            plausible = (found >= _PLAUSIBLE[0]) & (found < _PLAUSIBLE[1])
        if present and plausible.sum() >= _SHARE * present:
            return found
    return None
