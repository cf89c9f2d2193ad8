"""Counts of a window -> how good the model was in it: realised metrics with their intervals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from inference_exporter.accumulators import (
    ErrorSpread,
    Layout,
    RegressionOutcomes,
    ScoreOutcomes,
    ScoreRanks,
)
from inference_exporter.config.schema import ModelConfig
from inference_exporter.config.worth import values_of
from inference_exporter.performance import (
    Intervals,
    Metrics,
    ScoreSums,
    Values,
    binning_errors,
    business_value,
    business_value_interval,
    classification_intervals,
    classification_metrics,
    regression_intervals,
    regression_metrics,
    score_intervals,
    score_metrics,
)
from inference_exporter.results.choices import ChoiceJudge
from inference_exporter.results.gauges import Put
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Labels
from inference_exporter.values.tally import Tally

REALISED = "inference_performance"


@dataclass(slots=True)
class Verdict:
    """Metrics and their intervals by (metric, class); `binning` bounds the error of binned ones."""

    samples: float
    metrics: Metrics
    intervals: Intervals = field(default_factory=dict)
    binning: Metrics = field(default_factory=dict)


class Judge:
    """Reads the truth of one model out of its tallies.

    `values` are those of `business_value`; `top_k` the k of top-k accuracy.
    """

    def __init__(self, layout: Layout, values: Values | None, top_k: Sequence[int] = ()) -> None:
        self._layout, self._values = layout, values
        self._choices = ChoiceJudge(layout, top_k)
        self._regression = next(
            (a for a in layout.dense if isinstance(a, RegressionOutcomes)), None
        )
        self._spread = next((a for a in layout.dense if isinstance(a, ErrorSpread)), None)
        self._scores = next((a for a in layout.dense if isinstance(a, ScoreOutcomes)), None)
        self._ranks = next((a for a in layout.dense if isinstance(a, ScoreRanks)), None)

    def verdict(self, tally: Tally) -> Verdict:
        """What the labels in the tally say; rows are the effective ones where they have weights."""
        tally = self._layout.effective(tally)
        with np.errstate(all="ignore"):  # an undefined result is absent, not a warning
            if self._regression is not None:
                return self._of_numbers(self._regression, tally)
            return self._of_classes(tally)

    def counted(self, tally: Tally) -> Mapping[tuple[str, str], float] | float:
        """What replicas add up: rows by predicted and actual class, or the sum of |error|."""
        tally = self._layout.effective(tally)
        if self._regression is None:
            return confusion_of(tally)
        return self._regression.sums(self._layout.cells_of(self._regression, tally))["absolute"]

    def _of_numbers(self, one: RegressionOutcomes, tally: Tally) -> Verdict:
        sums = one.sums(self._layout.cells_of(one, tally))
        intervals: Intervals = {}
        if self._spread is not None:
            spread = self._spread.sums(self._layout.cells_of(self._spread, tally))
            intervals = regression_intervals(sums, spread)
        return Verdict(sums["n"], regression_metrics(sums), intervals)

    def _of_classes(self, tally: Tally) -> Verdict:
        confusion = confusion_of(tally)
        verdict = Verdict(
            sum(confusion.values()),
            classification_metrics(confusion),
            classification_intervals(confusion),
        )
        if self._values is not None:
            self._add_value(confusion, self._values, verdict)
        if self._scores is not None:
            sums = ScoreSums.of(self._layout.cells_of(self._scores, tally))
            one = self._ranks
            ranks = None if one is None else one.rows(self._layout.cells_of(one, tally))
            verdict.metrics.update(score_metrics(sums, ranks))
            verdict.intervals.update(score_intervals(sums, ranks))
            verdict.binning = binning_errors(sums, ranks)
        choices = self._choices.found(tally)
        verdict.metrics.update(choices.metrics)
        verdict.intervals.update(choices.intervals)
        verdict.binning.update(choices.binning)
        return verdict

    def _add_value(
        self, confusion: Mapping[tuple[str, str], float], values: Values, verdict: Verdict
    ) -> None:
        mean = business_value(confusion, values)
        interval = business_value_interval(confusion, values)
        if mean is not None:
            verdict.metrics["business_value", ""] = mean
        if interval is not None:
            verdict.intervals["business_value", ""] = interval


def judge_of(model: ModelConfig, layout: Layout, reference: Reference | None) -> Judge:
    """The judge of a model."""
    return Judge(layout, values_of(model, reference.classes if reference else ()), model.top_k)


def confusion_of(tally: Tally) -> dict[tuple[str, str], float]:
    """Rows by predicted and actual class."""
    return {(key[1], key[2]): value for key, value in tally.sparse.items() if key[0] == "outcome"}


def put_verdict(
    put: Put, base: Labels, window: str, verdict: Verdict, family: str = REALISED
) -> None:
    """The gauges of one window; what is not finite is absent."""
    for key, value in verdict.metrics.items():
        labels = (*base, *key, window)
        if math.isfinite(value):
            put(family, labels, value)
            interval = verdict.intervals.get(key)
            if interval is not None and all(map(math.isfinite, interval)):
                put(f"{family}_lower", labels, interval[0])
                put(f"{family}_upper", labels, interval[1])
    for (metric, _), value in verdict.binning.items() if family == REALISED else ():
        put(f"{REALISED}_binning_error", (*base, metric, window), value)
