r"""JSON objects, one a line.

    {"ts": "2026-11-23T01:07:20Z", "features": {"age": 41, "plan": "pro"}, "prediction": 1}

becomes the row `timestamp=1795396040.0, age=41.0, plan="pro", prediction=1`. A text before the
first brace, as `logging` writes it, is skipped. Bare NaN and Infinity, which Python's json writes
although JSON has no such thing, are unusable values and not bad lines.

A block is decoded at once by the compiled type; if that fails, line by line; and a line the type
does not fit goes through a dict, which costs ten times as much and gives the same row.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import msgspec
import numpy as np

from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.columns.assemble import Assembler
from inference_exporter.formats.columns.compiled import Compiled, NotCompilableError, one_a_line
from inference_exporter.formats.columns.generic import Generic, Row, as_columns, woven
from inference_exporter.formats.columns.native import Found, Native
from inference_exporter.formats.columns.plan import Plan
from inference_exporter.formats.paths import UNUSABLE
from inference_exporter.formats.redact import excerpt
from inference_exporter.values.numbers import kept, patched

_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_NOT_FINITE = (b"NaN", b"-Infinity", b"Infinity")
_BEFORE = (b": ", b":", b", ", b",", b"[")
_UNUSABLE = json.dumps(UNUSABLE).encode()


@dataclass(frozen=True, slots=True)
class _Read:
    """Lines read one by one: columns of the rows among them, and what became of the others.

    `rows` are the places of the rows among the lines.
    """

    columns: list[Sequence[object]]
    rows: list[int]
    results: dict[str, int]
    bad: bytes | None

    @property
    def example(self) -> tuple[str, str] | None:
        """Why the first line that is malformed is so, and its redacted start."""
        return None if self.bad is None else (why_not(self.bad), excerpt(self.bad))


class JsonDecoder:
    """Decodes JSON lines by a Plan."""

    def __init__(self, model: ModelConfig, plan: Plan) -> None:
        self._assembler = Assembler(model, plan)
        self._generic = Generic(plan)
        self._replace_nan = not plan.collect  # where any value is kept, NaN must stay NaN
        self._width = plan.width
        self._compiled: Compiled | None = None
        self._native: Native | None = None
        with suppress(NotCompilableError):  # two steps, of which each may be the last
            self._compiled = Compiled(plan)
            self._native = Native(model, plan, self._compiled)

    def decode(self, block: bytes) -> Decoded:
        """Decode a block of lines."""
        if self._native is not None:
            return self._natively(self._native.read(block), block)
        structs = self._at_once(block)
        if structs is not None and self._compiled is not None:
            columns, clean = self._compiled.columns(structs)
            return self._assembler.decoded(columns, clean, {})
        read = self._one_by_one(_lines(block), block.startswith(b"{"))
        return self._assembler.decoded(read.columns, False, read.results, read.example)

    def _natively(self, found: Found, block: bytes) -> Decoded:
        """The block, with the lines that are odd read one by one and put in their places."""
        if not found.odd:
            results = {"empty": found.blank}
            return self._assembler.decoded(found.columns, found.clean, results)
        read = self._one_by_one([block[start:end] for _, start, end in found.odd], False)
        places = [found.odd[i][0] for i in read.rows]
        columns = [
            patched(column, places, values)
            for column, values in zip(found.columns, read.columns, strict=True)
        ]
        if len(places) < len(found.odd):
            keep = np.ones(found.rows, np.bool_)
            keep[[row for row, _, _ in found.odd]] = False
            keep[places] = True
            columns = [kept(column, keep) for column in columns]
        clean = found.clean and not any(UNUSABLE in column for column in read.columns)
        results = read.results | {"empty": read.results["empty"] + found.blank}
        return self._assembler.decoded(columns, clean, results, read.example)

    def _at_once(self, block: bytes) -> list[msgspec.Struct] | None:
        """All lines of a block, if every one of them is an object that the type fits."""
        if self._compiled is None:
            return None
        try:
            structs = self._compiled.decoder.decode_lines(block)
        except _UNDECODABLE:
            return None
        return structs if one_a_line(block, len(structs)) else None

    def _one_by_one(self, lines: list[bytes], bare: bool) -> _Read:
        """Decode line by line; a line that the type does not fit is read by other means.

        `bare` lines have most probably nothing in front of their brace.
        """
        decode = self._compiled.decoder.decode if self._compiled else _refuse
        bodies = lines if bare else [_body(line) for line in lines]
        structs: list[msgspec.Struct] = []
        odd: list[tuple[int, bytes]] = []  # with their place among all lines
        for i, body in enumerate(bodies):
            try:
                structs.append(decode(body))
            except _UNDECODABLE:
                mended = self._mended(body)
                if mended is None:
                    odd.append((i, lines[i]))
                else:
                    structs.append(mended)
        return self._with_odd_lines(structs, odd, len(lines))

    def _mended(self, line: bytes) -> msgspec.Struct | None:
        """The line by the compiled type, with NaN and Infinity replaced by UNUSABLE.

        Where they were within a text, the quotes make the line undecodable again.
        """
        mended = line if line.startswith(b"{") else _body(line)
        for name in _NOT_FINITE if self._replace_nan else ():
            if name in mended:
                for before in _BEFORE:
                    mended = mended.replace(before + name, before + _UNUSABLE)
        if mended is line or self._compiled is None:
            return None
        try:
            return self._compiled.decoder.decode(mended)
        except _UNDECODABLE:
            return None

    def _with_odd_lines(
        self, structs: list[msgspec.Struct], odd: list[tuple[int, bytes]], lines: int
    ) -> _Read:
        """Decode the lines that the type does not fit as they are, and put them in their places."""
        others: list[tuple[int, Row]] = []
        results = {"empty": 0, "malformed": 0}
        none: set[int] = set()  # lines that are no rows
        bad: bytes | None = None
        for i, line in odd:
            if (parsed := parse(line)) is not None:
                others.append((i - len(none), self._generic.row(parsed)))
                continue
            none.add(i)
            results["malformed" if line.strip() else "empty"] += 1
            bad = bad or (line if line.strip() else None)
        rows = [i for i in range(lines) if i not in none]
        return _Read(self._columns(structs, others), rows, results, bad)

    def _columns(
        self, structs: list[msgspec.Struct], others: list[tuple[int, Row]]
    ) -> list[Sequence[object]]:
        if self._compiled is None or not structs:
            return [*as_columns([row for _, row in others], self._width)]
        columns, _ = self._compiled.columns(structs)
        if not others:
            return columns
        return [*woven([list(column) for column in columns], others)]


def _lines(block: bytes) -> list[bytes]:
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _body(line: bytes) -> bytes:
    """The line from its first brace on."""
    return line[max(line.find(b"{"), 0) :]


def _refuse(line: bytes) -> msgspec.Struct:
    """Stands in for a compiled type where there is none."""
    raise msgspec.DecodeError(line)


def parse(line: bytes) -> dict[str, object] | None:
    """The object of a line, as tolerantly as it can be read; None if there is none."""
    text = line.decode("utf-8", "replace")
    start = text.find("{")
    if start < 0:
        return None
    try:
        value = json.loads(text[start:], strict=False)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def why_not(line: bytes) -> str:
    """What is wrong with a line that is no JSON object, in words that quote nothing."""
    text = line.decode("utf-8", "replace").strip()
    start = text.find("{")
    if start < 0:
        return "not a JSON object: no { in the line"
    if re.match(r"\{\s*'", text[start:]):
        return "not JSON but the repr of a Python dict; log json.dumps(record) instead"
    try:
        json.loads(text[start:], strict=False)
    except json.JSONDecodeError as error:
        cut = " (the line ends in the middle)" if error.pos >= len(error.doc.rstrip()) else ""
        return (
            f"not JSON: {error.msg.removesuffix(' at')} at character {start + error.pos + 1}{cut}"
        )
    except (ValueError, RecursionError):
        return "not JSON that can be read: nested too deeply, or a number too long"
    return "not a JSON object"
