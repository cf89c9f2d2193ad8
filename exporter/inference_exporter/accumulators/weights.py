"""Rows that stand for several predictions: every count is a sum of weights.

All counts are sums over rows, so a row of weight w adds w times what it adds alone. Rows of one
weight are counted as a group of their own, and the groups added up with their weights: no counter
knows of weights. Kish's effective size (sum w)² / sum w² says how many rows of equal weight they
are worth (Kish 1965); intervals are computed from that many.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.values.batch import Batch, Bools, Floats
from inference_exporter.values.tally import SparseKey, Tally

Counted = tuple[Floats, list[tuple[int, SparseKey, float]]]
_FLOATS = 4_000_000  # of increments at once: bounds memory where each row has its own weight
_AT_ONCE = 32  # distinct weights counted together, whatever their increments take


class WeightSpread:
    """Two dense cells: sums of w and of w² over predictions; a row without a weight counts 1."""

    key = "weight_spread"
    cells = 2

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`."""
        weights = np.ones(batch.rows) if batch.weight is None else filled(batch.weight.values)
        if batch.inputs is not None:
            weights = weights * batch.inputs
        for cell, column in enumerate((weights, weights**2)):
            out[:, cell] += np.bincount(groups.index, column, minlength=len(out))


def filled(weights: Floats) -> Floats:
    """Weights, with 1 where there is none."""
    found: Floats = np.where(np.isnan(weights), 1.0, weights)
    return found


def weighted(
    batch: Batch, groups: Groups, count: Callable[[Batch, Groups], Counted], plain: Bools
) -> Counted:
    """What `count` adds, each row as often as its weight says; `plain` cells (cells,) know it."""
    weights = None if batch.weight is None else filled(batch.weight.values)
    if weights is None or (weights == 1.0).all():
        return count(batch, groups)
    distinct, at = np.unique(weights, return_inverse=True)
    dense, sparse = np.zeros((groups.count, len(plain))), dict[tuple[int, SparseKey], float]()
    step = max(_AT_ONCE, _FLOATS // max(1, groups.count * len(plain)))
    for first in range(0, len(distinct), step):
        part = distinct[first : first + step]
        others = groups.count * len(part)  # the group of rows with other weights
        mine = (at >= first) & (at < first + len(part))
        index = np.where(mine, groups.index * len(part) + (at - first), others)
        found, names = count(batch, Groups(index, others + 1))
        table = found[:others].reshape(groups.count, len(part), -1)
        dense += np.where(plain, table.sum(axis=1), np.einsum("gwc,w->gc", table, part))
        for owner, key, value in names:
            if owner == others:
                continue
            group, weight = divmod(owner, len(part))
            place = (group, key)
            sparse[place] = sparse.get(place, 0.0) + value * float(part[weight])
    return dense, [(group, key, value) for (group, key), value in sparse.items()]


def effective(cells: Floats, tally: Tally) -> Tally:
    """The tally in rows of equal weight that say as much; `cells` are those of `WeightSpread`."""
    share = effective_share(cells)
    if share == 1.0:
        return tally
    return Tally(tally.dense * share, {key: one * share for key, one in tally.sparse.items()})


def effective_share(cells: Floats) -> float:
    """Rows of equal weight for each unit of weight.

    >>> effective_share(np.array([40.0, 800.0]))  # two rows of weight 20
    0.05
    """
    total, squares = cells.tolist()
    return float(total / squares) if squares > 0 else 1.0
