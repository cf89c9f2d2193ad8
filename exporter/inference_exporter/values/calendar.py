"""Days, weeks, months and quarters, as calendars and clocks in an IANA zone show them.

A moment belongs to the local date it has, whatever the clocks do: a day of 23 or 25 hours is a day,
and where a zone skips midnight the day begins when its date does. Every period is a whole number
of days, so that what is counted by day fits all of them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np

from inference_exporter.values.batch import Floats, Ints
from inference_exporter.values.hours import LocalHours

PERIODS = {"day": 62, "week": 27, "month": 14, "quarter": 6}
"""How many of each are kept, with the one that is not over."""

PREVIOUS = "previous_"
_MONDAY = 3  # days from the Monday of the week of 1970-01-01 to that day
_QUARTER = 3  # months
_EPOCH = datetime(1970, 1, 1)  # a date of no zone


class Calendar:
    """The calendar of one zone. A day is the number of days from 1970-01-01 to its local date."""

    def __init__(self, timezone: str) -> None:
        self.timezone = timezone
        self._hours = LocalHours(timezone)
        self._zone: tzinfo = UTC if timezone == "UTC" else ZoneInfo(timezone)

    def days(self, times: Floats) -> Ints:
        """The local day (rows,) of finite `times`, seconds since the epoch.

        >>> Calendar("Asia/Kolkata").days(np.array([0.0, 18.5 * 3600 - 1, 18.5 * 3600])).tolist()
        [0, 0, 1]
        """
        return self._hours.since_monday(times) // 24 - _MONDAY

    def day(self, time: float) -> int:
        """The local day of one moment."""
        return int(self.days(np.array([time]))[0])

    def begin(self, day: int) -> float:
        """When a day begins: the first moment that has its date, in seconds since the epoch.

        >>> Calendar("Europe/Paris").begin(0)
        -3600.0
        """
        midnight = _EPOCH + timedelta(days=day)
        return midnight.replace(tzinfo=self._zone).timestamp()


def number_of(period: str, day: int) -> int:
    """Which period a day is in: days, weeks from Monday, months or quarters since those of 1970.

    >>> [number_of(period, 31) for period in PERIODS]  # 1 February 1970, a Sunday
    [31, 4, 1, 0]
    """
    if period == "day":
        return day
    if period == "week":
        return (day + _MONDAY) // 7
    months = int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64))
    return months if period == "month" else months // _QUARTER


def first_day(period: str, number: int) -> int:
    """The day on which a period begins.

    >>> [first_day(period, 4) for period in PERIODS]  # …, May 1970, January 1971
    [4, 25, 120, 365]
    """
    if period == "day":
        return number
    if period == "week":
        return 7 * number - _MONDAY
    months = number if period == "month" else number * _QUARTER
    return int(np.datetime64(months, "M").astype("datetime64[D]").astype(np.int64))


def title(period: str, number: int) -> str:
    """How a period is called.

    >>> title("day", 31), title("week", 0), title("month", 12), title("quarter", 5)
    ('1970-02-01', '1970-W01', '1971-01', '1971-Q2')
    """
    date = _EPOCH + timedelta(days=first_day(period, number))
    if period == "day":
        return f"{date:%Y-%m-%d}"
    if period == "week":
        return f"{date:%G-W%V}"
    if period == "month":
        return f"{date:%Y-%m}"
    return f"{date:%Y}-Q{(date.month + 2) // _QUARTER}"
