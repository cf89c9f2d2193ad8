"""One replica: its decisions on full hours and full days, as Prometheus scrapes them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.config.budget import SHARES
from inference_exporter.config.schema import Window
from inference_exporter.decisions.budget import holm, level
from inference_exporter.decisions.dependence import BLOCKS
from inference_exporter.decisions.evidence import Evidence, weigh
from inference_exporter.decisions.hours import Expected
from inference_exporter.decisions.memory import Memory
from inference_exporter.decisions.states import States
from inference_exporter.decisions.subjects import MIN_SAMPLES, MIN_SAMPLES_PER_BIN
from inference_exporter.values.batch import Bools, Floats

HOUR, DAY = 60, 1440  # minutes
WINDOWS = {"1h": HOUR, "1d": DAY}
SEEN = {"1h": 6, "1d": 61}  # minutes from a window's end to the scrape that has its decision
ALPHA = level((Window("1h", 3600.0), Window("24h", 86400.0)), SHARES["drift"])
THRESHOLD = 0.1


@dataclass(slots=True)
class Decided:
    """The last decision on one window, per feature: state (NaN: not enough data), design effect."""

    state: Floats
    design: Floats


class Exporter:
    """`models` models of some features each, side by side, on one replica each.

    `others` is how many more features each model has, in which nothing ever happens.
    """

    def __init__(self, known: Floats, models: int, others: int = 0, hours: int = 0) -> None:
        self.known, self.models, self.others = known, models, others
        self._hours = hours  # that are told apart
        self.cells: Floats = np.full(len(known), float(known.shape[1]))
        self.least: Floats = np.maximum(MIN_SAMPLES, MIN_SAMPLES_PER_BIN * self.cells)
        self.samples = known.sum(axis=1)
        self.forget()

    def forget(self) -> None:
        """A restart without state, a new version, a new reference: nothing is known."""
        size = len(self.known)
        features, cells = self.known.shape
        self._memory = {name: Memory.fresh(features, cells, self._hours) for name in WINDOWS}
        self._states = {name: States.fresh(size) for name in WINDOWS}
        nothing = np.full(size, np.nan)
        first = {name: Decided(nothing, nothing.copy()) for name in WINDOWS}
        self._before, self._last = dict(first), first

    def at(self, name: str, *, latest: bool) -> Decided:
        """The last decision on a window, or the one before it while the last is not scraped yet."""
        return self._last[name] if latest else self._before[name]

    def decide(self, name: str, blocks: Floats, expected: Expected | None = None) -> None:
        """Take a window's decision on rows (features, BLOCKS, cells)."""
        assert blocks.shape[1] == BLOCKS
        evidence, self._memory[name] = weigh(
            blocks, self.known, self.cells, self.least, self._memory[name], expected=expected
        )
        states = self._states[name]
        adjusted, plain = self._adjusted(evidence.p_value), self._adjusted(evidence.plain)
        states.decide(evidence, adjusted, self._effect(), ALPHA, plain)
        self._before[name] = self._last[name]
        self._last[name] = Decided(
            np.where(states.enough, states.drifted, np.nan), self._design(evidence)
        )

    def _adjusted(self, p_values: Floats) -> Floats:
        """Of all features of a model, those in which nothing happens among them."""
        own = p_values.reshape(self.models, -1)
        family = np.concatenate((own, np.ones((self.models, self.others))), axis=1)
        return holm(family)[:, : own.shape[1]].reshape(-1)

    def _effect(self) -> Floats:
        return np.full(len(self.known), THRESHOLD)

    def _design(self, evidence: Evidence) -> Floats:
        per_model = len(self.known) // self.models + self.others
        return evidence.tail_design(ALPHA / per_model)


def stretches(minutes: Floats) -> Floats:
    """Rows (features, BLOCKS, cells) of a window in minutes (features, minutes, cells)."""
    features, count, cells = minutes.shape
    sums: Floats = minutes.reshape(features, BLOCKS, count // BLOCKS, cells).sum(axis=2)
    return sums


def onsets(fires: Bools, models: int) -> int:
    """How often any feature of a model begins to fire: messages, at most one a minute and model."""
    begins = fires.copy()
    begins[1:] &= ~fires[:-1]
    return int(begins.reshape(len(fires), models, -1).any(axis=2).sum())
