"""What a labelled row is worth in a metric that is a mean over rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.worth import values_of
from inference_exporter.performance import Values
from inference_exporter.values.batch import Batch, Bools, Floats, TextColumn, category_name

HIGHER_IS_BETTER = frozenset({"accuracy", "precision", "recall", "business_value"})
_SHARES = frozenset({"accuracy", "precision", "recall", "brier_score"})
_LEAST_SCORE = 1e-15  # scores are clipped to it in the log loss


@dataclass(frozen=True, slots=True)
class Measure:
    """How one metric is measured.

    `values` takes a batch and gives the value of each row, (rows,), NaN where the metric does not
    ask about the row. `reach` is how far two values are apart at most, 0 without a bound;
    `sign` is 1 where higher is better, else -1. Values are metric minus `origin`, never negative.
    """

    values: Callable[[Batch], Floats]
    reach: float
    sign: float
    origin: float = 0.0


def measure_of(model: ModelConfig, classes: tuple[str, ...]) -> Measure:
    """The measure of the configured metric; `classes` are those of the reference."""
    assert model.compare_versions is not None
    metric, positive = model.compare_versions.metric, model.positive_class or ""
    sign = 1.0 if metric in HIGHER_IS_BETTER else -1.0
    if metric == "business_value":
        worth = values_of(model, classes)
        assert worth is not None  # the configuration was checked
        return _worth(worth, *_ends(model))
    of_rows = {"accuracy": _right, **_ERRORS, **_SCORED}.get(metric)
    if of_rows is None:
        said, came = ("actual", "prediction") if metric == "recall" else ("prediction", "actual")
        return Measure(lambda batch: _share(batch, positive, said, came), 1.0, sign)
    reach = 1.0 if metric in _SHARES else 0.0
    return Measure(lambda batch: of_rows(batch, positive), reach, sign)


def _names(column: TextColumn) -> list[str | None]:
    return [None if one is None else category_name(one) for one in column]


def _nothing(batch: Batch) -> Floats:
    return np.full(batch.rows, np.nan)


def _both(batch: Batch) -> tuple[list[str | None], list[str | None]] | None:
    if batch.prediction is None or batch.actual is None or batch.prediction_value is not None:
        return None
    return _names(batch.prediction), _names(batch.actual)


def _right(batch: Batch, _: str) -> Floats:
    if (both := _both(batch)) is None:
        return _nothing(batch)
    pairs = zip(*both, strict=True)
    return np.array([np.nan if None in one else float(one[0] == one[1]) for one in pairs])


def _share(batch: Batch, positive: str, among: str, count: str) -> Floats:
    """1 where `count` is positive, of the rows where `among` is."""
    if (both := _both(batch)) is None:
        return _nothing(batch)
    columns = dict(zip(("prediction", "actual"), both, strict=True))
    pairs = zip(columns[among], columns[count], strict=True)
    return np.array(
        [float(b == positive) if a == positive and b is not None else np.nan for a, b in pairs]
    )


def _worth(worth: Values, low: float, high: float) -> Measure:
    def values(batch: Batch) -> Floats:
        if (both := _both(batch)) is None:
            return _nothing(batch)
        return np.array(
            [
                np.nan if p is None or a is None else worth(p, a) - low
                for p, a in zip(*both, strict=True)
            ]
        )

    return Measure(values, high - low, 1.0, low)


def _ends(model: ModelConfig) -> tuple[float, float]:
    """The least and the most that an outcome may be worth; what is not listed is worth 0."""
    worth = model.business_value
    assert worth is not None
    listed = [0.0, *worth.outcomes.values(), *worth.pairs.values()]
    return min(listed), max(listed)


def _scored(batch: Batch, positive: str) -> tuple[Floats, Floats, Bools] | None:
    """Scores, outcomes, and which rows have both."""
    if batch.score is None or batch.actual is None:
        return None
    actual = _names(batch.actual)
    score = batch.score.values
    known = np.array([one is not None for one in actual], np.bool_)
    outcome = np.array([float(one == positive) for one in actual])
    return score, outcome, known & (score >= 0) & (score <= 1)


def _brier(batch: Batch, positive: str) -> Floats:
    if (found := _scored(batch, positive)) is None:
        return _nothing(batch)
    score, outcome, known = found
    return np.where(known, (score - outcome) ** 2, np.nan)


def _log_loss(batch: Batch, positive: str) -> Floats:
    if (found := _scored(batch, positive)) is None:
        return _nothing(batch)
    score, outcome, known = found
    clipped = np.clip(np.where(known, score, 0.5), _LEAST_SCORE, 1 - _LEAST_SCORE)
    return np.where(known, -np.log(np.where(outcome == 1, clipped, 1 - clipped)), np.nan)


def _errors(batch: Batch) -> tuple[Floats, Floats] | None:
    """Prediction minus actual, and the actual values; NaN where one is not known."""
    if batch.prediction_value is None or batch.actual_value is None:
        return None
    actual = batch.actual_value.values
    return batch.prediction_value.values - actual, actual


def _absolute(batch: Batch, _: str) -> Floats:
    found = _errors(batch)
    return _nothing(batch) if found is None else np.abs(found[0])


def _squared(batch: Batch, _: str) -> Floats:
    found = _errors(batch)
    return _nothing(batch) if found is None else found[0] ** 2


def _percentage(batch: Batch, _: str) -> Floats:
    """|error| / |actual| of labels that are not 0."""
    if (found := _errors(batch)) is None:
        return _nothing(batch)
    error, actual = found
    return np.where(actual == 0, np.nan, np.abs(error) / np.where(actual == 0, 1.0, np.abs(actual)))


_OfRows = Callable[[Batch, str], Floats]
_ERRORS: Mapping[str, _OfRows] = {"mae": _absolute, "mse": _squared, "mape": _percentage}
_SCORED: Mapping[str, _OfRows] = {"brier_score": _brier, "log_loss": _log_loss}
