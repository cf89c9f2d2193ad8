"""Windows + reference -> gauges: drift, latency quantiles, performance. Absent, not zero.

Every statistic is timed and guarded here: one that fails is counted and left out, the page stays.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from inference_exporter.accumulators import (
    CategoryBins,
    Histogram,
    Layout,
    NumericBins,
    RegressionOutcomes,
)
from inference_exporter.config.schema import ModelConfig, Window
from inference_exporter.samples import Labels
from inference_exporter.statistics import (
    STATISTICS,
    Comparison,
    Result,
    classification_metrics,
    comparison_categorical,
    comparison_numeric,
    histogram_quantiles,
    regression_metrics,
)
from inference_exporter.tally import Tally
from inference_exporter.windows import Timeline

log = logging.getLogger("inference_exporter.evaluate")

DEFAULT_STATISTICS = ("psi", "js", "ks", "wasserstein", "chi2")
LATENCY_QUANTILES = (0.5, 0.9, 0.95, 0.99)
MIN_SAMPLES = 200  # statistics.md: not enough rows is below max(200, 20 x bins)
MIN_SAMPLES_PER_BIN = 20

Gauges = dict[str, dict[Labels, float]]  # family -> label values -> value


@dataclass(slots=True)
class EvaluationFacts:
    """What the statistics cost: seconds and failures by statistic."""

    seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)


class Evaluator:
    """The windowed gauges of one model."""

    def __init__(self, model: ModelConfig, layout: Layout) -> None:
        self._model, self._layout = model, layout
        self._statistics = {name: STATISTICS[name] for name in DEFAULT_STATISTICS}

    def evaluate(self, timeline: Timeline, now: float, facts: EvaluationFacts) -> Gauges:
        """Gauges of all versions and windows, as of `now`."""
        gauges: Gauges = {}
        for version in timeline.versions:
            for window in timeline.windows:
                tally = timeline.window(version, window.name, now)
                self._drift(version, window, tally, gauges, facts)
                self._latency(version, window, tally, gauges)
                self._performance(version, window, tally, gauges)
        return gauges

    def _drift(
        self, version: str, window: Window, tally: Tally, gauges: Gauges, facts: EvaluationFacts
    ) -> None:
        for one in self._layout.dense:
            if not isinstance(one, NumericBins | CategoryBins):
                continue
            base = (self._model.name, version, one.name)
            family = f"inference_{one.scope}_drift"
            comparison = _compare(one, self._layout, tally)
            _set(gauges, f"{family}_samples", (*base, window.name), comparison.n)
            if comparison.n < self._least(len(one.profile.bins)):
                continue
            for name in self._statistics:
                result = self._evaluate(name, comparison, facts)
                if result is not None and np.isfinite(result.value):
                    labels = (*base, name, window.name)
                    _set(gauges, family, labels, result.value)
                    if result.p_value is not None:
                        _set(gauges, f"{family}_p_value", labels, result.p_value)

    def _evaluate(self, name: str, comparison: Comparison, facts: EvaluationFacts) -> Result | None:
        started = time.perf_counter()
        try:
            with np.errstate(all="ignore"):  # an undefined result is absent, not a warning
                return self._statistics[name](comparison)
        except Exception:
            facts.failures[name] = facts.failures.get(name, 0) + 1
            log.debug("statistic %s failed", name, exc_info=True)
            return None
        finally:
            elapsed = time.perf_counter() - started
            facts.seconds[name] = facts.seconds.get(name, 0.0) + elapsed

    def _latency(self, version: str, window: Window, tally: Tally, gauges: Gauges) -> None:
        for one in self._layout.dense:
            if isinstance(one, Histogram) and one.step is None:
                counts = one.counts(self._layout.cells_of(one, tally))
                values = histogram_quantiles(one.grid, counts, LATENCY_QUANTILES)
                for quantile, value in zip(LATENCY_QUANTILES, values, strict=True):
                    if value is not None:
                        labels = (self._model.name, version, f"{quantile:g}", window.name)
                        family = "inference_request_duration_quantile_seconds"
                        _set(gauges, family, labels, value)

    def _performance(self, version: str, window: Window, tally: Tally, gauges: Gauges) -> None:
        if self._model.fields.actual is None:
            return
        metrics, samples = self._metrics(tally)
        base = (self._model.name, version)
        _set(gauges, "inference_performance_samples", (*base, window.name), samples)
        if samples >= self._least(1):
            for (metric, of_class), value in metrics.items():
                labels = (*base, metric, of_class, window.name)
                _set(gauges, "inference_performance", labels, value)

    def _metrics(self, tally: Tally) -> tuple[Mapping[tuple[str, str], float], float]:
        for one in self._layout.dense:
            if isinstance(one, RegressionOutcomes):
                sums = one.sums(self._layout.cells_of(one, tally))
                return regression_metrics(sums), sums["n"]
        confusion = {
            (key[1], key[2]): value for key, value in tally.sparse.items() if key[0] == "outcome"
        }
        return classification_metrics(confusion), sum(confusion.values())

    def _least(self, bins: int) -> int:
        configured = self._model.min_samples
        return max(MIN_SAMPLES, MIN_SAMPLES_PER_BIN * bins) if configured is None else configured


def _compare(one: NumericBins | CategoryBins, layout: Layout, tally: Tally) -> Comparison:
    cells = layout.cells_of(one, tally)
    if isinstance(one, NumericBins):
        return comparison_numeric(
            one.profile, one.fine_counts(cells), one.fine_sums(cells), one.squares(cells)
        )
    return comparison_categorical(one.profile, one.counts(cells))


def _set(gauges: Gauges, family: str, labels: Labels, value: float) -> None:
    gauges.setdefault(family, {})[labels] = float(value)
