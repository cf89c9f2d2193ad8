"""A small tree over features and the prediction, in whose leaves errors are alike.

Grown best split first, on |error|, error² and the error itself, each divided by its standard
deviation: the split is the one that lowers the sum of their variances most (CART, Breiman et al.
1984). Numbers are put in 64 bins of equal counts first. Categories are put in the order of their
mean |error| and cut like numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inference_exporter.values.batch import Floats, Ints
from inference_exporter.values.losses import Split

LEAVES = 64
ROWS_A_LEAF = 200  # on average; so few rows make a small tree
LEAST_LEAF = 50
_BINS = 64


@dataclass(frozen=True, slots=True)
class Column:
    """A column in codes (rows,), 0 for a missing value.

    Of numbers code k is up to `edges[k - 1]`; of categories it is `names[k - 1]`.
    """

    name: str | None
    codes: Ints
    edges: Floats | None
    names: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """How many codes there are."""
        return len(self.names) + 1 if self.edges is None else len(self.edges) + 2


def number_column(name: str | None, values: Floats) -> Column:
    """A column of numbers, NaN for a missing one."""
    present = values[~np.isnan(values)]
    edges = (
        np.unique(np.quantile(present, np.arange(1, _BINS) / _BINS)) if len(present) else present
    )
    codes = np.where(np.isnan(values), 0, np.searchsorted(edges, values) + 1)
    return Column(name, codes, edges)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A split of some rows: `left` (codes,) says which codes go left."""

    gain: float
    column: int
    left: Ints


def grown(columns: Sequence[Column], error: Floats) -> tuple[tuple[Split, ...], Ints]:
    """The splits of the tree, and the leaf of each row."""
    targets = _targets(error)
    leaf = np.zeros(len(error), np.int64)
    wanted = min(LEAVES, len(error) // ROWS_A_LEAF)
    cuts: dict[int, _Cut | None] = {0: _best(columns, targets, np.arange(len(error)))}
    parents: list[tuple[int, _Cut, int]] = []  # leaf that was cut, how, and the new leaf
    while len(cuts) < wanted:
        at, cut = max(cuts.items(), key=lambda one: one[1].gain if one[1] else 0.0)
        if cut is None:
            break
        rows = np.flatnonzero(leaf == at)
        right = rows[cut.left[columns[cut.column].codes[rows]] == 0]
        new = len(cuts)
        leaf[right] = new
        parents.append((at, cut, new))
        for one in (at, new):
            cuts[one] = _best(columns, targets, np.flatnonzero(leaf == one))
    return _splits(columns, parents), leaf


def _targets(error: Floats) -> Floats:
    """|error|, error² and error on one scale, (3, rows)."""
    table = np.stack((np.abs(error), error**2, error))
    spread = table.std(axis=1, keepdims=True)
    scaled: Floats = np.divide(table, spread, out=np.zeros(table.shape), where=spread > 0)
    return scaled


def _best(columns: Sequence[Column], targets: Floats, rows: Ints) -> _Cut | None:
    """The split that lowers variances most; None where none does, or leaves would be too small."""
    if len(rows) < 2 * LEAST_LEAF:
        return None
    own = targets[:, rows]
    found = [_best_of(column, at, own, rows) for at, column in enumerate(columns)]
    usable = [one for one in found if one is not None and one.gain > 0]
    return max(usable, key=lambda one: one.gain) if usable else None


def _best_of(column: Column, at: int, own: Floats, rows: Ints) -> _Cut | None:
    codes = column.codes[rows]
    counts = np.bincount(codes, minlength=column.size).astype(np.float64)
    sums = np.stack([np.bincount(codes, one, minlength=column.size) for one in own])
    order = np.arange(column.size)
    if column.edges is None:
        means = np.divide(sums[0], counts, out=np.full(column.size, -np.inf), where=counts > 0)
        order = np.argsort(means, kind="stable")
    left, left_sums = np.cumsum(counts[order])[:-1], np.cumsum(sums[:, order], axis=1)[:, :-1]
    right, total = len(rows) - left, sums.sum(axis=1, keepdims=True)
    allowed = (left >= LEAST_LEAF) & (right >= LEAST_LEAF)
    allowed[0] &= column.edges is None  # missing numbers alone are not told from the others
    if not allowed.any():
        return None
    left, right = np.where(allowed, left, 1.0), np.where(allowed, right, 1.0)
    gains = (left_sums**2 / left + (total - left_sums) ** 2 / right).sum(axis=0)
    gains = np.where(allowed, gains - (total**2 / len(rows)).sum(), -np.inf)
    best = int(np.argmax(gains))
    goes = np.zeros(column.size, np.int64)
    goes[order[: best + 1]] = 1
    return _Cut(float(gains[best]), at, goes)


def _splits(
    columns: Sequence[Column], parents: Sequence[tuple[int, _Cut, int]]
) -> tuple[Split, ...]:
    """Splits in the order in which leaves were cut: each comes before those below it."""
    below: dict[int, list[int]] = {}
    for number, (leaf, _, _) in enumerate(parents):
        below.setdefault(leaf, []).append(number)

    def child(leaf: int, after: int) -> int:
        later = [number for number in below.get(leaf, ()) if number > after]
        return later[0] if later else ~leaf

    return tuple(
        _split(columns[cut.column], cut, child(leaf, number), child(new, number))
        for number, (leaf, cut, new) in enumerate(parents)
    )


def _split(column: Column, cut: _Cut, left: int, right: int) -> Split:
    missing = bool(cut.left[0])
    if column.edges is not None:
        threshold = float(column.edges[int(np.flatnonzero(cut.left)[-1]) - 1])
        return Split(column.name, left, right, missing, threshold)
    sides = [
        tuple(name for name, goes in zip(column.names, cut.left[1:], strict=True) if goes == side)
        for side in (1, 0)
    ]
    return Split(column.name, left, right, missing, None, sides[0], sides[1])
