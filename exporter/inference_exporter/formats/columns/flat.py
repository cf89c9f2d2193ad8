"""Lines without nesting, whose values are all text: logfmt, regular expressions, CSV.

An empty value and `-`, the web servers' way of writing "none", are missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.columns.assemble import Assembler
from inference_exporter.formats.columns.plan import Plan
from inference_exporter.formats.redact import excerpt

Texts = Sequence[str | None]
Column = Callable[[str], Texts | None]
"""The texts of a name, one a line; None if no line has it."""

NOTHING = (None, "", "-")
"""Texts that mean that there is no value."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Lines:
    """What became of the lines of a block that are no rows."""

    def __init__(self) -> None:
        self.results: dict[str, int] = {}
        self._bad: tuple[str, str] | None = None

    def count(self, result: str) -> None:
        """Count a line that is none to complain about."""
        self.results[result] = self.results.get(result, 0) + 1

    def bad(self, result: str, reason: str, line: str) -> None:
        """Count a line that cannot be used; the first of them is the example."""
        self.count(result)
        if self._bad is None:
            self._bad = (reason, line)

    @property
    def example(self) -> tuple[str, str] | None:
        """Why the first bad line is bad, and its redacted start."""
        return self._bad and (self._bad[0], excerpt(self._bad[1].encode("utf-8", "replace")))


class Flat:
    """Puts columns of texts into the layout of a Plan."""

    def __init__(self, model: ModelConfig, plan: Plan) -> None:
        self._plan = plan
        self._assembler = Assembler(model, plan)

    def decoded(self, column: Column, names: Iterable[str], rows: int, lines: Lines) -> Decoded:
        """The outcome of a block; `names` are all names that its lines have values for."""
        plan = self._plan
        columns: list[Sequence[object]] = [
            _first([column(path) for path in leaf.paths], rows) for leaf in plan.leaves
        ]
        columns += [_first([column(name)], rows) for name in plan.features]
        carrier: Sequence[object] = (None,) * rows
        if plan.rest and plan.collect:
            kept = {name: column(name) for name in names if name not in plan.used}
            carrier = _mappings({n: _first([texts], rows) for n, texts in kept.items()}, rows)
        return self._assembler.decoded([*columns, carrier], True, lines.results, lines.example)


def _first(columns: Sequence[Texts | None], rows: int) -> Sequence[object]:
    """Per row the first value that is not missing."""
    best: Sequence[object] = ()
    for texts in columns:
        if texts is not None:
            found = [None if text in NOTHING else text for text in texts]
            best = _filled(best, found) if best else found
    return best or (None,) * rows


def _filled(best: Sequence[object], more: Sequence[object]) -> Sequence[object]:
    return [b if a is None else a for a, b in zip(best, more, strict=True)]


def _mappings(columns: dict[str, Sequence[object]], rows: int) -> list[object]:
    """One mapping a row of what is there; None for a row without anything."""
    names = tuple(columns)
    values = zip(*columns.values(), strict=True) if names else ((),) * rows
    mappings = (
        {n: v for n, v in zip(names, row, strict=True) if v is not None} for row in values
    )  # fmt: skip
    return [mapping or None for mapping in mappings]


def texts_of(block: bytes) -> list[str]:
    """The lines of a block without their ends and colour codes."""
    text = block.decode("utf-8", "replace").removeprefix("\ufeff")
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines
