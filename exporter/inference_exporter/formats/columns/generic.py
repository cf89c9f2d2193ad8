"""Rows from lines that are already dicts: slower than a compiled type, and defined for anything."""

from __future__ import annotations

from typing import Any

from inference_exporter.formats.columns.plan import Plan
from inference_exporter.formats.paths import UNUSABLE, scalar, scrub, walker, whole

Line = dict[str, object]
Row = tuple[object, ...]


class Generic:
    """Takes rows in the layout of a Plan out of dicts."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._leaves = tuple(
            (walker(leaf.paths), whole if leaf.vector else scalar) for leaf in plan.leaves
        )
        self._container = walker(plan.container.paths) if plan.container else None
        self._absent = (None,) * len(plan.features)
        self._misshapen = (UNUSABLE,) * len(plan.features)

    def row(self, line: Line) -> Row:
        """The row of one line."""
        return (*(take(find(line)) for find, take in self._leaves), *self._features(line))

    def _features(self, line: Line) -> Row:
        """The features and the carrier."""
        plan = self._plan
        if self._container is not None:
            return self._contained(self._container(line))
        if plan.rest and plan.collect:
            rest = {key: value for key, value in line.items() if key not in plan.used}
            return (tidied(rest) if any(v is not None for v in rest.values()) else None,)
        return (*(self._value(line, name) for name in plan.features), None)

    def _value(self, line: Line, name: str) -> object:
        value = line.get(name)
        if isinstance(value, list) and self._plan.features[name] == "vector":
            return value
        return scalar(value)

    def _contained(self, container: object) -> Row:
        if container is None:
            return (*self._absent, None)
        mapping = self._mapping(container)
        if mapping is None:
            return (*self._misshapen, UNUSABLE)
        if self._plan.collect:
            return (tidied(mapping),)
        return (*(self._value(mapping, name) for name in self._plan.features), True)

    def _mapping(self, container: object) -> Line | None:
        assert self._plan.container is not None
        if self._plan.container.form == "any":
            found: Line | None = positional(container)
            return found
        if self._plan.container.form == "list":
            return named(container, self._plan.container.names)
        return container if isinstance(container, dict) else None


def named(values: object, names: tuple[str, ...]) -> Line | None:
    """A list of values as a mapping; None if it is no list of that length."""
    if not isinstance(values, list) or len(values) != len(names):
        return None
    return dict(zip(names, values, strict=True))


def positional(value: object) -> Any:
    """An object as it is; the entries of a list, or a single value, as x0, x1, ….

    >>> positional([6.1, 2.8]), positional(5), positional({"age": 41})
    ({'x0': 6.1, 'x1': 2.8}, {'x0': 5}, {'age': 41})
    """
    if isinstance(value, dict) or value is UNUSABLE:
        return value
    if isinstance(value, list):
        return {f"x{i}": one for i, one in enumerate(value)}
    return {"x0": value}


def tidied(features: Line) -> Line:
    """A mapping of which the names and texts can be encoded."""
    return {
        scrub(key): scrub(value) if isinstance(value, str) else value
        for key, value in features.items()
    }


def as_columns(rows: list[Row], width: int) -> list[list[object]]:
    """Rows as columns."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(width)]


def woven(columns: list[list[object]], rows: list[tuple[int, Row]]) -> list[list[object]]:
    """Columns with rows put in between, each at its position among all rows, ascending."""
    for position, row in rows:
        for column, value in zip(columns, row, strict=True):
            column.insert(position, value)
    return columns
