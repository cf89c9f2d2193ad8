"""Probabilities of more than two classes: log loss, Brier score, calibration of the top one."""

from __future__ import annotations

import math

import numpy as np

from inference_exporter.performance.intervals import Interval, Intervals, Metrics, normal
from inference_exporter.performance.scores import SCORE_BINS, bin_of
from inference_exporter.values.batch import Floats, Ints

LOSS_SUMS = ("rows", "log_loss", "log_loss_squared", "brier_score", "brier_score_squared")
TOP_CELLS = 4 * SCORE_BINS
_CLIP = 1e-15  # as for two classes


def class_losses(values: Floats, actual: Ints) -> Floats:
    """Per row the addends of `LOSS_SUMS`, shape (5, rows), of probabilities (rows, classes).

    Log loss: -ln of the probability of the class that turned out, which is kept 1e-15 away from 0
    and 1. Brier score: the sum over classes of (probability - outcome)², 0 to 2 (Brier 1950), as
    scikit-learn's of more than two classes; for two classes it is twice the usual one.

    >>> class_losses(np.array([[0.5, 0.25, 0.25]]), np.array([0]))[[1, 3], 0].round(4).tolist()
    [0.6931, 0.375]
    """
    own = np.take_along_axis(values, actual[:, None], axis=1)[:, 0]
    loss = -np.log(np.clip(own, _CLIP, 1 - _CLIP))
    brier = (values**2).sum(axis=1) - own**2 + (1 - own) ** 2
    return np.stack((np.ones(len(own)), loss, loss**2, brier, brier**2))


def loss_metrics(sums: Floats) -> Metrics:
    """Log loss and Brier score from `LOSS_SUMS`: exact."""
    return {key: mean for key, (mean, _) in _losses(sums).items()}


def loss_intervals(sums: Floats) -> Intervals:
    """95 % intervals: normal, with the variance between rows."""
    found: Intervals = {}
    for key, (mean, variance) in _losses(sums).items():
        interval: Interval | None = normal(mean, variance)
        if interval is not None:
            found[key] = max(0.0, interval[0]), interval[1]
    return found


def _losses(sums: Floats) -> dict[tuple[str, str], tuple[float, float]]:
    """Mean, and its variance, by metric."""
    rows, *pairs = sums.tolist()
    if rows <= 0:
        return {}
    means = {
        name: (total / rows, squares / rows)
        for name, total, squares in zip(LOSS_SUMS[1::2], pairs[::2], pairs[1::2], strict=True)
    }
    return {
        (name, ""): (mean, max(0.0, square - mean * mean) / rows)
        for name, (mean, square) in means.items()
        if math.isfinite(mean)
    }


def count_top_scores(values: Floats, actual: Ints, index: Ints, out: Floats) -> None:
    """Add rows with probabilities (rows, classes) to `out`, by whether the most probable came true.

    `actual` (rows,) is the column of the class that did, `index` (rows,) the group. `out` is
    (groups, `TOP_CELLS`): for no and yes in turn, rows and sums of the probability of the most
    probable class in 20 equal bins of [0, 1].
    """
    hit = values.argmax(axis=1) == actual
    score = np.minimum(values.max(axis=1, initial=0.0), 1.0)
    flat = hit * 2 * SCORE_BINS + bin_of(score) + index * TOP_CELLS
    out += np.bincount(flat, minlength=out.size).reshape(out.shape)
    out += np.bincount(flat + SCORE_BINS, score, minlength=out.size).reshape(out.shape)


def top_calibration_error(rows: Floats, scores: Floats, hits: Floats) -> float | None:
    """Expected calibration error of the most probable class, over bins of its probability.

    The sum over bins of |sum of probabilities - rows in which that class turned out|, over all
    rows (Guo et al. 2017); None without rows.

    >>> top_calibration_error(np.array([4.0, 6]), np.array([2.0, 5.4]), np.array([2.0, 4.4]))
    0.1
    """
    total = float(rows.sum())
    return float(np.abs(scores - hits).sum()) / total if total else None
