"""How far up the actual class was in the ranking: top-k accuracy and NDCG."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from inference_exporter.performance.intervals import Intervals, Metrics, normal, wilson
from inference_exporter.values.batch import RANKS, Floats

NDCG = f"ndcg_{RANKS}"
_GAINS = np.append(1 / np.log2(1 + np.arange(1, RANKS + 1)), 0.0)


def rank_metrics(counts: Floats, top_k: Iterable[int]) -> Metrics:
    """Top-k accuracy for each k, and NDCG at 10, of rows by rank (1 … 10, then beyond).

    With one relevant item a row, its label, the ideal gain is 1, so NDCG is the mean of
    1 / log2(1 + rank) (Järvelin & Kekäläinen 2002), with 0 beyond rank 10.

    >>> counts = np.array([6.0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 2])
    >>> found = rank_metrics(counts, [1, 2])
    >>> found["top_1_accuracy", ""], found["top_2_accuracy", ""], round(found["ndcg_10", ""], 4)
    (0.6, 0.8, 0.7262)
    """
    total = float(counts.sum())
    if not total:
        return {}
    found: Metrics = {(top(k), ""): float(counts[:k].sum()) / total for k in top_k}
    found[NDCG, ""] = float((counts * _GAINS).sum()) / total
    return found


def rank_intervals(counts: Floats, top_k: Iterable[int]) -> Intervals:
    """95 % intervals: Wilson's for the shares, normal for NDCG, whose variance is exact."""
    total = float(counts.sum())
    if not total:
        return {}
    found: Intervals = {(top(k), ""): wilson(float(counts[:k].sum()), total) for k in top_k}
    mean = float((counts * _GAINS).sum()) / total
    spread = float((counts * (_GAINS - mean) ** 2).sum()) / total
    if (interval := normal(mean, spread / total)) is not None:
        found[NDCG, ""] = max(0.0, interval[0]), min(1.0, interval[1])
    return found


def top(k: int) -> str:
    """The name of top-k accuracy."""
    return f"top_{k}_accuracy"
