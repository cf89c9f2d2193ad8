"""Lines that are objects become rows: values are decoded in place, lists have an entry a row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

from inference_exporter.config.step import Steps
from inference_exporter.formats.paths import UNUSABLE, below, routes, walker
from inference_exporter.formats.steps import Function, function_of
from inference_exporter.formats.steps.payloads import ROWS

Line = dict[str, Any]


class UnevenError(ValueError):
    """The lists of a line have different lengths; the message names them."""


@dataclass(slots=True)
class Rows:
    """Lines taken apart. `counts` are rows by line, `entries` those of each exploded list."""

    lines: list[Line] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    entries: tuple[list[Any], ...] = ()

    @property
    def one_each(self) -> bool:
        """Whether every line is one row."""
        return len(self.lines) == sum(self.counts)

    def per_row(self, of_lines: Sequence[Any]) -> Sequence[Any]:
        """A column of lines as a column of rows."""
        if self.one_each and 0 not in self.counts:
            return of_lines
        return list(chain.from_iterable(map(repeat, of_lines, self.counts)))


class Reshape:
    """Decodes and explodes lines, one after another."""

    def __init__(self, decode: Mapping[str, Steps], explode: tuple[str, ...]) -> None:
        self._decode = [_in_place(path, function_of(steps)) for path, steps in decode.items()]
        self.exploded = explode
        self._lists = [walker((path,)) for path in explode]

    def begin(self) -> Rows:
        """Rows to add lines to."""
        return Rows(entries=tuple([] for _ in self.exploded))

    def add(self, line: Line, rows: Rows) -> None:
        """Take a line apart; UnevenError if that cannot be done, and nothing is added."""
        for decode in self._decode:
            decode(line)
        if not self._lists:
            rows.lines.append(line)
            rows.counts.append(1)
            return
        found = [find(line) for find in self._lists]
        count = self._length(found)
        for entries, value in zip(rows.entries, found, strict=True):
            if isinstance(value, list) and value:
                entries += value
            else:  # what is not there is not there in any row
                entries += repeat(None if isinstance(value, list) else value, count)
        rows.lines.append(line)
        rows.counts.append(count)

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


def _in_place(path: str, function: Function) -> Callable[[Line], None]:
    """A function that replaces what is at a path of a line by what is meant."""
    ways = [(way[:-1], way[-1]) for way in routes(path)]

    def decode(line: Line) -> None:
        for above, last in ways:
            holder: Any = line
            for key in above:
                holder = below(holder, key)
            if (value := below(holder, last)) is not None:
                holder[last] = function(value)
                return

    return decode
