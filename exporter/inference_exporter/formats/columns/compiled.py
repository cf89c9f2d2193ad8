"""JSON lines decoded by a type that is made for them: only the fields in use are ever built.

The paths of a Plan become a msgspec Struct, with Structs inside for nested objects, that holds
every route of every path. A line that does not fit (an object where a scalar was expected) does
not decode; the caller then reads it by other means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import astuple

from inference_exporter.config.schema import FeaturesField
from inference_exporter.formats.columns.generic import named
from inference_exporter.formats.columns.plan import Kind, Leaf, Plan
from inference_exporter.formats.paths import UNUSABLE, Route, scrub, ways

_LINE_END, _RETURN, _OPENING, _CLOSING = map(np.uint8, b"\n\r{}")

NUMBER = float | str | bool | None  # integers become floats while they are parsed
TEXT = str | int | float | bool | None
_LIST = list[str | int | float | bool | None] | None
TYPES: dict[Kind, Any] = {
    "numeric": NUMBER,
    "categorical": TEXT,
    "vector": list[Any] | str | int | float | bool | None,
}
ANY = dict[str, Any] | list[Any] | str | int | float | bool | None
_OBJECT = dict[str, Any] | None
_ANY_LIST = list[Any] | None


class NotCompilableError(Exception):
    """The paths ask for something that no single type describes."""


@dataclass(slots=True)
class _Node:
    """What is wanted at one key: a value of `type`, or an object with `children`."""

    type: Any = None
    children: dict[str, _Node] = field(default_factory=dict)

    def want(self, route: Route, kind: Any) -> None:
        """Ask for a value of a kind at the end of a route."""
        node = self
        for key in route:
            if (
                not isinstance(key, str)
                or any(char in '"\\' or char < " " for char in key)
                or scrub(key) != key
            ):
                raise NotCompilableError(key)  # msgspec has no such names
            node = node.children.setdefault(key, _Node())
        if node.type is None or (node.type == NUMBER and kind == TEXT):
            node.type = kind
        elif node.type != kind and (node.type, kind) != (TEXT, NUMBER):
            raise NotCompilableError(route)


def _can_be_named(key: str) -> bool:
    return scrub(key) == key and not any(char in '"\\' or char < " " for char in key)


@dataclass(frozen=True, slots=True)
class _Level:
    """A Struct made for a node: which of its members are values, and which Structs themselves."""

    struct: type[msgspec.Struct]
    empty: msgspec.Struct
    values: tuple[tuple[int, Route], ...]
    children: tuple[tuple[int, _Level], ...]


def _level(node: _Node, here: Route) -> _Level:
    members: list[tuple[str, Any, Any]] = []
    values: list[tuple[int, Route]] = []
    children: list[tuple[int, _Level]] = []
    for i, (key, child) in enumerate(node.children.items()):
        kind = child.type
        if child.children:
            if kind is not None:
                raise NotCompilableError((*here, key))  # wanted both as an object and as a value
            below = _level(child, (*here, key))
            children.append((i, below))
            kind = below.struct | None
        else:
            values.append((i, (*here, key)))
        members.append((f"k{i}", kind, msgspec.field(name=key, default=None)))
    struct = msgspec.defstruct("Line", members, frozen=True, eq=False, gc=False)
    return _Level(struct, struct(), tuple(values), tuple(children))


class Routes:
    """Values at some routes of many lines, of which nothing else is ever built."""

    def __init__(self, wanted: Iterable[tuple[tuple[str, ...], Any]]) -> None:
        """`wanted`: paths, all with the type of what is there; `ANY`, `TEXT` or `NUMBER`."""
        root = _Node()
        for paths, kind in wanted:
            for way in ways(paths):
                root.want(way, kind)
        self._root = _level(root, ())
        self._decode = msgspec.json.Decoder(self._root.struct).decode_lines

    def read(self, block: bytes) -> tuple[int, dict[Route, Sequence[object]]] | None:
        """The number of lines and their values by route, routes that lead nowhere left out.

        None where some line of the block is no such object.
        """
        try:
            lines = self._decode(block)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        if not lines or not one_a_line(block, len(lines)):
            return None
        found: dict[Route, Sequence[object]] = {}
        _spread(self._root, lines, found)
        return len(lines), found


def first_of(
    found: Mapping[Route, Sequence[object]], paths: tuple[str, ...], lines: int
) -> Sequence[object]:
    """For every line the first value at some paths that is not null."""
    none = (None,) * lines
    return _first([found.get(way, none) for way in ways(paths)], none)


class Compiled:
    """The type of a Plan's lines, and how its values become columns."""

    def __init__(self, plan: Plan) -> None:
        if plan.rest and plan.collect:
            raise NotCompilableError("every key of every line is wanted")
        if plan.container is not None and plan.container.form == "any":
            raise NotCompilableError("features are objects or lists")
        self._plan = plan
        self._container, kind = _container(plan)
        root = _Node()
        self._ways: list[tuple[Route, ...]] = []
        for alternatives, wanted in _wanted(plan, kind):
            self._ways.append(alternatives)
            for way in alternatives:
                root.want(way, wanted)
        self._root = _level(root, ())
        self.decoder = msgspec.json.Decoder(self._root.struct)

    def columns(self, lines: Sequence[msgspec.Struct]) -> tuple[list[Sequence[object]], bool]:
        """Columns in the layout of the plan, and whether none of their values is UNUSABLE."""
        if not lines:
            return [()] * self._plan.width, True
        none = (None,) * len(lines)
        found: dict[Route, Sequence[object]] = {}
        _spread(self._root, lines, found)
        merged = [
            _first([found.get(way, none) for way in alternatives], none)
            for alternatives in self._ways
        ]
        if self._container is None:
            return [*merged, none], True
        features, carrier, clean = self.taken_apart(merged.pop())
        return [*merged, *features, carrier], clean

    def taken_apart(
        self, containers: Sequence[Any]
    ) -> tuple[list[Sequence[object]], Sequence[object], bool]:
        """Columns of the features in a column of containers, their carrier, and whether clean."""
        assert self._container is not None
        return self._container(containers)


_Split = Callable[[Sequence[Any]], tuple[list[Sequence[object]], Sequence[object], bool]]
"""Takes the column of containers apart: columns of features, carrier, clean or not."""


def _wanted(plan: Plan, container: Any) -> list[tuple[tuple[Route, ...], Any]]:
    wanted = [(ways(leaf.paths), type_of(leaf)) for leaf in plan.leaves]
    if plan.rest:
        wanted += [(((name,),), TYPES[kind]) for name, kind in plan.features.items()]
    if plan.container is not None:
        wanted.append((ways(plan.container.paths), container))
    return wanted


def type_of(leaf: Leaf) -> Any:
    """The type of what is at the paths of a leaf."""
    if leaf.vector:
        return ANY
    return NUMBER if leaf.number else TEXT


def _container(plan: Plan) -> tuple[_Split | None, Any]:
    """How the object or list of features is taken apart, and its type."""
    if plan.container is None:
        return None, None
    names = plan.container.names
    if plan.collect:
        form = plan.container.form
        split = _collect_lists(names) if form == "list" else _collect_objects
        return split, collected_type(plan.container)
    if plan.container.form == "list":
        return _split_lists(names, tuple(plan.features)), _LIST
    node = _Node()
    for name, kind in plan.features.items():
        node.want((name,), TYPES[kind])
    level = _level(node, ())
    return _split_objects(level, tuple(plan.features)), level.struct | None


def collected_type(container: FeaturesField) -> Any:
    """The type of an object or a list of features that is kept as it is."""
    return _ANY_LIST if container.form == "list" else _OBJECT


def _split_objects(level: _Level, names: tuple[str, ...]) -> _Split:
    def split(objects: Sequence[Any]) -> tuple[list[Sequence[object]], Sequence[object], bool]:
        found: dict[Route, Sequence[object]] = {}
        carrier: Sequence[object] = (True,) * len(objects)
        if not all(objects):
            carrier = [entry and True for entry in objects]
            objects = [entry or level.empty for entry in objects]
        _spread(level, objects, found)
        return [found[(name,)] for name in names], carrier, True

    return split


def _collect_objects(
    objects: Sequence[Any],
) -> tuple[list[Sequence[object]], Sequence[object], bool]:
    return [], objects, True


def _collect_lists(names: tuple[str, ...]) -> _Split:
    def split(lists: Sequence[Any]) -> tuple[list[Sequence[object]], Sequence[object], bool]:
        carrier = [None if e is None else named(e, names) or UNUSABLE for e in lists]
        return [], carrier, False

    return split


def _split_lists(names: tuple[str, ...], features: tuple[str, ...]) -> _Split:
    absent, misshapen = (None,) * len(names), (UNUSABLE,) * len(names)
    positions = [names.index(name) if name in names else None for name in features]

    def split(lists: Sequence[Any]) -> tuple[list[Sequence[object]], Sequence[object], bool]:
        fits = [entry is not None and len(entry) == len(names) for entry in lists]
        clean = all(fits)
        if not clean:
            lists = [
                entry if fit else absent if entry is None else misshapen
                for entry, fit in zip(lists, fits, strict=True)
            ]
        columns = tuple(zip(*lists, strict=True))
        carrier = [None if e is absent else UNUSABLE if e is misshapen else True for e in lists]
        unlisted = [UNUSABLE if mark == UNUSABLE else None for mark in carrier]
        return [unlisted if p is None else columns[p] for p in positions], carrier, clean

    return split


def _spread(
    level: _Level, objects: Sequence[msgspec.Struct], found: dict[Route, Sequence[object]]
) -> None:
    """Note the column of every route; routes into objects that never occur have none."""
    columns = tuple(zip(*map(astuple, objects), strict=True))
    if not columns:
        return
    for i, route in level.values:
        found[route] = columns[i]
    for i, child in level.children:
        if any(columns[i]):
            _spread(child, [entry or child.empty for entry in columns[i]], found)


def _first(columns: list[Sequence[object]], none: tuple[None, ...]) -> Sequence[object]:
    """Per row the first value that is not null."""
    best: Sequence[object] = none
    for column in columns:
        if best == none:
            best = column
        elif None in best and column != none:
            best = [b if a is None else a for a, b in zip(best, column, strict=True)]
    return best


def one_a_line(block: bytes, objects: int) -> bool:
    """Whether each line of a block that holds so many objects is exactly one of them.

    To msgspec a line end is but white space: two objects in a line, or one in two lines, are fine.
    A line end between } and { can only be between objects, so it is enough to look at those.
    """
    data = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(data == _LINE_END)
    lines = len(ends) + (not block.endswith(b"\n"))
    if objects != lines or not block.startswith(b"{"):
        return False
    between = ends[: lines - 1]
    last = data[between - 1]
    if (last == _RETURN).any():
        last = np.where(last == _RETURN, data[between - 2], last)
    return bool((last == _CLOSING).all() and (data[between + 1] == _OPENING).all())
