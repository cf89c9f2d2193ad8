"""What is decided on: every feature and output with bins, as rows of one table.

The cells of all of them are side by side in a compact row, which is what is kept per stretch of
time; `table` spreads rows into (features, cells) for the arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import numpy as np

from inference_exporter.accumulators import (
    CategoryBins,
    DenseAccumulator,
    Layout,
    NumericBins,
    expected_bins,
)
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.thresholds import in_force
from inference_exporter.decisions.hours import Expected
from inference_exporter.values.batch import Floats, Ints

MIN_SAMPLES = 200
MIN_SAMPLES_PER_BIN = 20


class Subjects:
    """The features and outputs of a model, in the order of its layout."""

    def __init__(
        self, model: ModelConfig, layout: Layout, known: Mapping[str, Floats] | None = None
    ) -> None:
        """`known` are rows of the reference by bin, by key; those of the profiles if not given."""
        self.bins = [one for one in layout.dense if isinstance(one, NumericBins | CategoryBins)]
        self.size = len(self.bins)
        self.keys = [one.key for one in self.bins]
        self.names = [(one.scope, one.name) for one in self.bins]
        self.is_feature = np.array([one.scope == "feature" for one in self.bins], dtype=np.bool_)
        starts = [_starts(one) + layout.slices[one.key].start for one in self.bins]
        widths = [len(one) - 1 for one in starts]  # the last start is the first cell after
        self.width = sum(widths)
        self._starts: Ints = np.concatenate([*starts, np.zeros(0, dtype=np.int64)])
        ours = [np.arange(len(one)) < len(one) - 1 for one in starts]
        self._ours = np.concatenate([*ours, np.zeros(0, dtype=np.bool_)])
        self.cells: Floats = np.array(widths, dtype=np.float64)
        self._most = max(widths, default=0)
        at = [row * self._most + np.arange(width) for row, width in enumerate(widths)]
        self._at: Ints = np.concatenate([*at, np.zeros(0, dtype=np.int64)])
        self.known = self.table(_known(self.bins, known))
        self.samples = self.known.sum(axis=1)
        self.threshold = _effects(self.bins, model.thresholds)
        usual = np.maximum(MIN_SAMPLES, MIN_SAMPLES_PER_BIN * self.cells)
        configured = model.min_samples
        self.least = usual if configured is None else np.full(self.size, float(configured))
        description = repr(list(zip(self.keys, widths, strict=True)))
        self.season = expected_bins(layout.dense)
        if self.season is not None:
            description += self.season.key
        self.identity = sha256(description.encode()).hexdigest()[:16]
        self._expected = layout.slices[self.season.key] if self.season else slice(0, 0)

    @property
    def counters(self) -> list[DenseAccumulator]:
        """Who counts what is decided on."""
        return [*self.bins, *([self.season] if self.season else [])]

    @property
    def hours(self) -> int:
        """How many hours are told apart; 0 without a season."""
        return self.season.hours if self.season else 0

    def expected(self, dense: Floats) -> Floats:
        """Compact rows (groups, width) that the reference lets expect, then rows by hour."""
        return dense[:, self._expected]

    def expectation(self, rows: Floats) -> Expected:
        """What the reference lets expect of a window, of rows (stretches, width + hours)."""
        assert self.season is not None
        seasons, hours = self.season.seasons, rows[:, self.width :]
        blocks = np.ascontiguousarray(self.table(rows[:, : self.width]).transpose(1, 0, 2))
        worth = seasons.behind(hours.sum(axis=0), self.samples)
        return Expected(blocks, worth, hours, seasons.noise(self.samples))

    def rows(self, dense: Floats) -> Floats:
        """Compact rows (groups, width) of tallies' dense cells (groups, cells)."""
        if not self.width:
            return np.zeros((len(dense), 0))
        sums: Floats = np.add.reduceat(dense, self._starts, axis=1)[:, self._ours]
        return sums

    def table(self, compact: Floats) -> Floats:
        """Compact rows (..., width) as (..., features, cells); cells there are not are 0."""
        spread = np.zeros((*compact.shape[:-1], self.size * self._most))
        spread[..., self._at] = compact
        return spread.reshape(*compact.shape[:-1], self.size, self._most)


def _starts(one: NumericBins | CategoryBins) -> Ints:
    """First cell of each exported bin, and the first one after them."""
    if isinstance(one, CategoryBins):
        return np.arange(len(one.profile.bins) + 1)
    inner = np.searchsorted(one.grid, one.profile.edges) + 1
    starts: Ints = np.concatenate(([0], inner, [len(one.grid) + 1])).astype(np.int64)
    return starts


def _known(bins: list[NumericBins | CategoryBins], known: Mapping[str, Floats] | None) -> Floats:
    rows = [
        one.profile.cell_counts if known is None else known[f"{one.scope}/{one.name}"]
        for one in bins
    ]
    return np.concatenate([*rows, np.zeros(0)])


def _effects(bins: list[NumericBins | CategoryBins], thresholds: Mapping[str, float]) -> Floats:
    used = in_force(thresholds)
    return np.array([used[f"{one.scope}_psi"] for one in bins], dtype=np.float64)
