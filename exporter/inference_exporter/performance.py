"""How good predictions are, from additive counts: on the reference data and in windows alike.

A ratio that is not defined (no row in its denominator) is absent from the result, never 0. Keys
are (metric, class), with the class "" for the model as a whole and "macro" for means over classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

Metrics = dict[tuple[str, str], float]

MACRO = "macro"
_OVERFLOW = "__overflow__"  # all classes beyond the limit: equal names are not equal classes


def classification_metrics(confusion: Mapping[tuple[str, str], float]) -> Metrics:
    """Accuracy, and precision, recall and F1 per class, from counts by (predicted, actual).

    Precision is undefined for a class that was never predicted, recall for one that never
    occurred, F1 = 2 TP / (2 TP + FP + FN) where both hold. Macro means are over the classes for
    which the ratio is defined (scikit-learn's with `zero_division=nan`).

    >>> found = classification_metrics({("1", "1"): 3, ("1", "0"): 1, ("0", "0"): 6})
    >>> found["accuracy", ""], found["precision", "1"], found["recall", "1"]
    (0.9, 0.75, 1.0)
    >>> classification_metrics({})
    {}
    """
    cells = {key: n for key, n in confusion.items() if n > 0 and key != (_OVERFLOW, _OVERFLOW)}
    total = sum(cells.values())
    if not total:
        return {}
    predicted: dict[str, float] = {}
    actual: dict[str, float] = {}
    for (one, other), n in cells.items():
        predicted[one] = predicted.get(one, 0.0) + n
        actual[other] = actual.get(other, 0.0) + n
    classes = sorted((predicted.keys() | actual.keys()) - {_OVERFLOW})
    hits = {name: cells.get((name, name), 0.0) for name in classes}
    found: Metrics = {("accuracy", ""): sum(hits.values()) / total}
    for name in classes:
        of_class = (predicted.get(name, 0.0), actual.get(name, 0.0))
        for metric, value in _per_class(hits[name], *of_class).items():
            found[metric, name] = value
    if MACRO not in classes:
        found.update(_macro(found))
    return found


def _per_class(hits: float, predicted: float, actual: float) -> dict[str, float]:
    ratios = {
        "precision": (hits, predicted),
        "recall": (hits, actual),
        "f1": (2 * hits, predicted + actual),
    }
    return {metric: top / bottom for metric, (top, bottom) in ratios.items() if bottom}


def _macro(found: Metrics) -> Metrics:
    means: Metrics = {}
    for metric in ("precision", "recall", "f1"):
        values = [value for (name, of_class), value in found.items() if name == metric and of_class]
        if values:
            means[metric, MACRO] = sum(values) / len(values)
    return means


def regression_metrics(sums: Mapping[str, float]) -> Metrics:
    """MAE, RMSE, bias, R² and MAPE from sums over labelled rows.

    `sums` has `n`, `absolute` |error|, `squared` error², `over` and `under` (the positive parts of
    prediction - actual and of actual - prediction), `percentage` |error| / |actual| over the
    `percentage_n` rows whose label is not 0, `actual_positive`, `actual_negative` (as a positive
    number) and `actual_squared`. R² = 1 - squared / (actual_squared - n mean²) loses precision
    where the labels' mean is far larger than their spread, and is absent where they have no
    spread that float64 can show.

    >>> regression_metrics({
    ...     "n": 2, "absolute": 3, "squared": 5, "over": 2, "under": 1, "percentage": 0.5,
    ...     "percentage_n": 1, "actual_positive": 4, "actual_negative": 0, "actual_squared": 18,
    ... }) == {("mae", ""): 1.5, ("rmse", ""): 2.5**0.5, ("bias", ""): 0.5, ("r2", ""): 0.5,
    ...        ("mape", ""): 0.5}
    True
    """
    n = sums["n"]
    if n <= 0:
        return {}
    found = {
        "mae": sums["absolute"] / n,
        "rmse": math.sqrt(sums["squared"] / n),
        "bias": (sums["over"] - sums["under"]) / n,
    }
    mean = (sums["actual_positive"] - sums["actual_negative"]) / n
    spread = sums["actual_squared"] - n * mean * mean
    if spread > 1e-12 * sums["actual_squared"]:
        found["r2"] = 1.0 - sums["squared"] / spread
    if sums["percentage_n"] > 0:
        found["mape"] = sums["percentage"] / sums["percentage_n"]
    return {(metric, ""): value for metric, value in found.items() if math.isfinite(value)}
