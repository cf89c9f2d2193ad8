"""Days, weeks, months and quarters of one model: see `results/periods`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np

from inference_exporter.accumulators import Layout
from inference_exporter.config.schema import CalendarConfig
from inference_exporter.ledger import EarlyLedger, PeriodLedger
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.model.subset import Subset
from inference_exporter.results.expectations import Forecast
from inference_exporter.results.gauges import Gauges
from inference_exporter.results.judge import judge_of
from inference_exporter.results.performance import Performance
from inference_exporter.results.periods import Periods
from inference_exporter.results.promises import judged_by
from inference_exporter.values.calendar import PERIODS
from inference_exporter.values.status_facts import ModelFacts, Vintage
from inference_exporter.windows import NO_PANE, PeriodTimeline, Placement

PREFIX = "calendar/"
MINUTE = 60.0
_KEPT, _EARLY = "kept/", "early/"


class CalendarPart(Part):
    """The calendar periods of one model."""

    leftovers: ClassVar[tuple[str, ...]] = (PREFIX,)

    def __init__(self, config: CalendarConfig, *, own_labels: bool) -> None:
        self._config, self._own_labels = config, own_labels
        self._early = f"{_EARLY}{config.early:g}/" if config.early is not None else None
        self._ledgers: dict[str, PeriodLedger] = {}  # by what their keys begin with
        self._vintages: tuple[Vintage, ...] = ()
        self._seen = -np.inf
        self._unwanted: set[str] = set()  # state of labels that were early by another measure

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        config = setting.config
        if config.calendar is None:
            return None
        return cls(config.calendar, own_labels=config.fields.actual is not None)

    def use(self, counting: Counting, now: float) -> None:
        """See `Part.use`."""
        before, self._seen = self._ledgers, -np.inf
        layout = judged_by(counting.layout)
        self._subset = Subset(counting.layout, layout)
        self._ledgers = self._made(counting, layout)
        counting.ledgers += self._ledgers.values()
        config, reference = counting.config, counting.reference
        judge, forecast = judge_of(config, layout, reference), Forecast(config, layout, reference)
        early = self._ledgers.get(self._early) if self._early else None
        self.periods = Periods(
            config.name,
            layout,
            Performance(config, layout, judge, forecast),
            self._ledgers[_KEPT].periods,
            early.periods if early else None,
        )
        for prefix, ledger in before.items():
            timeline = self._ledgers[prefix].timeline
            timeline.restore(ledger.timeline.take_changes(everything=True)[0], now)
            timeline.mark_all()  # what was restored here was never committed

    def _made(self, counting: Counting, layout: Layout) -> dict[str, PeriodLedger]:
        calendar, config = counting.calendar, self._config
        assert calendar is not None  # there is one where it is configured
        kinds = [kind for kind in PERIODS if kind in config.periods]

        def timeline() -> PeriodTimeline:
            return PeriodTimeline(kinds, calendar, layout.slices, layout.signature, layout.empty)

        made = {_KEPT: PeriodLedger(layout, timeline(), counting.keys)}
        if self._early and config.early is not None:
            made[self._early] = EarlyLedger(layout, timeline(), counting.keys, config.early)
        return made

    # -- counting -------------------------------------------------------------------------------

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`: what was counted already is added to the periods of its day."""
        placement = rows.placement
        inside = [at for at, day in enumerate(placement.days) if day != NO_PANE]
        days = _by_day(placement, inside)
        for prefix, ledger in self._ledgers.items():
            if prefix == _KEPT or self._own_labels:  # a label on the same line is not late
                tallies = self._subset.tallies(rows.increments, inside)
                ledger.timeline.add(days, rows.names, tallies, rows.now)

    # -- pages ----------------------------------------------------------------------------------

    def epoch(self, clock: float) -> int:
        """See `Part.epoch`: at midnight another day is the current one."""
        return self._ledgers[_KEPT].periods.calendar.day(clock) if np.isfinite(clock) else 0

    def gauges(self, clock: float, gauges: Gauges) -> None:
        """See `Part.gauges`."""
        if np.isfinite(clock):
            self.periods.put(gauges, clock)

    def advance(self, clock: float) -> None:
        """See `Part.advance`: all periods that are kept are looked at once a minute at most."""
        if np.isfinite(clock) and not 0 <= clock - self._seen < MINUTE:
            self._seen, self._vintages = clock, self.periods.vintages(clock)

    def facts(self, known: ModelFacts) -> ModelFacts:
        """See `Part.facts`."""
        return replace(known, vintages=self._vintages)

    # -- state ----------------------------------------------------------------------------------

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        puts: dict[str, bytes] = {}
        deletes: set[str] = set()
        for prefix, ledger in self._ledgers.items():
            changed, gone = ledger.timeline.take_changes()
            puts |= {f"{PREFIX}{prefix}{key}": value for key, value in changed.items()}
            deletes |= {f"{PREFIX}{prefix}{key}" for key in gone}
        deletes |= self._unwanted
        self._unwanted = set()
        return puts, deletes

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:
        """See `Part.restore`."""
        problems: list[str] = []
        for prefix, ledger in self._ledgers.items():
            own = dict(_own(state, PREFIX + prefix))
            problems += [f"calendar: {one}" for one in ledger.timeline.restore(own, now)]
        known = tuple(PREFIX + prefix for prefix in self._ledgers)
        mine = (key for key in state if key.startswith(PREFIX))
        self._unwanted |= {key for key in mine if not key.startswith(known)}
        return problems


def _by_day(placement: Placement, groups: list[int]) -> Placement:
    pairs = tuple((placement.groups[at][0], placement.days[at]) for at in groups)
    newest = tuple(placement.newest[at] for at in groups)
    return replace(placement, groups=pairs, newest=newest, days=())


def _own(state: Mapping[str, bytes], prefix: str) -> Iterator[tuple[str, bytes]]:
    for key, value in state.items():
        if key.startswith(prefix):
            yield key.removeprefix(prefix), value
