"""Any models of JSON lines, any lines, and batches in a form that can be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st

from inference_exporter.config.schema import (
    DurationField,
    FeaturesField,
    Field,
    Fields,
    ModelConfig,
    TimestampField,
)
from inference_exporter.formats import Decoded
from inference_exporter.formats.columns.plan import Kind
from inference_exporter.values.batch import Batch, CategoryColumn, NumericColumn

NAMES = ["a", "b", "é", "x y", "c.d", "c.e.f", "d"]
AWKWARD = ["c", "a.b", "e.f", 'q"']  # objects that are also values, names msgspec cannot have
KEYS = st.sampled_from([*NAMES, *AWKWARD])
KINDS: st.SearchStrategy[Kind] = st.sampled_from(["numeric", "categorical"])
TIMES = [
    "2026-11-23T01:07:20.204Z", "2026-11-23T01:07:21.204Z", "2026-02-30T01:07:20.204Z",
    "2026-11-23 01:07:20,204", "2026-11-23T01:07:20.204955+05:30", "2026-11-23",
    "[23/Nov/2026:01:07:18 +0100]", "1795396040.2", "24:00", "2026-10-25T02:30:00",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-5, 5),
    st.sampled_from([2**53 + 1, 2**64, -(2**63), 10**30, 1795396040, 1795396040204]),
    st.floats(),
    st.sampled_from(
        ["", "-", "4.9", " 5 ", "1_000", "nan", "inf", "n/a", "x", "é", "\ud800", *TIMES]
    ),
)
OBJECTS = st.dictionaries(KEYS | st.just("f"), SCALARS, max_size=5)
VALUES = st.one_of(SCALARS, SCALARS, OBJECTS, st.lists(SCALARS, min_size=1, max_size=3))
DOCUMENTS = st.builds(
    lambda scalars, f, c: scalars | f | c,
    st.dictionaries(KEYS, VALUES, max_size=5),
    st.dictionaries(st.just("f"), st.one_of(OBJECTS, st.lists(SCALARS, max_size=3), SCALARS)),
    st.dictionaries(st.just("c"), st.dictionaries(st.sampled_from("defg"), VALUES | OBJECTS)),
)
LINES = st.one_of(
    DOCUMENTS.map(json.dumps),
    DOCUMENTS.map(lambda d: f"2026 - INFO - {json.dumps(d)}"),
    st.sampled_from(["", " ", "{", "[]", "5", "null", '{"a": 1}{"a": 2}', '{"a":', "{'a': 1}"]),
)
PATHS = st.one_of(
    st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple),
    st.lists(st.sampled_from([*NAMES, *NAMES, *NAMES, *AWKWARD]), min_size=1, max_size=2).map(
        tuple
    ),
)
OF_FEATURES = st.sampled_from([("f",), ("f", "c.f"), ("c",)])


@st.composite
def models(draw: st.DrawFn) -> ModelConfig:
    form = draw(st.sampled_from(["object", "list", "rest", "none"]))
    features = {
        "object": FeaturesField("object", draw(OF_FEATURES)),
        "list": FeaturesField("list", draw(OF_FEATURES), names=("a", "b")),
        "rest": FeaturesField("rest", exclude=("b",)),
        "none": None,
    }[form]
    fields = Fields(
        timestamp=draw(st.none() | st.builds(TimestampField, PATHS, timezone=_zones())),
        prediction=draw(st.none() | st.builds(Field, PATHS)),
        score=draw(st.none() | st.builds(Field, PATHS)),
        latency=draw(st.none() | st.builds(DurationField, PATHS, st.sampled_from(["s", "ms"]))),
        trace_id=draw(st.none() | st.builds(Field, PATHS)),
        steps=draw(st.dictionaries(st.just("lookup"), st.builds(DurationField, PATHS))),
        features=features,
    )
    when = draw(st.dictionaries(st.just("d"), st.just(("1", "x", "true"))))
    return ModelConfig("m", ("l",), fields=fields, when=when)


def _zones() -> st.SearchStrategy[str]:
    return st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe"])


FEATURES = st.dictionaries(st.sampled_from(NAMES), KINDS, max_size=4)


def columns(batch: Batch) -> dict[str, Any]:
    """The batch in a form that can be compared."""
    return {name: _seen(getattr(batch, name)) for name in batch.__slots__}


def _seen(value: Any) -> object:
    """Numbers to the last bit, objects with their types, because 1 == True == 1.0."""
    if isinstance(value, NumericColumn):
        return _numbers(value)
    if isinstance(value, CategoryColumn):
        invalid = value.invalid
        marks = [False] * len(value.values) if invalid is None else invalid.tolist()
        return (_seen(value.values), marks)
    if is_dataclass(value):
        return {one.name: _seen(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, np.ndarray):
        return (value.shape, value.dtype.str, value.tobytes())
    if isinstance(value, Mapping):
        return {name: _seen(one) for name, one in value.items()}
    return [repr(one) for one in value] if _is_column(value) else repr(value)


def _is_column(value: object) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str | bytes)


def _numbers(column: NumericColumn) -> object:
    assert not np.isinf(column.values).any()
    invalid = np.zeros(len(column.values), bool) if column.invalid is None else column.invalid
    assert np.isnan(column.values[invalid]).all()
    return (column.values.tobytes(), invalid.tolist())


def outcome(decoded: Decoded) -> tuple[object, ...]:
    """All that decoding a block says, in a form that can be compared."""
    return columns(decoded.batch), decoded.results, decoded.invalid, decoded.bad_example
