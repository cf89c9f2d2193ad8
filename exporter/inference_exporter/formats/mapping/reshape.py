"""Lines that are objects become rows: values are decoded in place, lists have an entry a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from inference_exporter.config.step import Steps
from inference_exporter.formats.paths import UNUSABLE, below, column_walker, routes
from inference_exporter.formats.steps import Function, function_of
from inference_exporter.formats.steps.payloads import ROWS

Line = dict[str, Any]
Paths = tuple[str, ...]


class UnevenError(ValueError):
    """The lists of a line have different lengths; the message names them."""


@dataclass(slots=True)
class Rows:
    """Lines taken apart. `counts` are rows by line, `entries` those of each exploded list.

    `known` are columns of lines by their paths, where the lines themselves were never built.
    """

    lines: list[Line] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    entries: tuple[list[Any], ...] = ()
    known: Mapping[Paths, Sequence[Any]] = field(default_factory=dict)

    @property
    def one_each(self) -> bool:
        """Whether every line is one row."""
        return len(self.lines) == sum(self.counts)

    def per_row(self, of_lines: Sequence[Any]) -> Sequence[Any]:
        """A column of lines as a column of rows."""
        if self.one_each and 0 not in self.counts:
            return of_lines
        return list(chain.from_iterable(map(repeat, of_lines, self.counts)))


Refused = list[tuple[int, UnevenError]]
"""Numbers of lines that cannot be taken apart, and why."""


class Reshape:
    """Decodes and explodes lines."""

    def __init__(self, decode: Mapping[str, Steps], explode: tuple[str, ...]) -> None:
        self._decode = [_in_place(path, function_of(steps)) for path, steps in decode.items()]
        self.exploded = explode
        self._lists = [column_walker((path,)) for path in explode]

    def begin(self) -> Rows:
        """Rows to add lines to."""
        return Rows(entries=tuple([] for _ in self.exploded))

    def add(self, line: Line, rows: Rows) -> None:
        """Take a line apart; UnevenError if that cannot be done, and nothing is added."""
        for _, error in self.add_all([line], rows):
            raise error

    def add_all(self, lines: Sequence[Line], rows: Rows) -> Refused:
        """Take lines apart; those that cannot be are not added."""
        for decode in self._decode:
            decode(lines)
        return self.explode(lines, [find(lines) for find in self._lists], rows)

    def explode(self, lines: Sequence[Line], found: Sequence[Sequence[Any]], rows: Rows) -> Refused:
        """Take lines apart in which these are the values to explode, a column for every path."""
        if not found:
            rows.lines += lines
            rows.counts += [1] * len(lines)
            return []
        lengths = _alike(found)
        if lengths is None:
            return self._one_by_one(lines, found, rows)
        rows.lines += lines
        rows.counts += lengths
        for entries, column in zip(rows.entries, found, strict=True):
            entries += chain.from_iterable(column)
        return []

    def _one_by_one(
        self, lines: Sequence[Line], columns: Sequence[Sequence[Any]], rows: Rows
    ) -> Refused:
        """Lines whose lists are not all there, or not all of one length."""
        refused: Refused = []
        for number, (line, found) in enumerate(zip(lines, zip(*columns, strict=True), strict=True)):
            try:
                count = self._length(found)
            except UnevenError as error:
                refused.append((number, error))
                continue
            for entries, value in zip(rows.entries, found, strict=True):
                if isinstance(value, list) and value:
                    entries += value
                else:  # what is not there is not there in any row
                    entries += repeat(None if isinstance(value, list) else value, count)
            rows.lines.append(line)
            rows.counts.append(count)
        return refused

    def _length(self, found: Sequence[Any]) -> int:
        """Rows of a line: as long as its lists; a line without rows is one request all the same."""
        count, alone = -1, False
        for value in found:
            if value.__class__ is list:
                if count not in (-1, len(value)):
                    raise self._uneven(found)
                count = len(value)
            else:  # UNUSABLE is so in every row
                alone = alone or not (value is None or value is UNUSABLE)
        if alone and count > 1:
            raise self._uneven(found)
        if count > ROWS:
            raise UnevenError(f"more than {ROWS} rows")
        return max(count, 1)

    def _uneven(self, found: Sequence[Any]) -> UnevenError:
        lengths = [len(value) if isinstance(value, list) else 1 for value in found]
        pairs = zip(lengths, self.exploded, found, strict=True)
        return UnevenError(", ".join(f"{n} at {p}" for n, p, value in pairs if value is not None))


def _alike(columns: Sequence[Sequence[Any]]) -> list[int] | None:
    """The lengths of lists that are all there and as long as the others of their line."""
    if any(set(map(type, column)) != {list} for column in columns):
        return None
    lengths = list(map(len, columns[0]))
    if 0 in lengths or max(lengths) > ROWS:
        return None
    return lengths if all(list(map(len, one)) == lengths for one in columns[1:]) else None


def _in_place(path: str, function: Function) -> Callable[[Sequence[Line]], None]:
    """A function that replaces what is at a path of lines by what is meant."""
    ways = routes(path)
    if len(ways) == 2 and len(ways[1]) == 2 and isinstance(ways[1][1], str):  # the inner loop
        return _in_two(path, str(ways[1][0]), str(ways[1][1]), function)

    def decode(lines: Sequence[Line]) -> None:
        for line in lines:
            for way in ways:
                holder: Any = line
                for key in way[:-1]:
                    holder = below(holder, key)
                if (value := below(holder, way[-1])) is not None:
                    holder[way[-1]] = function(value)
                    break

    return decode


def _in_two(
    literal: str, first: str, second: str, function: Function
) -> Callable[[Sequence[Line]], None]:
    """`a.b`, which may be a key as it is."""

    def decode(lines: Sequence[Line]) -> None:
        for line in lines:
            if (value := line.get(literal)) is not None:
                line[literal] = function(value)
            elif (holder := line.get(first)).__class__ is dict:
                value = holder.get(second)
                if value is not None:
                    holder[second] = function(value)

    return decode
