"""What a drift statistic gets and gives: two samples in the same cells, one number.

Shares are smoothed once, here, the same way as in the recording rules and reports: p = (c + 0.5) /
(n + 0.5 B) for the live counts c, and q in the same way for the reference's. Statistics are pure;
one that is not defined for a comparison gives None, and then nothing is exposed.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import numpy as np

from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import CategoricalProfile, FeatureProfile, NumericProfile

Kind = Literal["numeric", "categorical"]

NUMERIC: frozenset[Kind] = frozenset({"numeric"})
BOTH: frozenset[Kind] = frozenset({"numeric", "categorical"})

_NONE = np.empty(0)


@dataclass(frozen=True, slots=True)
class Distribution:
    """One side of a comparison.

    `counts` (B,) rows per exported cell. For numbers also `fine_counts` (F,) and `fine_means` (F,)
    per fine cell (any value where a cell is empty), `mean` and `std` (population, of all values).
    """

    counts: Floats
    fine_counts: Floats = field(default_factory=lambda: _NONE)
    fine_means: Floats = field(default_factory=lambda: _NONE)
    mean: float = math.nan
    std: float = math.nan


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the reference lets expect of a window: `rows` (B,) of it, `worth` rows of its own."""

    rows: Floats
    worth: float

    @property
    def shares(self) -> Floats:
        """Shares (B,) that add up to 1."""
        found: Floats = np.maximum(self.rows / max(float(self.rows.sum()), 1e-300), 1e-12)
        return found

    def at_hours(self, known: Distribution, coarse: Callable[[Floats], Floats]) -> Distribution:
        """The reference as if it had been made at the hours of the window.

        Within an exported bin it is as the whole reference is.
        """
        counts = self.shares * self.worth
        if not len(known.fine_counts):
            return replace(known, counts=counts)
        cells = np.repeat(
            np.arange(len(counts)), coarse(np.ones(len(known.fine_counts))).astype(int)
        )
        factor = counts / np.maximum(known.counts, 1e-300)
        fine = known.fine_counts * factor[cells]
        means = np.nan_to_num(known.fine_means)
        rows = max(float(fine.sum()), 1e-300)
        mean = float(fine @ means) / rows
        inside = _within(known, means)
        variance = float(fine @ (means - mean) ** 2) / rows + inside
        return Distribution(counts, fine, known.fine_means, mean, math.sqrt(max(variance, 0.0)))


def _within(known: Distribution, means: Floats) -> float:
    """Variance of the reference's values within their fine cells."""
    rows = max(float(known.fine_counts.sum()), 1e-300)
    between = float(known.fine_counts @ (means - known.mean) ** 2) / rows
    return max(0.0, known.std * known.std - between)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The live window (`current`) against the reference, in cells fixed by `profile`.

    `n` and `m` rows, `cells` B, smoothed shares `p` and `q` (B,), live and reference in turn.
    Where the model has a season, `expected` is what the reference lets expect at the hours of the
    window, and `reference` is as if it had been made at them.
    `design` is by how much rows that resemble their neighbours multiply the variance of live
    shares (1: independent rows), `noise` = design / n + 1 / m what a squared difference of shares
    is made of without drift; infinite where a side is empty.
    """

    reference: Distribution
    current: Distribution
    profile: FeatureProfile
    design: float = 1.0
    expected: Expectation | None = None
    n: float = field(init=False)
    m: float = field(init=False)
    cells: int = field(init=False)
    noise: float = field(init=False)
    p: Floats = field(init=False)
    q: Floats = field(init=False)

    def __post_init__(self) -> None:
        live, known = self.current.counts, self.reference.counts
        n, m, cells = float(live.sum()), float(known.sum()), len(live)
        put = object.__setattr__  # the class is frozen
        put(self, "n", n)
        put(self, "m", m)
        put(self, "cells", cells)
        put(self, "noise", self.design / n + 1.0 / m if n and m else math.inf)
        put(self, "p", (live + 0.5) / (n + 0.5 * cells))
        if self.expected is None:
            put(self, "q", (known + 0.5) / (m + 0.5 * cells))
        else:  # smoothed already, hour by hour
            put(self, "q", self.expected.shares)

    @property
    def kind(self) -> Kind:
        """Whether the cells are ranges of numbers or categories."""
        return "numeric" if isinstance(self.profile, NumericProfile) else "categorical"

    @property
    def comparable(self) -> bool:
        """Whether there are rows on both sides and at least two cells to tell apart."""
        return self.n > 0 and self.m > 0 and self.cells > 1


@dataclass(frozen=True, slots=True)
class Result:
    """A value and, where the statistic has a null distribution, its p-value."""

    value: float
    p_value: float | None = None


class Statistic(Protocol):
    """A drift statistic.

    `name` is the value of the `statistic` label, `help` one sentence, `unit` what the value is
    measured in (empty: a pure number), `kinds` what it is defined for.
    """

    @property
    def name(self) -> str:
        """The value of the label."""

    @property
    def help(self) -> str:
        """One sentence."""

    @property
    def unit(self) -> str:
        """What the value is measured in."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it is defined for."""

    def __call__(self, comparison: Comparison) -> Result | None:
        """The value, or None where it is not defined."""

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """The value that chance alone exceeds with probability `alpha` (at most), or None."""


def comparison_numeric(
    profile: NumericProfile,
    fine_counts: Floats,
    fine_sums: Floats,
    squares: float,
    design: float = 1.0,
    expected: Expectation | None = None,
) -> Comparison:
    """A comparison of numbers.

    Parameters
    ----------
    profile
        The reference.
    fine_counts, fine_sums
        Live rows and sum of live values per fine cell, (F,).
    squares
        Sum of (value - profile.mean)² over the live rows.
    design, expected
        See `Comparison`.
    """
    n = float(fine_counts.sum())
    means = fine_sums / np.maximum(fine_counts, 1.0)
    mean = float(fine_sums.sum()) / n if n else math.nan
    shift = mean - profile.mean
    variance = squares / n - shift * shift if n else math.nan
    std = math.sqrt(max(0.0, variance)) if variance == variance else math.nan
    reference = Distribution(
        profile.cell_counts, profile.counts, profile.means, profile.mean, profile.std
    )
    live = Distribution(profile.coarse(fine_counts), fine_counts, means, mean, std)
    if expected is not None:
        reference = expected.at_hours(reference, profile.coarse)
    return Comparison(reference, live, profile, design, expected)


def comparison_categorical(
    profile: CategoricalProfile,
    cell_counts: Floats,
    design: float = 1.0,
    expected: Expectation | None = None,
) -> Comparison:
    """A comparison of categories: live rows per cell of `profile.bins`, (B,)."""
    known = Distribution(profile.cell_counts)
    if expected is not None:
        known = expected.at_hours(known, lambda fine: fine)
    return Comparison(known, Distribution(cell_counts), profile, design, expected)


def finite(value: float, p_value: float | None = None) -> Result | None:
    """A result, or None if the value is NaN or infinite."""
    return Result(float(value), p_value) if math.isfinite(value) else None


def share_comparison(live: list[float], known: list[float]) -> Comparison:
    """A comparison of plain cell counts, for examples and tests.

    >>> share_comparison([1, 3], [2, 2]).p
    array([0.3, 0.7])
    """
    listed = np.array(known[:-1], dtype=np.float64)
    profile = CategoricalProfile(
        tuple(f"{cell:02d}" for cell in range(len(listed))), listed, overflow=int(known[-1])
    )
    return comparison_categorical(profile, np.array(live, dtype=np.float64))
