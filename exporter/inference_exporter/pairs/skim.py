"""Ids and sides of many halves at once: a type that knows nothing else of a line skims them.

Most lines are objects in which the id and what tells the halves apart are plain values. Where some
line of a block is not, the block is read line by line, which gives the same at five times the cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from inference_exporter.config.conditions import holds
from inference_exporter.config.schema import PairsConfig
from inference_exporter.formats.columns.compiled import (
    ANY,
    TEXT,
    NotCompilableError,
    Routes,
    first_of,
)
from inference_exporter.formats.paths import UNUSABLE, scalar
from inference_exporter.formats.steps import function_of
from inference_exporter.values.batch import category_name

Skimmed = tuple[list[str | None], list[bool], list[bool]]
"""For every line its id, if it has one, and whether it is a request, and a response: both are empty
where nothing is said of them."""

Holds = Callable[[object], bool]

_TEXTS = {str, type(None)}
_ODD = {UNUSABLE, "True", "False"}  # texts that are no ids as they are


class Skim:
    """Reads of a block what pairs need to know."""

    def __init__(self, pairs: PairsConfig) -> None:
        self._convert = function_of(pairs.id.convert) if pairs.id.convert else None
        asked = {} if pairs.request_lines else pairs.request
        told = {} if pairs.response_lines else pairs.response
        self._asked = [(path, holds(wanted)) for path, wanted in asked.items()]
        self._told = [(path, holds(wanted)) for path, wanted in told.items()]
        self._paths = pairs.id.paths
        kind = ANY if pairs.id.convert else TEXT
        try:
            self._routes: Routes | None = Routes(
                [(self._paths, kind), *(((path,), TEXT) for path, _ in (*self._asked, *self._told))]
            )
        except NotCompilableError:
            self._routes = None

    def read(self, block: bytes) -> Skimmed | None:
        """What is to be known of every line; None where that cannot be said of all at once."""
        read = None if self._routes is None else self._routes.read(block)
        if read is None:
            return None
        lines, found = read
        asked = [_each(met, first_of(found, (path,), lines)) for path, met in self._asked]
        told = [_each(met, first_of(found, (path,), lines)) for path, met in self._told]
        return self._ids(first_of(found, self._paths, lines)), _all(asked), _all(told)

    def _ids(self, column: Sequence[object]) -> list[str | None]:
        if self._convert is not None:
            column = [self._convert(value) for value in column]
        if set(map(type, column)) == {str} and _ODD.isdisjoint(column):
            return list(column)  # type: ignore[arg-type]
        return [
            None if one is None or one == UNUSABLE else category_name(one)  # type: ignore[arg-type]
            for one in map(scalar, column)
        ]


def _all(conditions: Sequence[list[bool]]) -> list[bool]:
    """For every line whether all conditions hold; empty where there are none."""
    if len(conditions) < 2:
        return conditions[0] if conditions else []
    return [all(met) for met in zip(*conditions, strict=True)]


def _each(wanted: Holds, column: Sequence[object]) -> list[bool]:
    """A condition of every value; there are few different ones as a rule."""
    if set(map(type, column)) <= _TEXTS:  # else 1 and true would be one value
        known = {value: wanted(scalar(value)) for value in set(column)}
        return [known[value] for value in column]
    return [wanted(scalar(value)) for value in column]
