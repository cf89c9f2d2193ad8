"""A line of several rows is so many lines of one, and nothing in a line stops a step."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter.config.mapping import STEPS, steps
from inference_exporter.config.schema import FeaturesField, Field, Fields, ModelConfig
from inference_exporter.formats import make_decoder
from inference_exporter.formats.columns.plan import Kind
from inference_exporter.formats.steps import FUNCTIONS, function_of
from inference_exporter.values.batch import Batch, FeatureColumn

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below),
    max_leaves=12,
)
OPTIONS: dict[str, Any] = {
    "pick": "a.b", "keyed": ["k", "v"], "strptime": "%d/%m/%Y %H:%M", "regex": "([0-9]+)ms",
    "map": {"a": 1}, "missing": ["-", -999], "hex": 16,
}  # fmt: skip
TEXTS = st.sampled_from(
    [
        "12.3ms", "1,500.25", "87.5%", "23/11/2026 01:07", "1795396040", "eyJhIjogMX0=", "{'a': 1}",
        '{"a": [1, NaN]}', "1;2\n3;4", '"a\n', "PT1M", "1e999", "[" * 3000, "{" * 500, "9" * 5000,
    ]
)  # fmt: skip


ROWS = st.lists(
    st.tuples(
        st.fixed_dictionaries({}, optional={"a": st.floats(-1, 1), "b": st.sampled_from("xy")}),
        st.none() | st.sampled_from("AB"),
        st.none() | st.floats(0, 1),
    ),
    min_size=1,
    max_size=5,
)


@settings(deadline=None)
@given(st.lists(ROWS, min_size=1, max_size=4))
def test_a_line_of_many_rows_is_many_lines_of_one(requests: list[Any]) -> None:
    fields = Fields(
        id=Field(("id",)),
        features=FeaturesField("object", ("x",)),
        prediction=Field(("y.c",)),
        score=Field(("y.p",)),
    )
    one = ModelConfig("m", ("l",), fields=fields)
    many = replace(one, explode=("x", "y"))
    kinds: dict[str, Kind] = {"a": "numeric", "b": "categorical"}
    singly = [
        {"id": f"r{i}", "x": x, "y": {"c": c, "p": p}}
        for i, rows in enumerate(requests)
        for x, c, p in rows
    ]
    batched = [
        {"id": f"r{i}", "x": [x for x, _, _ in rows], "y": [{"c": c, "p": p} for _, c, p in rows]}
        for i, rows in enumerate(requests)
    ]
    expected = make_decoder(one, kinds).decode(_block(singly))
    found = make_decoder(many, kinds).decode(_block(batched))
    assert _texts(found.batch) == _texts(expected.batch)
    for name in ("a", "b"):
        assert _values(found.batch.features[name]) == _values(expected.batch.features[name])
    assert found.results == {"ok": len(requests)}
    if any(len(rows) > 1 for rows in requests):
        places = [place for rows in requests for place in range(len(rows))]
        assert found.batch.row == places
        assert found.batch.requests is not None
        assert found.batch.requests.tolist() == [place == 0 for place in places]


def _texts(batch: Batch) -> list[list[str]]:
    assert batch.score is not None
    return [
        [repr(one) for one in column or ()]
        for column in (batch.id, batch.prediction, batch.score.values.tolist())
    ]


def _values(column: FeatureColumn) -> list[str]:
    return [repr(value) for value in column.values]


def _block(lines: list[Any]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def test_every_step_that_can_be_configured_has_a_function() -> None:
    assert set(FUNCTIONS) == set(STEPS)


@settings(deadline=None, max_examples=3 * settings().max_examples)
@given(st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=3), JSON | TEXTS)
def test_no_value_stops_a_step(names: list[str], value: Any) -> None:
    chain = steps([{name: OPTIONS[name]} if name in OPTIONS else name for name in names])
    function_of(chain)(value)


@settings(deadline=None)
@given(
    st.lists(JSON | TEXTS, max_size=4),
    st.lists(st.sampled_from(["json", "rows", "csv", "encoded", "python"]), min_size=1, max_size=3),
)
def test_no_line_stops_the_mapped_decoder(values: list[Any], names: list[str]) -> None:
    fields = Fields(
        features=FeaturesField("any", ("r",)), prediction=Field(("s.p", "s"), steps("number"))
    )
    model = ModelConfig(
        "m", ("l",), fields=fields, decode=dict.fromkeys("rs", steps(names)), explode=("r", "s")
    )
    block = _block([{"r": value, "s": other} for value, other in zip(values, values, strict=True)])
    for features in (None, {"x0": "numeric", "a": "categorical"}):
        decoder = make_decoder(model, features, collect=features is None)  # type: ignore[arg-type]
        assert sum(decoder.decode(block).results.values()) == len(values)
