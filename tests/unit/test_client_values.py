"""Whatever a service logs becomes one line of JSON by the letter."""

from __future__ import annotations

import json
from collections import namedtuple
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_log.plain import line_of
from inference_log.rows import count, named


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class Refuses:
    """An object with which nothing can be done."""

    def __str__(self) -> str:
        raise RuntimeError("no")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no")

    __hash__ = None  # type: ignore[assignment]


@dataclass
class Applicant:
    age: int


Pair = namedtuple("Pair", "a b")


def read(value: Any) -> Any:
    line = line_of({"v": value})
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    found = msgspec.json.decode(line)  # by the letter: no NaN, no lone surrogates
    assert found == json.loads(line)
    return found["v"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (float("nan"), None),
        (float("inf"), "Infinity"),
        (-np.float32("inf"), "-Infinity"),
        (np.float32(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.int64(7), 7),
        (np.bool_(True), True),
        (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.datetime64("2026-11-20T10:00:00"), "2026-11-20T10:00:00"),
        (np.datetime64("NaT"), None),
        (2**70, float(2**70)),
        (10**5000, "<int>"),
        (b"tr\xc3\xa8s\xff", "très�"),
        (datetime(2026, 11, 20, tzinfo=UTC), "2026-11-20T00:00:00+00:00"),
        (date(2026, 11, 20), "2026-11-20"),
        (timedelta(minutes=1), 60.0),
        (Decimal("1.5"), 1.5),
        (Decimal("NaN"), None),
        (Decimal("sNaN"), "<Decimal>"),
        (Fraction(1, 2), "1/2"),
        (Colour.RED, "red"),
        (Size.LARGE, 3),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Applicant(41), {"age": 41}),
        (Pair(1, float("nan")), {"a": 1, "b": None}),
        ({2: "a", None: "b", True: "c"}, {"2": "a", "null": "b", "true": "c"}),
        ({(1, 2): float("nan")}, {"(1, 2)": None}),
        ({"x"}, ["x"]),
        ("\ud800a", "?a"),
        ("a\nb\u2028", "a\nb\u2028"),
        (Refuses(), "<Refuses>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_becomes_what_json_has_for_it(value: Any, expected: Any) -> None:
    assert read(value) == expected
    assert read({"deeper": [value]}) == {"deeper": [expected]}


def test_circles_and_depths_end() -> None:
    circle: list[Any] = [float("nan")]
    circle += [circle] * 5
    assert read(circle) == [None, *["<nested>"] * 5]
    deep: Any = 1
    for _ in range(10_000):
        deep = [deep]
    assert b"<nested>" in line_of({"v": deep})


def test_named_fields_are_left_out_wherever_they_are() -> None:
    record = {"features": [{"age": 41, "iban": "DE"}], "more": {"iban": {"x": 1}, "b": 2}}
    line = line_of(record, frozenset(["iban"]))
    assert json.loads(line) == {"features": [{"age": 41}], "more": {"b": 2}}


scalars: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.datetimes(),
    st.decimals(), st.timedeltas(), st.uuids(), st.complex_numbers(), st.fractions(),
    st.characters(categories=["Cs"]), st.just(Refuses()), st.floats(width=32).map(np.float32),
    st.integers(-128, 127).map(np.int8), st.text().map(np.str_), st.binary().map(np.bytes_),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner), st.lists(inner).map(tuple), st.dictionaries(st.text(), inner),
        st.dictionaries(st.one_of(st.integers(), st.none(), st.floats(), st.binary()), inner),
        st.lists(st.floats()).map(np.array),
        st.lists(inner).map(lambda v: np.array([*v, None], "O")),
    ),
    max_leaves=20,
)  # fmt: skip


@settings(deadline=None)
@given(values)
def test_any_value_is_one_line_by_the_letter(value: Any) -> None:
    read(value)


def test_rows_get_the_names_of_their_inputs() -> None:
    assert named(np.array([1, 2]), ["a", "b"]) == {"a": 1, "b": 2}
    assert named([[1, 2], [3, 4]], None) == [{"x0": 1, "x1": 2}, {"x0": 3, "x1": 4}]
    assert named([{"a": 1}], None) == [{"a": 1}]
    one_row: list[Any] = [{}, [1, 2], np.ones(3), "text", []]
    assert [count(value) for value in one_row] == [None] * 5
    two_rows: list[Any] = [[[1], [2]], [{}, {}], np.ones((2, 3))]
    assert [count(value) for value in two_rows] == [2] * 3
