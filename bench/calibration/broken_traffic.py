"""Traffic of a model as a service has it, row by row: for what finds broken features.

Seven numbers and three categories. By day requests come at random; at night none do, but for a job
that sends thousands of rows of one kind of customers, alone; another comes by day, on top of the
others. Some requests are sent twice, and now and then a client retries one of them for minutes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.values.batch import Batch, CategoryColumn, Floats, Ints, NumericColumn

NUMBERS = ("income", "age", "amount", "balance", "score", "tenure", "visits")
COUNTRIES, SHARES = ("DE", "FR", "ES", "IT", "PL"), (0.4, 0.25, 0.15, 0.12, 0.08)
PLANS = ("basic", "plus", "gold")
CHANNELS = ("web", "app", "shop", "phone")
DAY, HOUR = 86400.0, 3600.0
Rows = dict[str, Floats]  # numbers, and categories as numbers of their names


@dataclass(frozen=True, slots=True)
class Habits:
    """What is in the traffic beside requests that have nothing to do with each other."""

    pauses: bool = False
    retries: bool = False
    batches: bool = False


class People:
    """Draws rows."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def rows(self, count: int) -> Rows:
        """Rows of the usual customers: one number is missing in every twentieth."""
        random = self.random
        found = {
            "income": random.lognormal(10.0, 0.6, count),
            "age": np.round(random.uniform(18, 90, count)),
            "amount": random.lognormal(4.0, 1.0, count) * (random.random(count) < 0.7),
            "balance": random.normal(1000.0, 800.0, count),
            "score": random.beta(2.0, 5.0, count),
            "tenure": np.where(random.random(count) < 0.05, np.nan, random.exponential(4.0, count)),
            "visits": random.poisson(3.0, count).astype(np.float64),
            "country": random.choice(5, count, p=SHARES).astype(np.float64),
            "plan": random.choice(3, count, p=(0.6, 0.3, 0.1)).astype(np.float64),
            "channel": random.choice(4, count, p=(0.5, 0.3, 0.15, 0.05)).astype(np.float64),
        }
        return found

    def segment(self, count: int) -> Rows:
        """Rows of a job: one country, the elderly, whose tenure is not known."""
        found = self.rows(count)
        found["country"][:] = 2.0
        found["age"] = np.round(self.random.uniform(75, 90, count))
        found["tenure"][:] = np.nan
        return found


class Day:
    """A day of requests: times in seconds since midnight (rows,) and rows, in order of time.

    `jobs` are when the night's job and the day's begin, if there are any.
    """

    def __init__(self, people: People, per_hour: float, habits: Habits) -> None:
        random = people.random
        begin, end = (7 * HOUR, 22 * HOUR) if habits.pauses else (0.0, DAY)
        count = random.poisson(per_hour * (end - begin) / HOUR)
        times, parts = [random.uniform(begin, end, count)], [people.rows(count)]
        if habits.pauses:
            cut = random.uniform(begin, end)
            kept = (times[0] < cut) | (times[0] > cut + random.uniform(0, HOUR))
            times[0], parts[0] = times[0][kept], _taken(parts[0], np.flatnonzero(kept))
        if habits.retries:
            self._retry(random, times, parts)
        self.jobs: tuple[float, ...] = ()
        if habits.batches:
            self.jobs = (2 * HOUR, random.uniform(8, 20) * HOUR)
            for start in self.jobs:
                size = int(12 * per_hour / 4)
                times.append(start + np.sort(random.uniform(0, 1200, size)))
                parts.append(people.segment(size))
        at = np.concatenate(times)
        order = np.argsort(at, kind="stable")
        self.times: Floats = at[order]
        self.rows = _taken({n: np.concatenate([one[n] for one in parts]) for n in parts[0]}, order)

    @staticmethod
    def _retry(random: np.random.Generator, times: list[Floats], parts: list[Rows]) -> None:
        """One request in fifty comes twice, and five a day for minutes, up to 300 times."""
        at, rows = times[0], parts[0]
        again = np.flatnonzero(random.random(len(at)) < 0.02)
        times.append(at[again] + random.exponential(3.0, len(again)))
        parts.append(_taken(rows, again))
        for _ in range(random.poisson(5.0) if len(at) else 0):
            one, size = int(random.integers(len(at))), int(random.integers(30, 300))
            times.append(at[one] + np.sort(random.uniform(0, random.uniform(60, 900), size)))
            parts.append(_taken(rows, np.full(size, one)))


def batch_of(rows: Rows) -> Batch:
    """Rows as the exporter has them. Categories of -1 are missing, beyond the last: new ones."""
    features: dict[str, NumericColumn | CategoryColumn] = {}
    for name in NUMBERS:
        invalid = np.isinf(rows[name])
        values = np.where(invalid, np.nan, rows[name])
        features[name] = NumericColumn(values, invalid if invalid.any() else None)
    for name, names in (("country", COUNTRIES), ("plan", PLANS), ("channel", CHANNELS)):
        known = {float(at): word for at, word in enumerate(names)}
        column = [None if one < 0 else known.get(one, f"new-{one:g}") for one in rows[name]]
        features[name] = CategoryColumn(column)
    return Batch(len(rows["age"]), features=features)


def taken(rows: Rows, start: int, stop: int) -> Rows:
    """Rows from one to before another."""
    return {name: values[start:stop].copy() for name, values in rows.items()}


def _taken(rows: Rows, chosen: Ints) -> Rows:
    return {name: values[chosen] for name, values in rows.items()}
