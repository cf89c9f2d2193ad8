"""What is counted by the module written in C is what NumPy counts, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter import _native
from inference_exporter.accumulators import Groups, Histogram
from inference_exporter.accumulators.numeric_table import NumericTable
from inference_exporter.formats.peeling.wrappers import _among_others, _plain_cri
from inference_exporter.repeats import Keyed, Met, fingerprints
from inference_exporter.values.batch import (
    Batch,
    CategoryColumn,
    FeatureColumn,
    Floats,
    NumericColumn,
)
from inference_exporter.values.vocabulary import Vocabulary
from two_decoders import built

pytestmark = built

T = TypeVar("T")
NUMBERS = st.one_of(
    st.floats(),
    st.floats(-3, 3),
    st.sampled_from([0.0, -0.0, 1.0, 5e-324, 1e-3, 0.1, 1.7e308, -1.7e308, np.inf, -np.inf]),
)
ROWS = st.integers(1, 40)
EDGES = st.lists(st.floats(-1e300, 1e300), max_size=12, unique=True).map(sorted)


def both(count: Callable[[], T]) -> tuple[T, T]:
    """What it is with C, and without."""
    mine = count()
    with patch.object(_native, "MODULE", None):
        return mine, count()


class Bins:
    """A column of a table: edges, and the mean that values deviate from."""

    def __init__(self, name: str, edges: list[float], mean: float) -> None:
        self.name, self.grid, self.mean = name, np.array(edges), mean
        self.stride = len(edges) + 3
        self.cells = self.stride + len(edges) + 2

    def column(self, batch: Batch) -> NumericColumn | None:
        column = batch.features.get(self.name)
        return column if isinstance(column, NumericColumn) else None


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_numbers_fall_into_the_same_bins(data: st.DataObject) -> None:
    rows, names = data.draw(ROWS), ("a", "b", "gone")
    bins = [Bins(n, data.draw(EDGES), data.draw(st.floats(-1e200, 1e200))) for n in names]
    edges = [edge for one in bins for edge in one.grid.tolist()]
    values = st.lists(NUMBERS | st.sampled_from(edges or [0.0]), min_size=rows, max_size=rows)
    marks = st.lists(st.booleans(), min_size=rows, max_size=rows).map(np.array)
    features = {}
    for name in names[:2]:
        column = np.array(data.draw(values))
        invalid = data.draw(st.none() | marks)
        if invalid is not None:
            column[invalid] = np.nan
        features[name] = NumericColumn(column, invalid)
    batch = Batch(rows, features=features, inputs=data.draw(st.none() | marks))
    count = data.draw(st.integers(1, 3))
    index = np.array(data.draw(st.lists(st.integers(0, count - 1), min_size=rows, max_size=rows)))

    def counted() -> Floats:
        table = NumericTable(bins)
        out = np.zeros((count, table.cells + 3))
        with np.errstate(all="ignore"):
            table.count(batch, Groups(index, count), out[:, 2:-1])
        return out

    mine, theirs = both(counted)
    assert mine.tobytes() == theirs.tobytes()


@settings(deadline=None, max_examples=100)
@given(
    st.lists(NUMBERS.map(abs) | st.sampled_from([0.005, 0.01, 2.5]), min_size=1, max_size=40),
    st.booleans(),
    st.integers(1, 3),
)
def test_durations_fall_into_the_same_buckets(values: list[float], fine: bool, groups: int) -> None:
    column = np.array(values)
    column[np.isinf(column)] = np.nan
    batch = Batch(len(values), latency=NumericColumn(column))
    index = np.arange(len(values)) % groups

    def counted() -> Floats:
        one = Histogram((0.005, 0.01, 0.1, 2.5), fine=fine, native=None)
        out = np.zeros((groups, one.cells))
        with np.errstate(all="ignore"):
            one.count(batch, Groups(index, groups), out)
        return out

    mine, theirs = both(counted)
    assert mine.tobytes() == theirs.tobytes()


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-300, 10**20),
    st.floats(allow_nan=False),
    st.text(max_size=3),
)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(SCALARS, max_size=30), max_size=3))
def test_names_get_the_same_indexes(columns: list[list[str | float | None]]) -> None:
    def indexed() -> tuple[list[list[int]], list[str]]:
        vocabulary = Vocabulary(4, ("a",))
        return [vocabulary.indexes(tuple(one)).tolist() for one in columns], vocabulary.names

    mine, theirs = both(indexed)
    assert mine == theirs


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(NUMBERS, SCALARS, st.sampled_from("abc")), min_size=1, max_size=20))
def test_rows_get_the_same_keys(rows: list[tuple[float, str | float | None, str]]) -> None:
    numbers, texts, codes = zip(*rows, strict=True)
    features: dict[str, FeatureColumn] = {
        "n": NumericColumn(np.array(numbers)),
        "t": CategoryColumn(texts),
        "c": CategoryColumn(codes),
    }

    def keys(several: int) -> Callable[[], list[int]]:
        coding = {"c": lambda column: (np.array([ord(one) - 97 for one in column]), several)}
        return lambda: fingerprints(features, len(rows), coding).tolist()

    for several in (2, 3):  # from which code on values share it
        mine, theirs = both(keys(several))
        assert mine == theirs


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=8), max_size=6))
def test_rows_are_met_alike(blocks: list[list[int]]) -> None:
    def met() -> list[tuple[list[int], list[float], list[int]]]:
        table, found = Met(bits=2), []
        for n, block in enumerate(blocks):
            keys = np.array(block, dtype=np.uint64) << np.uint64(61) | np.array(block, np.uint64)
            times = np.arange(len(block), dtype=np.float64) + 100 * n
            at, firsts = table.again(Keyed(keys, times, keys + np.uint64(1)))
            found.append((at.tolist(), firsts.times.tolist(), firsts.who.tolist()))
        return found

    mine, theirs = both(met)
    assert mine == theirs


def test_what_would_read_beside_an_array_is_refused() -> None:
    module, eight = _native.MODULE, np.zeros(8)
    assert module is not None
    whole = np.zeros(8, np.int64)
    fine = (eight, None, 0.0, 1.0, 0.0, 0.0, 0, 0, 4, 2, 7, -1)
    for columns, index in (
        (fine, whole + 1), (fine, whole - 1), ((*fine[:6], 9, *fine[7:]), whole),
        ((*fine[:8], 9, *fine[9:]), whole), ((*fine[:9], 8, *fine[10:]), whole),
        ((*fine[:4], 1e9, *fine[5:]), whole), ((eight[:7], *fine[1:]), whole),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"index|column|array"):
            module.bins((columns,), index, None, 1, 8, whole[:1], eight + np.inf, 1, np.zeros(8))
    with pytest.raises(ValueError, match="power of two"):
        module.meet(whole, eight, whole, np.zeros(3, np.int64), np.zeros(3), np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="open"):
        module.durations(eight, whole, 1, 3, whole, 0, 46, np.ones(2), 1, np.zeros(3))
    with pytest.raises(ValueError, match="numbers"):
        module.codes(("a",), len, whole)
    with pytest.raises(TypeError):
        module.hashes(([],), whole[:1])


ENTRIES = st.lists(
    st.sampled_from(
        ["2026-11-23T01:07:20Z", "stdout", "stderr", "F", "P", "", " ", "x", "\r", "{}"]
    ),
    max_size=6,
).map(" ".join)
WHOLE = st.text("a {}\r\0", max_size=5).map(lambda text: f"0Z stdout F {text}")


@settings(deadline=None, max_examples=200)
@given(
    st.lists(WHOLE | WHOLE | WHOLE | ENTRIES, min_size=1, max_size=4), st.sampled_from(["", "\n"])
)
def test_lines_are_unwrapped_alike(lines: list[str], end: str) -> None:
    block = ("\n".join(lines) + end).encode()
    mine, theirs = both(lambda: _plain_cri(block))
    assert mine == theirs


DOCKER = st.sampled_from(['{"log":"a\\n","stream":"stdout","time":"t"}', '{"log": "a"}', '{"lo'])
BEFORE = st.sampled_from(["", "\0", "\0\0", " "])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.tuples(BEFORE, DOCKER | ENTRIES), max_size=4))
def test_entries_among_others_are_found_alike(lines: list[tuple[str, str]]) -> None:
    block = "\n".join(map("".join, lines)).encode()
    mine, theirs = both(lambda: _among_others(block))
    assert mine == theirs
