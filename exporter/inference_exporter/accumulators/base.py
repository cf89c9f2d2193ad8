"""What an accumulator is: a description of cells, and how a batch turns into increments of them.

An accumulator holds no counts. It says how many cells it needs, fills increments for each group
of rows (a group is the rows of one model version that fall in one pane of time), and reads its
numbers back out of a tally's cells. Counts live in tallies; merging is addition, everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from inference_exporter.values.batch import Batch, Floats, Ints
from inference_exporter.values.tally import SparseKey


@dataclass(frozen=True, slots=True)
class Groups:
    """Which group each row belongs to: `index` (rows,) in 0 … count-1."""

    index: Ints
    count: int


class DenseAccumulator(Protocol):
    """Fixed cells, known from config and reference.

    `key` names what the cells mean: committed counts are only ever restored into the same key.
    """

    key: str
    cells: int

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """Add the batch's increments to `out`, shape (groups.count, cells)."""


class SparseAccumulator(Protocol):
    """Cells whose names appear at run time, capped by a vocabulary.

    `kind` is the first part of all its keys.
    """

    kind: str

    def preset(self) -> tuple[SparseKey, ...]:
        """Keys that exist at 0 from the start, known from config or reference."""

    def count(self, batch: Batch, groups: Groups) -> list[tuple[int, SparseKey, float]]:
        """The batch's increments as (group, key, increment)."""

    def restore(self, keys: tuple[SparseKey, ...]) -> None:
        """Learn names from committed keys, so that limits hold over restarts."""
