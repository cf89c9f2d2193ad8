"""Labelled scores in bins -> ROC AUC, average precision, calibration error, Brier, log loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.performance.intervals import Metrics
from inference_exporter.special import digamma
from inference_exporter.values.batch import Bools, Floats, Ints

SCORE_BINS = 20
SCORE_CELLS = 4 * SCORE_BINS + 2
_EDGES = np.arange(1, SCORE_BINS) / SCORE_BINS
_CLIP = 1e-15  # scikit-learn's bound of old for the log loss of a score of exactly 0 or 1


def rank_edges(more: Floats) -> Floats:
    """Edges of finer bins, by which scores are ranked: the 20 equal bins, and further edges.

    >>> len(rank_edges(np.array([-1.0, 0.001, 0.05, 2.0])))
    20
    """
    return np.unique(np.concatenate((_EDGES, more[(more > 0) & (more < 1)])))


def bin_of(score: Floats) -> Ints:
    """The bin of scores in [0, 1]; a score at an edge belongs to the lower bin."""
    return np.searchsorted(_EDGES, score)


@dataclass(frozen=True, slots=True)
class ScoreSums:
    """Sums over labelled scores of a two-class model.

    `rows` and `scores` (2, 20): rows and sum of scores by class (negative, positive) and bin;
    `squared` and `log_loss`: sums of (score - outcome)² and of the log loss.
    """

    rows: Floats
    scores: Floats
    squared: float
    log_loss: float

    @classmethod
    def of(cls, cells: Floats) -> ScoreSums:
        """From the cells that `count_scores` fills."""
        table = cells[:-2].reshape(2, 2, SCORE_BINS)
        return cls(table[:, 0], table[:, 1], float(cells[-2]), float(cells[-1]))

    @property
    def total(self) -> float:
        """Labelled rows."""
        return float(self.rows.sum())


def count_scores(score: Floats, positive: Bools, index: Ints, out: Floats) -> None:
    """Add rows with a score in [0, 1] to `out`, (groups, SCORE_CELLS), each at its group."""
    actual = positive.astype(np.int64)
    flat = actual * 2 * SCORE_BINS + bin_of(score) + index * SCORE_CELLS
    shape, size = out.shape, out.size
    out += np.bincount(flat, minlength=size).reshape(shape)
    out += np.bincount(flat + SCORE_BINS, score, minlength=size).reshape(shape)
    squared = (score - actual) ** 2
    out[:, -2] += np.bincount(index, squared, minlength=len(out))
    out[:, -1] += np.bincount(index, log_losses(score, positive), minlength=len(out))


def log_losses(score: Floats, positive: Bools) -> Floats:
    """Log loss of each row, its score clipped."""
    likelihood = np.clip(np.where(positive, score, 1 - score), _CLIP, 1 - _CLIP)
    found: Floats = -np.log(likelihood)
    return found


def score_metrics(sums: ScoreSums, ranks: Floats | None = None) -> Metrics:
    """ROC AUC, average precision, calibration error, Brier score and log loss.

    Brier score, log loss and the expected calibration error, sum over the 20 bins of
    (rows in it / rows) |mean score - share of positives|, are exact. ROC AUC and average
    precision are those of the scores rounded to their bin: of `ranks` (2, bins), rows by class in
    finer bins, if there are any. `binning_errors` bounds the difference.

    >>> cells, index = np.zeros((1, SCORE_CELLS)), np.zeros(4, np.int64)
    >>> score = np.array([0.1, 0.4, 0.35, 0.8])  # scikit-learn's own example
    >>> count_scores(score, np.array([False, False, True, True]), index, cells)
    >>> score_metrics(ScoreSums.of(cells[0]))["roc_auc", ""]
    0.75
    """
    total = sums.total
    if not total:
        return {}
    gaps = np.abs(sums.scores.sum(axis=0) - sums.rows[1])
    found = {
        "brier_score": sums.squared / total,
        "log_loss": sums.log_loss / total,
        "calibration_error": float(gaps.sum()) / total,
    }
    whole = {(metric, ""): value for metric, value in found.items()}
    return whole | ranked_metrics(*(sums.rows if ranks is None else ranks))


def ranked_metrics(negatives: Floats, positives: Floats) -> Metrics:
    """ROC AUC and average precision of rows per bin, (bins,) of each class."""
    found: Metrics = {}
    if positives.any() and negatives.any():
        found["roc_auc", ""] = roc_auc(negatives, positives)
    if positives.any():
        found["average_precision", ""] = average_precision(negatives, positives)
    return found


def roc_auc(negatives: Floats, positives: Floats) -> float:
    """Share of pairs (a positive, a negative) in which the positive is in the higher bin.

    Pairs in one bin count half (Mann & Whitney).
    """
    below = np.cumsum(negatives) - negatives
    return float((positives * (below + negatives / 2)).sum() / (positives.sum() * negatives.sum()))


def average_precision(negatives: Floats, positives: Floats) -> float:
    """Mean precision at the lower edge of each positive's bin, scores of a bin being ties."""
    return float(_precision_steps(negatives, positives).sum())


def _precision_steps(negatives: Floats, positives: Floats) -> Floats:
    """Per bin: its share of the positives x the precision at its lower edge."""
    hits, misses = positives[::-1].cumsum()[::-1], negatives[::-1].cumsum()[::-1]
    rows = hits + misses
    precision = np.divide(hits, rows, out=np.zeros(len(rows)), where=rows > 0)
    steps: Floats = positives / positives.sum() * precision
    return steps


def binning_errors(sums: ScoreSums, ranks: Floats | None = None) -> Metrics:
    """How far ROC AUC and average precision may be from those of the scores themselves.

    ROC AUC: only pairs in one bin may be ordered otherwise than assumed, and each moves the sum by
    at most one half: ``sum of n⁺ n⁻ / (2 N⁺ N⁻)``.

    Average precision: let T positives and F negatives have higher bins, t and f be in the bin. The
    i-th positive of the bin has a precision of at least (T + i) / (T + i + F + f), all negatives
    of the bin before it, and at most (T + t) / (T + t + F), none before it and all positives tied.
    """
    negatives, positives = sums.rows if ranks is None else ranks
    return {(name, ""): value for name, value in ranking_errors(negatives, positives).items()}


def ranking_errors(negatives: Floats, positives: Floats) -> dict[str, float]:
    """The bounds of `binning_errors`, by metric, of rows per bin."""
    if not positives.any():
        return {}
    found: dict[str, float] = {}
    if negatives.any():
        pairs = float(positives.sum() * negatives.sum())
        found["roc_auc"] = float((positives * negatives).sum()) / (2 * pairs)
    value = average_precision(negatives, positives)
    low, high = _precision_bounds(negatives, positives)
    found["average_precision"] = max(value - low, high - value, 0.0)
    return found


def _precision_bounds(negatives: Floats, positives: Floats) -> tuple[float, float]:
    hits, misses = positives[::-1].cumsum()[::-1], negatives[::-1].cumsum()[::-1]
    above, missed = hits - positives, misses - negatives  # T and F
    share = np.divide(hits, hits + missed, out=np.zeros(len(hits)), where=hits > 0)
    high = float((positives * share).sum())
    # The sum of (T + i) / (T + i + c) for i = 1 … t is t - c (ψ(T + c + t + 1) - ψ(T + c + 1)).
    steps = digamma(hits + misses + 1) - digamma(above + misses + 1)
    low = float((positives - misses * steps).sum())
    return low / float(positives.sum()), high / float(positives.sum())
