"""Traffic as counts: rows per feature, stretch of the window, and bin.

A numeric feature is ten bins at the deciles of its own reference sample. So the reference's counts
are equal and the true shares of the bins are not: they are Dirichlet distributed, which is exactly
what deciles of a sample of that size leave.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtr, ndtri

from inference_exporter.decisions.dependence import BLOCKS
from inference_exporter.values.batch import Floats

BINS = 10
REFERENCE_ROWS = 10_000
Window = Callable[[], Floats]  # the next window: (features, stretches, cells)


class Numeric:
    """Features that follow a normal law, before and after a change."""

    def __init__(
        self, seed: int, features: int, rows: int = REFERENCE_ROWS, parts: int = BLOCKS
    ) -> None:
        self.random = np.random.default_rng(seed)
        self.features = features
        self.parts = parts  # of a window: stretches, or minutes
        self.known: Floats = np.full((features, BINS), rows / BINS)
        self.shares: Floats = self.random.dirichlet(np.full(BINS, rows / BINS), features)
        inner = np.clip(self.shares.cumsum(axis=1)[:, :-1], 1e-9, 1 - 1e-9)
        self.edges: Floats = ndtri(inner)

    def shifted(self, shift: float) -> Floats:
        """Shares of the bins when all values are higher by `shift` standard deviations."""
        return self._shares(shift, 1.0)

    def scaled(self, scale: float) -> Floats:
        """Shares of the bins when values spread `scale` times as far around their mean."""
        return self._shares(0.0, scale)

    def _shares(self, shift: float, scale: float) -> Floats:
        below = ndtr((self.edges - shift) / scale)
        ends = np.zeros((self.features, 1)), np.ones((self.features, 1))
        shares: Floats = np.diff(np.concatenate((ends[0], below, ends[1]), axis=1), axis=1)
        return shares

    def independent(self, rows: int, shares: Floats | None = None) -> Window:
        """Windows of independent rows, Poisson many around `rows`."""
        chosen = self.shares if shares is None else shares
        return independent(self.random, rows, chosen, self.parts)

    def autocorrelated(self, rows: int, correlation: float, shift: float = 0.0) -> Window:
        """Windows of exactly `rows` rows of a normal AR(1) process: neighbours correlate."""
        random, edges = self.random, (self.edges - shift).astype(np.float32)
        fresh = np.float32(np.sqrt(1.0 - correlation**2))
        state = random.standard_normal((self.features, 1), dtype=np.float32) * correlation
        parts = self.parts
        bounds = np.linspace(0, rows, parts + 1).astype(int)[:-1]

        def window() -> Floats:
            nonlocal state
            noise = random.standard_normal((self.features, rows), dtype=np.float32) * fresh
            one, two = np.ones(1, np.float32), np.array([1.0, -correlation], np.float32)
            values, state = lfilter(one, two, noise, zi=state)
            below = np.empty((self.features, parts, BINS + 1))
            below[:, :, 0] = 0.0
            for edge in range(BINS - 1):
                inside = (values <= edges[:, edge, None]).view(np.uint8)
                below[:, :, edge + 1] = np.add.reduceat(inside, bounds, axis=1, dtype=np.uint32)
            below[:, :, BINS] = np.diff(np.append(bounds, rows))
            return np.diff(below, axis=2)

        return window


class Categories:
    """Features with `levels` categories whose frequencies fall as 1 / rank (Zipf's law).

    The exporter lists the 20 most frequent, `other` where there are more, and `unseen`.
    """

    def __init__(
        self,
        seed: int,
        features: int,
        levels: int,
        rows: int = REFERENCE_ROWS,
        parts: int = BLOCKS,
    ) -> None:
        self.random, self.parts = np.random.default_rng(seed), parts
        weights = 1.0 / np.arange(1, levels + 1)
        shares = weights / weights.sum()
        listed = min(levels, 20)
        cells = [shares[:listed], [shares[listed:].sum()] if levels > listed else [], [0.0]]
        self.true: Floats = np.concatenate(cells)
        self.known: Floats = self.random.multinomial(rows, self.true, features).astype(np.float64)
        self.shares: Floats = np.broadcast_to(self.true, self.known.shape)

    def moved(self, share: float) -> Floats:
        """Shares when `share` of the rows leave the commonest category for the second."""
        shares = self.true.copy()
        moved = min(share, shares[0])
        shares[0] -= moved
        shares[1] += moved
        return np.broadcast_to(shares, self.known.shape)

    def independent(self, rows: int, shares: Floats | None = None) -> Window:
        """Windows of independent rows, Poisson many around `rows`."""
        chosen = self.shares if shares is None else shares
        return independent(self.random, rows, chosen, self.parts)

    def sticky(self, rows: int, correlation: float) -> Window:
        """Windows of rows that repeat the row before with this probability: DAR(1)."""
        random, features = self.random, len(self.known)
        ends = self.true.cumsum()
        cells = len(self.true)
        last = random.random(features).astype(np.float64)
        stretch = np.arange(rows) * BLOCKS // rows

        def window() -> Floats:
            nonlocal last
            values = random.random((features, rows))
            repeats = random.random((features, rows)) < correlation
            position = np.where(repeats, -1, np.arange(rows))
            source = np.maximum.accumulate(position, axis=1)
            taken = np.take_along_axis(values, np.maximum(source, 0), axis=1)
            taken = np.where(source < 0, last[:, None], taken)
            last = taken[:, -1]
            cell = np.minimum(np.searchsorted(ends, taken), cells - 1)
            flat = (np.arange(features)[:, None] * BLOCKS + stretch) * cells + cell
            counts = np.bincount(flat.ravel(), minlength=features * BLOCKS * cells)
            return counts.reshape(features, BLOCKS, cells).astype(np.float64)

        return window


def independent(
    random: np.random.Generator, rows: int, shares: Floats, parts: int = BLOCKS
) -> Window:
    """Poisson counts per stretch and cell."""
    rates = np.repeat(shares[:, None, :] * (rows / parts), parts, axis=1)
    return lambda: random.poisson(rates).astype(np.float64)
