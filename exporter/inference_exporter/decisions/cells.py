"""Counts of many features side by side, rare cells pooled: what the test looks at.

The χ² law needs about five expected rows in every cell of both samples (Cochran's rule). Cells with
fewer are pooled; pooling looks only at the sums over both samples, so it does not bias the test.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from inference_exporter.decisions.hours import Expected
from inference_exporter.statistics.drift.chi2 import LEAST_EXPECTED
from inference_exporter.values.batch import Bools, Floats


@dataclass(frozen=True, slots=True)
class Pooled:
    """Per feature and cell: `blocks` (T, K, B) live rows by stretch of time, `known` (T, B).

    `expected` is what the reference lets expect at the hours of each stretch, if it is not the same
    at all hours.
    """

    blocks: Floats
    known: Floats
    live: Floats
    total: Floats
    freedom: Floats  # (T,) cells that are left, less one
    expected: Expected | None = None


def pool(blocks: Floats, known: Floats, expected: Expected | None = None) -> Pooled:
    """Pool the rare cells of each feature into its last one.

    Parameters
    ----------
    blocks
        Live rows (T, K, B) of T features in K stretches of time; unused cells are 0.
    known
        Reference rows (T, B).
    expected
        See `Pooled`.
    """
    live = blocks.sum(axis=1)
    total = live + known
    n, m = live.sum(axis=1, keepdims=True), known.sum(axis=1, keepdims=True)
    least = LEAST_EXPECTED * (n + m) / np.maximum(np.minimum(n, m), 1.0)
    rare = (total > 0) & (total < least)
    if rare.any():
        rare |= _next_rarest(total, rare, least)
        blocks, known = _moved(blocks, rare[:, None, :]), _moved(known, rare)
        if expected is not None:
            expected = replace(expected, blocks=_moved(expected.blocks, rare[:, None, :]))
        live = blocks.sum(axis=1)
        total = live + known
    freedom = np.maximum((total > 0).sum(axis=1) - 1.0, 0.0)
    return Pooled(blocks, known, live, total, freedom, expected)


def _next_rarest(total: Floats, rare: Bools, least: Floats) -> Bools:
    """The smallest cell that is not rare, where the rare ones together still are."""
    together = np.where(rare, total, 0.0).sum(axis=1)
    others = np.where(rare | (total == 0), np.inf, total)
    wanted = (together > 0) & (together < least[:, 0])
    chosen = np.zeros_like(rare)
    rows = np.flatnonzero(wanted)
    chosen[rows, others[rows].argmin(axis=1)] = True
    found: Bools = chosen & np.isfinite(others)
    return found


def _moved(counts: Floats, rare: Bools) -> Floats:
    """The rare cells' counts in a cell of their own, behind the others."""
    pooled = np.where(rare, counts, 0.0).sum(axis=-1, keepdims=True)
    moved: Floats = np.concatenate((np.where(rare, 0.0, counts), pooled), axis=-1)
    return moved
