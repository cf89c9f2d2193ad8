"""Hours of the day and of the week: which of them a moment is in, where the traffic lives."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from inference_exporter.values.batch import Floats, Ints

SEASONS = {"hour_of_day": 24, "hour_of_week": 168}
FORTNIGHT = 336  # hours of two weeks: what differs between odd and even ones does not repeat
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONDAY = 72  # hours from the Monday before 1970-01-01, a Thursday
_QUARTER = 900.0  # seconds; no zone's clock is moved in the middle of a quarter of an hour
_MOST_OFFSETS = 100_000


class LocalHours:
    """Hours since a Monday, as clocks in an IANA zone show them."""

    def __init__(self, timezone: str) -> None:
        self.timezone = timezone
        self._zone: tzinfo = UTC if timezone == "UTC" else ZoneInfo(timezone)
        self._offsets: dict[int, float] = {}  # by quarter of an hour

    def since_monday(self, times: Floats) -> Ints:
        """Whole local hours (rows,) since a Monday of 1969, of seconds since the epoch.

        >>> LocalHours("Europe/Berlin").since_monday(np.array([0.0])).tolist()  # Thursday, 1 h
        [73]
        """
        moved = self._zone is not UTC and len(times) > 0
        local = times + self._offset(times) if moved else times
        found: Ints = np.floor(local / 3600.0).astype(np.int64) + _MONDAY
        return found

    def cells(self, times: Floats, kind: str) -> Ints:
        """Which cell of the season (rows,) a moment is in; -1 where `times` is NaN.

        >>> LocalHours("UTC").cells(np.array([0.0, np.nan]), "hour_of_week").tolist()
        [72, -1]
        """
        return self._within(times, SEASONS[kind])

    def fortnight(self, times: Floats) -> Ints:
        """The hour (rows,) of every other week, 0 to 335; -1 where `times` is NaN."""
        return self._within(times, FORTNIGHT)

    def months(self, times: Floats) -> Ints:
        """The month (rows,), 0 to 11, of finite `times`."""
        local = self.since_monday(times) - _MONDAY
        months: Ints = local.astype("datetime64[h]").astype("datetime64[M]").astype(np.int64) % 12
        return months

    def _within(self, times: Floats, hours: int) -> Ints:
        known = np.isfinite(times)
        if known.all():
            return self.since_monday(times) % hours
        found = np.full(len(times), -1, dtype=np.int64)
        found[known] = self.since_monday(times[known]) % hours
        return found

    def _offset(self, times: Floats) -> Floats:
        quarters = np.floor(times / _QUARTER).astype(np.int64)
        first = int(quarters[0])
        if (quarters == first).all():
            return np.full(1, self._of_quarter(first))
        distinct, at = np.unique(quarters, return_inverse=True)
        return np.array([self._of_quarter(one) for one in distinct.tolist()])[at]

    def _of_quarter(self, quarter: int) -> float:
        found = self._offsets.get(quarter)
        if found is None:
            if len(self._offsets) >= _MOST_OFFSETS:
                self._offsets.clear()
            moment = datetime.fromtimestamp(quarter * _QUARTER, UTC)
            offset = moment.astimezone(self._zone).utcoffset()
            found = self._offsets[quarter] = offset.total_seconds() if offset else 0.0
        return found


def name_of(kind: str, cell: int) -> str:
    """How an hour is called: `07`, or `Mon 07`.

    >>> name_of("hour_of_day", 7), name_of("hour_of_week", 31)
    ('07', 'Tue 07')
    """
    day, hour = divmod(cell, 24)
    return f"{hour:02d}" if kind == "hour_of_day" else f"{_DAYS[day]} {hour:02d}"
