"""Calendar periods -> gauges: how good the predictions of a day, week, month or quarter were.

A period is as it is so far (`month`) and as it was when it was last complete (`previous_month`).
Labels count for the period of their prediction, whenever they come, so the last complete one goes
on moving until its labels are there. What labels said that came soon is kept beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from inference_exporter.accumulators import RETRACTED, Layout, Retracted
from inference_exporter.results.gauges import Gauges, set_gauge
from inference_exporter.results.performance import Performance
from inference_exporter.values.batch import Bools
from inference_exporter.values.calendar import PREVIOUS, first_day, title
from inference_exporter.values.status_facts import Vintage
from inference_exporter.values.tally import Tally
from inference_exporter.windows import PeriodTimeline

START = "inference_period_start_timestamp_seconds"
_TRUTH = ("outcome", RETRACTED)


@dataclass(frozen=True, slots=True)
class Period:
    """One period of a version; `number` is that of the calendar, since 1970."""

    version: str
    kind: str
    number: int


class Periods:
    """The periods of one model; of `early` what labels said that came early, None: not asked.

    A period is worked out again only when something was counted in it.
    """

    def __init__(
        self,
        model: str,
        layout: Layout,
        performance: Performance,
        timeline: PeriodTimeline,
        early: PeriodTimeline | None,
    ) -> None:
        self._model, self._layout, self._performance = model, layout, performance
        self._timeline, self._early = timeline, early
        self._truth = _truth(layout)
        self._found: dict[Period, tuple[tuple[int, int], Gauges]] = {}

    def put(self, gauges: Gauges, clock: float) -> None:
        """The gauges of the current periods and of those before them."""
        self._forget()
        timeline = self._timeline
        for kind in timeline.kinds:
            for number, window in _published(timeline, kind, clock):
                start = timeline.calendar.begin(first_day(kind, number))
                set_gauge(gauges, START, (self._model, window), start)
                for version in timeline.versions:
                    self._put(gauges, Period(version, kind, number), window)

    def _put(self, gauges: Gauges, period: Period, window: str) -> None:
        for family, values in self.found(period).items():
            into = gauges.setdefault(family, {})
            into |= {(*labels[:-1], window): value for labels, value in values.items()}

    def vintages(self, clock: float) -> tuple[Vintage, ...]:
        """All periods that are kept."""
        return tuple(self._vintage(period, clock) for period in self.kept())

    def _vintage(self, period: Period, clock: float) -> Vintage:
        kind, number, calendar = period.kind, period.number, self._timeline.calendar
        tally = _tally(self._timeline, period)
        made = tally.sparse if tally else {}
        return Vintage(
            period.version,
            kind,
            title(kind, number),
            calendar.begin(first_day(kind, number)),
            calendar.begin(first_day(kind, number + 1)),
            number < self._timeline.current(kind, clock),
            sum(rows for key, rows in made.items() if key[0] == "prediction"),
            self.found(period),
        )

    def kept(self) -> Iterator[Period]:
        """All periods in which something was counted, the newest first."""
        for version in self._timeline.versions:
            for kind in self._timeline.kinds:
                for number in sorted(self._timeline.periods(version, kind).tallies, reverse=True):
                    yield Period(version, kind, number)

    def found(self, period: Period) -> Gauges:
        """The gauges of a period, with no name of a window."""
        state = (_added(self._timeline, period), _added(self._early, period))
        before = self._found.get(period)
        if before is None or before[0] != state:
            before = self._found[period] = (state, self._evaluated(period))
        return before[1]

    def _forget(self) -> None:
        """What was found of periods that are gone."""
        kept = set(self.kept())
        self._found = {one: found for one, found in self._found.items() if one in kept}

    def _evaluated(self, period: Period) -> Gauges:
        gauges: Gauges = {}
        tally = _tally(self._timeline, period) or Tally.zeros(self._layout.cells)
        self._performance.put(gauges, period.version, "", tally)
        if self._early is not None:
            early = self._as_known_early(tally, _tally(self._early, period))
            self._performance.put_early(gauges, period.version, "", early)
        return gauges

    def _as_known_early(self, tally: Tally, early: Tally | None) -> Tally:
        """The predictions of a period with only those labels that came early."""
        truth = early or Tally.zeros(self._layout.cells)
        dense = np.where(self._truth, truth.dense, tally.dense)
        sparse = {key: value for key, value in tally.sparse.items() if key[0] not in _TRUTH}
        return Tally(dense, sparse | {k: v for k, v in truth.sparse.items() if k[0] == "outcome"})


def _published(timeline: PeriodTimeline, kind: str, clock: float) -> Iterator[tuple[int, str]]:
    current = timeline.current(kind, clock)
    yield current, kind
    yield current - 1, PREVIOUS + kind


def _truth(layout: Layout) -> Bools:
    """Which cells (cells,) are made of labels, and so of early labels alone."""
    found: Bools = np.zeros(layout.cells, np.bool_)
    for one in layout.dense:
        if getattr(one, "joined", False) or isinstance(one, Retracted):
            found[layout.slices[one.key]] = True
    return found


def _added(timeline: PeriodTimeline | None, period: Period) -> int:
    if timeline is None or period.version not in timeline.versions:
        return 0
    return timeline.periods(period.version, period.kind).added.get(period.number, 0)


def _tally(timeline: PeriodTimeline, period: Period) -> Tally | None:
    if period.version not in timeline.versions:
        return None
    return timeline.periods(period.version, period.kind).tallies.get(period.number)
