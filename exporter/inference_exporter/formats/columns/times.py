"""Columns of points in time, as seconds since the Unix epoch.

Text of one shape in the whole column is read by `iso`; everything else value by value: ISO 8601
in all its spellings, the `[23/Nov/2026:01:15:00 +0000]` of web servers, numbers and texts that
are numbers as time since the epoch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from inference_exporter.config.schema import TimestampField
from inference_exporter.formats.columns.iso import EPOCH_DAY, iso_column
from inference_exporter.values.batch import Floats, NumericColumn
from inference_exporter.values.numbers import Numbers
from inference_exporter.values.numeric import numeric_column, refuse

PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
LATEST = 253402300800.0  # the year 10000: milliseconds read as seconds end up beyond it

_NUMBERS = {int, float, type(None)}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_ZONE_APART = re.compile(r"\s([+-]\d\d:?\d\d|Z)$|\s(?:UTC|GMT)$", re.ASCII)  # BigQuery's UTC
_CLF = re.compile(
    r"\[?(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)\]?", re.ASCII
)


def time_reader(field: TimestampField) -> Callable[[Sequence[object]], NumericColumn]:
    """A function that reads columns of the field."""
    zone: tzinfo = UTC if field.timezone == "UTC" else ZoneInfo(field.timezone)
    per_second = PER_SECOND[field.unit]

    one = _value_reader(zone, per_second)

    def read_each(raw: Sequence[object]) -> NumericColumn:
        return _checked(numeric_column([one(entry) for entry in raw]))

    def read(raw: Sequence[object]) -> NumericColumn:
        if isinstance(raw, Numbers):  # seconds already, but for what is odd
            return raw.column(read_each)
        values = iso_column(raw, zone)
        if values is None and None in raw:
            values = _iso_between(raw, zone)
        if values is not None:
            return NumericColumn(values)
        if set(map(type, raw)) <= _NUMBERS:
            return _checked(_divided(numeric_column(raw), per_second))
        return read_each(raw)

    return read


def _value_reader(zone: tzinfo, per_second: float) -> Callable[[object], float | None]:
    """A function that reads one value: None is missing, NaN unreadable."""

    @lru_cache(4096)  # lines of one second share their text
    def text(value: str) -> float:
        return _from_text(value, zone, per_second)

    def one(value: object) -> float | None:
        if isinstance(value, str):
            return text(value)
        if value is None:
            return None
        return math.nan if isinstance(value, bool) else _from_number(value, per_second)

    return one


def _divided(column: NumericColumn, per_second: float) -> NumericColumn:
    return NumericColumn(column.values / per_second, column.invalid)


def _iso_between(raw: Sequence[object], zone: tzinfo) -> Floats | None:
    present = iso_column([entry for entry in raw if entry is not None], zone)
    if present is None:
        return None
    values = np.full(len(raw), np.nan)
    values[[i for i, entry in enumerate(raw) if entry is not None]] = present
    return values


def _checked(column: NumericColumn) -> NumericColumn:
    return refuse(column, (column.values < 0) | (column.values >= LATEST))


def _from_number(number: object, per_second: float) -> float:
    try:
        return float(number) / per_second  # type: ignore[arg-type]
    except (TypeError, OverflowError):
        return math.nan


def _from_text(text: str, zone: tzinfo, per_second: float) -> float:
    """Seconds since the epoch, NaN for what is no point in time.

    >>> _from_text("[23/Nov/2026:01:15:00 +0000]", UTC, 1.0)
    1795396500.0
    """
    try:
        return float(text) / per_second
    except ValueError:
        pass
    try:
        moment = _clf(text) or datetime.fromisoformat(_ZONE_APART.sub(_zone, text.strip()))
        return _seconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        return math.nan


def _zone(match: re.Match[str]) -> str:
    return match[1] or "Z"


def _clf(text: str) -> datetime | None:
    match = _CLF.fullmatch(text)
    if not match or match[2] not in _MONTHS:
        return None
    day, _, year, hour, minute, second, _, east, east_minutes = match.groups()
    offset = timedelta(hours=int(east), minutes=int(east_minutes))
    zone = timezone(-offset if match[7] == "-" else offset)
    month = _MONTHS.index(match[2]) + 1
    return datetime(int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=zone)


def _seconds(moment: datetime) -> float:
    """As `moment.timestamp()`, rounded in the same places as `iso` does it."""
    days = moment.toordinal() - EPOCH_DAY
    seconds = days * 86400 + moment.hour * 3600 + moment.minute * 60 + moment.second
    offset = moment.utcoffset() or timedelta(0)
    return (seconds - offset.total_seconds()) + moment.microsecond / 1e6
