"""Which format the lines of a log are in, and the names and values they bring."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from inference_exporter.config.presets import Preset
from inference_exporter.config.schema import (
    CsvFormat,
    JsonFormat,
    LineFormat,
    LogfmtFormat,
    RegexFormat,
)
from inference_exporter.formats.columns.flat import texts_of
from inference_exporter.formats.csv_lines import cells, delimiter_of, is_header, pointed, records
from inference_exporter.formats.guessing.choose import by_name, candidates, values_by_path
from inference_exporter.formats.guessing.names import SURE_FEATURES
from inference_exporter.formats.guessing.presets import of_objects, of_texts
from inference_exporter.formats.json_lines import parse
from inference_exporter.formats.keys import raw_values
from inference_exporter.formats.peeling.arrays import expand_arrays
from inference_exporter.formats.peeling.literals import literals_to_json
from inference_exporter.formats.peeling.multiline import join_records
from inference_exporter.formats.peeling.prefix import in_prefix
from inference_exporter.formats.peeling.wrappers import Wrapper, unwrap, wrapper_of

ANYTHING = r"(?P<message>\S.*)"
_NAME = re.compile(r"[A-Za-z_@][\w .@-]*")
_COMMA = re.compile(r"[+-]?\d+,\d+")


@dataclass(frozen=True, slots=True)
class Shape:
    """A format, and the lines that are in it as mappings of names to raw values."""

    line_format: LineFormat
    rows: tuple[Mapping[str, object], ...]
    preset: Preset | None = None
    notes: tuple[str, ...] = ()
    wrapper: Wrapper | None = None
    columns: tuple[str, ...] = ()  # of a CSV without a header


def shape_of(lines: Sequence[bytes]) -> Shape:
    """The shape of a log."""
    block = b"".join(line.rstrip(b"\r\n") + b"\n" for line in lines)
    wrapper = wrapper_of(block)
    if wrapper is not None:
        times = unwrap(block, style="json").splitlines(keepends=True)
        plain = unwrap(block).splitlines(keepends=True)
        found = _inside(plain, times)
        return Shape(found.line_format, found.rows, found.preset, found.notes, wrapper)
    return _inside(lines, lines)


def _inside(lines: Sequence[bytes], spliced: Sequence[bytes]) -> Shape:
    """The shape of lines without a wrapper; `spliced` have what the wrapper said in them."""
    texts = [text for line in lines for text in texts_of(line)[:1] if text.strip()]
    found = _json(spliced, texts)
    if found is not None:
        return found
    preset = of_texts(texts)
    if preset is not None:
        line_format = RegexFormat(str(preset.model["pattern"]))
        return Shape(line_format, _rows(line_format, lines), preset)
    rows = tuple(row for row in _rows(LogfmtFormat(), lines) if len(row) > 1)
    if rows and len(rows) * 2 >= len(texts):
        return Shape(LogfmtFormat(), rows)
    return _csv(texts) or Shape(
        RegexFormat(ANYTHING),
        (),
        notes=("no known format: every line is counted as one request, nothing is read from it",),
    )


def _json(lines: Sequence[bytes], texts: Sequence[str]) -> Shape | None:
    """JSON lines, Python's way of writing them, arrays, objects over several lines."""
    block = b"".join(line.rstrip(b"\r\n") + b"\n" for line in lines)
    flat = expand_arrays(block).splitlines(keepends=True)
    rows = _objects(flat)
    literal = _objects(literals_to_json(b"".join(flat)).splitlines(keepends=True))
    joined = _objects(join_records(block).splitlines(keepends=True))
    if len(joined) > len(rows):
        return Shape(JsonFormat(multiline=True), joined, of_objects(joined))
    if len(literal) > len(rows):
        note = "lines hold the repr of a Python dict; json.dumps(record) is read ten times as fast"
        return Shape(JsonFormat(literal=True), literal, of_objects(literal), (note,))
    if rows and (len(rows) * 10 >= len(texts) or _predict(rows)):
        return Shape(JsonFormat(), rows, of_objects(rows))
    return None


def _predict(rows: Sequence[Mapping[str, object]]) -> bool:
    """Whether objects between other lines are what counts: they have predictions or inputs."""
    values = values_by_path(rows)
    return bool(by_name(values, SURE_FEATURES) or candidates(values, "prediction"))


def _objects(lines: Sequence[bytes]) -> tuple[Mapping[str, object], ...]:
    """The objects of lines, with what is in the text before them."""
    found = []
    for line in lines:
        row = parse(line)
        if row:
            found.append(in_prefix(line) | row if not line.startswith(b"{") else row)
    return tuple(found)


def _rows(line_format: LineFormat, lines: Sequence[bytes]) -> tuple[Mapping[str, object], ...]:
    rows = (raw_values(line_format, line) for line in lines)
    return tuple(row for row in rows if row)


def _csv(texts: Sequence[str]) -> Shape | None:
    if not texts:
        return None
    delimiter = delimiter_of(texts[0])
    rows = [row for _, row in records(texts[:1000], delimiter) if row]
    if not rows:
        return None
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width < 2 or count * 3 < len(rows) * 2:
        return None
    first = cells(texts[0], delimiter) or []
    header = len(first) == width and is_header(first) and all(map(_NAME.fullmatch, first))
    if not header and width < 3:  # prose with a comma in every line
        return None
    names = tuple(first) if header else tuple(f"column_{i + 1}" for i in range(width))
    body = [row for row in rows[header:] if len(row) == width and row != first]
    decimal = _decimal(body, delimiter)
    values = [[str(cell) for cell in (pointed(row) if decimal == "," else row)] for row in body]
    return Shape(
        CsvFormat(() if header else names, delimiter, decimal),
        tuple(dict(zip(names, row, strict=True)) for row in values),
        notes=() if header else ("the log has no header: name its columns",),
        columns=() if header else names,
    )


def _decimal(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    """What is in front of decimals: a comma if some column has nothing but such numbers."""
    if delimiter == ",":
        return "."
    columns = zip(*rows, strict=True)
    return "," if any(all(map(_COMMA.fullmatch, column)) for column in columns) else "."
