r"""JSON objects that are not what they mean yet: decoded, exploded, then laid out as any other.

    {"request": "{\"instances\": [[1, 2], [3, 4]]}", "response": "{\"predictions\": [0, 1]}"}

becomes, with `decode: {request: [json, rows], response: [json, rows]}` and
`explode: [request, response]`, two rows of one request: `x0=1, x1=2, prediction=0` and
`x0=3, x1=4, prediction=1`.
"""

from __future__ import annotations

import msgspec

from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.columns.assemble import Assembler
from inference_exporter.formats.columns.plan import Plan
from inference_exporter.formats.json_lines import parse, why_not
from inference_exporter.formats.mapping.columns import MappedColumns
from inference_exporter.formats.mapping.reshape import Line, Reshape, Rows, UnevenError
from inference_exporter.formats.redact import excerpt

_decode = msgspec.json.Decoder(dict[str, object]).decode
_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class MappedDecoder:
    """Decodes JSON lines by a Plan, after `decode` and `explode` of the model."""

    def __init__(self, model: ModelConfig, plan: Plan) -> None:
        self._assembler = Assembler(model, plan)
        self._reshape = Reshape(model.decode, model.explode)
        self._columns = MappedColumns(plan, model.explode)
        self._decodes = bool(model.decode)

    def decode(self, block: bytes) -> Decoded:
        """Decode a block of lines."""
        rows = self._reshape.begin()
        results: dict[str, int] = {}
        bad: tuple[str, bytes] | None = None
        strict = not self._decodes  # steps read texts that JSON's own rules do not bind
        for line in _split(block):
            found, exact = _object(line)
            strict = strict and exact
            reason = self._add(found, line, rows)
            if reason is None:
                continue
            result = "malformed" if line.strip() else "empty"
            results[result] = results.get(result, 0) + 1
            if result == "malformed" and bad is None:
                bad = (reason, line)
        columns = self._columns.of(rows, strict=strict)
        example = None if bad is None else (bad[0], excerpt(bad[1]))
        return self._assembler.decoded(columns, False, results, example, rows.counts)

    def _add(self, found: Line | None, line: bytes, rows: Rows) -> str | None:
        """Take a line up; the reason why not."""
        if found is None:
            return why_not(line) if line.strip() else ""
        try:
            self._reshape.add(found, rows)
        except UnevenError as error:
            return f"the lists of the line have different lengths: {error}"
        return None


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
