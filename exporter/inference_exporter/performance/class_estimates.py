"""Performance of more than two classes before any label: multiclass CBPE with its intervals.

Of a prediction with the calibrated probabilities p, one class turns out, j with probability p_j
(Kivimäki et al. 2025, arXiv 2505.05295; NannyML). So the cell (predicted i, actual j) is expected
to grow by p_j. As for two classes, concept drift makes p wrong and nothing here shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.performance.business import Values
from inference_exporter.performance.estimates import Estimates
from inference_exporter.performance.intervals import as_share, normal
from inference_exporter.values.batch import Floats

_OCCURS = 0.5  # a class of which fewer rows are expected is not expected among the labels


@dataclass(frozen=True, slots=True)
class ExpectedClassSums:
    """Sums over predictions of K classes.

    `rows` (K,) by predicted class. (K, K): `cells` of p_j, `spread` of p_j (1 - p_j) and `own` of
    p_i p_j, by predicted class i and class j; `products` of p_j p_k over all. `learned` (K,):
    labelled reference rows by predicted class, from which p was learned.
    """

    rows: Floats
    cells: Floats
    spread: Floats
    own: Floats
    products: Floats
    learned: Floats

    def variance(self, of_actual: Floats, of_hit: Floats) -> float:
        """Variance of a sum that each row adds a_j to, j its actual class, and b_j if predicted.

        With X the actual class's indicator, a row predicted as i adds Σ a_j X_j + b_i X_i. X is
        multinomial, Cov(X_j, X_k) = -p_j p_k, so the variance is exact in sums of p_j, p_j p_k:
        Σ a_j² p_j - (Σ a_j p_j)² + b_i² p_i (1 - p_i) + 2 b_i p_i (a_i - Σ a_j p_j).

        All of it is taken 1 + Σ N_i² / (N n_i) times, with N_i the live rows and n_i the labelled
        reference rows of a predicted class: what the calibration may be off by. A probability
        learned from n_i rows is off by p (1 - p) / n_i, the same for all N_i rows.
        """
        a, b = of_actual, of_hit
        alone = float((a**2 * self.cells.sum(axis=0)).sum() - a @ self.products @ a)
        hits = float((b**2 * np.diagonal(self.spread)).sum())
        together = 2 * float((b * (a * np.diagonal(self.cells) - self.own @ a)).sum())
        return max(0.0, alone + hits + together) * self.inflation

    @property
    def inflation(self) -> float:
        """How much more the variance is for what the calibration does not know."""
        total = float(self.rows.sum())
        learned = np.maximum(self.learned, 1.0)
        return 1.0 + float((self.rows**2 / learned).sum()) / total if total else 1.0


def class_estimates(
    sums: ExpectedClassSums, values: Values | None, classes: tuple[str, ...]
) -> Estimates:
    """Accuracy, macro precision, recall and F1, and the business value.

    Each with its 95 % interval of the value that labels will show: delta method, as of a share but
    for the business value. Means are over classes that were predicted or are expected to occur.
    """
    total = float(sums.rows.sum())
    if total <= 0:
        return {}
    hits = np.diagonal(sums.cells)
    found: Estimates = {}
    nothing, ones = np.zeros(len(hits)), np.ones(len(hits))
    found["accuracy"] = _share(sums, float(hits.sum()) / total, nothing, ones / total)
    actual = sums.cells.sum(axis=0)
    occurs, predicted = actual >= _OCCURS, sums.rows > 0
    # A mean of top / bottom over classes; both grow with a class's actual rows or its hits.
    for name, used, top, bottom, grows in (
        ("precision", predicted, hits, sums.rows, 0.0),
        ("recall", occurs, hits, actual, 1.0),
        ("f1", occurs | predicted, 2 * hits, sums.rows + actual, 1.0),
    ):
        if used.any():
            weight = used / np.where(used, bottom, 1.0) / used.sum()
            value = float((weight * top).sum())
            slope = -grows * weight * top / np.where(used, bottom, 1.0)
            gain = weight * (2.0 if name == "f1" else 1.0)
            found[f"macro_{name}"] = _share(sums, value, slope, gain)
    if values is not None:
        found["business_value"] = _business_value(sums, values, classes)
    return found


def _share(
    sums: ExpectedClassSums, value: float, of_actual: Floats, of_hit: Floats
) -> tuple[float, tuple[float, float] | None]:
    return value, as_share(value, sums.variance(of_actual, of_hit))


def _business_value(
    sums: ExpectedClassSums, values: Values, classes: tuple[str, ...]
) -> tuple[float, tuple[float, float] | None]:
    """With an upper bound of its variance: as if rows of one predicted class had all the same p."""
    worth = np.array([[values(one, other) for other in classes] for one in classes])
    total = float(sums.rows.sum())
    mean = float((worth * sums.cells).sum()) / total
    rows = np.maximum(sums.rows, 1.0)
    centred = worth - ((worth * sums.cells).sum(axis=1) / rows)[:, None]
    variance = float((centred**2 * sums.cells).sum()) / total**2
    return mean, normal(mean, variance * sums.inflation)
