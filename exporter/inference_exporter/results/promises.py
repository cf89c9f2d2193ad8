"""How often intervals of estimates held, once labels were there: the estimates' own record.

Predictions are counted by the day on which they were made, with what is expected of them and what
their labels say. A day is judged when nearly all of its labels are there, or when no more are
waited for. Of a day with labels of some rows only, the interval is that of so many rows: the same
expectation, with the coins of fewer.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from inference_exporter.accumulators import (
    ActualRanks,
    ClassLosses,
    ErrorSpread,
    ExpectedClasses,
    ExpectedErrors,
    ExpectedOutcomes,
    ExpectedScoreLosses,
    Labelled,
    Layout,
    Made,
    MadeByScore,
    OneVsRest,
    RegressionOutcomes,
    ScoreOutcomes,
    ScoreRanks,
    TopScores,
    WeightSpread,
    binary_classes,
)
from inference_exporter.config.schema import ModelConfig, Window
from inference_exporter.performance import MACRO, Estimates
from inference_exporter.results.expectations import Forecast
from inference_exporter.results.gauges import least_labelled
from inference_exporter.results.judge import Verdict, judge_of
from inference_exporter.results.selected import selected
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Labels
from inference_exporter.values.tally import Tally

DAY = 86400.0
DAYS = 60
WINDOW = Window("promises", DAYS * DAY)  # in panes of a day
COMPLETE = 0.95  # share of labels with which no more are waited for
_EXPECTED = (ExpectedOutcomes, ExpectedErrors, ExpectedClasses)
_KINDS: tuple[type[Any], ...] = (
    *_EXPECTED, ExpectedScoreLosses, Made, Labelled, MadeByScore, WeightSpread, RegressionOutcomes,
    ErrorSpread, ScoreOutcomes, ScoreRanks, ClassLosses, OneVsRest, TopScores, ActualRanks,
)  # fmt: skip
_OF_CLASS = ("precision", "recall", "f1")

Held = dict[str, bool]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Cohort:
    """A metric of the predictions of one day: what was expected of them, and what came.

    `day` since the epoch; `key` is the metric and class by which labels and the reference call it.
    Intervals are at 95 %, None where there is none; `held`: whether the
    outcome was in that of the estimate.
    """

    version: str
    day: int
    metric: str
    key: tuple[str, str]
    labelled: float
    realised: float
    between: Interval | None
    estimated: float
    expected: Interval
    held: bool


def judged_by(layout: Layout) -> Layout:
    """The part of a layout that performance and estimates of a cohort are made of."""
    return layout.only(_KINDS)


def needed(layout: Layout) -> Layout | None:
    """The part of a layout that a day is judged by; None where nothing is estimated."""
    return judged_by(layout) if any(isinstance(o, _EXPECTED) for o in layout.dense) else None


class Promises:
    """Days of one model, by version: of each metric, whether its interval held."""

    def __init__(self, model: ModelConfig, layout: Layout, reference: Reference | None) -> None:
        self._model, self._layout = model, layout
        self._judge = judge_of(model, layout, reference)
        self._forecast = Forecast(model, layout, reference)
        pair = binary_classes(model, reference)
        self._positive = pair[1] if pair else ""
        self._judged: dict[tuple[str, int], tuple[float, Held]] = {}

    def days(self, panes: Mapping[str, Mapping[int, Tally]], clock: float) -> dict[Labels, float]:
        """Days by (model, version, metric, result); `panes`: tallies by version and day."""
        found: dict[Labels, float] = {}
        judged: dict[tuple[str, int], tuple[float, Held]] = {}
        for version, tallies in panes.items():
            for day, tally in tallies.items():
                if self._is_due(day, tally, clock):
                    key = (version, day)
                    judged[key] = self._of(key, tally)
                    for metric, held in judged[key][1].items():
                        base = (self._model.name, version, metric)
                        for result in ("held", "missed"):
                            found.setdefault((*base, result), 0.0)
                        found[*base, "held" if held else "missed"] += 1.0
        self._judged = judged  # days that are gone are forgotten
        return found

    def cohorts(self, panes: Mapping[str, Mapping[int, Tally]], clock: float) -> Iterator[Cohort]:
        """Every day that is judged, metric by metric, the newest day first."""
        for version, tallies in panes.items():
            for day in sorted(tallies, reverse=True):
                if self._is_due(day, tallies[day], clock):
                    yield from self._cohorts(version, day, tallies[day])

    def _cohorts(self, version: str, day: int, tally: Tally) -> Iterator[Cohort]:
        estimates, verdict = self._both(tally)
        for metric, (value, interval) in estimates.items():
            key = self._key(metric)
            outcome = verdict.metrics.get(key, math.nan)
            if interval is not None and np.isfinite([outcome, *interval]).all():
                yield Cohort(
                    version, day, metric, key, verdict.samples, outcome, verdict.intervals.get(key),
                    value, interval, interval[0] <= outcome <= interval[1],
                )  # fmt: skip

    def _of(self, key: tuple[str, int], tally: Tally) -> tuple[float, Held]:
        """As it was found before, if nothing was counted since."""
        state = float(tally.dense.sum())
        before = self._judged.get(key)
        return before if before is not None and before[0] == state else (state, self._held(tally))

    def _is_due(self, day: int, tally: Tally, clock: float) -> bool:
        """Whether the day is over, and its labels are there or not waited for any more."""
        age = clock - (day + 1) * DAY
        labels = self._model.labels
        wait = min(labels.wait, (DAYS - 1) * DAY) if labels else 0.0
        return age >= self._model.lateness and (age >= wait or self._share(tally) >= COMPLETE)

    def _share(self, tally: Tally) -> float:
        """Share of the predictions that have a label."""
        cells = self._layout.cells_of
        one = {kind.key: kind for kind in self._layout.dense if isinstance(kind, Made | Labelled)}
        made, labelled = (float(cells(one[key], tally)[0]) for key in (Made.key, Labelled.key))
        return min(1.0, labelled / made) if made > 0 else 0.0

    def _held(self, tally: Tally) -> Held:
        """By metric; none of a day with few labels, or with labels that are a selection."""
        return {one.metric: one.held for one in self._cohorts("", 0, tally)}

    def _both(self, tally: Tally) -> tuple[Estimates, Verdict]:
        """What was expected of a day, of as many rows as have labels, and what came."""
        tally = self._layout.net(tally)
        least, labels = least_labelled(self._model), self._model.labels
        share = self._share(tally)
        verdict = self._judge.verdict(tally)
        if verdict.samples < least or share < (labels.coverage if labels else 0.0):
            return {}, verdict
        if selected(self._layout, tally, least).biased:
            return {}, verdict
        part = self._layout.effective(Tally(tally.dense * share, tally.sparse))
        return self._forecast.found(part)[1], verdict

    def _key(self, metric: str) -> tuple[str, str]:
        """What labels call the metric."""
        if metric.startswith(f"{MACRO}_"):
            return metric.removeprefix(f"{MACRO}_"), MACRO
        return metric, self._positive if metric in _OF_CLASS else ""
