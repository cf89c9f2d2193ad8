"""Calendars of zones against what `datetime` and `zoneinfo` say, moment by moment."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from inference_exporter import config
from inference_exporter.errors import ConfigError
from inference_exporter.values.calendar import PERIODS, Calendar, first_day, number_of, title
from inference_exporter.windows import place

ZONES = (
    "UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu",
    "Australia/Lord_Howe",  # half an hour of daylight saving
    "Africa/Cairo",  # its clocks skip midnight
    "America/Havana",  # and go back to midnight
    "Pacific/Chatham", "America/Santiago", "Pacific/Kiritimati",
)  # fmt: skip
FROM, UNTIL = datetime(2019, 1, 1, tzinfo=UTC).timestamp(), datetime(2032, 1, 1, tzinfo=UTC)
EPOCH = date(1970, 1, 1)


def local(time: float, zone: str) -> date:
    return datetime.fromtimestamp(time, ZoneInfo(zone)).date()


def quarter_of(day: date) -> int:
    return (day.month - 1) // 3 + 1


@pytest.mark.parametrize("zone", ZONES)
def test_a_moment_has_the_date_that_the_clocks_of_its_zone_show(zone: str) -> None:
    rng = random.Random(zone)
    times = [rng.uniform(FROM, UNTIL.timestamp()) for _ in range(3000)]
    moves = [time for time in np.arange(FROM, UNTIL.timestamp(), 900.0) if _moves(time, zone)]
    times += [move + by for move in moves for by in (-3601, -1, 0, 1, 1799, 3599, 3600)]
    found = Calendar(zone).days(np.array(times))
    assert found.tolist() == [(local(time, zone) - EPOCH).days for time in times]


def _moves(time: float, zone: str) -> bool:
    """Whether clocks are moved at this moment; most moments are ruled out without a look."""
    if time % (86400 * 7) >= 86400 * 7 - 3 * 86400 or time % 1800:
        return False
    one, other = (datetime.fromtimestamp(at, ZoneInfo(zone)) for at in (time - 1, time))
    return one.utcoffset() != other.utcoffset()


@pytest.mark.parametrize("zone", ZONES)
def test_a_day_begins_at_the_first_moment_that_has_its_date(zone: str) -> None:
    calendar = Calendar(zone)
    for number in range((date(2023, 1, 1) - EPOCH).days, (date(2025, 1, 2) - EPOCH).days):
        day, start = EPOCH + timedelta(days=number), calendar.begin(number)
        assert local(start, zone) == day
        assert local(start - 1, zone) == day - timedelta(days=1)


def test_a_date_that_a_zone_left_out_is_of_no_moment() -> None:
    """Samoa went from the 29th to the 31st of December 2011."""
    calendar, before = Calendar("Pacific/Apia"), (date(2011, 12, 29) - EPOCH).days
    end = datetime(2011, 12, 30, 10, tzinfo=UTC).timestamp()
    assert calendar.days(np.array([end - 1, end])).tolist() == [before, before + 2]


def test_weeks_months_and_quarters_are_those_of_the_calendar() -> None:
    for number in range(-400, (date(2101, 1, 1) - EPOCH).days):
        day = EPOCH + timedelta(days=number)
        year, week, _ = day.isocalendar()
        assert title("week", number_of("week", number)) == f"{year}-W{week:02d}"
        assert title("month", number_of("month", number)) == f"{day:%Y-%m}"
        quarter = f"{day.year}-Q{quarter_of(day)}"
        assert title("quarter", number_of("quarter", number)) == quarter
        for kind in PERIODS:
            one = number_of(kind, number)
            assert first_day(kind, one) <= number < first_day(kind, one + 1)


@pytest.mark.parametrize("seed", range(5))
def test_no_group_of_rows_goes_across_a_local_midnight(seed: int) -> None:
    """Panes of two hours, in a zone with half an hour: its midnights are in the middle of one."""
    rng, calendar = np.random.default_rng(seed), Calendar("Asia/Kolkata")
    now = 1_800_000_000.0
    times = now - rng.choice([10.0, 86400.0, 9e5], 500) * rng.random(500)
    times[rng.random(500) < 0.1] = np.nan
    versions = None if seed == 0 else rng.integers(0, 3, 500)
    oldest = now - 2e5
    plain = place(times, versions, base=7200.0, now=now, oldest=oldest)
    cut = place(times, versions, base=7200.0, now=now, oldest=oldest, calendar=calendar)
    assert (cut.late, cut.future, cut.untimed) == (plain.late, plain.future, plain.untimed)
    assert len(cut.groups) == len(cut.days) == len(cut.newest)
    for row, time in enumerate(times.tolist()):
        group = cut.index[row]
        assert cut.groups[group] == plain.groups[plain.index[row]]
        inside = time >= oldest
        wanted = (local(time, "Asia/Kolkata") - EPOCH).days if inside else None
        assert (cut.days[group] if inside else None) == wanted


CONFIG = "models: {m: {logs: [x], fields: {prediction: y, actual: a}, calendar: {%s}}}"


def problems(calendar: str, text: str = CONFIG) -> list[str]:
    with pytest.raises(ConfigError) as error:
        config.parse(text % calendar, "test.yaml")
    return str(error.value).splitlines()


def test_a_wrong_calendar_is_refused_with_what_was_expected() -> None:
    (zone,) = problems("timezone: Europe/Pariss")
    assert zone == (
        "test.yaml: models.m.calendar.timezone: expected an IANA time zone such as Europe/Berlin"
        " or UTC, got 'Europe/Pariss'"
    )
    (kind,) = problems("periods: [month, year]")
    assert kind == (
        "test.yaml: models.m.calendar.periods[1]: expected one of day, week, month, quarter,"
        " got 'year'"
    )
    (early,) = problems("early: 7d")
    assert early == (
        "test.yaml: models.m.calendar.early: needs labels: those on a prediction's own line are"
        " never late"
    )
    (nothing,) = problems("", CONFIG.replace(", actual: a", ""))
    assert nothing.startswith("test.yaml: models.m.calendar: needs labels, fields.actual or a ref")


def test_a_calendar_without_a_word_is_all_periods_in_utc() -> None:
    (one,) = config.parse(CONFIG % "", "test.yaml").models
    assert one.calendar is not None
    assert (one.calendar.timezone, one.calendar.periods, one.calendar.early) == (
        "UTC", ("day", "week", "month", "quarter"), None,
    )  # fmt: skip
