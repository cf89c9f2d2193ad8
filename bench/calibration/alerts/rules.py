"""The shipped rules of drift as arrays: rows (minutes, features, cells) of a fleet in, states out.

The expressions are those of `alert_rules/ruleset/bins.py` and `verdicts.py`; what they are made of
(limits, looks, waits) comes from there.
"""

from __future__ import annotations

import numpy as np
from alert_rules.ruleset import names
from alert_rules.ruleset.settings import seconds
from scipy.special import chdtri

from bench.calibration.alerts.promql import Increase, Sum, alert, held
from inference_exporter.config.budget import SHARES
from inference_exporter.values.batch import Bools, Floats

KEEP = 30  # minutes of `keep_firing_for`
LOOK = {window: round(seconds(text) / 60) for window, text in names.LOOKS.items()}
LENGTH = {window: round(seconds(window) / 60) for window in names.LOOKS}
EVERY = {window: round(seconds(names.EVALUATED_EVERY[window]) / 60) for window in names.LOOKS}


class Fleet:
    """The recorded series of one window, fed hour by hour."""

    def __init__(self, window: str, known: Floats, profiles: int, threshold: float) -> None:
        self.window, self.known, self.threshold = window, known, threshold
        self.cells = known.shape[1]
        self.samples = known.sum(axis=1)
        alpha = SHARES["drift"] / (profiles * names.LOOKS_PER_MONTH)
        self.quantile = float(chdtri(self.cells - 1, alpha))
        self._increase = Increase(known.shape)
        self._sum = Sum(LENGTH[window], known.shape)

    def feed(self, rows: Floats) -> Floats:
        """`…_bin:increase<window>` of rows (minutes, features, cells) of all replicas."""
        return self._sum(self._increase(rows))

    def psi(self, counts: Floats) -> Floats:
        """Distance from the reference; NaN without enough rows."""
        n, size = counts.sum(axis=-1), self.cells
        known = (self.known + 0.5) / (self.samples[:, None] + 0.5 * size)
        enough = n >= max(names.LEAST_ROWS, names.LEAST_ROWS_PER_BIN * size)
        share = (counts + 0.5) / (n + 0.5 * size)[..., None]
        value = ((share - known) * np.log(share / known)).sum(axis=-1)
        return np.where(enough, value, np.nan)

    def critical(self, rows: Floats, design: Floats) -> Floats:
        """What noise reaches with `design` (replicas, ...): NaN where rows are worth too few."""
        missing = np.isnan(design)
        published = np.maximum((~missing).sum(axis=0), 1)
        excess = np.where(missing, 0.0, design - 1.0).sum(axis=0) / published
        excess = np.where(missing.all(axis=0), np.nan, excess)
        worth = rows / (1.0 + excess * len(design))
        noise = 1.0 / np.maximum(worth, 1e-9) + 1.0 / self.samples
        value = self.quantile * noise * (1.0 + self.cells / np.maximum(worth, 1e-9))
        return np.where(worth >= names.LEAST_EFFECTIVE_PER_BIN * self.cells, value, np.nan)

    def verdict(self, counts: Floats, design: Floats) -> Floats:
        """1 or 0 of counts (..., features, cells) at a look; NaN: undecided."""
        psi, critical = self.psi(counts), self.critical(counts.sum(axis=-1), design)
        known = ~np.isnan(psi) & ~np.isnan(critical)
        with np.errstate(invalid="ignore"):
            drifted = (psi > critical) & (psi > self.threshold)
        return np.where(known, drifted.astype(np.float64), np.nan)


def looks(window: str, begin: int, minutes: int) -> Bools:
    """The evaluations among minutes from `begin` on at which a window is looked at."""
    at = begin + np.arange(minutes)
    inside = (at % LENGTH[window] >= LOOK[window]) & (
        at % LENGTH[window] < LOOK[window] + 2 * EVERY[window]
    )
    evaluated: Bools = inside & (at % EVERY[window] == 0)
    return evaluated


def in_force(verdicts: dict[str, Floats]) -> Floats:
    """State of a fleet (minutes, features) of the verdicts at its looks; NaN: undecided."""
    ages = {name: names.LOOKS_IN_FORCE * LENGTH[name] - 1 for name in verdicts}
    kept = np.stack([held(one, ages[name]) for name, one in verdicts.items()])
    filled = np.where(np.isnan(kept), -np.inf, kept).max(axis=0)
    return np.where(np.isneginf(filled), np.nan, filled)


def fires(state: Floats) -> Bools:
    """The alert of states (minutes, features)."""
    return alert(state == 1.0, 0, KEEP)
