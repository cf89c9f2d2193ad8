"""What to expect before labels come: gauges of a window, counters since ever."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from inference_exporter.accumulators import (
    DenseAccumulator,
    ExpectedClasses,
    ExpectedErrors,
    ExpectedOutcomes,
    ExpectedScoreLosses,
    Layout,
)
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.worth import values_of
from inference_exporter.performance import (
    LOSSES,
    Estimates,
    Expected,
    class_estimates,
    error_estimates,
    estimates,
    interval_of,
    moments,
)
from inference_exporter.results.gauges import Put
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Labels
from inference_exporter.values.tally import Tally

FAMILY = "inference_performance_estimate"


class Forecast:
    """Estimates of one model's performance, as far as its reference allows any."""

    def __init__(self, model: ModelConfig, layout: Layout, reference: Reference | None) -> None:
        self._layout = layout
        self._values = values_of(model, reference.classes if reference else ())
        kinds = ExpectedOutcomes | ExpectedErrors | ExpectedClasses
        self._one = next((one for one in layout.dense if isinstance(one, kinds)), None)
        self._losses = next((a for a in layout.dense if isinstance(a, ExpectedScoreLosses)), None)
        self._errors = reference.estimate_errors if reference else {}

    def put(self, put: Put, base: Labels, window: str, tally: Tally, least: int) -> None:
        """The gauges of one window; estimates are absent below the least number of rows."""
        if self._one is None:
            return
        rows, found = self.found(tally)
        put(f"{FAMILY}_samples", (*base, window), rows)
        put_estimates(put, base, window, found if rows >= least else {})

    def found(self, tally: Tally) -> tuple[float, Estimates]:
        """Predictions behind the estimates, and those; none where the reference allows none."""
        with np.errstate(all="ignore"):  # an undefined result is absent, not a warning
            return (0.0, {}) if self._one is None else self._of(self._one, tally)

    def of_segment(self, tally: Tally, bias: Mapping[str, tuple[float, float]]) -> Estimates:
        """Estimates of two classes, less the `bias` that they had in the segment, by metric.

        Its standard error is part of their intervals.
        """
        one = self._one
        if not isinstance(one, ExpectedOutcomes):
            return {}
        with np.errstate(all="ignore"):  # an undefined result is absent, not a warning
            found = moments(self._outcomes(one, tally), self._values, one.classes)
        shifted: Estimates = {}
        for metric, (value, variance) in found.items():
            if metric in bias:
                off, error = bias[metric]
                least, most = (0.0, math.inf) if metric in LOSSES else (0.0, 1.0)
                truer = min(max(value - off, least), most)
                wide = variance + error**2 + self._errors.get(metric, 0.0) ** 2
                shifted[metric] = (truer, interval_of(metric, truer, wide))
        return shifted

    def _of(
        self, one: ExpectedOutcomes | ExpectedErrors | ExpectedClasses, tally: Tally
    ) -> tuple[float, Estimates]:
        cells = self._layout.cells_of(one, tally)
        if isinstance(one, ExpectedClasses):
            sums = one.sums(cells)
            return float(sums.rows.sum()), class_estimates(sums, self._values, one.classes)
        if isinstance(one, ExpectedOutcomes):
            table = self._outcomes(one, tally)
            found = estimates(table, self._values, one.classes, self._errors)
            return float(table.rows.sum()), found
        return float(cells.sum()), error_estimates(cells, one.losses, self._errors)

    def _outcomes(self, one: ExpectedOutcomes, tally: Tally) -> Expected:
        live, hits, _, spread = one.table(self._layout.cells_of(one, tally))
        more = self._losses
        losses = None if more is None else more.sums(self._layout.cells_of(more, tally))
        return Expected(live, hits, spread, one.calibration.rows, losses)


def put_estimates(put: Put, base: Labels, window: str, found: Estimates) -> None:
    """The gauges of estimates; what is not finite is absent."""
    for metric, (value, interval) in found.items():
        labels = (*base, metric, window)
        if math.isfinite(value):
            put(FAMILY, labels, value)
            if interval is not None and all(map(math.isfinite, interval)):
                put(f"{FAMILY}_lower", labels, interval[0])
                put(f"{FAMILY}_upper", labels, interval[1])


Values = Iterator[tuple[str, dict[Labels, float]]]


def expected_values(base: Labels, one: DenseAccumulator, cells: Floats) -> Values:
    """Counters of what is expected, by family."""
    if isinstance(one, ExpectedErrors):
        yield from _errors(base, one, cells)
    elif isinstance(one, ExpectedOutcomes):
        yield from _two_classes(base, one, cells)
    elif isinstance(one, ExpectedScoreLosses):
        squared, log_loss = one.sums(cells).total.tolist()
        yield "inference_expected_score_squared_error_total", {base: squared}
        yield "inference_expected_score_log_loss_total", {base: log_loss}
    elif isinstance(one, ExpectedClasses):
        yield from _more_classes(base, one, cells)


def _errors(base: Labels, one: ExpectedErrors, cells: Floats) -> Values:
    table, more = one.losses, one.losses.more
    means = {"absolute_error": table.absolute, "squared_error": table.squared}
    if more is not None:
        share = more.nonzero / np.maximum(table.rows, 1.0)
        means["overprediction"] = np.maximum(table.absolute + more.bias, 0.0) / 2
        means["underprediction"] = np.maximum(table.absolute - more.bias, 0.0) / 2
        means["absolute_percentage_error"] = more.percentage * share
        means["percentage_error_outcomes"] = share
    for name, mean in means.items():
        # Added one after the other: a sum in any other order could step back by a rounding.
        total = sum(n * one for n, one in zip(cells.tolist(), mean.tolist(), strict=True))
        yield f"inference_expected_{name}_total", {base: float(total)}


def _two_classes(base: Labels, one: ExpectedOutcomes, cells: Floats) -> Values:
    _, hits, misses, spread = one.table(cells).sum(axis=2).tolist()
    expected: dict[Labels, float] = {}
    variance: dict[Labels, float] = {}
    for side, predicted in enumerate(one.classes):
        for actual, sums in zip(one.classes, (misses, hits), strict=True):
            expected[*base, predicted, actual] = sums[side]
            variance[*base, predicted, actual] = spread[side]
    yield "inference_expected_outcomes_total", expected
    yield "inference_expected_outcomes_variance_total", variance


def _more_classes(base: Labels, one: ExpectedClasses, cells: Floats) -> Values:
    sums = one.sums(cells)
    pairs = [(*base, p, a) for p in one.classes for a in one.classes]
    for family, table in (("_total", sums.cells), ("_variance_total", sums.spread)):
        values = dict(zip(pairs, table.ravel().tolist(), strict=True))
        yield f"inference_expected_outcomes{family}", values
