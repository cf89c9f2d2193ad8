"""From scores to probabilities: isotonic regression on labelled rows, if it makes them truer."""

from __future__ import annotations

import numpy as np

from inference_exporter.values.batch import Bools, Floats
from inference_exporter.values.profile import Calibration

MIN_ROWS = 200
MIN_PER_CLASS = 10
MAX_KNOTS = 1000
_FOLDS = 10
_ERROR_BINS = 10

Knots = tuple[Floats, Floats]


def calibrate(
    score: Floats, positive: Bools, classes: tuple[str, str], edges: Floats
) -> Calibration | None:
    """The calibration of scores in [0, 1]; None where there are too few labelled rows for one.

    The isotonic regression is kept only if it lowers the expected calibration error over 10
    equal-count bins, each row being calibrated by a fit without its tenth of the rows.
    """
    hits = int(positive.sum())
    if len(score) < MIN_ROWS or min(hits, len(score) - hits) < MIN_PER_CLASS:
        return None
    outcome = positive.astype(np.float64)
    before, after = cross_validated(score, outcome)
    nothing: Knots = (np.empty(0), np.empty(0))
    knots = fit(score, outcome) if after < before else nothing
    at = np.searchsorted(edges, score)
    rows = np.bincount(at, minlength=len(edges) + 1).astype(np.float64)
    return Calibration(classes[0], classes[1], *knots, edges, rows, before, after)


def fit(score: Floats, outcome: Floats) -> Knots:
    """Knots of the isotonic regression, linear between and constant beyond.

    Equal scores are one point, as in scikit-learn; more than 1,000 distinct ones are put together
    in 1,000 cells of equal counts first.
    """
    from scipy.optimize import isotonic_regression

    points, at = np.unique(score, return_inverse=True)
    if len(points) > MAX_KNOTS:
        order = np.argsort(score, kind="stable")
        cell = np.empty(len(score), np.int64)
        cell[order] = np.arange(len(score)) * MAX_KNOTS // len(score)
        at = np.maximum.reduceat(cell[order], np.searchsorted(score[order], points))[at]
        _, at = np.unique(at, return_inverse=True)
    weights = np.bincount(at).astype(np.float64)
    xs = np.bincount(at, score) / weights
    ys = isotonic_regression(np.bincount(at, outcome) / weights, weights=weights).x
    inner = np.zeros(len(ys), np.bool_)
    inner[1:-1] = (ys[1:-1] == ys[:-2]) & (ys[1:-1] == ys[2:])
    return xs[~inner], ys[~inner]


def cross_validated(score: Floats, outcome: Floats) -> tuple[float, float]:
    """Calibration error before and after calibration; each row's is fitted without its fold."""
    probability = left_out(score, outcome)
    return calibration_error(score, outcome), calibration_error(probability, outcome)


def left_out(score: Floats, outcome: Floats) -> Floats:
    """The probability of each row, by a fit without its tenth of the rows."""
    fold = np.random.default_rng(0).permutation(len(score)) % _FOLDS
    probability = np.empty(len(score))
    for one in range(_FOLDS):
        out = fold == one
        probability[out] = np.interp(score[out], *fit(score[~out], outcome[~out]))
    return probability


def calibration_error(probability: Floats, outcome: Floats) -> float:
    """Expected calibration error over 10 bins of equal counts (Naeini et al. 2015).

    >>> round(calibration_error(np.array([0.5, 0.5]), np.array([0.0, 1.0])), 3)
    0.5
    """
    order = np.argsort(probability, kind="stable")
    gaps = (probability - outcome)[order]
    return sum(abs(float(part.sum())) for part in np.array_split(gaps, _ERROR_BINS)) / len(gaps)
