"""Additive counts: the one value that is accumulated, kept in panes, merged and committed.

A Tally has a dense part (fixed cells, laid out once from config and reference) and a sparse part
(cells whose names appear at run time: status codes, classes, confusion cells; capped before they
get here). Merging is addition, so any order of merging gives the same counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from inference_exporter.values.batch import Floats

SparseKey = tuple[str, ...]  # ("code", "200"), ("outcome", predicted, actual), …


@dataclass(slots=True)
class Tally:
    """Counts and sums. `dense` is (cells,) float64: counts are exact up to 2**53.

    >>> a, b = Tally.zeros(2), Tally.zeros(2)
    >>> a.dense += [1, 2]
    >>> b.sparse[("code", "200")] = 3.0
    >>> a.merge(b)
    >>> a
    Tally(dense=array([1., 2.]), sparse={('code', '200'): 3.0})
    """

    dense: Floats
    sparse: dict[SparseKey, float] = field(default_factory=dict)

    @classmethod
    def zeros(cls, cells: int) -> Tally:
        """An empty tally: the neutral element of `merge`."""
        return cls(np.zeros(cells))

    def merge(self, other: Tally) -> None:
        """Add the other tally's counts to this one's."""
        self.dense += other.dense
        for key, value in other.sparse.items():
            self.sparse[key] = self.sparse.get(key, 0.0) + value

    def copy(self) -> Tally:
        """An independent tally with the same counts."""
        return Tally(self.dense.copy(), dict(self.sparse))
