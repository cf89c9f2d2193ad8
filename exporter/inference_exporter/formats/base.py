"""What a format is: whole lines in, a `Batch` and facts about the lines out.

A decoder knows no clock, no file and no metric. Whatever a line holds, decoding returns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from inference_exporter.values.batch import Batch

LINE_RESULTS = ("ok", "empty", "malformed", "unmatched", "filtered", "header", "too_long")
"""What can become of a line; `too_long` is counted by the source and never decoded.

`ok` a prediction, even one with unusable values; `empty` nothing but white space; `malformed` not
of the format; `unmatched` not matched by the pattern; `filtered` not selected by `when`; `header`
the names of the columns.
"""


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
