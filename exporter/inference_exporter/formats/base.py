"""What a format is: whole lines in, a `Batch` and facts about the lines out.

A decoder knows no clock, no file and no metric. Whatever a line holds, decoding returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from inference_exporter.values.batch import Batch

LINE_RESULTS = ("ok", "empty", "malformed", "unmatched", "filtered", "header", "half", "part",
                "too_long")  # fmt: skip
"""What can become of a line; `too_long` is counted by the source and never decoded.

`ok` a prediction, even one with unusable values; `empty` nothing but white space; `malformed` not
of the format; `unmatched` not matched by the pattern; `filtered` not selected by `when`; `header`
the names of the columns; `half` a request or a response that are joined into a prediction; `part` a
step of a request, by `requests_when`.
"""


class Read:
    """What became of the lines of a block, counted as they are read."""

    def __init__(self) -> None:
        self.results: dict[str, int] = {}
        self.example: tuple[str, str] | None = None

    def count(self, result: str, lines: int = 1) -> None:
        """Lines that are none to complain about."""
        self.results[result] = self.results.get(result, 0) + lines

    def bad(self, result: str, reason: str, excerpt: str) -> None:
        """A line that cannot be used; the first of them is the example."""
        self.count(result)
        self.example = self.example or (reason, excerpt)


@dataclass(frozen=True, slots=True)
class Decoded:
    """One block of lines, understood.

    `results` counts lines by result, `invalid` counts per field the values that were present but
    not usable (their lines are still `ok`). `bad_example` is, for the first line that was
    malformed or unmatched, the reason and an excerpt in which letters and digits are masked.
    """

    batch: Batch
    results: Mapping[str, int]
    invalid: Mapping[str, int] = field(default_factory=dict)
    bad_example: tuple[str, str] | None = None


class Decoder(Protocol):
    """Decodes blocks of one model's log."""

    def decode(self, block: bytes) -> Decoded:
        r"""Decode whole lines, each ended by b"\n" (the last one may lack it)."""
        ...
