"""Traffic that follows the hour, with and without `season:`, at the alert.

`python -m bench.calibration.alerts.seasons [--write] [NAME…]`: models of ten features that all move
with the hour, windows of an hour and a day, one false alarm a month promised; the table of
docs/season.md, which `--write` puts there. About twelve minutes. The reference is four weeks of the
same traffic, 1,000 rows an hour; then come two months.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.calibration import regimes
from bench.calibration.alerts.exporter import DAY, HOUR, Exporter, onsets, stretches
from bench.calibration.alerts.replay import shown_in, states_of
from bench.calibration.alerts.rules import fires
from bench.calibration.pool import Rate
from bench.calibration.traffic import Categories, Numeric, Window
from inference_exporter.decisions.hours import Expected
from inference_exporter.values.batch import Floats, Ints
from inference_exporter.values.hours import SEASONS, LocalHours
from inference_exporter.values.seasons import Seasons

FEATURES, MODELS, HOURS = 10, 5, 1440
BUILT = 24 * 28  # hours of the reference
ROWS, SHIFT = 1_000, 0.4
TRIALS, BEFORE = 50, 72
START = 1_790_553_600.0  # 2026-09-28T00:00:00Z, a Monday; clocks change on 25 October
_PAGE = Path(__file__).parents[3] / "docs" / "season.md"
_HEAD = """\
| every input follows the hour | no season: alarms | decided | found | `hour_of_day`: alarms | decided | found | `hour_of_week`: alarms | decided | found |
|---|---|---|---|---|---|---|---|---|---|"""  # noqa: E501
Source = Numeric | Categories
Traffic = Callable[[Source, float], Window]  # with a mean this much higher
Pattern = Callable[[Ints], Floats]  # mean, in standard deviations, by hour of the week there


def _of(traffic: regimes.Traffic) -> Traffic:
    def window(source: Source, mean: float) -> Window:
        assert isinstance(source, Numeric)
        return traffic(source, mean)

    return window


@dataclass(frozen=True, slots=True)
class Regime:
    """Traffic of a kind: how its mean follows the hour, and how its rows hang together.

    `open`: hours of the day with traffic. `kept`: the zone in which the exporter tells hours, of
    traffic that lives in `zone`. `ends`: docs say that the promise does not hold here.
    """

    name: str
    pattern: Pattern
    traffic: Traffic = field(default_factory=lambda: _of(regimes.independent(ROWS)))
    open: range = range(24)
    rows: int = ROWS  # of the reference, an hour
    zone: str = "UTC"
    kept: str = ""
    ends: bool = False
    names: bool = False  # categories, of which some move from the commonest to the second


def by_hour(amplitude: float, weekend: float = 0.0) -> Pattern:
    """A wave by day and night; on Saturdays and Sundays higher by `weekend`."""

    def mean(hours: Ints) -> Floats:
        wave = amplitude * np.sin(2.0 * np.pi * (hours % 24) / 24.0)
        found: Floats = np.round(wave + weekend * (hours // 24 >= 5), 9)
        return found

    return mean


def _names(source: Source, mean: float) -> Window:
    assert isinstance(source, Categories)
    return source.independent(ROWS, source.moved(_moved(mean)))


def _moved(mean: float) -> float:
    """Share of the rows that have left the commonest category."""
    return 0.2 + mean / 2.0


def _all() -> Iterator[Regime]:
    for amplitude in (0.3, 0.5, 0.8):
        yield Regime(f"{amplitude} σ by hour", by_hour(amplitude))
    yield Regime("the mix of categories by hour", by_hour(0.3), _names, names=True)
    berlin, moved = "Europe/Berlin", "0.5 σ by hour, clocks change"
    yield Regime(moved, by_hour(0.5), zone=berlin, kept=berlin)
    yield Regime(f"{moved}, season_timezone not set", by_hour(0.5), zone=berlin, ends=True)
    yield Regime("0.5 σ by hour, traffic only at night", by_hour(0.5), open=range(6))
    yield Regime("0.5 σ by hour, weekends 0.3 σ higher", by_hour(0.5, 0.3))
    half = _of(regimes.autocorrelated(ROWS, 0.5))
    yield Regime("the same, AR(1) 0.5", by_hour(0.5, 0.3), half)
    visits = _of(regimes.visitors(ROWS, 5, 30))
    yield Regime("the same, 5 requests over 30 minutes", by_hour(0.5, 0.3), visits)
    yield Regime("the same, a reference of 100 an hour", by_hour(0.5, 0.3), rows=100)
    yield Regime("nothing by hour", by_hour(0.0))


REGIMES = {one.name: one for one in _all()}


class _Traffic:
    """Hours of rows of some features, and what a reference of such hours knows."""

    def __init__(self, regime: Regime, seed: int, features: int, kind: str | None) -> None:
        self.regime = regime
        self.source: Source = Numeric(seed, features, 10**7, HOUR)
        if regime.names:
            self.source = Categories(seed, features, 8, parts=HOUR)
        self.size = self.source.known.shape
        self._windows: dict[float, Window] = {}
        self._live = LocalHours(regime.zone)
        self._kept = LocalHours(regime.kept or "UTC")
        self.kind = kind
        self.table, self.known = self._reference()

    def minutes(self, hour: int, shift: float = 0.0) -> Floats:
        """The rows (features, minutes, bins) of an hour since the reference ended."""
        at = self._hour(BUILT + hour)
        if at % 24 not in self.regime.open:
            return np.zeros((self.size[0], HOUR, self.size[1]))
        return self._window(float(self.regime.pattern(np.array([at]))[0]) + shift)()

    def cell(self, hour: int) -> int:
        """The hour of the season, as the exporter tells it."""
        assert self.kind is not None
        return int(self._kept.cells(np.array([START + 3600.0 * (BUILT + hour)]), self.kind)[0])

    def _hour(self, hour: int) -> int:
        return int(self._live.cells(np.array([START + 3600.0 * hour]), "hour_of_week")[0])

    def _window(self, mean: float) -> Window:
        """Traffic at this mean; visitors who are still there when it changes keep their values."""
        found = self._windows.get(mean)
        if found is None:
            found = self._windows[mean] = self.regime.traffic(self.source, mean)
        return found

    def _shares(self, mean: float) -> Floats:
        if isinstance(self.source, Numeric):
            return self.source.shifted(mean)
        return self.source.moved(_moved(mean))

    def _reference(self) -> tuple[Floats, Floats]:
        """Shares (S, features, bins) by hour as exporters have them, and all rows together."""
        regime, source = self.regime, self.source
        kind = self.kind or "hour_of_day"
        counts = np.zeros((SEASONS[kind], *self.size))
        cells = self._kept.cells(START + 3600.0 * np.arange(BUILT, dtype=np.float64), kind)
        for hour, cell in enumerate(cells.tolist()):
            at = self._hour(hour)
            if at % 24 in regime.open:
                shares = self._shares(float(regime.pattern(np.array([at]))[0]))
                counts[cell] += source.random.poisson(regime.rows * shares)
        self.rows: Floats = counts[:, 0].sum(axis=1)
        every = range(self.size[0])
        tables = {f"feature/{j}": counts[:, j] for j in every}
        self.seasons = Seasons(kind, "UTC", self.rows, tables)
        whole = counts.sum(axis=0)
        known = [self.seasons.shares(f"feature/{j}", whole[j]) for j in every]
        return np.stack(known, axis=1), whole


class _Played:
    """One exporter a model, hour by hour."""

    def __init__(self, traffic: _Traffic, models: int, others: int) -> None:
        self.traffic, known = traffic, traffic.known
        hours = 0 if traffic.kind is None else SEASONS[traffic.kind]
        self.exporter = Exporter(known, models, others, hours)
        self.samples = known.sum(axis=1)
        self._day: list[tuple[Floats, Floats, Floats]] = []

    def states(self, hour: int, shift: float = 0.0) -> Floats:
        """Minutes (HOUR, features) of states, then the decisions at the end of the hour."""
        shown = states_of(shown_in(self.exporter, hour))
        minutes = self.traffic.minutes(hour, shift)
        blocks, expected, by_hour = self._rows(hour, minutes)
        self._decide("1h", blocks, expected, by_hour)
        self._day.append((minutes.sum(axis=1), expected.sum(axis=1), by_hour.sum(axis=0)))
        if hour % 24 == 23:
            live, wanted, hours = (np.stack(one, axis=-2) for one in zip(*self._day, strict=True))
            pairs = (stretches(live), stretches(wanted), hours.reshape(12, 2, -1).sum(axis=1))
            self._decide("1d", *pairs)
            self._day.clear()
        return shown

    def _rows(self, hour: int, minutes: Floats) -> tuple[Floats, Floats, Floats]:
        blocks, traffic = stretches(minutes), self.traffic
        if traffic.kind is None:
            return blocks, blocks, np.zeros((blocks.shape[1], 1))
        cell = traffic.cell(hour)
        expected = blocks.sum(axis=2, keepdims=True) * traffic.table[cell][:, None, :]
        by_hour = np.zeros((blocks.shape[1], len(traffic.rows)))
        by_hour[:, cell] = blocks[0].sum(axis=1)
        return blocks, expected, by_hour

    def _decide(self, name: str, blocks: Floats, expected: Floats, by_hour: Floats) -> None:
        seasons = self.traffic.seasons
        if not blocks.any():
            return  # a window without rows is no decision
        if self.traffic.kind is None:
            self.exporter.decide(name, blocks)
            return
        worth = seasons.behind(by_hour.sum(axis=0), self.samples)
        noise = seasons.noise(self.samples)
        self.exporter.decide(name, blocks, Expected(expected, worth, by_hour, noise))


def alarms(regime: Regime, kind: str | None, hours: int = HOURS) -> tuple[Rate, float]:
    """False alarms of the models, and the share of minutes with a decision after the first day."""
    played = _Played(_Traffic(regime, 11, FEATURES * MODELS, kind), MODELS, 0)
    states = np.concatenate([played.states(hour) for hour in range(hours)])
    months = MODELS * hours / 720.0
    decided = float((~np.isnan(states[DAY:])).mean())
    return Rate(onsets(fires(states), MODELS), months), decided


def found(regime: Regime, kind: str | None) -> float:
    """Share of features whose mean rises by 0.4 σ that are found within a day."""
    played = _Played(_Traffic(regime, 8, TRIALS, kind), TRIALS, FEATURES - 1)
    states = [played.states(hour, 0.0 if hour < BEFORE else SHIFT) for hour in range(BEFORE + 24)]
    begin = BEFORE * HOUR
    return float(fires(np.concatenate(states))[begin : begin + DAY].any(axis=0).mean())


def row(regime: Regime) -> str:
    """Of the table of docs/season.md: without a season, by hour of the day, and of the week."""
    cells = [f"**{regime.name}**" if regime.ends else regime.name]
    for kind in (None, *SEASONS):
        rate, decided = alarms(regime, kind)
        cells.append(f"{rate.per_month:.1f} ({rate.upper:.1f})")
        cells += [f"{decided:.0%}", f"{found(regime, kind):.2f}"]
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str]) -> None:
    """Print a row for each."""
    wanted = [one for one in arguments if one != "--write"] or list(REGIMES)
    rows = []
    for name in wanted:
        rows.append(row(REGIMES[name]))
        print(rows[-1], flush=True)
    if "--write" in arguments:
        text = _PAGE.read_text(encoding="utf-8")
        before, _, rest = text.partition(_HEAD)
        after = rest.lstrip("\n").partition("\n\n")[2]
        table = "\n".join((_HEAD, *rows))
        _PAGE.write_text(f"{before}{table}\n\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
