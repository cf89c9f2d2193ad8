"""How far the metrics of a confusion matrix may be off because the rows are a sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from inference_exporter.performance.confusion import RATIOS, Cells
from inference_exporter.performance.intervals import (
    Interval,
    Intervals,
    on_logit_scale,
    wilson,
)
from inference_exporter.values.batch import Floats


def classification_intervals(confusion: Mapping[tuple[str, str], float]) -> Intervals:
    """95 % intervals of `classification_metrics`.

    Accuracy, precision and recall are shares: Wilson's interval. F1 = 2 J / (1 + J) with the share
    J = TP / (TP + FP + FN), and grows with J: Wilson's interval of J, mapped. Means over classes:
    delta method on the multinomial cells, on the logit scale; absent at exactly 0 and 1.

    >>> found = classification_intervals({("1", "1"): 3, ("1", "0"): 1, ("0", "0"): 6})
    >>> [round(bound, 4) for bound in found["accuracy", ""]]
    [0.5958, 0.9821]
    """
    cells = Cells.of(confusion)
    if not cells.total:
        return {}
    found: Intervals = {("accuracy", ""): wilson(float(cells.hits.sum()), cells.total)}
    for metric in RATIOS:
        for name, interval in _per_class(cells, metric):
            found[metric, name] = interval
        for average in cells.averages():
            mean = _of_mean(cells, metric, average)
            if mean is not None:
                found[metric, average] = mean
    return found


def _per_class(cells: Cells, metric: str) -> Iterator[tuple[str, Interval]]:
    rows = {
        "precision": cells.predicted,
        "recall": cells.actual,
        "f1": cells.predicted + cells.actual - cells.hits,
    }[metric]
    for name, hits, n in zip(cells.names, cells.hits.tolist(), rows.tolist(), strict=True):
        if n > 0:
            low, high = wilson(hits, n)
            if metric == "f1":
                low, high = 2 * low / (1 + low), 2 * high / (1 + high)
            yield name, (low, high)


def _of_mean(cells: Cells, metric: str, average: str) -> Interval | None:
    values = cells.ratio(metric)
    weights = cells.weights(average, values)
    if not weights.any():
        return None
    mean = float(np.nansum(weights * values))
    gradient = _gradient(cells, metric, np.nan_to_num(values), weights)
    if average != "macro":  # the weights are counts themselves
        defined = np.append(~np.isnan(values), False)[cells.actual_at]
        total = float(cells.actual[~np.isnan(values)].sum())
        own = np.append(np.nan_to_num(values), 0.0)[cells.actual_at]
        gradient += defined * (own - mean) / total
    # A function of counts that does not change when all are doubled has the variance
    # sum of n (dg/dn)^2 under multinomial sampling: the mean of its gradient is 0 (Euler).
    return on_logit_scale(mean, float((cells.counts * gradient**2).sum()))


def _gradient(cells: Cells, metric: str, values: Floats, weights: Floats) -> Floats:
    """Derivative of the sum of weights x values by the count of each cell."""
    on_row, on_column = cells.predicted_at, cells.actual_at
    hit = (on_row == on_column).astype(np.float64)
    if metric == "f1":
        slope = _padded(weights, cells.predicted + cells.actual)
        pull = slope * np.append(values, 0.0)
        of_f1: Floats = 2 * hit * slope[on_row] - pull[on_row] - pull[on_column]
        return of_f1
    at = on_row if metric == "precision" else on_column
    slope = _padded(weights, cells.predicted if metric == "precision" else cells.actual)
    of_share: Floats = (hit - np.append(values, 0.0)[at]) * slope[at]
    return of_share


def _padded(weights: Floats, rows: Floats) -> Floats:
    """Weights per row, with a 0 at the end for classes beyond the limit."""
    return np.append(np.divide(weights, rows, out=np.zeros(len(rows)), where=rows > 0), 0.0)
