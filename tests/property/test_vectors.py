"""Vectors and lists are read the same, whatever stands beside them, and nothing breaks a reader."""

from __future__ import annotations

import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from inference_exporter.config import parse
from inference_exporter.formats import make_decoder
from inference_exporter.values.vectors import TOLERANCE, RankingReader, ScoresReader

NUMBERS = st.one_of(
    st.sampled_from([0, 1, 0.5, 0.25, 0.3, 0.7, "0.5", "x", None, True, -0.1, 10**400]),
    st.floats(0, 1),
)
CELLS = st.one_of(
    st.none(),
    st.lists(NUMBERS, max_size=4),
    st.dictionaries(st.sampled_from(["a", "b", "c", "d"]), NUMBERS, max_size=4),
    st.lists(st.sampled_from(["0.5", "0.25", "1", "0", "y"]), max_size=4).map("|".join),
    st.sampled_from(["[0.5, 0.5, 0]", "[0.5", "{}", "", 0.5, True, [[0.5], 0.5, 0], {"a": {}}]),
)
ITEMS = st.one_of(st.text(max_size=3), st.integers(), st.floats(), st.booleans())
LISTS = st.one_of(CELLS, st.lists(ITEMS, max_size=14))


@given(st.lists(CELLS, max_size=12))
def test_a_vector_is_read_the_same_alone_and_among_others(cells: list[object]) -> None:
    reader = ScoresReader(("a", "b", "c"))
    together = reader.read(cells)
    for row, cell in enumerate(cells):
        alone = reader.read([cell])
        assert np.array_equal(alone.values[0], together.values[row], equal_nan=True)
        invalid = [one is not None and bool(one[at]) for one, at in
                   ((alone.invalid, 0), (together.invalid, row))]  # fmt: skip
        assert invalid[0] == invalid[1]
        if np.isnan(alone.values).any():
            assert np.isnan(alone.values).all()
            assert invalid[0] == (cell is not None)
        else:
            assert not invalid[0]
            assert alone.values.min() >= 0
            assert math.isclose(alone.values.sum(), 1, abs_tol=1e-6)


@given(st.lists(LISTS, max_size=12))
def test_a_ranking_is_read_the_same_alone_and_among_others(cells: list[object]) -> None:
    together, first = RankingReader().read(cells)
    for row, cell in enumerate(cells):
        alone, own = RankingReader().read([cell])
        assert np.array_equal(alone.items[0], together.items[row])
        assert alone.listed[0] == together.listed[row] == (alone.items[0, 0] != 0)
        assert own[0] is first[row] or own[0] == first[row] or first[row] != first[row]


@given(st.lists(CELLS, max_size=6))
def test_lines_decode_to_what_the_reader_says(cells: list[object]) -> None:
    """By the compiled type and by dicts alike: a bad line among them sends some the other way."""
    fields = "scores: {from: p, classes: [a, b, c]}"
    (model,) = parse(f"models: {{m: {{logs: x, fields: {{{fields}}}}}}}", "c.yaml").models
    lines = [json.dumps({"p": cell}).encode() + b"\n" for cell in cells]
    expected = ScoresReader(("a", "b", "c")).read(cells)
    for block in (b"".join(lines), b"".join(lines) + b"x\n"):
        scores = make_decoder(model).decode(block).batch.scores
        assert scores is not None
        assert np.allclose(scores.values, expected.values, atol=TOLERANCE * 1e-9, equal_nan=True)
