"""The compiled type and the walk through a dict are two ways to the same row."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from inference_exporter.config.schema import (
    DurationField,
    FeaturesField,
    Field,
    Fields,
    ModelConfig,
    TimestampField,
)
from inference_exporter.formats import Decoded, make_decoder
from inference_exporter.formats.columns.plan import Kind, make_plan
from inference_exporter.formats.json_lines import JsonDecoder
from inference_exporter.formats.mapping.decoder import MappedDecoder
from inference_exporter.values.batch import Batch, NumericColumn

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
    seen: dict[str, Any] = {"rows": batch.rows, "raw": _plain(batch.raw_features)}
    seen["inputs"] = None if batch.inputs is None else batch.inputs.tolist()
    for name in ("timestamp", "score", "latency", "weight"):
        seen[name] = _numbers(getattr(batch, name))
    for name in ("version", "status", "prediction", "actual", "id", "trace_id"):
        seen[name] = _plain(getattr(batch, name))
    seen["steps"] = {name: _numbers(column) for name, column in batch.steps.items()}
    for name, column in batch.features.items():
        if isinstance(column, NumericColumn):
            seen[f"feature {name}"] = _numbers(column)
        else:
            invalid = np.zeros(batch.rows, bool) if column.invalid is None else column.invalid
            seen[f"feature {name}"] = (_plain(column.values), invalid.tolist())
    return seen


def _numbers(column: NumericColumn | None) -> object:
    if column is None:
        return None
    assert not np.isinf(column.values).any()
    invalid = np.zeros(len(column.values), bool) if column.invalid is None else column.invalid
    assert np.isnan(column.values[invalid]).all()
    return (column.values.tobytes(), invalid.tolist())


def _plain(values: Sequence[object] | None) -> object:
    """With types, because 1 == True == 1.0."""
    return None if values is None else [repr(value) for value in values]


def outcome(decoded: Decoded) -> tuple[object, ...]:
    return columns(decoded.batch), decoded.results, decoded.invalid, decoded.bad_example


@given(models(), FEATURES, st.lists(LINES, max_size=6), st.booleans())
def test_both_ways_give_the_same_batch(
    model: ModelConfig, features: dict[str, Kind], lines: list[str], collect: bool
) -> None:
    block = "".join(f"{line}\n" for line in lines).encode("utf-8")
    plan = make_plan(model, None if collect else features, collect)
    either, generic = JsonDecoder(model, plan), JsonDecoder(model, plan)
    generic._compiled = None
    assert outcome(either.decode(block)) == outcome(generic.decode(block))


@settings(deadline=None)
@given(models(), FEATURES, st.lists(LINES, max_size=6), st.booleans())
def test_without_steps_the_mapped_decoder_gives_what_the_plain_one_does(
    model: ModelConfig, features: dict[str, Kind], lines: list[str], collect: bool
) -> None:
    block = "".join(f"{line}\n" for line in lines).encode("utf-8")
    plan = make_plan(model, None if collect else features, collect)
    plain, mapped = JsonDecoder(model, plan).decode(block), MappedDecoder(model, plan).decode(block)
    assert columns(mapped.batch) == columns(plain.batch)
    assert (mapped.results, mapped.invalid) == (plain.results, plain.invalid)
    assert mapped.bad_example == plain.bad_example


@given(models(), FEATURES, st.lists(LINES, max_size=6))
def test_a_block_is_the_sum_of_its_lines(
    model: ModelConfig, features: dict[str, Kind], lines: list[str]
) -> None:
    decoder = make_decoder(model, features)
    whole = decoder.decode("".join(f"{line}\n" for line in lines).encode())
    singles = [decoder.decode(f"{line}\n".encode()) for line in lines]
    for result in ("ok", "malformed", "empty", "filtered"):
        assert whole.results.get(result, 0) == sum(d.results.get(result, 0) for d in singles)
    assert sum(whole.results.values()) == len(lines)
    for name in whole.invalid:
        assert whole.invalid[name] == sum(d.invalid.get(name, 0) for d in singles)
    together = [_rows(single.batch) for single in singles if single.batch.rows]
    assert _rows(whole.batch) == [row for rows in together for row in rows]


def _rows(batch: Batch) -> list[tuple[object, ...]]:
    numbers = [batch.timestamp, batch.score, batch.latency, *batch.steps.values()]
    texts = [batch.prediction, batch.trace_id]
    parts: list[Sequence[object]] = [
        [repr(v) for v in column.values] for column in numbers if column is not None
    ]
    parts += [[repr(v) for v in column] for column in texts if column is not None]
    parts += [[repr(v) for v in column.values] for column in batch.features.values()]
    return list(zip(*parts, strict=True)) if parts else [()] * batch.rows


@given(models(), FEATURES, st.binary(max_size=200), st.booleans())
def test_no_bytes_stop_the_decoder(
    model: ModelConfig, features: dict[str, Kind], block: bytes, collect: bool
) -> None:
    decoded = make_decoder(model, None if collect else features, collect=collect).decode(block)
    assert sum(decoded.results.values()) == len(block.removesuffix(b"\n").split(b"\n")) - (
        not block.removesuffix(b"\n") and not block
    )


@given(models(), st.lists(LINES, min_size=1, max_size=4))
def test_line_ends_and_a_byte_order_mark_change_nothing(
    model: ModelConfig, lines: list[str]
) -> None:
    assume(all(line.strip() for line in lines))
    decoder = make_decoder(model, {"a": "numeric"})
    unix = "".join(f"{line}\n" for line in lines).encode()
    dos = b"\xef\xbb\xbf" + "\r\n".join(lines).encode()
    first, second = decoder.decode(unix), decoder.decode(dos)
    assert columns(first.batch) == columns(second.batch)
    assert (first.results, first.invalid) == (second.results, second.invalid)
