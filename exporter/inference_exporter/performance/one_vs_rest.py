"""ROC AUC and average precision of each class against the rest, from bins of its probability."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from inference_exporter.performance.confusion import MACRO, WEIGHTED
from inference_exporter.performance.intervals import Interval, Intervals, Metrics, on_logit_scale
from inference_exporter.performance.score_intervals import boyd, delong
from inference_exporter.performance.scores import average_precision, ranking_errors, roc_auc
from inference_exporter.values.batch import Floats, Ints

# Most probabilities of one class among many are near 0, so bins are narrow there and at 1: 0.2 wide
# in the logarithm of the odds, from 1e-4 to 1 - 1e-4, which is 0.05 wide at 0.5.
REST_EDGES = 1 / (1 + np.exp(-np.linspace(-9.2, 9.2, 93)))

REST_BINS = len(REST_EDGES) + 1

Of = Callable[[Floats, Floats], float]


_METRICS: dict[str, tuple[Of, Of]] = {
    "roc_auc": (roc_auc, delong),
    "average_precision": (average_precision, boyd),
}


def count_rest(values: Floats, actual: Ints, index: Ints, out: Floats) -> None:
    """Add rows with probabilities (rows, classes) and the column of their class (rows,) to `out`.

    `out` is (groups, classes * 2 * bins): rows per class by whether it turned out, and bin of its
    probability; `index` (rows,) is the group.
    """
    at = np.searchsorted(REST_EDGES, values)  # (rows, classes)
    columns = np.arange(values.shape[1])
    at += (2 * columns + (actual[:, None] == columns)) * REST_BINS
    at += index[:, None] * out.shape[1]
    out += np.bincount(at.ravel(), minlength=out.size).reshape(out.shape)


def rest_metrics(rows: Floats, classes: Sequence[str]) -> Metrics:
    """Both per class, and their means, of `rows` (classes, rest and class, bins).

    Absent for a class that did not occur, or alone did; means are over the others: `macro` counts
    every class the same, `weighted` by how often it occurred (scikit-learn's `ovr`).
    """
    found: Metrics = {}
    for metric, (value, _) in _METRICS.items():
        known = dict(_defined(rows, classes))
        values = {name: value(*pair) for name, pair in known.items()}
        found.update({(metric, name): one for name, one in values.items()})
        for average, weights in _averages(known, classes):
            mean = sum(weights[name] * one for name, one in values.items())
            found[metric, average] = mean
    return found


def rest_intervals(rows: Floats, classes: Sequence[str]) -> Intervals:
    """95 % intervals: DeLong's and Boyd's, on the logit scale.

    Of a mean: as if the classes erred together, with the mean of their standard errors. That is
    never too narrow, whatever their covariance.
    """
    found: dict[tuple[str, str], Interval | None] = {}
    metrics = rest_metrics(rows, classes)
    for metric, (_, variance) in _METRICS.items():
        known = dict(_defined(rows, classes))
        spread = {name: variance(*pair) for name, pair in known.items()}
        for name, one in spread.items():
            found[metric, name] = on_logit_scale(metrics[metric, name], one)
        for average, weights in _averages(known, classes):
            error = sum(weights[name] * np.sqrt(one) for name, one in spread.items())
            found[metric, average] = on_logit_scale(metrics[metric, average], float(error) ** 2)
    return {key: interval for key, interval in found.items() if interval is not None}


def rest_errors(rows: Floats, classes: Sequence[str]) -> Metrics:
    """The largest binning error of any class, and so of the means: see `binning_errors`."""
    found: Metrics = {}
    for _, pair in _defined(rows, classes):
        for metric, error in ranking_errors(*pair).items():
            found[metric, ""] = max(error, found.get((metric, ""), 0.0))
    return found


def _defined(rows: Floats, classes: Sequence[str]) -> Iterator[tuple[str, Floats]]:
    """Rows (rest and class, bins) of the classes of which there are both."""
    for name, pair in zip(classes, rows, strict=True):
        if pair.any(axis=1).all():
            yield name, pair


def _averages(
    known: dict[str, Floats], classes: Sequence[str]
) -> Iterator[tuple[str, dict[str, float]]]:
    """Weights by class of the means that no class is called as."""
    occurred = {name: float(pair[1].sum()) for name, pair in known.items()}
    total = sum(occurred.values())
    for average in (MACRO, WEIGHTED) if known else ():
        if average not in classes:
            yield (
                average,
                {
                    name: 1 / len(known) if average == MACRO else one / total
                    for name, one in occurred.items()
                },
            )
