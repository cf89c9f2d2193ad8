"""The second pass, by hour: which hours the reference data cover, and how far hours differ.

Everything is counted by hour of a fortnight. What hours of the day differ by is found by holding
even days against odd ones, and of the week one week against the other: only what repeats counts,
so that neither noise nor a mean that wanders passes for a season.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from inference_exporter.config.schema import ModelConfig
from inference_exporter.reference.profiling.census import (
    KEPT_CATEGORIES,
    CategoryCensus,
    EmptyCensus,
    NumericCensus,
)
from inference_exporter.reference.reading.columns import names, numeric
from inference_exporter.values.batch import Floats, Ints, TextColumn
from inference_exporter.values.hours import FORTNIGHT, LocalHours
from inference_exporter.values.profile import (
    OTHER,
    CategoricalProfile,
    FeatureProfile,
    NumericProfile,
)
from inference_exporter.values.seasons import Seasons, Times

WEEK = 168
_SURELY = 4.0  # standard errors
_BOTH = 0.9  # of the hours that have rows must have some in both halves
Swing = tuple[float | None, float | None]  # of hours of the day, and of the week


class HourCensus:
    """Counts of all columns by hour. Costs nothing where the data have no times."""

    def __init__(self, model: ModelConfig) -> None:
        self._season, self._clock = model.season, LocalHours(model.season_timezone)
        self._rows = np.zeros(FORTNIGHT)
        self._months = np.zeros(12)
        self._first, self._last = np.inf, -np.inf
        self._columns: dict[str, _Numbers | _Names] = {}
        self._hours: Ints = np.empty(0, dtype=np.int64)
        self._any = False

    def begin(self, times: Floats | None) -> None:
        """A block whose rows were made at these times."""
        self._any = times is not None and bool(np.isfinite(times).any())
        if times is None or not self._any:
            return
        known = times[np.isfinite(times)]
        self._hours = self._clock.fortnight(times)
        self._rows += np.bincount(self._hours[self._hours >= 0], minlength=FORTNIGHT)
        self._months += np.bincount(self._clock.months(known), minlength=12)
        self._first = min(self._first, float(known.min()))
        self._last = max(self._last, float(known.max()))

    def add(
        self,
        key: str,
        census: NumericCensus | CategoryCensus | EmptyCensus,
        cells: TextColumn | None,
    ) -> None:
        """Take in a column of the block, whose bins are those of `census`."""
        if not self._any or cells is None or isinstance(census, EmptyCensus):
            return
        column = self._columns.get(key)
        if column is None:
            column = self._columns[key] = (
                _Numbers(census.edges) if isinstance(census, NumericCensus) else _Names()
            )
        column.add(self._hours, cells)

    def times(self, profiles: Mapping[str, FeatureProfile]) -> Times | None:
        """What there is to know of the rows' times; None without any."""
        if not self._rows.any():
            return None
        swings = {
            key: swing
            for key, table in self._tables(profiles).items()
            if (swing := swing_of(table)) != (None, None)
        }
        hours = self._rows.reshape(2, WEEK).sum(axis=0)
        timezone = self._clock.timezone
        return Times(timezone, self._first, self._last, hours, self._months, swings)

    def seasons(self, profiles: Mapping[str, FeatureProfile]) -> Seasons | None:
        """The reference by hour, where the model has a season and the data have times."""
        if self._season is None or not self._rows.any():
            return None
        counts = {key: _weekly(table) for key, table in self._tables(profiles).items()}
        found = Seasons("hour_of_week", self._clock.timezone, _weekly(self._rows), counts)
        return found.by_day() if self._season == "hour_of_day" else found

    def _tables(self, profiles: Mapping[str, FeatureProfile]) -> dict[str, Floats]:
        """Counts (FORTNIGHT, B) by key, in the cells of the profiles."""
        return {
            key: self._columns[key].table(profile)
            for key, profile in profiles.items()
            if key in self._columns
        }


class _Numbers:
    """A numeric column by hour."""

    def __init__(self, edges: Floats) -> None:
        self._edges, self._bins = edges, len(edges) + 1
        self._counts = np.zeros(FORTNIGHT * self._bins)

    def add(self, hours: Ints, cells: TextColumn) -> None:
        """Take in a block."""
        values = numeric(cells).values
        used = ~np.isnan(values) & (hours >= 0)
        at = hours[used] * self._bins + np.searchsorted(self._edges, values[used])
        self._counts += np.bincount(at, minlength=len(self._counts))

    def table(self, profile: FeatureProfile) -> Floats:
        """Counts (FORTNIGHT, B)."""
        assert isinstance(profile, NumericProfile)
        return self._counts.reshape(FORTNIGHT, -1)


class _Names:
    """A categorical column by hour; the names beyond those that are kept are one more."""

    def __init__(self) -> None:
        self._at: dict[str, int] = {}
        self._counts = np.zeros((64, FORTNIGHT), dtype=np.int32)
        self._beyond = np.zeros(FORTNIGHT)

    def add(self, hours: Ints, cells: TextColumn) -> None:
        """Take in a block."""
        places = [-1 if name is None else self._place(name) for name in names(cells)]
        at = np.array(places, dtype=np.int64)
        used = (at >= 0) & (hours >= 0)
        kept = used & (at < KEPT_CATEGORIES)
        np.add.at(self._counts, (at[kept], hours[kept]), 1)
        self._beyond += np.bincount(hours[used & ~kept], minlength=FORTNIGHT)

    def _place(self, name: str) -> int:
        place = self._at.get(name)
        if place is None:
            if len(self._at) >= KEPT_CATEGORIES:
                return KEPT_CATEGORIES
            place = self._at[name] = len(self._at)
            if place == len(self._counts):
                self._counts = np.concatenate((self._counts, np.zeros_like(self._counts)))
        return place

    def table(self, profile: FeatureProfile) -> Floats:
        """Counts (FORTNIGHT, B)."""
        assert isinstance(profile, CategoricalProfile)
        bins = profile.bins
        found = np.zeros((len(bins), FORTNIGHT))
        listed = {name: at for at, name in enumerate(profile.categories)}
        other = bins.index(OTHER) if OTHER in bins[len(listed) :] else len(bins) - 1
        for name, place in self._at.items():
            found[listed.get(name, other)] += self._counts[place]
        found[-1] += self._beyond
        return found.T


def swing_of(table: Floats) -> Swing:
    """How far hours of the day and of the week are from the whole, of counts (FORTNIGHT, B)."""
    days = table.reshape(14, 24, -1)
    week = table.reshape(2, WEEK, -1)
    return _repeating(days[::2].sum(axis=0), days[1::2].sum(axis=0)), _repeating(week[0], week[1])


def _repeating(one: Floats, other: Floats) -> float | None:
    """Mean PSI of an hour that both halves (S, B) agree on; None where halves have few hours.

    Σ_s w_s Σ_b (p_sb - p_b) (p'_sb - p'_b) / q_b with shares p and p' of the halves, by hour and
    overall, and q of both: chance in the halves is independent, so its mean is 0. By chance alone
    its variance is Σ_s w_s² (B - 1) / (n_s n'_s); what is not surely more is 0.
    """
    n, m = one.sum(axis=1), other.sum(axis=1)
    both = (n > 0) & (m > 0)
    there = (n > 0) | (m > 0)
    if both.sum() < 2 or both.sum() < _BOTH * there.sum():
        return None
    whole = (one + other)[both].sum(axis=0)
    q = whole / whole.sum()
    used = q > 0
    first, second = (_deviations(half[both]) for half in (one, other))
    weights = (n + m)[both] / (n + m)[both].sum()
    products = (first * second)[:, used] / q[used]
    found = float(weights @ products.sum(axis=1))
    error = float(np.sqrt((weights**2 * (used.sum() - 1) / (n * m)[both]).sum()))
    return found if found >= _SURELY * error else 0.0


def _deviations(half: Floats) -> Floats:
    """Shares by hour less those of all hours, each hour counting by its rows."""
    rows = half.sum(axis=1, keepdims=True)
    found: Floats = half / rows - half.sum(axis=0) / rows.sum()
    return found


def _weekly(table: Floats) -> Floats:
    total: Floats = table.reshape(2, WEEK, *table.shape[1:]).sum(axis=0)
    return total
