"""Which format the lines of a log are in, and the names and values they bring."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference_exporter.config.schema import (
    CsvFormat,
    JsonFormat,
    LineFormat,
    LogfmtFormat,
    RegexFormat,
)
from inference_exporter.formats.columns.flat import texts_of
from inference_exporter.formats.csv_lines import cells
from inference_exporter.formats.guessing.access import Access, known
from inference_exporter.formats.json_lines import parse
from inference_exporter.formats.keys import raw_values

ANYTHING = r"(?P<message>\S.*)"
_NAME = re.compile(r"[A-Za-z_@][\w .@-]*")


@dataclass(frozen=True, slots=True)
class Shape:
    """A format, and the lines that are in it as mappings of names to raw values."""

    line_format: LineFormat
    rows: tuple[Mapping[str, object], ...]
    access: Access | None = None
    notes: tuple[str, ...] = ()


def shape_of(lines: Sequence[bytes]) -> Shape:
    """The shape of a log."""
    texts = [text for line in lines for text in texts_of(line)[:1] if text.strip()]
    rows = _rows(JsonFormat(), lines)
    if rows and len(rows) * 10 >= len(texts):
        return Shape(JsonFormat(), rows, notes=_json_notes(texts))
    access = known(texts)
    if access is not None:
        line_format = RegexFormat(access.pattern)
        return Shape(line_format, _rows(line_format, lines), access)
    rows = tuple(row for row in _rows(LogfmtFormat(), lines) if len(row) > 1)
    if rows and len(rows) * 2 >= len(texts):
        return Shape(LogfmtFormat(), rows)
    return _csv(texts, lines) or Shape(
        RegexFormat(ANYTHING),
        (),
        notes=("no known format: every line is counted as one request, nothing is read from it",),
    )


def _rows(line_format: LineFormat, lines: Sequence[bytes]) -> tuple[Mapping[str, object], ...]:
    rows = (raw_values(line_format, line) for line in lines)
    return tuple(row for row in rows if row)


def _json_notes(texts: Sequence[str]) -> tuple[str, ...]:
    notes = []
    if any(re.search(r"\{\s*'", text) and parse(text.encode()) is None for text in texts):
        notes.append("some lines hold the repr of a Python dict; log json.dumps(record) instead")
    if any(text.lstrip()[:1] == "[" for text in texts):
        notes.append("some lines are JSON arrays: log one object a line")
    return tuple(notes)


def _csv(texts: Sequence[str], lines: Sequence[bytes]) -> Shape | None:
    if not texts:
        return None
    for delimiter in (",", ";", "\t", "|"):
        rows = [cells(text, delimiter) for text in texts[:100]]
        width, count = Counter(len(row or ()) for row in rows).most_common(1)[0]
        if width < 2 or count * 3 < len(rows) * 2:
            continue
        first = next(row for row in rows if row and len(row) == width)
        header = all(_NAME.fullmatch(cell) for cell in first) and len(set(first)) == len(first)
        names = tuple(first) if header else tuple(f"column_{i + 1}" for i in range(len(first)))
        if not header and len(names) < 3:  # prose with a comma in every line
            continue
        line_format = CsvFormat(names, delimiter)
        notes = () if header else ("the log has no header: name its columns",)
        rows_ = tuple(row for row in _rows(line_format, lines) if list(row.values()) != first)
        return Shape(line_format, rows_, notes=notes)
    return None
