"""Which format the lines of a log are in, and the names and values they bring."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
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
from inference_exporter.formats.csv_lines import (
    QUOTE,
    cells,
    delimiter_of,
    is_header,
    named,
    pointed,
    quote_of,
    records,
)
from inference_exporter.formats.guessing.choose import by_name, candidates
from inference_exporter.formats.guessing.entries import named_entries
from inference_exporter.formats.guessing.kinds import is_time, values_by_path
from inference_exporter.formats.guessing.names import SURE_FEATURES
from inference_exporter.formats.guessing.presets import of_objects, of_texts
from inference_exporter.formats.guessing.worded import pattern_of, rows_of
from inference_exporter.formats.json_lines import parse
from inference_exporter.formats.keys import raw_values
from inference_exporter.formats.peeling.arrays import expand_arrays
from inference_exporter.formats.peeling.literals import literals_to_json
from inference_exporter.formats.peeling.multiline import join_records
from inference_exporter.formats.peeling.prefix import in_prefix
from inference_exporter.formats.peeling.suffix import without_suffix
from inference_exporter.formats.peeling.wrappers import Wrapper, unwrap, wrapper_of

ANYTHING = r"(?P<message>\S.*)"
_TIME = re.compile(r"\W?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d")
_PLAIN = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?")
_NAME = re.compile(r"[A-Za-z_@][\w .@-]*")
_COMMA = re.compile(r"[+-]?(?:\d{1,3}(?:[. '\u00a0\u202f]\d{3})+|\d+),\d+(?:[eE][+-]?\d+)?")


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
        untimed = tuple(_untimed(rows, texts))
        return (_worded(texts) if untimed else None) or Shape(LogfmtFormat(), rows, notes=untimed)
    return _worded(texts) or _lists(texts) or _broken(texts) or _csv(texts) or _nothing(_UNKNOWN)


def _worded(texts: Sequence[str]) -> Shape | None:
    """Prose in which values have names, one of which is an answer."""
    pattern = pattern_of(texts)
    if pattern is None:
        return None
    rows = tuple(rows_of(pattern, texts))
    values = values_by_path(rows)
    if not candidates(values, "prediction") and not candidates(values, "score"):
        return None
    return Shape(RegexFormat(pattern), rows)


def _untimed(rows: Sequence[Mapping[str, object]], texts: Sequence[str]) -> Iterator[str]:
    """A time that stands in front of the pairs."""
    timed = any(is_time([value]) for value in rows[0].values())
    if not timed and any(_TIME.match(text) for text in texts):
        yield "the time in front of the pairs is not read: log it as time=…"


def _json(lines: Sequence[bytes], texts: Sequence[str]) -> Shape | None:
    """JSON lines, Python's way of writing them, arrays, objects over several lines."""
    block = b"".join(line.rstrip(b"\r\n") + b"\n" for line in lines)
    plain = without_suffix(block)
    notes = (_BEHIND,) if plain != block else ()
    block = plain
    flat = expand_arrays(block, closed=False).splitlines(keepends=True)
    rows = _objects(flat)
    literal = _objects(literals_to_json(b"".join(flat)).splitlines(keepends=True))
    whole = expand_arrays(join_records(_closed(block)))
    joined = _objects(whole.splitlines(keepends=True))
    if len(joined) > len(rows):
        return Shape(JsonFormat(multiline=True), joined, of_objects(joined))
    if len(literal) > len(rows):
        note = "lines hold the repr of a Python dict; json.dumps(record) is read ten times as fast"
        return Shape(JsonFormat(literal=True), literal, of_objects(literal), (note,))
    if rows and (len(rows) * 10 >= len(texts) or _predict(rows)):
        return Shape(JsonFormat(), rows, of_objects(rows, texts), notes)
    return None


def _closed(block: bytes) -> bytes:
    """A printed array whose end is not in the sample, with an end behind its last whole entry."""
    if not block.lstrip().startswith(b"[\n") or block.rstrip().endswith(b"]"):
        return block
    ends = list(re.finditer(rb"^(\s+)\},?[^\S\n]*$", block, re.MULTILINE))
    inner = min((len(end[1]) for end in ends), default=0)
    last = [end for end in ends if len(end[1]) == inner]
    return block[: last[-1].start()] + b" }\n]\n" if last else block


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
    quote = quote_of(texts[:1000])
    delimiter = delimiter_of(texts[0], quote)
    rows = [row for _, row in records(texts[:1000], delimiter, quote) if row]
    if not rows:
        return None
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width < 2 or count * 3 < len(rows) * 2:
        return None
    first = cells(texts[0], delimiter, quote) or []
    header = len(first) == width and _is_header(first, rows[1:])
    if not header and width < 3:  # prose with a comma in every line
        return None
    names = tuple(named(first)) if header else tuple(f"column_{i + 1}" for i in range(width))
    body = [row for row in rows[header:] if len(row) == width and row != first]
    if header and first != list(names):
        body = [[cell.strip() for cell in row] for row in body]
    decimal = _decimal(body, delimiter)
    values = [[str(cell) for cell in (pointed(row) if decimal == "," else row)] for row in body]
    if not header:  # a time is told by its look
        times = [i for i in range(width) if is_time([row[i] for row in values])]
        names = tuple("timestamp" if i in times[:1] else name for i, name in enumerate(names))
    rows_ = tuple({n: v for n, v in zip(names, row, strict=True) if v} for row in values)
    return Shape(
        CsvFormat(() if header else names, delimiter, decimal, None if quote == QUOTE else quote),
        rows_,
        of_objects(rows_, written="csv") if header else None,
        notes=() if header else (_no_header(first),),
        columns=() if header else names,
    )


def _no_header(first: Sequence[str]) -> str:
    """Why the first line does not name the columns."""
    twice = sorted({name for name in first if first.count(name) > 1})
    if twice and not any(_is_number(name) for name in first):
        return f"the header has {', '.join(twice)} twice: name the columns, in their order"
    return "the log has no header: name its columns"


def _is_header(first: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first line names columns: the columns below have other things in them."""
    if not is_header(first) or not all(name.isprintable() for name in first):
        return False
    if all(_NAME.fullmatch(name) for name in first):
        return True
    numbers = [i for i in range(len(first)) if all(i < len(r) and _is_number(r[i]) for r in rows)]
    return bool(rows) and bool(numbers)


def _is_number(cell: str) -> bool:
    return not cell.strip() or _PLAIN.fullmatch(cell.strip()) is not None


_UNKNOWN = "no known format: every line is counted as one request, nothing is read from it"
_NAMED = (
    "the lines are JSON lists: their entries are named by what is in them, in their order;"
    " those called entry_… are not read, unless you say what they are"
)
_LISTS = "the lines are JSON lists of different lengths: log objects; nothing is read"
_BEHIND = "the text behind the JSON is passed over; log what it says as keys"
_BROKEN = "the lines hold something like JSON that is none: `check --explain 1` says what is wrong"


def _lists(texts: Sequence[str]) -> Shape | None:
    """JSON lists, an entry a field."""
    found = named_entries(texts)
    if found is None:
        return None
    return Shape(JsonFormat(columns=found[0]), found[1], notes=(_NAMED,))


def _broken(texts: Sequence[str]) -> Shape | None:
    """Lines that are nearly what can be read."""
    if sum(text.lstrip().startswith("[") for text in texts) * 2 > len(texts):
        return _nothing(_LISTS)
    if sum(text.lstrip().startswith("{") for text in texts) * 2 > len(texts):
        return _nothing(_BROKEN)
    return None


def _nothing(note: str) -> Shape:
    """Lines that are counted, and why nothing is read from them."""
    return Shape(RegexFormat(ANYTHING), (), notes=(note,))


def _decimal(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    """What is in front of decimals: a comma if some column has nothing but such numbers."""
    if delimiter == ",":
        return "."
    columns = zip(*rows, strict=True)
    return "," if any(all(map(_COMMA.fullmatch, column)) for column in columns) else "."
