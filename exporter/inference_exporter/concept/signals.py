"""Streams out of columns: errors, residuals and log latencies, one value per usable row, in order.

All of them take plain columns, so that labels that come with the prediction and labels that are
joined later make the same streams.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.values.batch import Batch, Floats, Ints, TextColumn, category_name


def errors(predicted: TextColumn, actual: TextColumn) -> Floats:
    """1 where the predicted class is not the actual one; rows without either are left out.

    >>> errors(["a", "b", None, 1], ["a", "a", "a", "1"])
    array([0., 1., 0.])
    """
    return np.array(
        [
            one != other and category_name(one) != category_name(other)
            for one, other in zip(predicted, actual, strict=True)
            if one is not None and other is not None
        ],
        dtype=np.float64,
    )


def residuals(expected: Floats, actual: Floats) -> Floats:
    """Actual minus expected; rows without either are left out, infinite differences too."""
    with np.errstate(over="ignore", invalid="ignore"):
        difference = actual - expected
    return difference[np.isfinite(difference)]


def log_latencies(seconds: Floats) -> Floats:
    """Logarithms of the positive latencies."""
    return np.log(seconds[seconds > 0])


def signals_of(batch: Batch, rows: slice | Ints, positive: str | None) -> dict[str, Floats]:
    """The streams that a batch with its labels on the same lines adds to, for some of its rows.

    `positive` is the class whose probability the score is: with it the residual of a
    classification is outcome minus score.
    """
    found: dict[str, Floats] = {}
    if batch.latency is not None and batch.label_delay is None:  # joined rows were seen before
        found["latency"] = log_latencies(batch.latency.values[rows])
    if batch.actual is None:
        return found
    if batch.prediction_value is not None:
        if batch.actual_value is not None:
            found["residual"] = residuals(
                batch.prediction_value.values[rows], batch.actual_value.values[rows]
            )
        return found
    actual = _some(batch.actual, rows)
    if batch.prediction is not None:
        found["error"] = errors(_some(batch.prediction, rows), actual)
    if batch.score is not None and positive is not None:
        outcome = [np.nan if a is None else float(category_name(a) == positive) for a in actual]
        found["residual"] = residuals(batch.score.values[rows], np.array(outcome))
    return found


def _some(column: TextColumn, rows: slice | Ints) -> TextColumn:
    if isinstance(rows, slice):
        return column[rows]
    return [column[row] for row in rows.tolist()]
