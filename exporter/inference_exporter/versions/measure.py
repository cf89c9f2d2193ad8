"""What a labelled row is worth in a metric that is a mean over rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from inference_exporter.accumulators import wrong_rows
from inference_exporter.config.schema import BusinessValue, ModelConfig
from inference_exporter.values.batch import Batch, Bools, Floats, TextColumn
from inference_exporter.values.vocabulary import ABSENT, OVERFLOWED, Vocabulary

HIGHER_IS_BETTER = frozenset({"accuracy", "precision", "recall", "business_value"})
_SHARES = frozenset({"accuracy", "precision", "recall", "brier_score"})
_CLASSES = 1000  # of which names are remembered
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


def measure_of(model: ModelConfig) -> Measure:
    """The measure of the configured metric."""
    assert model.compare_versions is not None
    metric, is_positive = model.compare_versions.metric, _Positive(model.positive_class or "")
    sign = 1.0 if metric in HIGHER_IS_BETTER else -1.0
    if metric == "business_value":
        assert model.business_value is not None  # the configuration was checked
        return _worth(model.business_value, is_positive)
    of_rows = _right() if metric == "accuracy" else _OF_ROWS[metric]
    reach = 1.0 if metric in _SHARES else 0.0
    return Measure(lambda batch: of_rows(batch, is_positive), reach, sign)


class _Positive:
    """Tells the positive class from all others, a column at a time."""

    def __init__(self, name: str) -> None:
        self._known = Vocabulary(8, [name])  # others are told apart for nothing
        self._positive = self._known.names.index(name)

    def __call__(self, column: TextColumn) -> Floats:
        """1 for the positive class, 0 for another, NaN for none, shape (rows,)."""
        found = self._known.indexes(column)
        return np.where(found == ABSENT, np.nan, (found == self._positive).astype(np.float64))


_OfRows = Callable[[Batch, _Positive], Floats]


def _nothing(batch: Batch) -> Floats:
    return np.full(batch.rows, np.nan)


def _classes(batch: Batch) -> tuple[TextColumn, TextColumn] | None:
    """Predicted and actual classes; None where there are none, or numbers."""
    if batch.prediction is None or batch.actual is None or batch.prediction_value is not None:
        return None
    return batch.prediction, batch.actual


def _right() -> _OfRows:
    """1 where the predicted class is the actual one."""
    names = Vocabulary(_CLASSES)

    def values(batch: Batch, _: _Positive) -> Floats:
        if (both := _classes(batch)) is None:
            return _nothing(batch)
        said, came = (names.indexes(column) for column in both)
        right = said == came
        beyond = right & (said == OVERFLOWED)
        if beyond.any() and (wrong := wrong_rows(batch)) is not None:
            right = right & ~(beyond & wrong)
        return np.where((said == ABSENT) | (came == ABSENT), np.nan, right.astype(np.float64))

    return values


def _precision(batch: Batch, is_positive: _Positive) -> Floats:
    if (both := _classes(batch)) is None:
        return _nothing(batch)
    said, came = map(is_positive, both)
    return np.where(said == 1, came, np.nan)


def _recall(batch: Batch, is_positive: _Positive) -> Floats:
    if (both := _classes(batch)) is None:
        return _nothing(batch)
    said, came = map(is_positive, both)
    return np.where(came == 1, said, np.nan)


def _worth(worth: BusinessValue, is_positive: _Positive) -> Measure:
    """What is not listed is worth 0."""
    listed = [0.0, *worth.outcomes.values(), *worth.pairs.values()]
    low, high = min(listed), max(listed)
    of_rows = _of_pairs(worth.pairs) if worth.pairs else _of_outcomes(worth.outcomes, is_positive)

    def values(batch: Batch) -> Floats:
        both = _classes(batch)
        return _nothing(batch) if both is None else of_rows(*both) - low

    return Measure(values, high - low, 1.0, low)


_OfColumns = Callable[[TextColumn, TextColumn], Floats]


def _of_outcomes(outcomes: Mapping[str, float], is_positive: _Positive) -> _OfColumns:
    """By whether predicted and actual class are the positive one."""
    tp, fp, fn, tn = (outcomes.get(name, 0.0) for name in ("tp", "fp", "fn", "tn"))

    def values(predicted: TextColumn, actual: TextColumn) -> Floats:
        said, came = is_positive(predicted), is_positive(actual)
        found = np.where(said == 1, np.where(came == 1, tp, fp), np.where(came == 1, fn, tn))
        return np.where(np.isnan(said + came), np.nan, found)

    return values


def _of_pairs(pairs: Mapping[tuple[str, str], float]) -> _OfColumns:
    """By predicted and actual class."""
    names = dict.fromkeys(name for pair in pairs for name in pair)
    predicted_names, actual_names = (Vocabulary(len(names), names) for _ in range(2))
    place = {name: at for at, name in enumerate(predicted_names.names)}
    table = np.zeros((len(place), len(place)))
    table[ABSENT], table[:, ABSENT] = np.nan, np.nan
    for (predicted, actual), value in pairs.items():
        table[place[predicted], place[actual]] = value

    def values(predicted: TextColumn, actual: TextColumn) -> Floats:
        found: Floats = table[predicted_names.indexes(predicted), actual_names.indexes(actual)]
        return found

    return values


def _scored(batch: Batch, is_positive: _Positive) -> tuple[Floats, Floats, Bools] | None:
    """Scores, outcomes, and which rows have both."""
    if batch.score is None or batch.actual is None:
        return None
    score, outcome = batch.score.values, is_positive(batch.actual)
    return score, outcome, ~np.isnan(outcome) & (score >= 0) & (score <= 1)


def _brier(batch: Batch, is_positive: _Positive) -> Floats:
    if (found := _scored(batch, is_positive)) is None:
        return _nothing(batch)
    score, outcome, known = found
    return np.where(known, (score - outcome) ** 2, np.nan)


def _log_loss(batch: Batch, is_positive: _Positive) -> Floats:
    if (found := _scored(batch, is_positive)) is None:
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


def _absolute(batch: Batch, _: _Positive) -> Floats:
    found = _errors(batch)
    return _nothing(batch) if found is None else np.abs(found[0])


def _squared(batch: Batch, _: _Positive) -> Floats:
    found = _errors(batch)
    return _nothing(batch) if found is None else found[0] ** 2


def _percentage(batch: Batch, _: _Positive) -> Floats:
    """|error| / |actual| of labels that are not 0."""
    if (found := _errors(batch)) is None:
        return _nothing(batch)
    error, actual = found
    return np.where(actual == 0, np.nan, np.abs(error) / np.where(actual == 0, 1.0, np.abs(actual)))


_OF_ROWS: Mapping[str, _OfRows] = {
    "precision": _precision,
    "recall": _recall,
    "brier_score": _brier,
    "log_loss": _log_loss,
    "mae": _absolute,
    "mse": _squared,
    "mape": _percentage,
}
