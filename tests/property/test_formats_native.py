"""The reader written in C says what the Python path says, of any line, to the last bit."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter import _native
from inference_exporter.config.schema import (
    FeaturesField,
    Fields,
    ModelConfig,
    TimestampField,
)
from inference_exporter.formats.columns.compiled import Compiled
from inference_exporter.formats.columns.native import Native
from inference_exporter.formats.columns.plan import Kind, make_plan
from inference_exporter.formats.columns.times import time_reader
from json_cases import DOCUMENTS, FEATURES, LINES, models
from two_decoders import assert_same, built

pytestmark = built

OBJECTS: Any = FeaturesField("object", ("f",))
FEATURES_OF_ANY_KIND = st.dictionaries(
    st.sampled_from(["a", "b", "é", "x y", "c.d"]),
    st.sampled_from(["numeric", "categorical", "vector"]),
    max_size=4,
)
SPELLINGS = st.sampled_from(
    [
        {"ensure_ascii": False},
        {"separators": (",", ":")},
        {"separators": (" \t, ", "\t:\r ")},
        {"indent": 1},
        {"sort_keys": True},
    ]
)
WRITTEN = st.builds(lambda d, how: json.dumps(d, **how), DOCUMENTS, SPELLINGS)
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", " \n", "\n\n", "", "\x00\n"])
BLOCKS = st.lists(st.tuples(st.one_of(LINES, WRITTEN), ENDS), max_size=6).map(
    lambda lines: "".join(line + end for line, end in lines).encode("utf-8", "surrogatepass")
)
BYTES = st.one_of(
    st.binary(min_size=1, max_size=3),
    st.sampled_from([b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"\n", b"0", b"-", b"e9",
                     b"\\u", b"\\ud83d", b"NaN", b"null", b"\xff", b"\x00", b"1" * 30]),
)  # fmt: skip
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 9), BYTES), max_size=4)


def edited(block: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    """The block with some bytes taken away at some places, and others put there."""
    for where, away, put in edits:
        at = int(where * len(block))
        block = block[:at] + put + block[at + away :]
    return block


@settings(deadline=None, max_examples=3 * settings().max_examples)
@given(models(), FEATURES | FEATURES_OF_ANY_KIND, BLOCKS, EDITS, st.booleans())
def test_any_block_is_the_same_batch(
    model: ModelConfig,
    features: dict[str, Kind],
    block: bytes,
    edits: list[tuple[float, int, bytes]],
    collect: bool,
) -> None:
    for lines in (block, edited(block, edits)):
        assert_same(model, None if collect else features, lines, collect=collect)


def _number(text: str) -> tuple[object, list[tuple[int, int, int]]]:
    """What the reader makes of a number that is an input, and whether it leaves it to others."""
    model = ModelConfig("m", ("l",), fields=Fields(features=OBJECTS))
    plan = make_plan(model, {"a": "numeric"}, False)
    found = Native(model, plan, Compiled(plan)).read(b'{"f":{"a":%s}}\n' % text.encode())
    return found.columns[0][0], found.odd


DIGITS = st.text("0123456789", min_size=1, max_size=30)
NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(0, 1).map(repr),
    st.builds(lambda a, b: f"{int(a)}.{b}", DIGITS, DIGITS),
    st.builds(lambda a, e: f"{int(a)}e{e}", DIGITS, st.integers(-400, 400)),
    st.builds(lambda a, b, e: f"-{int(a)}.{b}E+{e}", DIGITS, DIGITS, st.integers(0, 40)),
    st.builds(lambda n, shift: str((1 << shift) + n), st.integers(-2, 2), st.integers(2, 100)),
    # halfway between two floats, and next to it
    st.builds(
        lambda m, p, off: str((2 * (2**52 + m) + 1) * 2**p + off),
        st.integers(0, 2**52 - 1), st.integers(0, 11), st.integers(-1, 1),
    ),
    st.builds(lambda n, k: f"{n / 2**k:.{k}f}", st.integers(1, 2**20), st.integers(1, 18)),
)  # fmt: skip


@settings(deadline=None, max_examples=15 * settings().max_examples)
@given(NUMBERS)
def test_a_number_is_the_float_that_python_reads(text: str) -> None:
    value, odd = _number(text)
    exact = float(text)
    if odd:
        assert math.isinf(exact) or exact == 0 or len(text) > 19
    else:
        assert (repr(value), odd) == (repr(exact), [])


@pytest.mark.parametrize("text", ["0.5944123456789012", "1e-5", "6.02214076e23", "41", "-0.25"])
def test_usual_numbers_are_not_left_to_others(text: str) -> None:
    assert _number(text) == (float(text), [])


MOMENTS = st.builds(
    lambda at, zone, form: form(at.replace(tzinfo=zone)),
    st.datetimes(datetime(1960, 1, 1), datetime(2210, 1, 1)),
    st.sampled_from([None, UTC]) | st.integers(-1439, 1439).map(
        lambda minutes: timezone(timedelta(minutes=minutes))
    ),
    st.sampled_from([
        datetime.isoformat,
        lambda at: at.isoformat(" ", "milliseconds"),
        lambda at: at.isoformat("T", "seconds").replace("+00:00", "Z"),
        lambda at: at.isoformat().replace(".", ","),
        lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.%f987%z"),
        lambda at: at.strftime("%d/%b/%Y:%H:%M:%S"),
    ]),
)  # fmt: skip
NEAR_MOMENTS = st.from_regex(
    r"[12]\d{3}-[0-3]\d-[0-3]\d[T ][0-2]\d:[0-6]\d:[0-6]\d([.,]\d{0,10})?(Z|[+-][0-2]\d:?[0-6]\d)?",
    fullmatch=True,
)


@settings(deadline=None, max_examples=8 * settings().max_examples)
@given(st.lists(MOMENTS | NEAR_MOMENTS, min_size=1, max_size=3))
def test_a_text_is_the_moment_that_python_reads(texts: list[str]) -> None:
    field = TimestampField(("t",))
    model = ModelConfig("m", ("l",), fields=Fields(timestamp=field))
    plan = make_plan(model, None, False)
    block = "".join(json.dumps({"t": text}) + "\n" for text in texts).encode()
    found = Native(model, plan, Compiled(plan)).read(block)
    read = time_reader(field)
    both = [read(found.columns[0]), *(read([text]) for text in texts)]
    assert both[0].values.tobytes() == b"".join(one.values.tobytes() for one in both[1:])
    assert found.odd == []


def test_the_reader_was_made_from_the_sources_that_are_there() -> None:
    from hashlib import sha256
    from pathlib import Path

    folder = Path(_native.__file__).parent
    files = sorted([*folder.glob("*.c"), *folder.glob("*.h")])
    digest = sha256(b"".join(one.read_bytes() for one in files)).hexdigest()[:16]
    assert _native.MODULE is not None
    assert digest == _native.MODULE.SOURCES, "compile it anew: make setup"
