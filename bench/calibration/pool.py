"""Evidence of many windows of many features, and the decisions that any model makes of it.

What a window says of a feature does not depend on how many features or windows a model has; only
the decision does. So evidence is simulated once per kind of traffic, and replayed for each number
of features and windows through Holm's correction and the states.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bench.calibration.traffic import Window
from inference_exporter.config.budget import SHARES
from inference_exporter.config.schema import Window as Configured
from inference_exporter.decisions.budget import DAYS, holm, level
from inference_exporter.decisions.dependence import Design
from inference_exporter.decisions.evidence import Evidence, weigh
from inference_exporter.decisions.memory import Memory
from inference_exporter.decisions.states import States
from inference_exporter.values.batch import Bools, Floats

LEAST = 100.0  # `min_samples`: windows of 200 rows on average are decided on


@dataclass(frozen=True, slots=True)
class Pool:
    """Evidence (windows, features), and the design effect at the end."""

    p_values: Floats
    distances: Floats
    enough: Bools
    design: float
    plain: Floats


@dataclass(frozen=True, slots=True)
class Rate:
    """False alarms seen in so many months of a model."""

    alarms: int
    months: float

    @property
    def per_month(self) -> float:
        """Alarms per model and month."""
        return self.alarms / self.months

    @property
    def upper(self) -> float:
        """Upper end of the 95 % interval of the rate (Poisson, exact)."""
        from scipy.special import chdtri

        return float(chdtri(2 * (self.alarms + 1), 0.025)) / 2 / self.months


class Watch:
    """A set of features whose windows are weighed one after the other."""

    def __init__(self, known: Floats) -> None:
        self.known = known
        self.cells: Floats = np.full(len(known), float(known.shape[1]))
        self.least: Floats = np.full(len(known), LEAST)
        self.memory = Memory.fresh(*known.shape)

    def see(self, blocks: Floats, entities: float = 1.0) -> Evidence:
        """Weigh the next window, with the design effect that follows from who asked how often."""
        evidence, self.memory = weigh(
            blocks, self.known, self.cells, self.least, self.memory, entities
        )
        return evidence


def collect(known: Floats, window: Window, windows: int) -> Pool:
    """Evidence of so many windows."""
    watch = Watch(known)
    seen = [watch.see(window(), getattr(window, "design", 1.0)) for _ in range(windows)]
    return Pool(
        np.array([one.p_value for one in seen]),
        np.array([one.distance for one in seen]),
        np.array([one.enough for one in seen]),
        float(seen[-1].design.mean.mean()),
        np.array([one.plain for one in seen]),
    )


def replay(pool: Pool, features: int, per_day: int, effect: float) -> Rate:
    """Alarms of models with so many features and windows a day, by the default budget.

    An alarm is a decision that makes one feature or more of a model drifted.
    """
    windows, together = pool.p_values.shape
    models = together // features
    used = models * features
    alpha = level([Configured("w", 86400.0 / per_day)], SHARES["drift"])
    states = States.fresh(used)
    threshold = np.full(used, effect)
    alarms = 0
    ones = np.ones(used)
    for p_values, distance, enough, plain in zip(
        *(one[:, :used] for one in (pool.p_values, pool.distances, pool.enough, pool.plain)),
        strict=True,
    ):
        if p_values.min() > alpha and not states.drifted.any():
            continue  # Holm's adjustment never lowers a p-value: nobody can enter or leave
        design = Design(ones, ones, ones)
        new = np.zeros_like(enough)
        evidence = Evidence(
            ones, distance, p_values, enough, design, ones, plain, ~enough, ones, new
        )
        before = states.drifted
        adjusted, free = (
            holm(one.reshape(models, features)).reshape(-1) for one in (p_values, plain)
        )
        states.decide(evidence, adjusted, threshold, alpha, free)
        alarms += int((states.drifted & ~before).reshape(models, features).any(axis=1).sum())
    return Rate(alarms, models * windows / (DAYS * per_day))
