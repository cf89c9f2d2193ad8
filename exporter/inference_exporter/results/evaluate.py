"""Windows + reference -> gauges: drift, latency quantiles, performance. Absent, not zero.

Every statistic is timed and guarded here: one that fails is counted and left out, the page stays.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from inference_exporter.accumulators import (
    CategoryBins,
    Histogram,
    Layout,
    NumericBins,
    expected_bins,
)
from inference_exporter.config.schema import ModelConfig, Window
from inference_exporter.results.gauges import Gauges, least_rows, set_gauge
from inference_exporter.results.performance import Performance
from inference_exporter.statistics import (
    STATISTICS,
    Comparison,
    Expectation,
    Result,
    comparison_categorical,
    comparison_numeric,
    histogram_quantiles,
)
from inference_exporter.values.batch import Floats
from inference_exporter.values.status_facts import Evidence, EvidenceKey, Traffic
from inference_exporter.values.tally import Tally
from inference_exporter.windows import Timeline

log = logging.getLogger("inference_exporter.results.evaluate")

PREFERRED = "psi"
_QUANTILES = "inference_request_duration_quantile_seconds"
LATENCY_QUANTILES = (0.5, 0.9, 0.95, 0.99)


@dataclass(slots=True)
class EvaluationFacts:
    """What the statistics cost: seconds and failures by statistic."""

    seconds: dict[str, float] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chance:
    """What critical values speak of: the level of one test, and how alike neighbouring rows are.

    `design` gives the design effect for a version, a window and an accumulator's key.
    """

    alpha: float
    design: Callable[[str, str, str], float]


class Evaluator:
    """The windowed gauges of one model."""

    def __init__(
        self,
        model: ModelConfig,
        layout: Layout,
        chance: Chance,
        performance: Performance,
    ) -> None:
        self._model, self._layout, self._chance = model, layout, chance
        self._performance = performance
        self._season = expected_bins(layout.dense)
        columns = [one for one in layout.dense if isinstance(one, NumericBins | CategoryBins)]
        self._columns = {(one.scope, one.name): one for one in columns}
        self._statistics = {name: STATISTICS[name] for name in model.statistics}
        self.evidence: dict[EvidenceKey, Evidence] = {}  # of the last evaluation, not changed after
        self.traffic: dict[tuple[str, str], Traffic] = {}

    def evaluate(self, timeline: Timeline, now: float, facts: EvaluationFacts) -> Gauges:
        """Gauges of all versions and windows, as of `now`."""
        gauges: Gauges = {}
        self.evidence, self.traffic = {}, {}
        for version in timeline.versions:
            for window in timeline.windows:
                tally = timeline.window(version, window.name, now)
                self.traffic[version, window.name] = _traffic(tally)
                self._drift(version, window, tally, gauges, facts)
                self._latency(version, window, tally, gauges)
                self._performance.put(gauges, version, window.name, tally)
        return gauges

    def drift_of(self, version: str, window: Window, tally: Tally) -> Gauges:
        """Distances, p-values and critical values of the counts of one window."""
        gauges: Gauges = {}
        self._drift(version, window, tally, gauges, EvaluationFacts())
        return gauges

    def distance(
        self, version: str, window: Window, tally: Tally, scope: str, name: str
    ) -> float | None:
        """One distance of one column; None where there are too few values for it."""
        one = self._columns.get((scope, name))
        if one is None or not self._statistics:
            return None
        compared = self._compared(version, window, tally, one)
        enough = compared.n * self._layout.effective_share(tally)
        if enough < least_rows(self._model, len(one.profile.bins)):
            return None
        chosen = PREFERRED if PREFERRED in self._statistics else next(iter(self._statistics))
        with np.errstate(all="ignore"):
            found = self._statistics[chosen](compared)
        return None if found is None or not math.isfinite(found.value) else found.value

    def shares(
        self, version: str, window: Window, tally: Tally, scope: str, name: str
    ) -> Floats | None:
        """Shares of the bins of one column; None where there is no value."""
        one = self._columns.get((scope, name))
        compared = None if one is None else self._compared(version, window, tally, one)
        return compared.p if compared is not None and compared.n else None

    def figures(self, version: str, window: Window, tally: Tally) -> dict[str, float]:
        """Requests, share of failures, p95 and whole-model performance, as far as known."""
        traffic, gauges = _traffic(tally), self.of_window(version, window, tally)
        self._latency(version, window, tally, gauges)
        found = {"requests": traffic.requests}
        if traffic.requests:
            found["failed"] = traffic.failures / traffic.requests
        for labels, value in gauges.get(_QUANTILES, {}).items():
            if labels[2] == "0.95":
                found["p95"] = value
        for family in ("inference_performance_estimate", "inference_performance"):
            for labels, value in gauges.get(family, {}).items():
                if not labels[3]:  # of no class
                    found[labels[2]] = value
        return found

    def _compared(
        self, version: str, window: Window, tally: Tally, one: NumericBins | CategoryBins
    ) -> Comparison:
        design = self._chance.design(version, window.name, one.key)
        return compare(one, self._layout, tally, design, self._expected(one, tally))

    def of_window(self, version: str, window: Window, tally: Tally) -> Gauges:
        """Realised and estimated performance of the counts of one window."""
        gauges: Gauges = {}
        self._performance.put(gauges, version, window.name, tally)
        return gauges

    def _drift(
        self, version: str, window: Window, tally: Tally, gauges: Gauges, facts: EvaluationFacts
    ) -> None:
        for one in self._columns.values():
            base = (self._model.name, version, one.name)
            family = f"inference_{one.scope}_drift"
            comparison = self._compared(version, window, tally, one)
            set_gauge(gauges, f"{family}_samples", (*base, window.name), comparison.n)
            least = least_rows(self._model, len(one.profile.bins))
            key = (version, window.name, one.scope, one.name)
            expected = None if comparison.expected is None else comparison.q
            counts = comparison.current.counts
            self.evidence[key] = Evidence(comparison.p, least, counts, expected)
            if comparison.n * self._layout.effective_share(tally) < least:
                continue
            for name in self._statistics:
                result, critical = self._evaluate(name, comparison, facts)
                if result is not None and math.isfinite(result.value):
                    labels = (*base, name, window.name)
                    set_gauge(gauges, family, labels, result.value)
                    if result.p_value is not None:
                        set_gauge(gauges, f"{family}_p_value", labels, result.p_value)
                    if critical is not None and math.isfinite(critical):
                        set_gauge(gauges, f"{family}_critical", labels, critical)

    def _expected(self, one: NumericBins | CategoryBins, tally: Tally) -> Expectation | None:
        """What the reference lets expect at the hours of a window, where the model has a season."""
        if self._season is None:
            return None
        cells = self._layout.cells_of(self._season, tally)
        samples = np.array([one.profile.samples])
        worth = self._season.seasons.behind(self._season.by_hour(cells), samples)
        return Expectation(self._season.expected(one, cells), float(worth[0]))

    def _evaluate(
        self, name: str, comparison: Comparison, facts: EvaluationFacts
    ) -> tuple[Result | None, float | None]:
        started = time.perf_counter()
        try:
            with np.errstate(all="ignore"):  # an undefined result is absent, not a warning
                statistic = self._statistics[name]
                return statistic(comparison), statistic.critical(comparison, self._chance.alpha)
        except Exception:
            facts.failures[name] = facts.failures.get(name, 0) + 1
            log.debug("statistic %s failed", name, exc_info=True)
            return None, None
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
                        set_gauge(gauges, _QUANTILES, labels, value)


def compare(
    one: NumericBins | CategoryBins,
    layout: Layout,
    tally: Tally,
    design: float,
    expected: Expectation | None,
) -> Comparison:
    """A column's rows in a tally against the reference, or what else is expected of them."""
    cells = layout.cells_of(one, tally)
    if isinstance(one, NumericBins):
        return comparison_numeric(
            one.profile, one.fine_counts(cells), one.fine_sums(cells), one.squares(cells), design,
            expected,
        )  # fmt: skip
    return comparison_categorical(one.profile, one.counts(cells), design, expected)


def _traffic(tally: Tally) -> Traffic:
    requests = sum(value for key, value in tally.sparse.items() if key[0] == "code")
    return Traffic(requests, tally.sparse.get(("failed",), 0.0))
