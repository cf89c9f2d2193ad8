"""Which way a distribution went, and the two bins that moved most, as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from inference_exporter.reference import bin_labels
from inference_exporter.statistics import Comparison
from inference_exporter.values.order import higher, midranks

MOST = 2  # bins that are named


def way(comparison: Comparison) -> float:
    """In how many pairs of a new and an old value the new one is higher; NaN for categories."""
    if comparison.kind == "categorical":
        return float("nan")
    return higher(comparison.current.counts, midranks(comparison.reference.counts))


def moved(comparison: Comparison) -> list[tuple[str, float]]:
    """The bins whose shares differ most, the largest difference first, in points of a hundred."""
    now = comparison.current.counts / comparison.n
    before = comparison.reference.counts / comparison.m
    change = 100.0 * (now - before)
    largest = np.argsort(-np.abs(change), kind="stable")[:MOST]
    labels = bin_labels(comparison.profile)
    return [(labels[at], float(change[at])) for at in largest.tolist() if change[at]]


def movements(compared: Sequence[tuple[str, Comparison]]) -> Iterator[str]:
    """A line for every distribution that moved at all."""
    told = [(name, _sentence(one)) for name, one in compared]
    width = max((len(name) for name, sentence in told if sentence), default=0)
    for name, sentence in told:
        if sentence:
            yield f"{name:<{width}}  {sentence}"


def _sentence(comparison: Comparison) -> str:
    bins = ", ".join(f"{change:+.1f} points in {label}" for label, change in moved(comparison))
    pairs = way(comparison)
    if not bins or np.isnan(pairs):
        return bins and f"{'':17}{bins}"
    return f"{100.0 * pairs:3.0f} of 100 higher  {bins}"
