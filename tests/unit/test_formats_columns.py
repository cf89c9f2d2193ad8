"""What counts as a number, a text, a time: the same for every format."""

from __future__ import annotations

import math

import numpy as np
import pytest

from inference_exporter.config.schema import TimestampField, Unit
from inference_exporter.formats.columns.texts import TraceIds, category_column
from inference_exporter.formats.columns.times import time_reader
from inference_exporter.formats.paths import UNUSABLE
from inference_exporter.formats.redact import excerpt
from inference_exporter.values.batch import NumericColumn
from inference_exporter.values.numeric import numeric_column, numeric_columns, scaled


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (1, 1.0), (2.5, 2.5), (True, 1.0), (False, 0.0), ("4.9", 4.9), (" 5 ", 5.0),
        ("1e3", 1000.0),         (2**53 + 1, 9007199254740992.0), (10**30, 1e30), (-0.0, 0.0),
    ],
)  # fmt: skip
def test_numbers_bools_and_texts_of_numbers_count(raw: object, value: float) -> None:
    for column in (numeric_column((raw,)), numeric_column((raw, "x"))):
        assert column.values[0] == value
        assert column.invalid is None or not column.invalid[0]


@pytest.mark.parametrize(
    "raw",
    ["n/a", "", "nan", "NaN", "inf", "-Infinity", math.nan, math.inf, -math.inf, 10**400, UNUSABLE],
)
def test_anything_else_is_invalid(raw: object) -> None:
    for column in (numeric_column((raw, 1.0, None)), numeric_column((raw, 1.0, None, "x"))):
        assert column.invalid is not None
        assert column.invalid[:3].tolist() == [True, False, False]
        assert np.isnan(column.values[0])


def test_only_missing_values_are_not_invalid() -> None:
    column = numeric_column((None, None))
    assert np.isnan(column.values).all()
    assert column.invalid is None


def test_columns_read_together_are_as_read_alone() -> None:
    for raws in ([(1.0, 2.0), (3.0, None)], [(1.0, "x"), (None, math.nan)], [("nan", 1.0)]):
        for alone, together in zip(map(numeric_column, raws), numeric_columns(raws), strict=True):
            assert alone.values.tobytes() == together.values.tobytes()
            assert _mask(alone) == _mask(together)


def _mask(column: NumericColumn) -> list[bool]:
    return [] if column.invalid is None else column.invalid.tolist()


def test_durations_become_seconds_and_cannot_be_negative() -> None:
    column = scaled(numeric_column((12.4, -1.0, None, "x")), 1e3)
    assert column.values[0] == 0.0124
    assert _mask(column) == [False, True, False, True]


def test_unusable_categories_are_invalid() -> None:
    column = category_column(("a", UNUSABLE, None))
    assert column.values == ("a", None, None)
    assert column.invalid is not None
    assert column.invalid.tolist() == [False, True, False]


@pytest.mark.parametrize("nothing", ["", "-", "0", "None", "N.A.", "0" * 32, "0" * 16, None, 0])
def test_ways_to_say_that_there_is_no_trace(nothing: str | int | None) -> None:
    assert list(TraceIds((nothing,))) == [None]
    assert list(TraceIds((nothing, "a" * 32))) == [None, "a" * 32]


@pytest.mark.parametrize("text", ["2026-11-23T01:07:20.204955+05:30", "A" * 30 + "  "])
def test_texts_as_long_as_trace_ids_stay_as_they_are(text: str) -> None:
    alone, among = TraceIds((text,)), TraceIds((text, "A" * 32))
    assert list(among) == [*alone, "a" * 32]
    assert text.strip() in (alone[0], str(alone[0]).upper())


def test_trace_ids_come_out_of_traceparent_headers() -> None:
    header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert list(TraceIds((header, 17, "0" * 31 + "1"))) == [
        "0af7651916cd43dd8448eb211c80319c", "17", "0" * 31 + "1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "unit", "zone", "seconds"),
    [
        ("2026-11-23T01:07:20.204Z", "s", "UTC", 1795396040.204),
        ("2026-11-23 01:07:20,204", "s", "UTC", 1795396040.204),
        ("2026-11-23T01:07:20.204955+00:00", "s", "Europe/Berlin", 1795396040.204955),
        ("2026-11-23T02:07:20.204", "s", "Europe/Berlin", 1795396040.204),
        ("2026-11-23T01:07:20.204955123Z", "s", "UTC", 1795396040.204955),
        ("2026-11-23T01:03:19+0000", "s", "UTC", 1795395799.0),
        ("2026-11-23 01:07:18 +0000", "s", "UTC", 1795396038.0),
        ("2026-11-23", "s", "UTC", 1795392000.0),
        ("[23/Nov/2026:01:07:18 +0000]", "s", "Europe/Berlin", 1795396038.0),
        (1795396040.204, "s", "Europe/Berlin", 1795396040.204),
        (1795396040204, "ms", "UTC", 1795396040.204),
        (1795396040204955, "us", "UTC", 1795396040.204955),
        (1795396040204955123, "ns", "UTC", 1795396040.204955),
        ("1795396040.204", "s", "UTC", 1795396040.204),
        ("1795396040204", "ms", "UTC", 1795396040.204),
        ("2026-10-25T02:30:00", "s", "Europe/Berlin", 1792888200.0),  # happens twice: the first
        ("2026-03-29T02:30:00", "s", "Europe/Berlin", 1774747800.0),  # does not happen
    ],
)
def test_times_in_their_spellings(raw: object, unit: Unit, zone: str, seconds: float) -> None:
    read = time_reader(TimestampField((), unit, zone))
    for column in (read((raw,)), read((raw, None)), read((raw, "x"))):
        assert column.values[0] == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(
    "raw",
    [
        "soon", "", "2026-02-30T00:00:00Z", "2026-11-23T24:00:01Z", "2026-11-23T01:60:00Z",
        "[23/Foo/2026:01:07:18 +0000]", "[31/Feb/2026:01:07:18 +0000]", "01:07:20", True, -1,
        1795396040204, "1795396040204", "nan", "inf", math.nan, 10**400, "1969-01-01", UNUSABLE,
    ],
)  # fmt: skip
def test_what_is_no_time_is_invalid(raw: object) -> None:
    read = time_reader(TimestampField(()))
    for column in (read((raw,)), read((raw, raw)), read((raw, "2026-11-23T01:07:20Z"))):
        assert np.isnan(column.values[0])
        assert column.invalid is not None
        assert column.invalid[0]


def test_texts_of_the_same_total_length_are_not_one_shape() -> None:
    twice = "2026-11-23T01:07:20Z" * 2
    column = time_reader(TimestampField(()))(("", twice))
    assert np.isnan(column.values).all()


def test_missing_times_do_not_hinder_the_others() -> None:
    column = time_reader(TimestampField(()))(("2026-11-23T01:07:20Z", None))
    assert column.values[0] == 1795396040.0
    assert np.isnan(column.values[1])
    assert column.invalid is None


def test_an_excerpt_shows_the_shape_and_no_values() -> None:
    line = b'2026 bob {"name": "Ann \xc3\xa9", "pin": 1234, "x": {"y": "secret"\xff'
    assert excerpt(line) == '0000 xxx {"name": "xxx x", "pin": 0000, "x": {"y": "xxxxxx"�'
    assert (
        excerpt(b'{"ann@a.com": 1, "id_12345": {"V1.x": 2}')
        == '{"xxx@x.xxx": 0, "xx_00000": {"V1.x": 0}'
    )
    assert len(excerpt(b"a" * 5000)) == 121
    assert excerpt(b"a\x1b\x00b") == "x??x"
