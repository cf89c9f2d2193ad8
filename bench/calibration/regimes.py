"""False alarms and power where rows resemble each other, beyond a window or at once.

`python -m bench.calibration.regimes`: windows of an hour, ten features, at one false alarm a month
promised. About a minute; the table of docs/alarms.md.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr

from bench.calibration.pool import collect, replay
from bench.calibration.power import found, memory_of
from bench.calibration.traffic import BINS, Numeric, Window
from inference_exporter.repeats import STRETCH, STRETCHES, Crowds
from inference_exporter.values.batch import Floats, Ints

FEATURES, PER_DAY, EFFECT = 10, 24, 0.1
TOGETHER, WINDOWS, TRIALS = 50, 1440, 200  # five models for two months; drifting features
SHIFT = 0.4  # standard deviations
Traffic = Callable[[Numeric, float], Window]  # with a mean this much higher


@dataclass(slots=True)
class Visitors:
    """Visitors who come at random and make `size` equal requests, spread over some minutes."""

    numeric: Numeric
    shift: float
    rows: int
    size: int
    minutes: float
    at: Floats  # minutes from the window's begin, of requests that are still to come
    cells: Ints  # (requests, features)
    named: bool = False  # whether requests say who asks
    who: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    design: float = 1.0  # of the last hour, by who asked how often

    def __call__(self) -> Floats:
        """The next hour."""
        random, features = self.numeric.random, self.numeric.features
        count = random.poisson(self.rows / self.size)
        begin = np.repeat(60.0 * random.random(count), self.size)
        at = begin + random.random(len(begin)) * self.minutes
        values = random.standard_normal((count, features)) + self.shift
        edges = self.numeric.edges
        own = [np.searchsorted(edges[j], values[:, j]) for j in range(features)]
        cells = np.repeat(np.stack(own, axis=1), self.size, axis=0)
        at, cells = np.concatenate((self.at, at)), np.concatenate((self.cells, cells))
        fresh = np.repeat(random.integers(2**62, size=count), self.size)
        who, now = np.concatenate((self.who, fresh)), at < 60.0
        if self.named and now.any():
            rows = np.unique(who[now], return_counts=True)[1]
            self.design = float((rows * rows).sum() / rows.sum())
        self.who = who[~now]
        self.at, self.cells = at[~now] - 60.0, cells[~now]
        parts = self.numeric.parts
        stretch = (at[now] / 60.0 * parts).astype(np.int64)
        flat = (np.arange(features) * parts + stretch[:, None]) * BINS + cells[now]
        counts = np.bincount(flat.ravel(), minlength=features * parts * BINS)
        return counts.reshape(features, parts, BINS).astype(np.float64)


def visitors(rows: int, size: int, minutes: float, *, named: bool = False) -> Traffic:
    """See `Visitors`."""

    def window(numeric: Numeric, shift: float) -> Window:
        none = np.zeros((0, numeric.features), dtype=np.int64)
        return Visitors(numeric, shift, rows, size, minutes, np.empty(0), none, named)

    return window


def independent(rows: int) -> Traffic:
    """Rows that have nothing to do with each other."""
    return lambda numeric, shift: numeric.independent(rows, numeric.shifted(shift))


def twice(rows: int) -> Traffic:
    """Every row delivered twice, at once."""

    def window(numeric: Numeric, shift: float) -> Window:
        once = numeric.independent(rows // 2, numeric.shifted(shift))
        return lambda: 2.0 * once()

    return window


def autocorrelated(rows: int, correlation: float) -> Traffic:
    """AR(1)."""
    return lambda numeric, shift: numeric.autocorrelated(rows, correlation, shift)


def bursts(rows: int, size: int, per_day: float) -> Traffic:
    """Independent rows, and now and then many equal ones at once."""

    def window(numeric: Numeric, shift: float) -> Window:
        calm, random = numeric.independent(rows, numeric.shifted(shift)), numeric.random
        every, crowds, hour = np.arange(numeric.features), Crowds(), 0

        def one() -> Floats:
            nonlocal hour
            counts, hour = calm(), hour + 1
            for _ in range(random.poisson(per_day / 24.0)):
                values = random.standard_normal((numeric.features, 1)) + shift
                kept = _kept(crowds, random, hour, rows, size)
                at = random.integers(numeric.parts)
                counts[every, at, (values > numeric.edges).sum(axis=1)] += kept
            _kept(crowds, random, hour, rows, 0)
            return counts

        return one

    return window


def _kept(crowds: Crowds, random: np.random.Generator, hour: int, rows: int, size: int) -> int:
    """Rows of a burst that the exporter does not set aside, among others that are all different."""
    keys = random.integers(1, 2**63, rows + 1, dtype=np.uint64)
    keys = np.append(keys[:-1], np.repeat(keys[-1:], size))
    places = np.append(random.integers(STRETCHES, size=rows), np.full(size, 5)) + STRETCHES * hour
    times = STRETCH * places
    crowds.count(times)
    aside = crowds.aside(keys, times)
    return size - int(aside[rows:].sum())


def wandering(rows: int, deviation: float, hours: float) -> Traffic:
    """A mean that wanders by so many standard deviations, forgetting over so many hours."""

    def window(numeric: Numeric, shift: float) -> Window:
        random, parts = numeric.random, numeric.parts
        kept = float(np.exp(-1.0 / (hours * parts)))
        mean = random.standard_normal((numeric.features, 1)) * deviation

        def one() -> Floats:
            nonlocal mean
            counts = np.empty((numeric.features, parts, BINS))
            for stretch in range(parts):
                fresh = random.standard_normal(mean.shape) * deviation
                mean = mean * kept + fresh * np.sqrt(1.0 - kept * kept)
                below = ndtr(numeric.edges - mean - shift)
                shares = np.diff(below, axis=1, prepend=0.0, append=1.0)
                counts[:, stretch] = random.poisson(shares * rows / parts)
            return counts

        return one

    return window


REGIMES: dict[str, Traffic] = {
    "independent, 300 an hour": independent(300),
    "independent": independent(1_000),
    "AR(1) 0.9": autocorrelated(1_000, 0.9),
    "every row twice, at once": twice(1_000),
    "every row twice, within 20 minutes": visitors(1_000, 2, 20),
    "2 requests over 30 minutes, 300 an hour": visitors(300, 2, 30),
    "5 requests over 60 minutes, 300 an hour": visitors(300, 5, 60),
    "5 requests over 60 minutes": visitors(1_000, 5, 60),
    "5 requests over 30 minutes": visitors(1_000, 5, 30),
    "20 requests over 10 minutes": visitors(1_000, 20, 10),
    "20 requests over 60 minutes": visitors(1_000, 20, 60),
    "2 requests over 30 minutes, 300 an hour, `fields.entity`": visitors(300, 2, 30, named=True),
    "5 requests over 60 minutes, 300 an hour, `fields.entity`": visitors(300, 5, 60, named=True),
    "5 requests over 60 minutes, `fields.entity`": visitors(1_000, 5, 60, named=True),
    "a burst of 200 equal rows a day": bursts(1_000, 200, 1.0),
    "a mean that wanders by 0.2 over 6 hours": wandering(1_000, 0.2, 6.0),
}


def main() -> None:
    """Print a row of the table for each."""
    print("| traffic | false alarms a month | months | decided | 0.4 σ found in a day |")
    print("|---|---|---|---|---|")
    for name, traffic in REGIMES.items():
        numeric = Numeric(11, TOGETHER)
        pool = collect(numeric.known, traffic(numeric, 0.0), WINDOWS)
        rate = replay(pool, FEATURES, PER_DAY, EFFECT)
        print(
            f"| {name} | {rate.per_month:.1f} | {rate.months:.0f} "
            f"| {pool.enough.mean():.0%} | {_power(traffic):.2f} |",
            flush=True,
        )


def _power(traffic: Traffic) -> float:
    numeric = Numeric(8, TRIALS)
    memory = memory_of(numeric.known, traffic(numeric, 0.0))
    first = found(numeric.known, memory, traffic(numeric, SHIFT))[EFFECT]
    return float(np.isfinite(first).mean())


if __name__ == "__main__":
    main()
