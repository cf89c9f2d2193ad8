"""How a line is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class JsonFormat:
    """JSON objects, one a line.

    `literal`: lines that are the repr of a Python dict are read too. `multiline`: an object may be
    printed over several lines. `columns`: names of the entries of lines that are lists.
    """

    literal: bool = False
    multiline: bool = False
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogfmtFormat:
    """`key=value key="quoted value"` lines."""


@dataclass(frozen=True, slots=True)
class RegexFormat:
    """Lines matched by a Python regular expression; its named groups are the columns."""

    pattern: str


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """Delimited lines. A line equal to the header is skipped.

    Without `columns` they are those of the first line of the file, without `delimiter` it is found
    there, and so is `quote`. With `decimal` a comma, numbers are written `1.500,25`.
    """

    columns: tuple[str, ...] = ()
    delimiter: str | None = None
    decimal: str = "."
    quote: str | None = None


LineFormat = JsonFormat | LogfmtFormat | RegexFormat | CsvFormat
