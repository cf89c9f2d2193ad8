"""What the C of this folder gives to Python."""

from collections.abc import Callable, Sequence
from typing import Any

from typing_extensions import Buffer

SOURCES: str  # a digest of the files that it was made from
NUMBER: int
MOMENT: int
TEXT: int
FLOATS: int
WHOLE: int
PLACE: int
OBJECT: int
LIST: int

class Reader:
    """Reads blocks by a description (kind, column, children or unit or function); see plan.h."""

    def __init__(self, description: tuple[Any, ...], columns: int) -> None: ...
    def decode(
        self, block: bytes
    ) -> tuple[
        int,
        tuple[list[object] | tuple[bytearray, list[tuple[int, object]] | None] | None, ...],
        list[tuple[int, int, int]],
        int,
    ]:
        """Rows, columns (None: nothing in it), lines (row, start, end) for Python, blank lines."""

def codes(column: Sequence[object], lookup: Callable[[Any], int], out: Buffer) -> None:
    """Put lookup(value) of every value into int64; equal objects are asked about once."""

def hashes(column: Sequence[object], out: Buffer) -> None:
    """Put Python's hash of every value into int64."""

def fingerprints(columns: tuple[tuple[Buffer, bool], ...], out: Buffer) -> None:
    """Put a key of every row into uint64; see repeats/keys.py. True: they are codes."""

def meet(
    keys: Buffer, times: Buffer, who: Buffer,
    met_keys: Buffer, met_times: Buffer, met_who: Buffer,
) -> bool:  # fmt: skip
    """Whether all rows are met for the first time; then they are noted, else nothing is."""

def bins(
    columns: tuple[tuple[Any, ...], ...], index: Buffer, inputs: Buffer | None, groups: int,
    cells: int, first: Buffer, upper: Buffer, steps: int, out: Buffer,
) -> None:  # fmt: skip
    """Count columns of numbers into cells (groups, cells); see accumulators/numeric_table.py."""

def durations(
    values: Buffer, index: Buffer, groups: int, cells: int, first: Buffer, lowest: int,
    shift: int, upper: Buffer, steps: int, out: Buffer,
) -> None:  # fmt: skip
    """Count durations into cells (groups, cells); see accumulators/histogram.py."""

def unwrapped(block: bytes) -> bytes | None:
    """The lines inside of CRI's; None where some are not whole or no such lines."""

def may_be_wrapped(block: bytes) -> bool:
    """Whether some line begins as an entry of CRI or Docker does."""
