"""What the C of this folder gives to Python."""

from typing import Any

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
