"""Where a value can be, or the lack of one: all cells of all features as one table.

A row per feature. First the cells of values: of a number, those of the fine grid within the
reference's range; of a category, those listed. Then four cells that every feature has: below the
range (of a category: unseen), above it, missing, invalid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np

from inference_exporter.accumulators.category_bins import CategoryBins
from inference_exporter.accumulators.numeric_bins import NumericBins
from inference_exporter.values.batch import Floats, Ints

Bins = NumericBins | CategoryBins
STRANGE, ABOVE, MISSING, INVALID = -4, -3, -2, -1  # columns of the table


class Cells:
    """The cells of some features, whose counts are where `slices` says.

    `known` (T, M) are rows of the reference, `rows` (T,) their sum; `names` those of the features,
    `own` (T,) how many cells of values each has.
    """

    def __init__(self, bins: Sequence[Bins], slices: Mapping[str, slice]) -> None:
        self.names = [one.name for one in bins]
        self.values = max((_values(one) for one in bins), default=0)
        self.numeric = np.array([isinstance(one, NumericBins) for one in bins], dtype=np.bool_)
        self.own: Floats = np.array([_values(one) for one in bins], dtype=np.float64)
        self.shape = (len(bins), self.values + 4)
        places = [_places(one, self.shape[1]) for one in bins]
        starts = [slices[one.key].start for one in bins]
        self._cells = _joined(
            [start + np.arange(len(p)) for start, p in zip(starts, places, strict=True)]
        )
        self._places = _joined([t * self.shape[1] + p for t, p in enumerate(places)])
        self.known: Floats = np.zeros(self.shape)
        for row, one, place in zip(self.known, bins, places, strict=True):
            np.add.at(row, place, _known(one))
        self.rows: Floats = self.known.sum(axis=1)
        description = repr([(one.key, len(p)) for one, p in zip(bins, places, strict=True)])
        self.identity = sha256(description.encode()).hexdigest()[:16]

    def table(self, dense: Floats) -> Floats:
        """Counts (groups, T, M) out of tallies' dense cells (groups, cells)."""
        size = self.shape[0] * self.shape[1]
        chosen = dense[:, self._cells]
        tables = [np.bincount(self._places, one, minlength=size) for one in chosen]
        found: Floats = np.array(tables, dtype=np.float64).reshape(len(dense), *self.shape)
        return found


def _values(one: Bins) -> int:
    return len(one.inside) if isinstance(one, NumericBins) else len(one.profile.bins) - 1


def _places(one: Bins, width: int) -> Ints:
    """The column of each cell of an accumulator that counts rows."""
    if isinstance(one, CategoryBins):
        last = np.array([STRANGE, MISSING, INVALID]) + width
        return np.concatenate((np.arange(_values(one)), last))
    grid = np.arange(one.stride - 2)
    inside = np.clip(grid - one.inside.start, 0, None)
    place = np.where(grid < one.inside.start, STRANGE + width, inside)
    place = np.where(grid >= one.inside.stop, ABOVE + width, place)
    return np.concatenate((place, np.array([MISSING, INVALID]) + width))


def _known(one: Bins) -> Floats:
    profile = one.profile
    counts = one.known() if isinstance(one, NumericBins) else one.profile.cell_counts
    return np.concatenate((counts, [float(profile.missing), float(profile.invalid)]))


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([*parts, np.zeros(0, dtype=np.int64)])
