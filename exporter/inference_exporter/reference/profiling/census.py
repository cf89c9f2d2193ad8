"""The second pass over reference data: exact counts in the bins that the first pass fixed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from inference_exporter.reference.profiling.grid import edges_of
from inference_exporter.reference.profiling.sketch import QuantileSketch
from inference_exporter.reference.reading.columns import categories, numeric
from inference_exporter.values.batch import Floats, TextColumn
from inference_exporter.values.profile import OTHER, UNSEEN, CategoricalProfile, NumericProfile

LISTED_CATEGORIES = 20
KEPT_CATEGORIES = 10_000
_HUGE = 1e150  # beyond it squares overflow


class NumericCensus:
    """Counts, means per fine cell and moments of a numeric column.

    Deviations are taken from the median, so that no precision is lost far from zero, and scaled
    where their squares would overflow. `bins` (exported and fine edges) are those of the sketch
    unless others are given.
    """

    def __init__(self, sketch: QuantileSketch, bins: tuple[Floats, Floats] | None = None) -> None:
        self._edges, self._fine_edges = bins or edges_of(sketch)
        self._minimum, self._maximum = sketch.minimum, sketch.maximum
        self._centre = float(sketch.quantiles(np.array([0.5]))[0])
        self._scale = 2.0**-600 if max(-self._minimum, self._maximum) > _HUGE else 1.0
        self._counts = np.zeros(len(self._fine_edges) + 1)
        self._sums = np.zeros(len(self._fine_edges) + 1)
        self._squares = 0.0
        self._invalid = 0

    @property
    def edges(self) -> Floats:
        """The exported edges."""
        return self._edges

    def add(self, cells: TextColumn) -> None:
        """Take in a block of the column."""
        column = numeric(cells)
        values = column.values[~np.isnan(column.values)]
        index = np.searchsorted(self._fine_edges, values)
        deviations = values * self._scale - self._centre * self._scale
        self._counts += np.bincount(index, minlength=len(self._counts))
        self._sums += np.bincount(index, deviations, minlength=len(self._counts))
        self._squares += float(deviations @ deviations)
        if column.invalid is not None:
            self._invalid += int(column.invalid.sum())

    def profile(self, rows: int) -> NumericProfile:
        """The profile, of which `rows` rows of the table are the whole."""
        n = float(self._counts.sum())
        shift = float(self._sums.sum()) / n
        variance = max(0.0, self._squares / n - shift * shift)
        one_value = self._minimum == self._maximum
        return NumericProfile(
            edges=self._edges,
            fine_edges=self._fine_edges,
            counts=self._counts,
            means=self._means(),
            minimum=self._minimum,
            maximum=self._maximum,
            mean=self._mean(shift),
            std=0.0 if one_value else float(np.sqrt(variance)) / self._scale,
            missing=rows - int(n) - self._invalid,
            invalid=self._invalid,
        )

    def _mean(self, shift: float) -> float:
        mean = (shift + self._centre * self._scale) / self._scale
        return min(max(mean, self._minimum), self._maximum)

    def _means(self) -> Floats:
        filled = self._counts > 0
        means = np.full(len(self._counts), np.nan)
        with np.errstate(over="ignore"):  # by a rounding error, undone below
            scaled = self._sums[filled] / self._counts[filled] + self._centre * self._scale
            means[filled] = scaled / self._scale
        low = np.concatenate(([self._minimum], self._fine_edges))
        high = np.concatenate((self._fine_edges, [self._maximum]))
        return np.clip(means, low, high, out=means)  # rounding must not take it out of its cell


class EmptyCensus:
    """A column of numbers in which there is none: it has no bins, and merges with any kind."""

    edges: Floats = np.empty(0)

    def __init__(self) -> None:
        self._invalid = 0

    def add(self, cells: TextColumn) -> None:
        """Take in a block of the column."""
        column = numeric(cells)
        if column.invalid is not None:
            self._invalid += int(column.invalid.sum())

    def profile(self, rows: int) -> CategoricalProfile:
        """The profile: no category, and every row missing or invalid."""
        missing = rows - self._invalid
        return CategoricalProfile((), np.empty(0), missing=missing, invalid=self._invalid)


class CategoryCensus:
    """Counts per category of a column.

    Up to 10,000 categories are kept by name, the first that appear. Rows with any other are the
    profile's `overflow`: live data cannot tell those categories from unseen ones.
    """

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._overflow = self._invalid = 0

    def add(self, cells: TextColumn) -> None:
        """Take in a block of the column."""
        found, _, invalid = categories(cells)
        self.merge(found, invalid=invalid)

    def merge(self, found: Mapping[str, int], *, invalid: int = 0, overflow: int = 0) -> None:
        """Take in rows by category, rows without a scalar, and rows beyond the names kept."""
        self._invalid += invalid
        self._overflow += overflow
        counts = self._counts
        for name, count in found.items():
            if name in counts:
                counts[name] += count
            elif len(counts) < KEPT_CATEGORIES:
                counts[name] = count
            else:
                self._overflow += count

    @property
    def counts(self) -> Mapping[str, int]:
        """Rows per category that is kept."""
        return self._counts

    def profile(self, rows: int) -> CategoricalProfile:
        """The profile; categories are in order of frequency, equal ones in order of name.

        A category that is itself called `unseen` (or `other`, where there is such a cell) is never
        listed: its rows are in the cell `other`, since two cells cannot have one name.
        """
        order = sorted(self._counts, key=lambda name: (-self._counts[name], name))
        listed = [name for name in order if name != UNSEEN][:LISTED_CATEGORIES]
        if len(listed) < len(order) and OTHER in listed:
            listed = [name for name in order if name not in (OTHER, UNSEEN)][:LISTED_CATEGORIES]
        others = frozenset(order).difference(listed)
        return CategoricalProfile(
            categories=tuple(listed),
            counts=np.array([self._counts[name] for name in listed], dtype=np.float64),
            known_others=others,
            other_count=sum(self._counts[name] for name in others),
            missing=rows - sum(self._counts.values()) - self._overflow - self._invalid,
            invalid=self._invalid,
            overflow=self._overflow,
        )
