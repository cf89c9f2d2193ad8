"""A month of one model in which nothing drifts, with everything that is alarmed on, by the minute.

Ten inputs of which three in a hundred values are missing, a score that is a probability, labels for
every row, a field with five segments and a protected one with two groups. Each of them follows an
AR(1) process of its own, so that neighbouring rows resemble each other in everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from scipy.special import ndtr, ndtri

from inference_exporter.values.batch import Bools, Floats, Ints

FEATURES, BINS, SCORE_BINS, SEGMENTS = 10, 10, 20, 5
ROWS, MINUTES = 16, 1440  # a minute; of a day
REFERENCE_ROWS = 10_000
MISSING = 0.03
STRANGE, OUTLIER = 3.3, 3.9  # standard deviations beyond which a value is out of range, a row out


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows: values (FEATURES, rows), missing of the same shape, and the others (rows,)."""

    values: Floats
    missing: Bools
    score: Floats
    label: Bools
    segment: Ints
    group: Ints


@dataclass(frozen=True, slots=True)
class Change:
    """What is different: labels that the model does not see, one segment's, or missing values."""

    blind: float = 0.0  # share of positives to which the score says nothing
    wrong: float = 0.0  # share of the first segment's labels that are turned round
    missing: float = MISSING
    shift: float = 0.0  # of the last input, in standard deviations


NOTHING = Change()


class Model:
    """Rows of one model: `correlation` is that of neighbours."""

    def __init__(self, seed: int, correlation: float) -> None:
        self.random = np.random.default_rng(seed)
        self._kept = correlation
        channels = 2 * FEATURES + 2
        self._state = self.random.standard_normal((channels, 1)) * correlation

    def rows(self, count: int, change: Change = NOTHING) -> Rows:
        """The next rows."""
        fresh = np.sqrt(1.0 - self._kept**2)
        noise = self.random.standard_normal((len(self._state), count)) * fresh
        found, self._state = lfilter([1.0], [1.0, -self._kept], noise, zi=self._state)
        values = found[:FEATURES].copy()
        values[-1] += change.shift
        score = 1.0 / (1.0 + np.exp(2.0 - 1.6 * values[0] - 1.2 * values[1]))
        segment = np.minimum(ndtr(found[-2]) * SEGMENTS, SEGMENTS - 1e-9).astype(np.int64)
        return Rows(
            values,
            found[FEATURES : 2 * FEATURES] < ndtri(change.missing),
            score,
            self._labels(score, segment, change),
            segment,
            (found[-1] > 0.3).astype(np.int64),
        )

    def _labels(self, score: Floats, segment: Ints, change: Change) -> Bools:
        label = self.random.random(len(score)) < score
        if change.blind:
            moved = self.random.random(len(score)) < change.blind
            label = np.where(moved, self.random.random(len(score)) < score.mean(), label)
        turned = (segment == 0) & (self.random.random(len(score)) < change.wrong)
        result: Bools = label ^ turned
        return result


@dataclass(frozen=True, slots=True)
class Counts:
    """What counters add by the minute (minutes, ...).

    `cells` of the outcomes predicted, actual; `scores` by actual and bin; `sums` of scores by bin;
    `losses`: squared error, log loss, its square; `expected` outcomes; `flaws` of every input:
    missing, out of range; `parts` of segments: rows, right; `groups`: rows, selected, positives,
    found.
    """

    inputs: Floats  # FEATURES and the score, BINS
    flaws: Floats
    outliers: Floats
    cells: Floats
    scores: Floats
    sums: Floats
    losses: Floats
    expected: Floats
    parts: Floats
    groups: Floats


def counted(rows: Rows, edges: Floats) -> Counts:
    """Rows in counts, of a whole number of minutes; `edges` (FEATURES + 1, BINS - 1)."""
    predicted: Bools = np.greater(rows.score, 0.5)
    label = rows.label
    bins = np.minimum((rows.score * SCORE_BINS).astype(np.int64), SCORE_BINS - 1)
    all_values = np.concatenate((rows.values, rows.score[None]))
    inputs = [_tally(np.searchsorted(e, v), BINS) for e, v in zip(edges, all_values, strict=True)]
    outlier: Bools = np.any(np.abs(rows.values) > OUTLIER, axis=0)
    p = np.clip(rows.score, 1e-6, 1.0 - 1e-6)
    loss = -np.log(np.where(label, p, 1.0 - p))
    side = np.stack((1.0 - rows.score, rows.score), axis=1)
    expected = np.stack([_sum(side * (predicted == one)[:, None]) for one in (0, 1)], axis=1)
    right: Bools = np.equal(predicted, label)
    return Counts(
        np.stack(inputs, axis=1),
        np.stack((_sum(rows.missing.T), _sum((np.abs(rows.values) > STRANGE).T)), axis=2),
        _sum(outlier[:, None])[:, 0],
        _tally(predicted * 2 + label, 4).reshape(-1, 2, 2),
        _tally(label * SCORE_BINS + bins, 2 * SCORE_BINS).reshape(-1, 2, SCORE_BINS),
        _tally(bins, SCORE_BINS, rows.score),
        _sum(np.stack(((rows.score - label) ** 2, loss, loss**2), axis=1)),
        expected,
        np.stack([_tally(rows.segment, SEGMENTS, w) for w in (None, right)], axis=2),
        np.stack(
            [_tally(rows.group, 2, w) for w in (None, predicted, label, label & predicted)], axis=2
        ),
    )


def joined(parts: Iterator[Counts]) -> Counts:
    """Days one after the other."""
    found = list(parts)
    names = Counts.__slots__
    return Counts(*(np.concatenate([getattr(one, name) for one in found]) for name in names))


def _sum(values: Floats | Bools) -> Floats:
    """By the minute, of (rows, ...)."""
    found: Floats = values.reshape(-1, ROWS, *values.shape[1:]).sum(axis=1, dtype=np.float64)
    return found


def _tally(cell: Ints, cells: int, weights: Floats | Bools | None = None) -> Floats:
    """How many rows, or how much of `weights`, are in each cell by the minute."""
    minutes = len(cell) // ROWS
    flat = np.repeat(np.arange(minutes), ROWS) * cells + cell
    found = np.bincount(flat, weights, minutes * cells)
    return found.reshape(minutes, cells).astype(np.float64)


def edges_of(rows: Rows) -> Floats:
    """Deciles of reference rows."""
    values = np.concatenate((rows.values, rows.score[None]))
    return np.quantile(values, np.arange(1, BINS) / BINS, axis=1).T
