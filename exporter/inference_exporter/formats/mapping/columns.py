"""Rows of a mapping become columns in the layout of a Plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from inference_exporter.formats.columns.compiled import ANY, type_of
from inference_exporter.formats.columns.generic import named, positional, tidied
from inference_exporter.formats.columns.plan import Leaf, Plan
from inference_exporter.formats.mapping.reshape import Paths, Rows
from inference_exporter.formats.paths import UNUSABLE, column_walker, scalar, walker, whole

Column = Sequence[Any]
Finder = Callable[[Rows], Column]
_PLAIN = {int, float, bool, str, type(None)}


class MappedColumns:
    """Finds every leaf of a Plan: in the line itself, or in an entry of an exploded list."""

    def __init__(self, plan: Plan, exploded: tuple[str, ...]) -> None:
        self._plan, self._exploded = plan, exploded
        self.wanted: list[tuple[Paths, Any]] = []
        """Paths outside of exploded lists, with their types."""
        self._leaves = [
            (self._finder(leaf.paths, type_of(leaf)), _taker(leaf)) for leaf in plan.leaves
        ]
        self._container = self._finder(plan.container.paths, ANY) if plan.container else None

    def of(self, rows: Rows, *, strict: bool) -> list[Column]:
        """All columns of the layout; `strict`: what JSON cannot spell (NaN) is nowhere in them."""
        columns = [take(find(rows), strict) for find, take in self._leaves]
        return [*columns, *self._features(rows, strict)]

    def _finder(self, paths: Paths, kind: Any) -> Finder:
        if not any(self._is_exploded(path) for path in paths):
            return self._outside(paths, kind)
        finders = [self._one(path, kind) for path in paths]
        if len(finders) == 1:
            return finders[0]
        return lambda rows: _first([find(rows) for find in finders], sum(rows.counts))

    def _is_exploded(self, path: str) -> bool:
        return any(
            path == root or path.startswith((f"{root}.", f"{root}[")) for root in self._exploded
        )

    def _one(self, path: str, kind: Any) -> Finder:
        for i, root in enumerate(self._exploded):
            if path == root:
                return lambda rows: rows.entries[i]
            if path.startswith((f"{root}.", f"{root}[")):
                return _in_entries(i, path[len(root) :].removeprefix("."))
        return self._outside((path,), kind)

    def _outside(self, paths: Paths, kind: Any) -> Finder:
        """Of the line itself."""
        find = column_walker(paths)
        self.wanted.append((paths, kind))
        return lambda rows: rows.per_row(
            rows.known[paths] if paths in rows.known else find(rows.lines)
        )

    def _features(self, rows: Rows, strict: bool) -> list[Column]:
        plan, count = self._plan, sum(rows.counts)
        if self._container is not None:
            return self._contained(self._container(rows), strict)
        if plan.rest and plan.collect:
            return [rows.per_row([_rest(line, plan.used) for line in rows.lines])]
        found = [
            _scalars(rows.per_row([line.get(name) for line in rows.lines]), strict)
            for name in plan.features
        ]
        return [*found, (None,) * count]

    def _contained(self, containers: Column, strict: bool) -> list[Column]:
        plan = self._plan
        if not plan.collect and (columns := self._transposed(containers)) is not None:
            absent: Column = (None,) * len(containers)
            found = [
                self._values(name, columns.get(name, absent), strict) for name in plan.features
            ]
            return [*found, (True,) * len(containers)]
        mappings = self._mappings(containers)
        if plan.collect:
            return [[one if one in (None, UNUSABLE) else tidied(one) for one in mappings]]
        carrier = [one if one in (None, UNUSABLE) else True for one in mappings]
        if None in carrier or UNUSABLE in carrier:
            return [*(self._odd(mappings, name, strict) for name in plan.features), carrier]
        return [
            *(
                self._values(name, [one.get(name) for one in mappings], strict)
                for name in plan.features
            ),
            carrier,
        ]

    def _transposed(self, containers: Column) -> dict[str, Column] | None:
        """Columns by name of lists that are all of one length; None where they are not."""
        assert self._plan.container is not None
        if self._plan.container.form == "object" or set(map(type, containers)) != {list}:
            return None
        lengths = set(map(len, containers))
        names = self._plan.container.names or tuple(f"x{i}" for i in range(max(lengths)))
        if lengths != {len(names)}:
            return None
        return dict(zip(names, zip(*containers, strict=True), strict=True))

    def _odd(self, mappings: Column, name: str, strict: bool) -> Column:
        """A feature where some rows have no features, or some that cannot be used."""
        values = [one.get(name) if isinstance(one, dict) else one for one in mappings]
        return self._values(name, values, strict)

    def _values(self, name: str, values: Column, strict: bool) -> Column:
        if self._plan.features[name] == "vector":
            return [one if isinstance(one, list) else scalar(one) for one in values]
        return _scalars(values, strict)

    def _mappings(self, containers: Column) -> Column:
        assert self._plan.container is not None
        form, names = self._plan.container.form, self._plan.container.names
        if form == "object":
            if set(map(type, containers)) == {dict}:
                return containers
            return [one if one is None or isinstance(one, dict) else UNUSABLE for one in containers]
        if form == "list":
            return [None if one is None else named(one, names) or UNUSABLE for one in containers]
        return [None if one is None else positional(one) for one in containers]


def _in_entries(which: int, path: str) -> Finder:
    find = walker((path,))
    return lambda rows: [
        find(entry) if isinstance(entry, dict | list) else None for entry in rows.entries[which]
    ]


def _taker(leaf: Leaf) -> Callable[[Column, bool], Column]:
    if leaf.vector:
        return lambda column, _: [whole(value) for value in column]
    return _scalars


def _scalars(column: Column, strict: bool) -> Column:
    """The column with UNUSABLE for what is no scalar."""
    kinds = set(map(type, column))
    if kinds <= _PLAIN and (strict or _is_clean(column, kinds)):
        return column
    return [scalar(value) for value in column]


def _is_clean(column: Column, kinds: set[type]) -> bool:
    """Whether scalars are all such that they can be used: one look at all is cheaper than many."""
    if str in kinds:
        texts = column if kinds == {str} else [value for value in column if value.__class__ is str]
        if not "".join(texts).isascii():
            return False
    if float in kinds:
        return math.isfinite(sum(value for value in column if value.__class__ is float))
    return True


def _rest(line: dict[str, Any], used: frozenset[str]) -> object:
    rest = {key: value for key, value in line.items() if key not in used}
    return tidied(rest) if any(value is not None for value in rest.values()) else None


def _first(columns: list[Column], count: int) -> Column:
    best: Column = (None,) * count
    for column in columns:
        if None not in best:
            break
        best = [b if a is None else a for a, b in zip(best, column, strict=True)]
    return best
