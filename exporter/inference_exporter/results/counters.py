"""Counts -> counters: which family an accumulator's cells are, as values by label set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inference_exporter.accumulators import (
    RETRACTED,
    DenseAccumulator,
    ErrorSpread,
    Histogram,
    LogLossSpread,
    RegressionOutcomes,
    Retracted,
    ScoreOutcomes,
    Weights,
    WeightSpread,
)
from inference_exporter.families import correction_of
from inference_exporter.results.choices import choice_values
from inference_exporter.values.batch import Floats
from inference_exporter.values.samples import Labels
from inference_exporter.values.tally import Tally

SPARSE_FAMILIES = {
    "code": "inference_requests_total",
    "failed": "inference_request_failures_total",
    "prediction": "inference_predictions_total",
    "outcome": "inference_outcomes_total",
    RETRACTED: "inference_outcome_corrections_total",
}
_REGRESSION_FAMILIES = {
    "n": "inference_regression_outcomes_total",
    "absolute": "inference_absolute_error_total",
    "squared": "inference_squared_error_total",
    "over": "inference_overprediction_total",
    "under": "inference_underprediction_total",
    "percentage": "inference_absolute_percentage_error_total",
    "percentage_n": "inference_percentage_error_outcomes_total",
    "actual_positive": "inference_actual_positive_total",
    "actual_negative": "inference_actual_negative_total",
    "actual_squared": "inference_actual_squared_total",
}

Values = Iterator[tuple[str, Mapping[Labels, float]]]


def sparse_values(base: Labels, total: Tally, tail: Labels = ()) -> Values:
    """Cells whose names appeared at run time; `tail` are values of labels after the family's."""
    by_family: dict[str, dict[Labels, float]] = {}
    for key, value in total.sparse.items():
        names = key[2:] if key[0] == RETRACTED else key[1:]
        by_family.setdefault(SPARSE_FAMILIES[key[0]], {})[*base, *names, *tail] = value
    yield from by_family.items()


def dense_values(base: Labels, one: DenseAccumulator, cells: Floats, tail: Labels = ()) -> Values:
    """Cells of weights, outcomes and slow requests, and what newer labels took back from them."""
    if isinstance(one, Retracted):
        for family, values in _of(base, one.of, cells, tail):
            yield correction_of(family), values
    else:
        yield from _of(base, one, cells, tail)


def _of(base: Labels, one: DenseAccumulator, cells: Floats, tail: Labels) -> Values:
    if isinstance(one, Histogram):
        if (slow := one.slow(cells)) is not None:
            yield "inference_requests_slow_total", {(*base, *tail): slow}
    elif isinstance(one, Weights):
        yield "inference_prediction_weight_total", {base: float(cells[0])}
    elif isinstance(one, WeightSpread):
        yield "inference_prediction_weight_squared_total", {base: float(cells[1])}
    else:
        yield from _of_truth(base, one, cells, tail)


def _of_truth(base: Labels, one: DenseAccumulator, cells: Floats, tail: Labels) -> Values:
    if isinstance(one, RegressionOutcomes):
        for name, value in one.sums(cells).items():
            yield _REGRESSION_FAMILIES[name], {(*base, *tail): value}
    elif isinstance(one, ErrorSpread):
        spread = one.sums(cells)
        yield "inference_quartic_error_total", {base: spread["fourth"]}
        relative = spread["percentage_squared"]
        yield "inference_absolute_percentage_error_squared_total", {base: relative}
    elif isinstance(one, LogLossSpread):
        yield "inference_score_outcomes_log_loss_squared_total", {base: float(cells[0])}
    elif isinstance(one, ScoreOutcomes):
        prefix = "inference_score_outcomes"
        yield f"{prefix}_total", _score_bins(base, one, one.counts(cells).tolist())
        yield f"{prefix}_score_total", _score_bins(base, one, one.score_sums(cells).tolist())
        squared, loss = cells[-2:].tolist()
        yield f"{prefix}_squared_error_total", {base: squared}
        yield f"{prefix}_log_loss_total", {base: loss}
    else:
        yield from choice_values(base, one, cells)


def _score_bins(base: Labels, one: ScoreOutcomes, table: list[list[float]]) -> dict[Labels, float]:
    return {
        (*base, actual, f"{cell:02d}"): value
        for actual, row in zip(one.classes, table, strict=True)
        for cell, value in enumerate(row)
    }
