"""The keys that lines bring, for people: what `check` lists and what `init` guesses from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from inference_exporter.config.schema import CsvFormat, JsonFormat, LineFormat, RegexFormat
from inference_exporter.formats.columns.flat import texts_of
from inference_exporter.formats.csv_lines import QUOTE, cells
from inference_exporter.formats.json_lines import parse
from inference_exporter.formats.logfmt_lines import pairs

_DEPTH = 3


def raw_values(line_format: LineFormat, line: bytes) -> Mapping[str, object] | None:
    """The names and raw values of a line, whatever its format; None if it is not of the format."""
    if isinstance(line_format, JsonFormat):
        return parse(line)
    text = "".join(texts_of(line)[:1])
    if isinstance(line_format, RegexFormat):
        match = re.search(line_format.pattern, text)
        return match.groupdict() if match else None
    if isinstance(line_format, CsvFormat):
        row = cells(text, line_format.delimiter or ",", line_format.quote or QUOTE) or []
        known = line_format.columns
        return dict(zip(known, row, strict=True)) if len(row) == len(known) else None
    return pairs(text) or None


def paths(values: Mapping[str, object], below: str = "", depth: int = _DEPTH) -> Iterator[str]:
    """Every path into nested values, objects included, down to a depth.

    >>> list(paths({"id": 1, "http": {"status": 200}}))
    ['id', 'http', 'http.status']
    """
    for key, value in values.items():
        yield below + key
        if isinstance(value, Mapping) and depth > 1:
            yield from paths(value, f"{below}{key}.", depth - 1)
