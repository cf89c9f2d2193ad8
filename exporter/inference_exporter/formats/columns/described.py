"""A plan as the reader written in C is told it: a tree of keys, with a column for every route.

Numbers become floats at once where one field alone asks for them. What several fields share, or
asks to see as it was written, is kept as objects, as everything is on the Python path.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import msgspec

from inference_exporter.config.schema import Fields, ModelConfig
from inference_exporter.formats.columns.compiled import ANY, TYPES, collected_type
from inference_exporter.formats.columns.plan import Kind, Leaf, Plan
from inference_exporter.formats.columns.times import PER_SECOND
from inference_exporter.formats.paths import Route, ways

_SELDOM = ("trace_id", "span_id")  # of few rows somebody asks for them

Node = tuple[int, int, Any]
"""Kind, column (-1: none), and children, unit or function: see `_native/plan.h`."""


@dataclass(frozen=True, slots=True)
class Container:
    """Columns of the features at one route: whether they are there, and theirs by name."""

    carrier: int
    features: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Description:
    """What the reader is told, and where it puts what.

    `columns` are, for every column of the plan that is not inside of `containers`, its kind and
    the columns of its routes, in the order in which they count.
    """

    root: Node
    slots: int
    columns: list[tuple[int, list[int]]]
    containers: list[Container]


@dataclass(frozen=True, slots=True)
class _Want:
    """A column of the plan: where its values are, as what, and what the reader is told of it."""

    ways: tuple[Route, ...]
    kind: int
    third: Any = None


class _Tree:
    """Nodes by their keys; `kinds` has the numbers of the kinds of nodes."""

    def __init__(self, kinds: ModuleType) -> None:
        self.kinds = kinds
        self.slots = 0
        self._keys: dict[str, Any] = {}
        self._at: dict[Route, int] = {}

    def column(self) -> int:
        """The number of a new column."""
        self.slots += 1
        return self.slots - 1

    def put(self, way: Route, node: Node) -> None:
        """A node at the end of a route."""
        at = self._keys
        for key in way[:-1]:
            at = at.setdefault(str(key), {})
        at[str(way[-1])] = node

    def value(self, way: Route, kind: int, third: Any) -> int:
        """The column of a route, the same for all who want it."""
        if way not in self._at:
            self._at[way] = self.column()
            self.put(way, (kind, self._at[way], third))
        return self._at[way]

    def root(self) -> Node:
        """The node of a line."""
        return self._object(self._keys)

    def _object(self, keys: Mapping[str, Any]) -> Node:
        members = tuple(
            (key.encode(), self._object(below) if isinstance(below, dict) else below)
            for key, below in keys.items()
        )
        return (self.kinds.OBJECT, -1, members)


def describe(model: ModelConfig, plan: Plan, kinds: ModuleType) -> Description:
    """Describe a plan that `compiled` can make a type of."""
    tree = _Tree(kinds)
    wants = [*_leaves(model, plan, kinds), *_outside(plan, kinds)]
    columns = [_add_column(tree, want, apart) for want, apart in _apart(wants, kinds)]
    containers: list[Container] = []
    if plan.container is not None and not plan.collect:
        add = _add_list if plan.container.form == "list" else _add_object
        containers = [add(tree, way, model.fields, plan) for way in ways(plan.container.paths)]
    return Description(tree.root(), tree.slots, columns, containers)


def _apart(wants: list[_Want], kinds: ModuleType) -> list[tuple[_Want, Mapping[Route, int]]]:
    """Columns with the kinds of their routes: no objects only where nobody else wants the same."""
    own_kinds = (kinds.NUMBER, kinds.MOMENT, kinds.PLACE)
    users = Counter(way for want in wants for way in want.ways)
    asis = (kinds.TEXT, kinds.PLACE)
    texts = {way for want in wants if want.kind in asis for way in want.ways}
    objects = {way: kinds.TEXT if way in texts else kinds.FLOATS for way in users}
    apart: list[tuple[_Want, Mapping[Route, int]]] = []
    for want in wants:
        alone = want.kind in own_kinds and all(users[way] == 1 for way in want.ways)
        own = alone or want.kind == kinds.WHOLE
        apart.append((want, dict.fromkeys(want.ways, want.kind) if own else objects))
    return apart


def _add_column(tree: _Tree, want: _Want, apart: Mapping[Route, int]) -> tuple[int, list[int]]:
    places = [tree.value(way, apart[way], want.third) for way in want.ways]
    return want.kind, places


def _leaves(model: ModelConfig, plan: Plan, kinds: ModuleType) -> list[_Want]:
    units = _units(model.fields)
    return [_leaf(leaf, units.get(leaf.name), kinds) for leaf in plan.leaves]


def _leaf(leaf: Leaf, unit: float | None, kinds: ModuleType) -> _Want:
    where = ways(leaf.paths)
    if leaf.vector:
        return _Want(where, kinds.WHOLE, msgspec.json.Decoder(ANY).decode)
    if not leaf.number:
        return _Want(where, kinds.PLACE if leaf.name in _SELDOM else kinds.TEXT)
    if unit is not None:
        return _Want(where, kinds.MOMENT, unit)
    asis = leaf.name.startswith("segments.") or leaf.name == "timestamp"
    return _Want(where, kinds.FLOATS if asis else kinds.NUMBER)


def _units(fields: Fields) -> dict[str, float]:
    """Units per second of the leaves that are points in time, as long as they are in UTC."""
    found: dict[str, float] = {}
    if fields.timestamp is not None and fields.timestamp.timezone == "UTC":
        found["timestamp"] = PER_SECOND[fields.timestamp.unit]
    durations = {f"steps.{step}": field for step, field in fields.steps.items()}
    if fields.latency is not None:
        durations["latency"] = fields.latency
    for name, field in durations.items():
        if field.since:
            found[name] = found[f"{name}.since"] = PER_SECOND[field.unit]
    return found


def _outside(plan: Plan, kinds: ModuleType) -> list[_Want]:
    """Features that are keys of the line, and the container where it is kept whole."""
    wants: list[_Want] = []
    if plan.rest:
        nodes = ((name, _feature(kind, 0, kinds)) for name, kind in plan.features.items())
        wants = [_Want(((name,),), node[0], node[2]) for name, node in nodes]
    if plan.container is not None and plan.collect:
        decode = msgspec.json.Decoder(collected_type(plan.container)).decode
        wants.append(_Want(ways(plan.container.paths), kinds.WHOLE, decode))
    return wants


def _feature(kind: Kind, column: int, kinds: ModuleType) -> Node:
    if kind == "vector":
        return (kinds.WHOLE, column, msgspec.json.Decoder(TYPES[kind]).decode)
    return (kinds.NUMBER if kind == "numeric" else kinds.TEXT, column, None)


def _add_object(tree: _Tree, way: Route, _fields: Fields, plan: Plan) -> Container:
    carrier = tree.column()
    features = {name: tree.column() for name in plan.features}
    members = tuple(
        (name.encode(), _feature(kind, features[name], tree.kinds))
        for name, kind in plan.features.items()
    )
    tree.put(way, (tree.kinds.OBJECT, carrier, members))
    return Container(carrier, features)


def _add_list(tree: _Tree, way: Route, fields: Fields, plan: Plan) -> Container:
    """As the Python path, a list's integers stay such, which steps of features may see."""
    assert plan.container is not None
    names, kinds = plan.container.names, tree.kinds
    converted = set(fields.features.convert if fields.features else ())
    carrier = tree.column()
    entries: list[Node] = [(kinds.TEXT, -1, None)] * len(names)
    features: dict[str, int] = {}
    for name in (name for name in plan.features if name in names):
        features[name] = tree.column()
        node = _feature(plan.features[name], features[name], kinds)
        plain = node[0] == kinds.NUMBER and name in converted
        entries[names.index(name)] = (kinds.TEXT, features[name], None) if plain else node
    tree.put(way, (kinds.LIST, carrier, tuple(entries)))
    return Container(carrier, features)
