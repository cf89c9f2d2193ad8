"""Hours of the day and week, against the standard library's clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter.values.hours import FORTNIGHT, LocalHours, name_of

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")


@given(
    st.lists(st.integers(0, 4_000_000_000), min_size=1, max_size=20),
    st.sampled_from(ZONES),
)
@settings(deadline=None)
def test_hours_are_those_of_the_clocks_there(seconds: list[int], zone: str) -> None:
    clock, times = LocalHours(zone), np.array(seconds, dtype=np.float64)
    local = [datetime.fromtimestamp(one, UTC).astimezone(ZoneInfo(zone)) for one in seconds]
    assert clock.cells(times, "hour_of_day").tolist() == [one.hour for one in local]
    week = [24 * one.weekday() + one.hour for one in local]
    assert clock.cells(times, "hour_of_week").tolist() == week
    assert (clock.fortnight(times) % 168).tolist() == week
    assert clock.months(times).tolist() == [one.month - 1 for one in local]


def test_weeks_of_a_fortnight_alternate() -> None:
    weeks = np.array([1_790_000_000.0 + 604_800.0 * k for k in range(6)])
    found = LocalHours("UTC").fortnight(weeks) // 168
    assert found.tolist() in ([0, 1] * 3, [1, 0] * 3)
    assert FORTNIGHT == 336


@pytest.mark.parametrize("moment", ["2026-03-29T00:30", "2026-10-25T00:30", "2026-10-25T01:30"])
def test_the_clocks_change(moment: str) -> None:
    """An hour that there is twice, or not at all, in Berlin."""
    at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    hours = [at.timestamp() + 3600 * k for k in range(3)]
    wanted = [datetime.fromtimestamp(one, ZoneInfo("Europe/Berlin")).hour for one in hours]
    assert LocalHours("Europe/Berlin").cells(np.array(hours), "hour_of_day").tolist() == wanted


def test_no_time_is_no_hour() -> None:
    clock = LocalHours("Europe/Berlin")
    assert clock.cells(np.array([np.nan, 0.0]), "hour_of_day").tolist() == [-1, 1]
    assert clock.cells(np.empty(0), "hour_of_day").tolist() == []


def test_names() -> None:
    assert [name_of("hour_of_week", one) for one in (0, 167)] == ["Mon 00", "Sun 23"]
