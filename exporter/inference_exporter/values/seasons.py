"""What normal is at which hour: the reference's rows by hour, and what follows for a window.

With `season: hour_of_day` a live row at time t adds, beside 1 to its own bin, the whole vector
q_s(t) of shares that the reference has at that hour. Sums of such vectors are what the reference
lets expect of exactly this traffic, over any window and any set of replicas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from inference_exporter.values.batch import Floats

SEASON_MATTERS = 0.01  # mean PSI of an hour against all hours that repeats; peaks are larger
PRIOR_ROWS = 10.0  # of the whole reference, that every hour is believed to have beside its own


@dataclass(frozen=True, slots=True)
class Seasons:
    """Rows of the reference by hour of `kind`, on clocks of `timezone`.

    `rows` (S,) rows with inputs; `counts` (S, B) by `feature/name` or `output/name`, values in the
    cells of its profile's `bins`.
    """

    kind: str
    timezone: str
    rows: Floats
    counts: Mapping[str, Floats]

    def shares(self, key: str, whole: Floats) -> Floats:
        """Shares (S, B) by hour; an hour with few rows is drawn towards the `whole` counts (B,).

        q_s = (c_s + k q) / (m_s + k), with k = `PRIOR_ROWS` and the smoothed shares q of all rows.
        """
        q = (whole + 0.5) / (whole.sum() + 0.5 * len(whole))
        counts = self.counts.get(key)
        if counts is None:
            return np.broadcast_to(q, (len(self.rows), len(q)))
        rows = counts.sum(axis=1, keepdims=True)
        found: Floats = (counts + PRIOR_ROWS * q) / (rows + PRIOR_ROWS)
        return found

    def behind(self, live: Floats, samples: Floats) -> Floats:
        """Rows (T,) of the reference behind what it lets expect of live rows (S,) by hour.

        The variance of the mixture Σ w_s q_s is Σ w_s² / (m_s + k) times that of one row. Columns
        have `samples` (T,) values in all of the reference's rows.
        """
        total = float(live.sum())
        weights = live / total if total else np.full(len(live), 1.0 / len(live))
        found: Floats = np.minimum(1.0 / (self.noise(samples) @ (weights * weights)), samples)
        return found

    def noise(self, samples: Floats) -> Floats:
        """One over the rows (T, S) that the shares of each hour are known from."""
        share = samples / max(1.0, float(self.rows.sum()))
        rows = np.outer(np.clip(share, 1e-12, 1.0), self.rows + PRIOR_ROWS)
        return 1.0 / rows

    @property
    def digest(self) -> str:
        """A short hash of everything: expected counts of other tables must not be added."""
        text = repr((self.kind, self.timezone, self.rows.tolist()))
        tables = [(key, one.tolist()) for key, one in sorted(self.counts.items())]
        return sha256(f"{text}{tables!r}".encode()).hexdigest()[:8]

    def by_day(self) -> Seasons:
        """The same by hour of the day."""
        if self.kind == "hour_of_day":
            return self
        counts = {key: by_day(one) for key, one in self.counts.items()}
        return Seasons("hour_of_day", self.timezone, by_day(self.rows), counts)

    def wanted(self, kind: str | None, timezone: str) -> Seasons | None:
        """The table of that season, if there is one or it follows from this one."""
        if kind is None or timezone != self.timezone:
            return None
        if kind == self.kind:
            return self
        return self.by_day() if kind == "hour_of_day" else None


@dataclass(frozen=True, slots=True)
class Times:
    """When the rows of the reference were made.

    `first` and `last` seconds since the epoch; `hours` (168,) rows by hour of the week and `months`
    (12,) by month, on clocks of `timezone`. `swings`: by `feature/name`, how far hours of the day
    and hours of the week are from the whole (in PSI, on average, what repeats of it; None where
    the data do not tell).
    """

    timezone: str
    first: float
    last: float
    hours: Floats
    months: Floats
    swings: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)


def by_day(hours_of_week: Floats) -> Floats:
    """Sums (24, ...) of rows (168, ...)."""
    days = hours_of_week.reshape(7, 24, *hours_of_week.shape[1:])
    total: Floats = days.sum(axis=0)
    return total
