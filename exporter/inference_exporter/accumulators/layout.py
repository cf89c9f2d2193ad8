"""The accumulators of one model side by side: which cells of a tally belong to whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby

import numpy as np

from inference_exporter.accumulators.base import DenseAccumulator, Groups, SparseAccumulator
from inference_exporter.accumulators.late_labels import Retracted
from inference_exporter.accumulators.numeric_bins import NumericBins
from inference_exporter.accumulators.numeric_table import NumericTable
from inference_exporter.accumulators.traffic import StatusCodes, Weights
from inference_exporter.accumulators.weights import (
    Counted,
    WeightSpread,
    effective,
    effective_share,
    weighted,
)
from inference_exporter.values.batch import Batch, Bools, Floats
from inference_exporter.values.tally import SparseKey, Tally

RETRACTED = "retracted"  # first part of the keys of what newer labels took back


@dataclass(frozen=True, slots=True)
class Increments:
    """What a batch adds to each group: `dense` (groups, cells) and sparse (group, key, value)."""

    dense: Floats
    sparse: Sequence[tuple[int, SparseKey, float]]

    def tallies(self) -> list[Tally]:
        """The increments of each group as a tally."""
        tallies = [Tally(cells) for cells in self.dense]
        for owner, key, value in self.sparse:
            tallies[owner].sparse[key] = value
        return tallies


class Layout:
    """Places dense accumulators one after the other; `signature` identifies the arrangement."""

    def __init__(
        self, dense: Iterable[DenseAccumulator], sparse: Iterable[SparseAccumulator]
    ) -> None:
        self.dense, self.sparse = tuple(dense), tuple(sparse)
        self.slices: dict[str, slice] = {}
        start = 0
        for accumulator in self.dense:
            self.slices[accumulator.key] = slice(start, start + accumulator.cells)
            start += accumulator.cells
        self.cells = start
        self._codes = next((one for one in self.sparse if isinstance(one, StatusCodes)), None)
        self._retracts = any(isinstance(one, Retracted) for one in self.dense)
        self._counters = list(self._together())
        self._spread = next((one for one in self.dense if isinstance(one, WeightSpread)), None)
        self._knows_weights = np.zeros(self.cells, np.bool_)
        for one in self.dense:
            if isinstance(one, Weights | WeightSpread):
                self._knows_weights[self.slices[one.key]] = True
        description = repr([(key, s.start, s.stop) for key, s in self.slices.items()])
        self.signature = sha256(description.encode()).hexdigest()[:16]

    def _together(self) -> Iterator[tuple[NumericTable | DenseAccumulator, slice]]:
        """Who counts into which cells: neighbouring numeric columns are counted together."""
        for numeric, run in groupby(self.dense, lambda one: isinstance(one, NumericBins)):
            members = list(run)
            if numeric:
                first, last = self.slices[members[0].key], self.slices[members[-1].key]
                table = NumericTable([one for one in members if isinstance(one, NumericBins)])
                yield table, slice(first.start, last.stop)
            else:
                yield from ((one, self.slices[one.key]) for one in members)

    def count(self, batch: Batch, groups: Groups) -> Increments:
        """What the batch adds, group by group; each row as often as its weight says."""
        return Increments(*weighted(batch, groups, self._count, self._knows_weights))

    def _count(self, batch: Batch, groups: Groups) -> Counted:
        dense = np.zeros((groups.count, self.cells))
        with np.errstate(over="ignore", invalid="ignore"):  # sums of huge values become inf
            for counter, cells in self._counters:
                counter.count(batch, groups, dense[:, cells])
        return dense, [item for one in self.sparse for item in one.count(batch, groups)]

    def count_joined(self, batch: Batch, groups: Groups, *, retract: bool = False) -> Increments:
        """What labels add that came after their predictions were counted: the truth, not traffic.

        With `retract` the batch is what a newer label takes back, and is counted as that.
        """

        def count(rows: Batch, owners: Groups) -> Counted:
            return self._count_joined(rows, owners, retract)

        return Increments(*weighted(batch, groups, count, self._knows_weights))

    def _count_joined(self, batch: Batch, groups: Groups, retract: bool) -> Counted:
        dense = np.zeros((groups.count, self.cells))
        retracted = {one.of.key: one.key for one in self.dense if isinstance(one, Retracted)}
        with np.errstate(over="ignore", invalid="ignore"):
            for one in self.dense:
                key = retracted.get(one.key) if retract else one.key
                if getattr(one, "joined", False) and key is not None:
                    one.count(batch, groups, dense[:, self.slices[key]])
        sparse = [
            (group, (RETRACTED, *key) if retract else key, value)
            for one in self.sparse
            if getattr(one, "joined", False)
            for group, key, value in one.count(batch, groups)
        ]
        return dense, sparse

    def failed(self, batch: Batch) -> Bools | None:
        """True for rows that failed, shape (rows,); None: nobody knows."""
        return self._codes.failed(batch) if self._codes else None

    def effective(self, tally: Tally) -> Tally:
        """The tally in rows of equal weight that say as much as these."""
        return effective(self.cells_of(self._spread, tally), tally) if self._spread else tally

    def effective_share(self, tally: Tally) -> float:
        """Rows of equal weight for each unit of weight."""
        return effective_share(self.cells_of(self._spread, tally)) if self._spread else 1.0

    def net(self, tally: Tally) -> Tally:
        """The tally without what newer labels took back: what performance is computed from."""
        if not any(key[0] == RETRACTED for key in tally.sparse) and not self._retracts:
            return tally
        net = tally.copy()
        for one in self.dense:
            if isinstance(one, Retracted):
                net.dense[self.slices[one.of.key]] -= tally.dense[self.slices[one.key]]
        for key, value in tally.sparse.items():
            if key[0] == RETRACTED:
                net.sparse[key[1:]] = net.sparse.get(key[1:], 0.0) - value
        return net

    def only(self, kinds: tuple[type, ...], *more: DenseAccumulator) -> Layout:
        """A layout of some kinds of these accumulators and others, with all that are sparse."""
        chosen = [
            one for one in self.dense
            if isinstance(one.of if isinstance(one, Retracted) else one, kinds)
        ]  # fmt: skip
        return Layout([*more, *chosen], self.sparse)

    def empty(self) -> Tally:
        """A tally in which everything known beforehand stands at 0."""
        preset = {key: 0.0 for one in self.sparse for key in one.preset()}
        return Tally(np.zeros(self.cells), preset)

    def cells_of(self, accumulator: DenseAccumulator, tally: Tally) -> Floats:
        """The accumulator's cells in a tally (a view)."""
        return tally.dense[self.slices[accumulator.key]]

    def learn(self, keys: Iterable[SparseKey]) -> None:
        """Let vocabularies know the names in committed keys."""
        keys = tuple(keys)
        for accumulator in self.sparse:
            accumulator.restore(keys)
