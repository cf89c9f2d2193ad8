"""What estimates are off by from one time of the labelled reference to the next.

An interval made of coins says how far labels may fall from an estimate if the calibration is right
in every window. It is not: customers of a March are not those of a May. So the labelled rows, in
their order, are cut into chunks; each is estimated by a calibration that was fitted on the others,
and compared with its own labels. What the differences vary more than their own variance says is
the variance between chunks (the method of moments of DerSimonian & Laird 1986, with equal weights).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from inference_exporter.performance import (
    Expected,
    ExpectedLosses,
    Moments,
    ScoreSums,
    classification_metrics,
    count_scores,
    expected_losses,
    moments,
    score_metrics,
)
from inference_exporter.performance.scores import SCORE_CELLS
from inference_exporter.reference.judging.calibrate import fit
from inference_exporter.values.batch import Bools, Floats, Ints
from inference_exporter.values.profile import Calibration

CHUNKS = 20
LEAST_CHUNKS = 5
LEAST_ROWS = 100  # of a chunk
_SIGNIFICANCE = 0.2  # below: the differences are no more than chance

Truth = dict[str, float]


@dataclass(frozen=True, slots=True)
class LabelledScores:
    """Labelled rows of two classes in the order of time, (rows,) each."""

    score: Floats
    predicted: Bools
    positive: Bools

    def take(self, rows: Bools) -> LabelledScores:
        """Some of the rows."""
        return LabelledScores(self.score[rows], self.predicted[rows], self.positive[rows])


def chunks_of(rows: int) -> Ints | None:
    """The chunk of each row, 20 at most, of 100 rows at least; None where that makes no five.

    >>> chunks_of(499) is None
    True
    >>> np.bincount(chunks_of(1001)).tolist()
    [101, 100, 100, 100, 100, 100, 100, 100, 100, 100]
    """
    count = min(CHUNKS, rows // LEAST_ROWS)
    return None if count < LEAST_CHUNKS else np.arange(rows) * count // rows


def score_errors(rows: LabelledScores, known: Calibration) -> dict[str, float]:
    """`beyond_chance` of the estimates of two classes; empty with too few rows."""
    return beyond_chance(_compared(rows, known))


def _compared(rows: LabelledScores, known: Calibration) -> Iterator[tuple[Moments, Truth]]:
    """Of each chunk the estimates by a calibration of the others, and what came out."""
    chunk = chunks_of(len(rows.score))
    if chunk is None:
        return
    for one in range(int(chunk[-1]) + 1):
        inside = chunk == one
        mine, others = rows.take(inside), rows.take(~inside)
        p = mine.score
        if len(known.scores):
            p = np.interp(p, *fit(others.score, others.positive.astype(np.float64)))
        learned = known.rows - np.bincount(_bins(mine, known), minlength=len(known.rows))
        yield (
            moments(expected_of(mine, p, known, learned), None, ("0", "1")),
            realised_of(mine, known),
        )


def _bins(rows: LabelledScores, known: Calibration) -> Ints:
    return np.searchsorted(known.edges, rows.score)


def expected_of(rows: LabelledScores, p: Floats, known: Calibration, learned: Floats) -> Expected:
    """What calibrated probabilities let expect of the rows, by predicted class and score bin."""
    size, at = len(known.rows), _bins(rows, known)
    cell = rows.predicted * size + at
    sums = expected_losses(rows.score, p).sum(axis=1)
    losses = ExpectedLosses(sums[:2], sums[2:], _summed(rows.score, at, size))
    live, hits, spread = (
        _summed(column, cell, 2 * size).reshape(2, size)
        for column in (np.ones(len(p)), p, p * (1 - p))
    )
    return Expected(live, hits, spread, learned, losses)


def _summed(column: Floats, at: Ints, size: int) -> Floats:
    return np.bincount(at, column, minlength=size).astype(np.float64)


def realised_of(rows: LabelledScores, known: Calibration) -> Truth:
    """What came out of the rows, by metric."""
    pairs = np.bincount(rows.predicted * 2 + rows.positive, minlength=4).tolist()
    cells = {(str(at // 2), str(at % 2)): count for at, count in enumerate(pairs) if count}
    found = {
        metric: value
        for (metric, name), value in classification_metrics(cells).items()
        if name == ("" if metric == "accuracy" else "1")
    }
    sums = np.zeros((1, SCORE_CELLS))
    count_scores(rows.score, rows.positive, np.zeros(len(rows.score), np.int64), sums)
    size, at = len(known.rows), _bins(rows, known)
    ranks = np.array(
        [np.bincount(at[side], minlength=size) for side in (~rows.positive, rows.positive)]
    )
    scored = score_metrics(ScoreSums.of(sums[0]), ranks.astype(np.float64))
    return found | {metric: value for (metric, _), value in scored.items()}


def beyond_chance(compared: Iterable[tuple[Moments, Truth]]) -> dict[str, float]:
    """By metric the standard deviation of the differences that their variances do not explain.

    0 where chance is enough: as large a sum of squares would come in more than a fifth of
    references in which nothing varies. Metrics that fewer than five chunks have are left out.
    """
    squares: dict[str, list[tuple[float, float]]] = {}
    for found, truth in compared:
        for metric, (value, variance) in found.items():
            if metric in truth and 0 < variance < math.inf:
                gap = value - truth[metric]
                squares.setdefault(metric, []).append((gap * gap, variance))
    return {
        metric: _excess(np.array(pairs))
        for metric, pairs in squares.items()
        if len(pairs) >= LEAST_CHUNKS
    }


def _excess(pairs: Floats) -> float:
    """From squared differences and their variances, (chunks, 2)."""
    from scipy.stats import chi2

    seen, explained = pairs.mean(axis=0).tolist()
    count = len(pairs)
    if not seen > explained * float(chi2.ppf(1 - _SIGNIFICANCE, count)) / count:
        return 0.0
    return math.sqrt(seen - explained)
