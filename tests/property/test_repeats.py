"""Rows that repeat others, against a list of all rows that came."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter.model.parts.repeats import ASIDE, HOUR, HOURLY, SLOT, SOON, RepeatsPart
from inference_exporter.repeats import Keyed, Met, Seen, fingerprints
from inference_exporter.values.batch import Batch, CategoryColumn, FeatureColumn, NumericColumn

BEGIN = 1_793_527_200.0
Row = tuple[float, str | None, str, str | None, float]  # number, word, version, id, seconds

_rows = st.tuples(
    st.sampled_from([0.0, 1.5, float("nan")]),
    st.sampled_from(["a", "b", None]),
    st.sampled_from(["1", "2"]),
    st.sampled_from(["q1", "q2", "q3", None]),
    st.floats(0.0, 4_000.0),
)
_blocks = st.lists(st.lists(_rows, min_size=1, max_size=8), max_size=8)


def _batch(rows: list[Row]) -> Batch:
    numbers, words, versions, ids, _ = zip(*rows, strict=True)
    features: dict[str, FeatureColumn] = {
        "x": NumericColumn(np.array(numbers)),
        "word": CategoryColumn(list(words)),
    }
    return Batch(len(rows), features=features, version=list(versions), id=list(ids))


def _with_many_places() -> RepeatsPart:
    """Two keys hardly ever share a place, which would make it forget one: hashes differ by run."""
    part = RepeatsPart("m", ids=True)
    part._met = Met(20)
    part._soon, part._hourly, part._ids = Seen(24), Seen(24), Seen(24)
    return part


@given(blocks=_blocks)
@settings(deadline=None)
def test_marks_are_those_of_a_list_of_all_rows(blocks: list[list[Row]]) -> None:
    part = _with_many_places()
    soon: Counter[object] = Counter()
    hourly: Counter[object] = Counter()
    again: Counter[object] = Counter()
    for rows in blocks:
        times = np.array([BEGIN + row[-1] for row in rows])
        flags = part.columns(_batch(rows), times, BEGIN).flags
        aside = flags.get(ASIDE, np.zeros(len(rows), dtype=np.bool_))
        for at, (x, word, version, one, seconds) in enumerate(rows):
            inputs = (str(x), word, version)
            when = BEGIN + seconds
            for counts, key, mark in (
                (soon, (inputs, when // SLOT), flags[SOON][at]),
                (hourly, (inputs, when // HOUR), flags[HOURLY][at]),
            ):
                counts[key] += 1
                assert mark == (counts[key] > 1)
            if one is not None:
                again[inputs, one] += 1
            assert aside[at] == (one is not None and again[inputs, one] > 1)


@given(
    blocks=st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=12), max_size=12),
    bits=st.sampled_from([2, 16]),
)
@settings(deadline=None)
def test_what_is_met_again_came_before(blocks: list[list[int]], bits: int) -> None:
    """With few places too: it forgets, and never invents; a first one is handed over once."""
    met, known, handed = Met(bits), Counter[int](), Counter[int]()
    for number, block in enumerate(blocks):
        keys = np.array(block, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        rows = Keyed(keys, np.full(len(block), float(number)), keys)
        at, firsts = met.again(rows)
        twice = {row for row in range(len(block)) if block.count(block[row]) > 1}
        before = {row for row in range(len(block)) if known[int(keys[row])]}
        assert twice <= set(at.tolist()) <= twice | before
        if bits == 16:
            assert set(at.tolist()) == twice | before
        for key, time in zip(firsts.keys.tolist(), firsts.times.tolist(), strict=True):
            assert time < number
            assert key in keys
            handed[key] += 1
        known.update(keys.tolist())
    if bits == 16:
        assert all(times == 1 for times in handed.values())


def test_places_are_shared_but_counts_are_not() -> None:
    """A key whose place was given away is new; what was counted of it before is not lost."""
    met, seen = Met(bits=1), Seen()
    one, other = np.uint64(1 << 40), np.uint64(1 << 41)
    found = []
    for key in (one, one, other, one, one):
        at, firsts = met.again(Keyed(*(np.array([v]) for v in (key, 5.0, key))))
        both = firsts.keys.tolist() + [key] * len(at)
        found.append(seen.times(np.array(both, dtype=np.uint64)).tolist() if both else [])
    assert found == [[], [1, 2], [], [], [3, 4]]


def test_codes_and_hashes_tell_the_same_rows_apart() -> None:
    """Listed values have a code of their own; those that share one, theirs and a hash."""
    words = ["a", "b", "a", "new", "newer", "new", None, None, 0, 1]
    codes = {"a": 0, "b": 1, None: 3}

    def coding(column):  # type: ignore[no-untyped-def]
        return np.array([codes.get(value, 2) for value in column]), 2

    features = {"w": CategoryColumn(words)}
    coded, plain = fingerprints(features, 10, {"w": coding}), fingerprints(features, 10)
    assert len(np.unique(coded)) == len(np.unique(plain)) == 7
    for keys in (coded, plain):
        assert keys[0] == keys[2] != keys[1]
        assert keys[3] == keys[5] != keys[4]
        assert keys[6] == keys[7]
