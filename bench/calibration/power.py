"""Power: how large a change must be to be found, and how soon it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from bench.calibration.pool import Watch
from bench.calibration.sizes import ROWS, Sizes
from bench.calibration.traffic import Categories, Numeric, Window
from bench.result import say
from inference_exporter.config.budget import SHARES
from inference_exporter.config.schema import Window as Configured
from inference_exporter.decisions.budget import level
from inference_exporter.decisions.memory import Memory
from inference_exporter.decisions.states import States
from inference_exporter.values.batch import Floats

FEATURES = 50  # in the model; one of them drifts
DAY = 24  # windows
EFFECTS = (0.1, 0.02)
BEFORE = 60  # windows without drift, so that the memory of the traffic is what it usually is
SHIFTS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.8, 1.0)
SCALES = (1.05, 1.1, 1.15, 1.2, 1.25, 1.3, 1.4, 1.5, 1.6, 1.8, 2.0, 2.5)
MOVES = (0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25, 0.3)


@dataclass(frozen=True, slots=True)
class Point:
    """A change of this size: share found in one window and within a day; median windows until."""

    kind: str
    rows: int
    effect: float
    size: float
    in_one: float
    in_a_day: float
    delay: float  # windows, NaN where most are not found within a day


def measure(sizes: Sizes) -> list[Point]:
    """The curves of all kinds of change."""
    points: list[Point] = []
    for rows in ROWS:
        numeric, names = Numeric(7, sizes.trials), Categories(7, sizes.trials, 10)
        calm = memory_of(numeric.known, numeric.independent(rows))
        calm_names = memory_of(names.known, names.independent(rows))
        shifted = _windows(numeric, rows, numeric.shifted)
        scaled = _windows(numeric, rows, numeric.scaled)
        moved = _windows(names, rows, names.moved)
        points += _curve("mean shift", rows, numeric.known, calm, SHIFTS, shifted)
        points += _curve("scale change", rows, numeric.known, calm, SCALES, scaled)
        points += _curve("category shift", rows, names.known, calm_names, MOVES, moved)
        say(f"power at {rows} rows")
    numeric = Numeric(8, sizes.trials)
    for correlation in () if sizes.quick else (0.5, 0.9):
        calm = memory_of(numeric.known, numeric.autocorrelated(1_000, correlation))

        def wandering(size: float, at: float = correlation) -> Window:
            return numeric.autocorrelated(1_000, at, shift=size)

        name = f"mean shift, AR(1) {correlation:g}"
        points += _curve(name, 1_000, numeric.known, calm, (0.25, 0.4, 0.6, 0.8), wandering)
    return points


def smallest(points: Sequence[Point], share: float, of: Callable[[Point], float]) -> float:
    """The size from which on `share` is found, between the sizes that were tried; or NaN."""
    for before, after in pairwise(points):
        low, high = of(before), of(after)
        if low < share <= high:
            return before.size + (after.size - before.size) * (share - low) / (high - low)
    return points[0].size if of(points[0]) >= share else float("nan")


def _windows(
    source: Numeric | Categories, rows: int, shares: Callable[[float], Floats]
) -> Callable[[float], Window]:
    return lambda size: source.independent(rows, shares(size))


def memory_of(known: Floats, window: Window) -> Memory:
    """What is remembered after some windows without drift."""
    watch = Watch(known)
    for _ in range(BEFORE):
        watch.see(window(), getattr(window, "design", 1.0))
    return watch.memory


def _curve(
    kind: str,
    rows: int,
    known: Floats,
    memory: Memory,
    changes: Sequence[float],
    window: Callable[[float], Window],
) -> list[Point]:
    points: list[Point] = []
    for size in changes:
        for effect, first in found(known, memory, window(size)).items():
            in_a_day = float(np.isfinite(first).mean())
            delay = float(np.median(first))
            in_one = float((first == 1).mean())
            late = delay if np.isfinite(delay) else float("nan")
            points.append(Point(kind, rows, effect, size, in_one, in_a_day, late))
    return points


def found(known: Floats, memory: Memory, window: Window) -> dict[float, Floats]:
    """Number of the window in which each was found (infinite: not in a day), by threshold.

    The other features do not drift, so Holm multiplies the smallest p-value by their number.
    """
    watch = Watch(known)
    watch.memory = memory
    alpha = level([Configured("1h", 3600.0)], SHARES["drift"])
    trials = len(known)
    states = {effect: States.fresh(trials) for effect in EFFECTS}
    first = {effect: np.full(trials, np.inf) for effect in EFFECTS}
    for number in range(1, DAY + 1):
        evidence = watch.see(window(), getattr(window, "design", 1.0))
        adjusted = np.minimum(evidence.p_value * FEATURES, 1.0)
        for effect, one in states.items():
            one.decide(evidence, adjusted, np.full(trials, effect), alpha)
            first[effect] = np.where(one.drifted, np.minimum(first[effect], number), first[effect])
    return first
