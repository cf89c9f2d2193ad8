"""Many lines at once give what the same lines give one after another."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter import config
from inference_exporter.config.mapping import steps
from inference_exporter.formats.base import Decoded, Read
from inference_exporter.formats.columns.plan import Kind, make_plan
from inference_exporter.formats.mapping.decoder import MappedDecoder
from inference_exporter.formats.mapping.reshape import Reshape, UnevenError
from inference_exporter.formats.paths import column_walker, walker
from inference_exporter.pairs import Half, HalfReader
from inference_exporter.values.batch import CategoryColumn

_PAIRS = (
    "{id: [id, in.id], request: {type: ask}, response: {type: [answer, '1'], in.kind: x}}",
    "{id: {from: id, as: {missing: '-'}}, request: {type: {matches: '^a'}}}",
    "{id: id, response: {in.kind: {exists: true}}}",
)
_plain = st.sampled_from(["ask", "answer", "-", "x", "True", "", "é", 1, True, 1.0, None])
_values = st.one_of(
    _plain, st.just("\ud800"),
    st.integers(-2, 2**70), st.floats(), st.booleans(), st.none(), st.just({}), st.just([1]),
)  # fmt: skip


def _line(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    inner = st.fixed_dictionaries({}, optional={"id": values, "kind": values})
    keys = {"id": values, "type": values, "in": inner, "in.id": values}
    return st.fixed_dictionaries({}, optional=keys)


_lines = st.one_of(  # such as are read at once, and any
    st.lists(_line(_plain), max_size=5),
    st.lists(st.one_of(_line(_values), st.just({"in": 3})), max_size=5),
)
_SETTINGS = settings(max_examples=3 * settings().max_examples // 2, deadline=None)


@_SETTINGS
@given(st.sampled_from(_PAIRS), _lines, st.sampled_from(["", " ", "x", "\r"]))
def test_halves_are_the_same_at_once_and_one_by_one(
    pairs: str, lines: list[dict[str, Any]], behind: str
) -> None:
    reader = HalfReader(
        config.parse(f"models: {{m: {{logs: [l], pairs: {pairs}}}}}", "c").models[0]
    )
    block = "".join(json.dumps(line) + behind + "\n" for line in lines).encode()
    halves: list[Half] = []
    read = Read()
    for line in block.split(b"\n"):
        if line:
            reader._one(line, halves, read)
    found, seen = reader.read(block)
    assert found == halves
    assert (seen.results, seen.example) == (read.results, read.example)


_inner = st.recursive(
    st.one_of(st.none(), st.integers(0, 3), st.text("ab", max_size=2)),
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(st.sampled_from(["a", "b", "a.b", "instances"]), below, max_size=3),
    ),
    max_leaves=8,
)
_objects = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "a.b", "c"]), _inner, max_size=4), max_size=4
)
_paths = st.lists(st.sampled_from(["a", "a.b", "a.b.a", "a[0]", "b"]), max_size=3)


@_SETTINGS
@given(_objects, _paths)
def test_a_path_finds_in_many_lines_what_it_finds_in_each(
    lines: list[dict[str, Any]], paths: list[str]
) -> None:
    find = walker(tuple(paths))
    assert list(column_walker(tuple(paths))(lines)) == [find(line) for line in lines]


@_SETTINGS
@given(_objects)
def test_lines_are_taken_apart_together_as_alone(lines: list[dict[str, Any]]) -> None:
    reshape = Reshape({"a.b": steps("rows"), "b": steps("rows"), "c": steps("rows")}, ("a.b", "b"))
    rows, alone = reshape.begin(), reshape.begin()
    refused = reshape.add_all(copy.deepcopy(lines), rows)
    problems = []
    for number, line in enumerate(copy.deepcopy(lines)):
        try:
            reshape.add(line, alone)
        except UnevenError as error:
            problems.append((number, str(error)))
    assert [(number, str(error)) for number, error in refused] == problems
    assert rows == alone


_MAPPED = """\
models:
  m:
    logs: [l]
    decode: {in: [json, rows], out.data: rows}
    explode: [in, out.data]
    fields:
      id: [id, in.id]
      timestamp: {from: at, unit: ms}
      latency: {from: ended, since: at, unit: ms}
      status: {from: state, as: lower}
      version: late
      weight: {const: 2}
      features: {from: in, names: auto}
      prediction: [out.data.label, out.data]
"""
_numbers = st.sampled_from([1795396040000, 1795396040250.5, "1795396040000", None, "soon", True])
_rows = st.sampled_from(
    [[[1, "a"], [2, "b"]], [[1.5, None]], [], {"instances": [[1, 2]]}, "[[3, 4]]", "no", 7, None,
     [{"label": "a"}], {"predictions": ["a"]}, {"predictions": ["a", "b"]}]
)  # fmt: skip
_mapped = st.fixed_dictionaries(
    {"in": _rows},
    optional={
        "id": _plain, "at": _numbers, "ended": _numbers, "state": _values, "late": _plain,
        "out": st.one_of(st.none(), st.fixed_dictionaries({"data": _rows})), "out.data": _rows,
        "more": _values,
    },
)  # fmt: skip
_KINDS: dict[str, Kind] = {"x0": "numeric", "x1": "categorical"}


@_SETTINGS
@given(st.lists(_mapped, max_size=4), st.booleans())
def test_what_is_read_at_once_is_what_dicts_give(lines: list[dict[str, Any]], known: bool) -> None:
    model = config.parse(_MAPPED, "c").models[0]
    plan = make_plan(model, _KINDS if known else None, collect=not known)
    quick, slow = MappedDecoder(model, plan), MappedDecoder(model, plan)
    assert quick._quick is not None
    slow._quick = None
    block = "".join(json.dumps(line) + "\n" for line in lines).encode()
    assert _plainly(quick.decode(block)) == _plainly(slow.decode(block))


def _plainly(decoded: Decoded) -> Any:
    """What can be compared: arrays as texts, for NaN is not itself; tuples as lists."""
    batch = {name: _text(getattr(decoded.batch, name)) for name in decoded.batch.__slots__}
    return batch, dict(decoded.results), dict(decoded.invalid), decoded.bad_example


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return repr({name: _text(column) for name, column in value.items()})
    values = value.values if isinstance(value, CategoryColumn) else value
    return repr(list(values)) if isinstance(values, tuple) else repr(values)
