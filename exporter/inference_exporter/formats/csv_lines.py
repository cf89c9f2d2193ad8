r"""Delimited lines, with the columns named in the configuration.

    2026-11-23T01:07:20Z,41,"pro, yearly",1

becomes, with `columns: [ts, age, plan, prediction]` and `features: {rest: true}`, the row
`timestamp=1795396040.0, age=41.0, plan="pro, yearly", prediction="1"`. Cells may be quoted, but
none may go on in the next line. A line with another number of cells is malformed; one that names
the columns is the header, wherever it is: files that are rotated and joined have several.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

from inference_exporter.config.schema import CsvFormat, ModelConfig
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.columns.flat import Flat, Lines, texts_of
from inference_exporter.formats.columns.plan import Plan


class CsvDecoder:
    """Decodes delimited lines by a Plan."""

    def __init__(self, model: ModelConfig, plan: Plan) -> None:
        assert isinstance(model.format, CsvFormat)
        self._names = model.format.columns
        self._header = list(self._names)
        self._delimiter = model.format.delimiter
        self._index = {name: i for i, name in enumerate(self._names)}
        self._flat = Flat(model, plan)

    def decode(self, block: bytes) -> Decoded:
        """Decode a block of lines."""
        rows: list[list[str]] = []
        lines = Lines()
        for line in texts_of(block):
            row = cells(line, self._delimiter)
            if row == self._header:
                lines.count("header")
            elif row is not None and len(row) == len(self._names):
                rows.append(row)
            elif line.strip():
                lines.bad("malformed", self._reason(row), line)
            else:
                lines.count("empty")
        columns = tuple(zip(*rows, strict=True))

        def column(name: str) -> Sequence[str] | None:
            return columns[self._index[name]] if columns and name in self._index else None

        return self._flat.decoded(column, self._names, len(rows), lines)

    def _reason(self, row: list[str] | None) -> str:
        if row is None:
            return "not CSV: a quote is not closed"
        return f"{len(row)} cells where {len(self._names)} columns are configured"


def cells(line: str, delimiter: str) -> list[str] | None:
    """The cells of a line; None if its quoting is broken."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True))
    except (csv.Error, StopIteration):
        return None
