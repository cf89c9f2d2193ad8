"""What was counted for everything, in the layout of a part of it: nothing is counted twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from inference_exporter.accumulators import Increments, Layout
from inference_exporter.values.batch import Ints
from inference_exporter.values.tally import SparseKey, Tally

KINDS = ("prediction", "outcome")  # of the cells without a place: what performance takes


class Subset:
    """Cells of `part`, a layout of some accumulators of `whole`, in what `whole` counted."""

    def __init__(self, whole: Layout, part: Layout) -> None:
        own = [whole.slices[key] for key in part.slices]
        none: list[Ints] = [np.empty(0, np.int64)]
        self._own: Ints = np.concatenate(none + [np.arange(one.start, one.stop) for one in own])

    def tallies(self, increments: Increments, groups: Sequence[int]) -> Iterator[Tally]:
        """What these groups add."""
        sparse: dict[int, dict[SparseKey, float]] = {}
        for group, key, value in increments.sparse:
            if key[0] in KINDS:
                sparse.setdefault(group, {})[key] = value
        for group in groups:
            yield Tally(increments.dense[group, self._own], sparse.get(group, {}))
