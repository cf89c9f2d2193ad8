"""Kinds of traffic in which nothing drifts, and how often the pager says that something did.

`python -m bench.calibration.alerts.regimes [NAME…]`: models of ten features, windows of an hour and
a day, one false alarm a month promised, each for its first two months; the tables of
docs/calibration.md.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bench.calibration import regimes
from bench.calibration.alerts.exporter import DAY, HOUR, onsets
from bench.calibration.alerts.replay import Setting, replay, spread
from bench.calibration.alerts.rules import fires
from bench.calibration.pool import Rate
from bench.calibration.traffic import BINS, Categories, Numeric, Window
from inference_exporter.values.batch import Floats

FEATURES, MODELS, HOURS = 10, 5, 1440  # of a batch: ten model months
BATCHES = 3
FLAWED = 3  # of ten bins
TRIALS, BEFORE, SHIFT = 100, 72, 0.4  # drifting features; hours until then; standard deviations
Source = Numeric | Categories
Traffic = Callable[[Source, float], Window]


@dataclass(frozen=True, slots=True)
class Regime:
    """Traffic of a kind, and who sees it. `ends`: docs say that the promise does not hold here."""

    name: str
    traffic: Traffic
    source: Callable[[int, int], Source]  # seed, features
    replicas: int = 1
    forget: int = 0
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """Alarms at the alerts, by the rule that was replaced; share decided; share of 0.4 σ found.

    `flawed`: of inputs of which three of ten values are flawed, in the reference and ever since.
    """

    regime: Regime
    alerts: Rate
    flawed: Rate
    sliding: Rate | None
    decided: float
    found: float


def _numeric(rows: int = 10_000) -> Callable[[int, int], Source]:
    return lambda seed, features: Numeric(seed, features, rows, HOUR)


def _categories(levels: int) -> Callable[[int, int], Source]:
    return lambda seed, features: Categories(seed, features, levels, parts=HOUR)


def _zeros(seed: int, features: int) -> Source:
    """Seven of ten values are 0, the others in nine bins: the quantile bins of such a feature."""
    source = Categories(seed, features, BINS, parts=HOUR)
    source.true = np.concatenate(([0.7], np.full(BINS - 1, 0.3 / (BINS - 1))))
    source.known = source.random.multinomial(10_000, source.true, features).astype(np.float64)
    source.shares = np.broadcast_to(source.true, source.known.shape)
    return source


def _of(traffic: regimes.Traffic) -> Traffic:
    def window(source: Source, shift: float) -> Window:
        assert isinstance(source, Numeric)
        return traffic(source, shift)

    return window


def _names(rows: int) -> Traffic:
    """Independent rows of categories; a shift moves as many rows as one of a mean would."""

    def window(source: Source, shift: float) -> Window:
        assert isinstance(source, Categories)
        return source.independent(rows, source.moved(shift / 2.0))

    return window


def _all() -> Iterator[Regime]:
    plain = _numeric()
    rows = regimes.independent
    for count in (200, 300, 1_000, 10_000):
        yield Regime(f"independent, {count:,} an hour", _of(rows(count)), plain)
    for correlation, count in ((0.5, 1_000), (0.9, 1_000), (0.9, 10_000)):
        traffic = regimes.autocorrelated(count, correlation)
        yield Regime(f"AR(1) {correlation:g}, {count:,} an hour", _of(traffic), plain)
    yield Regime("every row twice, at once", _of(regimes.twice(1_000)), plain)
    yield Regime("every row twice, within 20 minutes", _of(regimes.visitors(1_000, 2, 20)), plain)
    for size, minutes, count in (
        (2, 30, 300), (5, 10, 1_000), (5, 30, 1_000), (5, 60, 1_000), (5, 60, 300),
        (20, 10, 1_000), (20, 30, 1_000), (20, 60, 1_000), (20, 60, 10_000),
    ):  # fmt: skip
        name = f"{size} requests over {minutes} minutes, {count:,} an hour"
        visits = _of(regimes.visitors(count, size, minutes))
        yield Regime(name, visits, plain, ends=_starts_badly(size, minutes, count))
    bursts, wanders = regimes.bursts(1_000, 200, 1.0), regimes.wandering(1_000, 0.2, 6.0)
    yield Regime("a burst of 200 equal rows a day", _of(bursts), plain)
    yield Regime("a mean that wanders by 0.2 over 6 hours", _of(wanders), plain, ends=True)
    yield Regime("seven of ten values are 0", _names(1_000), _zeros)
    yield Regime("seven of ten values are 0, 300 an hour", _names(300), _zeros)
    yield Regime("30 categories, rare ones", _names(1_000), _categories(30))
    yield Regime("30 categories, rare ones, 300 an hour", _names(300), _categories(30))
    yield Regime("a reference of 500 rows", _of(rows(1_000)), _numeric(500))
    yield from _changes()
    yield from _fleets()


def _starts_badly(size: int, minutes: int, rows: int) -> bool:
    """Visitors whose requests are in many stretches: only days of windows show what they are."""
    return minutes == 60 and rows < 100 * size


def _changes() -> Iterator[Regime]:
    plain, rows = _numeric(), regimes.independent
    name = "a start without state, a new version or reference a day"
    yield Regime(name, _of(rows(1_000)), plain, forget=24)
    visitors = _of(regimes.visitors(1_000, 5, 60))
    yield Regime(f"{name}; 5 requests over 60 minutes", visitors, plain, forget=24, ends=True)
    yield Regime("a canary of 100 an hour for 3 days", _of(rows(100)), plain, forget=72)


def _fleets() -> Iterator[Regime]:
    plain = _numeric()
    for name, traffic, replicas in (
        ("independent", regimes.independent(1_000), 3),
        ("independent, 300 an hour", regimes.independent(300), 3),
        ("independent, 10,000 an hour", regimes.independent(10_000), 3),
        ("independent", regimes.independent(1_000), 10),
        ("AR(1) 0.9", regimes.autocorrelated(1_000, 0.9), 3),
        ("5 requests over 30 minutes", regimes.visitors(1_000, 5, 30), 3),
        ("5 requests over 60 minutes", regimes.visitors(1_000, 5, 60), 3),
        ("20 requests over 60 minutes", regimes.visitors(1_000, 20, 60), 3),
    ):
        ends = name == "20 requests over 60 minutes"
        yield Regime(f"{replicas} replicas, {name}", _of(traffic), plain, replicas, ends=ends)
    yield Regime("3 replicas, seven of ten values are 0", _names(1_000), _zeros, 3)
    yield Regime("3 replicas, 30 categories, rare ones", _names(1_000), _categories(30), 3)
    few = _numeric(500)
    yield Regime("3 replicas, a reference of 500 rows", _of(regimes.independent(1_000)), few, 3)
    name = "3 replicas, a start without state a day"
    yield Regime(name, _of(regimes.independent(1_000)), plain, 3, forget=24)


REGIMES = {one.name: one for one in _all()}


@dataclass(frozen=True, slots=True)
class _Seen:
    """Alarms of `MODELS` models by alert, and the share decided."""

    alerts: int
    flawed: int
    sliding: int
    decided: float


def measure(
    regime: Regime, hours: int = HOURS, trials: int = TRIALS, batches: int = BATCHES
) -> Outcome:
    """False alarms of batches of models over so many hours, and the power of so many."""
    seen = [_calm(regime, 11 + batch, hours) for batch in range(batches)]
    months = batches * MODELS * hours / 720.0
    alerts, flawed, sliding = (
        Rate(sum(getattr(one, kind) for one in seen), months)
        for kind in ("alerts", "flawed", "sliding")
    )
    decided = float(np.mean([one.decided for one in seen]))
    before = sliding if regime.replicas == 1 else None
    return Outcome(regime, alerts, flawed, before, decided, _found(regime, trials))


def _calm(regime: Regime, seed: int, hours: int) -> _Seen:
    source = regime.source(seed, FEATURES * MODELS)
    setting = _setting(regime, source, regime.traffic(source, 0.0), MODELS)
    alone = regime.replicas == 1
    seen = replay(replace(setting, sliding=alone, flawed=FLAWED), hours)
    alerts, flawed, sliding = (
        onsets(one, MODELS) for one in (fires(seen.state), seen.flawed, seen.sliding)
    )
    return _Seen(alerts, flawed, sliding, seen.decided)


def _setting(regime: Regime, source: Source, window: Window, models: int) -> Setting:
    split = spread(source.random, regime.replicas) if regime.replicas > 1 else None
    return Setting(source.known, models, window, regime.replicas, split, regime.forget)


def _found(regime: Regime, trials: int) -> float:
    source = regime.source(8, trials)
    hours = iter(range(BEFORE + 24))
    calm, drifted = regime.traffic(source, 0.0), regime.traffic(source, SHIFT)

    def window() -> Floats:
        return calm() if next(hours) < BEFORE else drifted()

    setting = _setting(regime, source, window, trials)
    seen = replay(replace(setting, others=FEATURES - 1), BEFORE + 24)
    begin = BEFORE * HOUR
    return float(fires(seen.state)[begin : begin + DAY].any(axis=0).mean())


def row(one: Outcome) -> str:
    """Of the table of drift alerts in docs/calibration.md."""
    before = "–" if one.sliding is None else f"{one.sliding.per_month:.1f}"
    return (
        f"| {_name(one.regime)} | {before} | {one.alerts.per_month:.1f} ({one.alerts.upper:.1f}) "
        f"| {one.alerts.months:.0f} | {one.decided:.0%} | {one.found:.2f} |"
    )


def share_row(one: Outcome) -> str:
    """Of the table of alerts on shares."""
    rate = one.flawed
    return f"| {_name(one.regime)} | {rate.per_month:.1f} ({rate.upper:.1f}) | {rate.months:.0f} |"


def _name(regime: Regime) -> str:
    return f"**{regime.name}**" if regime.ends else regime.name


def main(names: list[str]) -> None:
    """Print a row of each table for each."""
    for name in names or REGIMES:
        one = measure(REGIMES[name])
        print(row(one), share_row(one), sep="\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
