"""JSON lines decoded by the reader written in C, put into the layout of a plan.

A line that it does not read is an empty row here, for others to fill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference_exporter import _native
from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats.columns.compiled import Compiled, NotCompilableError
from inference_exporter.formats.columns.described import Container, Description, describe
from inference_exporter.formats.columns.places import Places
from inference_exporter.formats.columns.plan import Plan
from inference_exporter.values.batch import Bools
from inference_exporter.values.numbers import Numbers, no_numbers

Column = Sequence[object]
Raw = list[object] | tuple[bytearray, list[tuple[int, object]] | None] | None


@dataclass(frozen=True, slots=True)
class Found:
    """A block of lines: columns in the layout of the plan, and what else there was.

    `odd` are (row, start, end) of the lines that are for others to read: their rows are empty.
    `clean` promises that no value is UNUSABLE.
    """

    rows: int
    columns: list[Column]
    clean: bool
    odd: list[tuple[int, int, int]]
    blank: int


class Native:
    """The reader for one plan, of which `compiled` is the type."""

    def __init__(self, model: ModelConfig, plan: Plan, compiled: Compiled) -> None:
        if _native.MODULE is None:
            raise NotCompilableError(_native.WHY_NOT)
        self._plan, self._compiled = plan, compiled
        self._description = describe(model, plan, _native.MODULE)
        self._numbers = (_native.MODULE.NUMBER, _native.MODULE.MOMENT)
        self._places = _places(self._description, _native.MODULE.PLACE)
        self._reader = _native.MODULE.Reader(self._description.root, self._description.slots)

    def read(self, block: bytes) -> Found:
        """Read the lines of a block."""
        rows, raw, odd, blank = self._reader.decode(block)
        slots = [_column(one) for one in raw]
        for at in self._places:
            slots[at] = _texts(slots[at], block)
        columns = [
            self._first([slots[at] for at in places], kind, rows)
            for kind, places in self._description.columns
        ]
        features, carrier, clean = self._features(slots, columns, rows)
        return Found(rows, [*columns, *features, carrier], clean, odd, blank)

    def _first(self, columns: list[Column | None], kind: int, rows: int) -> Column:
        """Per row the first value that is there."""
        best: Column | None = None
        for column in columns:
            if column is not None:
                best = column if best is None else _filled(best, column)
        if best is None:
            return no_numbers(rows) if kind in self._numbers else (None,) * rows
        return best

    def _features(
        self, slots: list[Column | None], columns: list[Column], rows: int
    ) -> tuple[list[Column], Column, bool]:
        """Columns of features, whether a row has any, and whether none of them is UNUSABLE."""
        if self._plan.container is None:
            return [], (None,) * rows, True
        if self._plan.collect:
            return self._compiled.taken_apart(columns.pop())
        there = [one for one in self._description.containers if slots[one.carrier] is not None]
        if not there:
            return [self._none(name, rows) for name in self._plan.features], (None,) * rows, True
        carrier, found = self._container(there[0], slots, rows)
        for one in there[1:]:
            mask = np.fromiter((mark is not None for mark in carrier), np.bool_, rows)
            other, more = self._container(one, slots, rows)
            carrier = _where(mask, carrier, other)
            found = [_where(mask, a, b) for a, b in zip(found, more, strict=True)]
        return found, carrier, True

    def _container(
        self, one: Container, slots: list[Column | None], rows: int
    ) -> tuple[Column, list[Column]]:
        carrier = slots[one.carrier]
        assert carrier is not None
        found: list[Column] = []
        for name in self._plan.features:
            column = slots[one.features[name]] if name in one.features else None
            found.append(self._none(name, rows) if column is None else column)
        return carrier, found

    def _none(self, name: str, rows: int) -> Column:
        """The column of a feature that no row has."""
        return no_numbers(rows) if self._plan.features[name] == "numeric" else (None,) * rows


def _column(raw: Raw) -> Column | None:
    if isinstance(raw, tuple):
        values, odd = raw
        return Numbers(np.frombuffer(values, np.float64), dict(odd or ()))
    return raw


def _texts(column: Column | None, block: bytes) -> Column | None:
    return Places(block, column.values, column.odd) if isinstance(column, Numbers) else column


def _places(description: Description, kind: int) -> list[int]:
    """The columns that say where in the block their texts are."""
    return [at for one, places in description.columns if one == kind for at in places]


def _filled(best: Column, more: Column) -> Column:
    if isinstance(best, Numbers) and isinstance(more, Numbers):
        return best.where(best.present, more)
    return [b if a is None else a for a, b in zip(best, more, strict=True)]


def _where(mask: Bools, column: Column, other: Column) -> Column:
    if isinstance(column, Numbers) and isinstance(other, Numbers):
        return column.where(mask, other)
    chosen = zip(mask.tolist(), column, other, strict=True)
    return [a if own else b for own, a, b in chosen]
