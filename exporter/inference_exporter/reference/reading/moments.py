"""When rows of reference data were made: the column of the time, read by the rules of live data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


def time_column(
    columns: Mapping[str, TextColumn], model: ModelConfig
) -> tuple[str, TimestampField] | None:
    """The column of the time in a flat table, and how it is read.

    Where the model has a `season` and no column is called as the field, one that is called as such
    columns are, if it holds nothing but plausible times; and numbers may be of another unit than
    those of the log.
    """
    field = model.fields.timestamp or TimestampField(())
    named = (*field.paths, *(path.rpartition(".")[2] for path in field.paths))
    name = next((path for path in named if path in columns), None)
    if model.season is None:
        return None if name is None else (name, field)
    for one in KNOWN_NAMES if name is None else (name,):
        for spelling in _spellings(field):
            if _is_time(columns.get(one), spelling):
                return one, spelling
    return None if name is None else (name, field)


def _spellings(field: TimestampField) -> Iterator[TimestampField]:
    yield field
    for unit in get_args(Unit):
        yield replace(field, unit=unit, convert=())


def _is_time(cells: TextColumn | None, field: TimestampField) -> bool:
    present = [cell for cell in cells or () if cell is not None]
    if not present:
        return False
    found = moments(present, field)
    with np.errstate(invalid="ignore"):
        plausible = (found >= _PLAUSIBLE[0]) & (found < _PLAUSIBLE[1])
    return bool(plausible.mean() >= _SHARE)
