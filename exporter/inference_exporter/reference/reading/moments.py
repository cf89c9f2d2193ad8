"""When rows of reference data were made: the column of the time, read by the rules of live data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from inference_exporter.config.schema import ModelConfig, TimestampField
from inference_exporter.formats.columns.times import time_reader
from inference_exporter.formats.steps.functions import function_of
from inference_exporter.values.batch import Floats, TextColumn

# What the column of the time is called in tables, where it is not called as in the log.
KNOWN_NAMES = ("timestamp", "ts", "time", "datetime", "event_time", "event_timestamp", "date")
_PLAUSIBLE = (946684800.0, 4102444800.0)  # the years 2000 to 2100
_SHARE = 0.9

_reader = lru_cache(8)(time_reader)


def moments(cells: Sequence[object], field: TimestampField | None) -> Floats:
    """Seconds since the epoch (rows,), NaN where a cell is no point in time."""
    field = field or TimestampField(())
    if field.convert:
        step = function_of(field.convert)
        cells = [step(cell) for cell in cells]
    return _reader(field)(cells).values


def time_column(columns: Mapping[str, TextColumn], model: ModelConfig) -> str | None:
    """The name of the column of the time in a flat table.

    Where the model has a `season` and no column is called as the field, one that is called as such
    columns are, if it holds nothing but plausible times.
    """
    field = model.fields.timestamp
    paths = field.paths if field else ()
    for path in (*paths, *(path.rpartition(".")[2] for path in paths)):
        if path in columns:
            return path
    if model.season is None:
        return None
    return next((name for name in KNOWN_NAMES if _is_time(columns.get(name), field)), None)


def _is_time(cells: TextColumn | None, field: TimestampField | None) -> bool:
    present = [cell for cell in cells or () if cell is not None]
    if not present:
        return False
    found = moments(present, field)
    with np.errstate(invalid="ignore"):
        plausible = (found >= _PLAUSIBLE[0]) & (found < _PLAUSIBLE[1])
    return bool(plausible.mean() >= _SHARE)
