r"""JSON objects that are not what they mean yet: decoded, exploded, then laid out as any other.

    {"request": "{\"instances\": [[1, 2], [3, 4]]}", "response": "{\"predictions\": [0, 1]}"}

becomes, with `decode: {request: [json, rows], response: [json, rows]}` and
`explode: [request, response]`, two rows of one request: `x0=1, x1=2, prediction=0` and
`x0=3, x1=4, prediction=1`.

Where all lines of a block are as they are expected, nothing else of them is built; see `quick`.
"""

from __future__ import annotations

import msgspec

from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.columns.assemble import Assembler
from inference_exporter.formats.columns.compiled import NotCompilableError, one_a_line
from inference_exporter.formats.columns.plan import Plan
from inference_exporter.formats.json_lines import parse, why_not
from inference_exporter.formats.mapping.columns import MappedColumns
from inference_exporter.formats.mapping.quick import Quick
from inference_exporter.formats.mapping.reshape import Line, Reshape
from inference_exporter.formats.redact import excerpt

_decoder = msgspec.json.Decoder(dict[str, object])
_decode = _decoder.decode
_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_UNEVEN = "the lists of the line have different lengths"


class MappedDecoder:
    """Decodes JSON lines by a Plan, after `decode` and `explode` of the model."""

    def __init__(self, model: ModelConfig, plan: Plan) -> None:
        self._assembler = Assembler(model, plan)
        self._reshape = Reshape(model.decode, model.explode)
        self._columns = MappedColumns(plan, model.explode)
        self._strict = not model.decode  # steps read texts that JSON's own rules do not bind
        self._quick = None if plan.rest else self._made_quick(model)

    def _made_quick(self, model: ModelConfig) -> Quick | None:
        try:
            return Quick(self._reshape, model.decode, self._columns.wanted)
        except NotCompilableError:
            return None

    def decode(self, block: bytes) -> Decoded:
        """Decode a block of lines."""
        if self._quick is not None and (quick := self._quick.read(block)) is not None:
            columns = self._columns.of(quick, strict=self._strict)
            return self._assembler.decoded(columns, False, {}, None, quick.counts)
        rows = self._reshape.begin()
        lines, objects, exact = _objects(block)
        places = [i for i, found in enumerate(objects) if found is not None]
        refused = self._reshape.add_all([one for one in objects if one is not None], rows)
        failed = [(places[i], f"{_UNEVEN}: {error}") for i, error in refused]
        empty = 0
        for i in sorted(set(range(len(lines))).difference(places)):
            if lines[i].strip():
                failed.append((i, ""))
            else:
                empty += 1
        results, example = {"empty": empty, "malformed": len(failed)}, None
        if failed:
            first, reason = min(failed)
            example = (reason or why_not(lines[first]), excerpt(lines[first]))
        columns = self._columns.of(rows, strict=exact and self._strict)
        return self._assembler.decoded(columns, False, results, example, rows.counts)


def _objects(block: bytes) -> tuple[list[bytes], list[Line | None], bool]:
    """Lines, the objects in them, and whether all are JSON by the letter."""
    lines = _split(block)
    try:
        found = _decoder.decode_lines(block)
    except _UNDECODABLE:
        found = []
    if found and one_a_line(block, len(found)):
        return lines, [*found], True
    one_by_one = [_object(line) for line in lines]
    return lines, [one for one, _ in one_by_one], all(exact for _, exact in one_by_one)


def _split(block: bytes) -> list[bytes]:
    lines = block.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return lines


def _object(line: bytes) -> tuple[Line | None, bool]:
    """The object of a line, and whether it is JSON by the letter."""
    try:
        return _decode(line[max(line.find(b"{"), 0) :]), True
    except _UNDECODABLE:
        return parse(line), False
