"""Prometheus's `histogram_quantile` of classic buckets, written down after its documentation."""

from __future__ import annotations

from collections.abc import Sequence


def histogram_quantile(q: float, bounds: Sequence[float], cumulative: Sequence[float]) -> float:
    """Linear between the bounds of the bucket; `cumulative` has one more, of `+Inf`."""
    rank = q * cumulative[-1]
    at = next(i for i, count in enumerate(cumulative) if count >= rank and count > 0)
    if at == len(bounds):
        return bounds[-1]
    low, below = (bounds[at - 1], cumulative[at - 1]) if at else (0.0, 0.0)
    return low + (bounds[at] - low) * (rank - below) / (cumulative[at] - below)
