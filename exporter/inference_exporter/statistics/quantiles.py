"""Quantiles from a histogram, for latencies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from inference_exporter.values.batch import Floats


def histogram_quantiles(
    bounds: Floats, counts: Floats, levels: Sequence[float], *, geometric: bool = True
) -> list[float | None]:
    """Values at the levels (0 to 1), interpolated within cells.

    Parameters
    ----------
    bounds
        Inclusive upper bounds of all cells but the last, ascending, (C - 1,).
    counts
        Rows per cell, the last one open, (C,).
    levels
        Which quantiles, 0.5 for the median.
    geometric
        Interpolate on a logarithmic scale, for bounds that are spaced so; else linearly.

    Returns
    -------
    list
        A value per level; None without any row.

    Notes
    -----
    The true sample quantile lies in the same cell, so the error is at most the cell's width: with
    bounds that grow by a factor r, at most a factor r, and a factor sqrt(r) in the middle of the
    cell. In the open cells nothing is known but one bound, which is the answer: in the last cell
    that is a lower limit of the quantile, as it is with PromQL's `histogram_quantile`; in the first
    one, interpolation is linear from 0 if the bound is positive.

    Cost: a cumulative sum and two lookups per level.

    Examples
    --------
    >>> histogram_quantiles(np.array([1.0, 2.0, 4.0]), np.array([0, 10, 10, 0]), [0.25, 0.5, 0.75])
    [1.41..., 2.0, 2.82...]
    >>> histogram_quantiles(np.array([1.0]), np.array([0, 0]), [0.5])
    [None]
    """
    cumulative = np.cumsum(counts)
    total = float(cumulative[-1])
    if total <= 0:
        return [None] * len(levels)
    return [_at(bounds, counts, cumulative, level * total, geometric) for level in levels]


def _at(bounds: Floats, counts: Floats, cumulative: Floats, rank: float, geometric: bool) -> float:
    cell = min(int(cumulative.searchsorted(rank)), len(counts) - 1)
    while not counts[cell]:  # level 0 in front of the first row
        cell += 1
    if cell == len(bounds):
        return float(bounds[-1])
    high = float(bounds[cell])
    low = float(bounds[cell - 1]) if cell else min(0.0, high)
    inside = (rank - float(cumulative[cell] - counts[cell])) / float(counts[cell])
    inside = min(1.0, max(0.0, inside))
    if geometric and low > 0:
        return float(low * (high / low) ** inside)
    return low + (high - low) * inside
