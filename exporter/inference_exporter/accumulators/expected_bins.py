"""What the reference lets expect of the rows that came, at the hours at which they came.

Every row adds to all exported bins of a feature what the reference has in them at that hour of the
day or week, if the row has a value. Sums over any window and any replicas are then what the window
is compared with.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from inference_exporter.accumulators.base import Groups
from inference_exporter.accumulators.category_bins import CategoryBins
from inference_exporter.accumulators.numeric_bins import NumericBins
from inference_exporter.values.batch import Batch, Bools, Floats, Ints
from inference_exporter.values.seasons import Seasons

Bins = NumericBins | CategoryBins


class ExpectedBins:
    """Cells: the exported bins of all columns side by side (`width`), then rows by hour (`hours`).

    `places` says where the bins of a column are, by the key of its own accumulator.
    """

    def __init__(self, bins: Sequence[Bins], seasons: Seasons, reference: str) -> None:
        self.key = f"expected_bins@{reference}/{seasons.digest}"
        self.seasons = seasons
        tables = [
            seasons.shares(f"{one.scope}/{one.name}", one.profile.cell_counts) for one in bins
        ]
        ends = np.cumsum([0, *(table.shape[1] for table in tables)]).tolist()
        self.places = {
            one.key: slice(start, stop)
            for one, (start, stop) in zip(bins, pairwise(ends), strict=True)
        }
        self._bins = tuple(bins)
        self._shares: Floats = np.concatenate([*tables, np.zeros((len(seasons.rows), 0))], axis=1)
        self.hours, self.width = self._shares.shape
        self.cells = self.width + self.hours

    def count(self, batch: Batch, groups: Groups, out: Floats) -> None:
        """See `DenseAccumulator.count`; `out` is 0."""
        if batch.season is None:
            return
        rows = self._by_hour(batch.season, groups)
        inputs = batch.inputs
        out[:, self.width :] += (
            rows if inputs is None else self._by_hour(batch.season, groups, inputs)
        )
        seen = np.flatnonzero(rows.any(axis=0))
        shares = self._shares[seen]
        out[:, : self.width] += rows[:, seen] @ shares
        for one in self._bins:
            absent = _absent(one, batch)
            if absent is not None and absent.any():
                place = self.places[one.key]
                lacking = self._by_hour(batch.season, groups, absent)
                out[:, place] -= lacking[:, seen] @ shares[:, place]
        np.maximum(out, 0.0, out=out)  # a difference of sums must not be less by rounding

    def expected(self, one: Bins, cells: Floats) -> Floats:
        """Rows per exported bin that the reference lets expect of a column's values, (B,)."""
        return cells[self.places[one.key]]

    def by_hour(self, cells: Floats) -> Floats:
        """Live rows by hour, (S,)."""
        return cells[self.width :]

    def _by_hour(self, hours: Ints, groups: Groups, chosen: Bools | None = None) -> Floats:
        flat = groups.index * self.hours + hours
        flat = flat if chosen is None else flat[chosen]
        counts = np.bincount(flat, minlength=groups.count * self.hours)
        return counts.reshape(groups.count, self.hours).astype(np.float64)


def expected_bins(dense: Iterable[object]) -> ExpectedBins | None:
    """The one among accumulators, where the model has a season."""
    return next((one for one in dense if isinstance(one, ExpectedBins)), None)


def _absent(one: Bins, batch: Batch) -> Bools | None:
    """Rows (rows,) in which a column has no usable value; None if it has one in each."""
    if isinstance(one, NumericBins):
        numbers = one.column(batch)
        if numbers is None:
            return np.ones(batch.rows, np.bool_)
        found: Bools = np.isnan(numbers.values)
        return found
    texts = one.column(batch)
    if texts is None:
        return np.ones(batch.rows, np.bool_)
    if texts.invalid is None and None not in texts.values:
        return None
    missing = np.array([value is None for value in texts.values], dtype=np.bool_)
    return missing if texts.invalid is None else missing | texts.invalid
