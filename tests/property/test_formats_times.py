"""Times read a column at a time are what `datetime` makes of each of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_exporter.config.schema import TimestampField
from inference_exporter.formats.columns.iso import iso_column
from inference_exporter.formats.columns.times import time_reader

ZONES = ("UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu")
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1))
ENDS = st.sampled_from(["", "Z", "+00:00", "-03:30", "+0530"])


def _text(moment: datetime, digits: int, separator: str, point: str, end: str) -> str:
    fraction = f"{point}{moment.microsecond:06d}000"[: digits + 1] if digits else ""
    return f"{moment:%Y-%m-%d}{separator}{moment:%H:%M:%S}{fraction}{end}"


@given(
    st.lists(MOMENTS, min_size=1, max_size=20), st.integers(0, 9), st.sampled_from("T "),
    st.sampled_from(".,"), ENDS, st.sampled_from(ZONES),
)  # fmt: skip
def test_a_column_of_one_shape_equals_its_values(
    moments: list[datetime], digits: int, separator: str, point: str, end: str, zone: str
) -> None:
    texts = [_text(moment, digits, separator, point, end) for moment in moments]
    fast = iso_column(texts, UTC if zone == "UTC" else ZoneInfo(zone))
    assert fast is not None
    # Two shapes in a column, so that it is read value by value
    slow = time_reader(TimestampField((), timezone=zone))([*texts, "2026-11-23"])
    assert fast.tolist() == slow.values[:-1].tolist()
    for text, seconds in zip(texts, fast.tolist(), strict=True):
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        assert abs(seconds - moment.timestamp()) < 1e-6


@given(st.lists(st.text("0123456789-:T Z.+", max_size=24), min_size=1, max_size=4))
def test_texts_that_are_no_times_are_invalid_and_never_wrong(texts: list[str]) -> None:
    column = time_reader(TimestampField(()))(texts)
    for text, seconds in zip(texts, column.values.tolist(), strict=True):
        if np.isnan(seconds):
            assert column.invalid is not None
        else:
            alone = time_reader(TimestampField(()))([text, "x"])
            assert alone.values[0] == seconds


@given(MOMENTS, st.integers(0, 18), st.characters())
def test_one_wrong_character_never_slips_through(moment: datetime, at: int, char: str) -> None:
    good = f"{moment:%Y-%m-%dT%H:%M:%S}"
    bad = good[:at] + char + good[at + 1 :]
    column = time_reader(TimestampField(()))([good, bad, good])
    try:
        read = datetime.fromisoformat(bad)
        parsed = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        assert np.isnan(column.values[1])
        return
    if not np.isnan(column.values[1]):
        assert column.values[1] == parsed
    assert column.values[0] == moment.replace(microsecond=0, tzinfo=UTC).timestamp()


@given(MOMENTS, st.integers(-11, 11), st.booleans())
def test_times_of_web_servers(moment: datetime, hours: int, brackets: bool) -> None:
    zone = f"{'-' if hours < 0 else '+'}{abs(hours):02d}00"
    text = f"{moment:%d/%b/%Y:%H:%M:%S} {zone}"
    column = time_reader(TimestampField((), timezone="Europe/Berlin"))(
        [f"[{text}]" if brackets else text]
    )
    utc = moment.replace(microsecond=0, tzinfo=UTC) - timedelta(hours=hours)
    assert column.values[0] == utc.timestamp()


@pytest.mark.parametrize("zone", ["+24:00", "-29:69", "+99:99"])
def test_an_offset_as_long_as_a_day_is_no_zone(zone: str) -> None:
    found = time_reader(TimestampField(("t",)))([f"2026-11-01T10:00:00{zone}"])
    assert np.isnan(found.values).all()
    assert found.invalid is not None
    assert found.invalid.all()
