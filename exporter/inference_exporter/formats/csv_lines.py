r"""Delimited lines: with a header in the file, or with the columns named in the configuration.

    ts,age,plan,prediction
    2026-11-23T01:07:20Z,41,"pro, yearly",1

becomes, with `features: {rest: true}`, the row `timestamp=1795396040.0, age=41.0, plan="pro,
yearly", prediction="1"`. Cells may be quoted, and go on in the next lines then. A line with another
number of cells is malformed; one that names the columns is the header, wherever it is: files that
are rotated and joined have several.

Where no columns are configured, the source puts the first line of the file in front of every block,
behind a mark: so the header is known in the middle of a file too, after a restart and of a file
that has lost its name. What was known last is kept in `Header`, which outlives the decoder.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

import msgspec

from inference_exporter.config.schema import CsvFormat, ModelConfig
from inference_exporter.formats.base import Decoded, Decoder
from inference_exporter.formats.columns.flat import NOTHING, Flat, Lines, texts_of
from inference_exporter.formats.columns.plan import Plan

TITLE = b"\x1e"  # in front of the first line of a file, where it is repeated
DELIMITERS = ",;\t|"
QUOTE, QUOTES = '"', "\"'`"
_LINES = 1000  # that one cell may have
_DECIMAL_COMMA = re.compile(
    r"\s*[+-]?(?:\d{1,3}(?:[. '\u00a0\u202f]\d{3})+|\d+),\d+(?:[eE][+-]?\d+)?\s*", re.ASCII
)
_THOUSANDS = re.compile("(?<=[0-9])[. '\u00a0\u202f](?=[0-9])")


@dataclass(slots=True)
class Header:
    """The columns that lines have now, what is between them, and what is around some of them."""

    names: list[str] | None = None
    delimiter: str = ","
    quote: str = QUOTE
    written: list[str] | None = None  # as in the file
    spaced: bool = False  # spaces behind the delimiters


class CsvDecoder:
    """Decodes delimited lines by a Plan.

    With `inside`, cells hold more than they say, such as JSON: that decoder reads the rows as
    objects of texts.
    """

    def __init__(
        self,
        model: ModelConfig,
        plan: Plan,
        header: Header | None = None,
        inside: Decoder | None = None,
    ) -> None:
        assert isinstance(model.format, CsvFormat)
        self._format = model.format
        self._header = header or Header()
        if model.format.columns:
            self._header = Header(list(model.format.columns), model.format.delimiter or ",")
        self._header.quote = model.format.quote or self._header.quote
        self._flat, self._inside = Flat(model, plan), inside

    def decode(self, block: bytes) -> Decoded:
        """Decode a block of lines."""
        texts, lines = self._without_title(texts_of(block)), Lines()
        rows: list[list[str]] = []
        names, width = self._header.names, len(self._header.names or ())
        header = self._header.written or names
        for line, row in records(texts, self._header.delimiter, self._header.quote):
            if row == header:
                lines.count("header")
            elif row is not None and len(row) == width:
                rows.append([cell.strip() for cell in row] if self._header.spaced else row)
            elif line.strip():
                lines.bad("malformed", self._reason(row), line)
            else:
                lines.count("empty")
        if self._inside is not None:
            return self._of_objects(self._inside, rows, lines)
        columns = tuple(zip(*rows, strict=True))
        index = {name: i for i, name in enumerate(header or ())}  # with its spaces, if one insists
        index |= {name: i for i, name in enumerate(names or ())}

        def column(name: str) -> Sequence[str] | None:
            if not columns or name not in index:
                return None
            found: Sequence[str] = columns[index[name]]
            return pointed(found) if self._format.decimal == "," else found

        return self._flat.decoded(column, names or (), len(rows), lines)

    def _of_objects(self, inside: Decoder, rows: list[list[str]], lines: Lines) -> Decoded:
        """The outcome of rows that are read as objects; an empty cell is missing."""
        pointed_ = pointed if self._format.decimal == "," else tuple
        texts = [
            msgspec.json.encode({
                name: cell
                for name, cell in zip(self._header.names or (), pointed_(row), strict=True)
                if cell not in NOTHING
            })
            for row in rows
        ]  # fmt: skip
        found = inside.decode(b"".join(text + b"\n" for text in texts))
        results = {**found.results}
        for result, count in lines.results.items():
            results[result] = results.get(result, 0) + count
        return replace(found, results=results, bad_example=lines.example or found.bad_example)

    def _without_title(self, texts: list[str]) -> list[str]:
        """The lines of a block, with what its first line says noted."""
        if texts and texts[0].startswith(TITLE.decode()):
            self._learn(texts[0].removeprefix(TITLE.decode()).removeprefix("\ufeff"))
            return [text.removeprefix("\ufeff") for text in texts[1:2]] + texts[2:]
        if self._header.names is None:
            self._learn(next((text for text in texts if text.strip()), ""))
        return texts

    def _learn(self, line: str) -> None:
        if self._format.columns:
            return
        quote = self._format.quote or quote_of([line])
        delimiter = self._format.delimiter or delimiter_of(line, quote)
        found = cells(line.rstrip("\r\n"), delimiter, quote)
        if found is not None and is_header(found):
            self._header.names, self._header.delimiter = named(found), delimiter
            self._header.written = found
            self._header.spaced = any(name != name.strip() for name in found)
            self._header.quote = quote

    def _reason(self, row: list[str] | None) -> str:
        if row is None:
            return "not CSV: a quote is not closed"
        if self._header.names is None:
            return "no header: the first line of the file does not name columns"
        asked = "are configured" if self._format.columns else "are in the header"
        return f"{len(row)} cells where {len(self._header.names)} columns {asked}"


def is_header(names: Sequence[str]) -> bool:
    """Whether cells can be the names of columns: distinct, not empty, no numbers.

    The first may be empty: so pandas writes the numbers of its rows.

    >>> is_header(["age", "plan"]), is_header(["41", "pro"]), is_header(["a", "a"])
    (True, False, False)
    """
    plain = named(names)
    return len(set(plain)) == len(plain) and not any(_is_number(name) for name in plain)


def named(cells: Sequence[str]) -> list[str]:
    """The names of the columns of a header.

    >>> named(["", " Age"])
    ['index', 'Age']
    """
    names = [cell.strip() for cell in cells]
    if len(names) > 1 and not names[0] and "index" not in names:
        names[0] = "index"
    return names


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return not cell.strip()
    return True


def quote_of(lines: Sequence[str]) -> str:
    """What is around cells: of the characters that may be, the one that is there the most.

    >>> quote_of(["'age, years';plan"]), quote_of(['"a";b', "1;it's"]), quote_of(["a,b"])
    ("'", '"', '"')
    """
    return max(QUOTES, key=lambda one: sum(len(_around(one).findall(line)) for line in lines))


@cache
def _around(quote: str) -> re.Pattern[str]:
    """A cell between quotes."""
    q = re.escape(quote)
    return re.compile(rf"(?:^|(?<=[,;\t|]))[ ]*{q}[^{q}]*{q}[ ]*(?=[,;\t|\r\n]|$)")


def delimiter_of(line: str, quote: str = QUOTE) -> str:
    r"""What is between the cells of a header.

    >>> delimiter_of('a;"b, c";d'), delimiter_of("a\tb")
    (';', '\t')
    """
    return max(DELIMITERS, key=lambda one: len(cells(line, one, quote) or ()))


def records(
    texts: Sequence[str], delimiter: str, quote: str = QUOTE
) -> Iterator[tuple[str, list[str] | None]]:
    r"""Every record with its cells; None where its quoting is broken.

    >>> list(records(["1,2", '"a', 'b",3'], ","))
    [('1,2', ['1', '2']), ('"a\nb",3', ['a\nb', '3'])]
    """
    at = 0
    while at < len(texts):
        line = texts[at]
        at += 1
        row = cells(line, delimiter, quote)
        if row is None:
            for end in range(at + 1, min(len(texts), at + _LINES) + 1):
                if quote in texts[end - 1]:
                    whole = "\n".join(texts[at - 1 : end])
                    row = cells(whole, delimiter, quote)
                    if row is not None:
                        line, at = whole, end
                        break
        yield line, row


def cells(line: str, delimiter: str, quote: str = QUOTE) -> list[str] | None:
    """The cells of a line; None if its quoting is broken."""
    if quote not in line:
        return line.split(delimiter)
    try:
        parts = [f"{part}\n" for part in line.split("\n")]
        rows = list(csv.reader(parts, delimiter=delimiter, quotechar=quote, strict=True))
    except (csv.Error, ValueError):  # a quote that is the delimiter, found in a header
        return None
    return rows[0] if len(rows) == 1 else None


def pointed(column: Sequence[str]) -> Sequence[str]:
    """Numbers with a decimal comma as they are meant; other texts stay.

    >>> pointed(("22,82", "1.500,25", "Paris, France"))
    ['22.82', '1500.25', 'Paris, France']
    """
    return [
        _THOUSANDS.sub("", cell).replace(",", ".")
        if "," in cell and _DECIMAL_COMMA.fullmatch(cell)
        else cell
        for cell in column
    ]


def held(lines: bytes, quote: bytes = b'"') -> int:
    r"""Where in a block a record begins whose quotes are not closed.

    >>> held(b'1,2\n3,"a\nb\n')
    4
    """
    if quote not in lines:
        return len(lines)
    opening = re.compile(rb"(?:^|[,;\t|])[^\S\n]*" + re.escape(quote))
    begun, at = None, 0
    for line in lines.splitlines(keepends=True):
        if line.count(quote) % 2:
            if begun is not None:
                begun = None
            elif opening.search(line):
                begun = at
        at += len(line)
    return len(lines) if begun is None else begun
