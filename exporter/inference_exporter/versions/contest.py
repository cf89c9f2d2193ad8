"""Two sides, what was counted of each, and whether their difference is decided.

Rows are looked at one by one, in the order in which they are counted, however they come in blocks:
the first row after which the interval excludes 0 (or lies within the margin) decides, and that
stays. What is counted afterwards goes on to narrow the interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec
import numpy as np

from inference_exporter.performance.sequence import (
    SUMS,
    Differences,
    Means,
    half_width,
    means,
    of_pairs,
    of_two,
    rows_until,
)
from inference_exporter.values.batch import Floats, Ints

SIDES = ("champion", "challenger")
UNDECIDED, BETTER, WORSE, EQUAL = 0, 1, -1, 2
PAIR_SUMS = (
    "weight", "gain", "loss", "weight_squared", "weighted_gain", "weighted_loss",
    "squared_difference",
)  # fmt: skip
"""Sums over pairs of weight w whose values differ by d: w, w d where d > 0, -w d where d < 0, w²,
w² d where d > 0, -w² d where d < 0, w² d²."""
_SIDE_CELLS = 2 * len(SUMS)


@dataclass(frozen=True, slots=True)
class Rules:
    """How a contest is decided: see `config.CompareVersions`; `least` rows of each side."""

    paired: bool
    level: float
    margin: float
    planned: float
    least: float
    reach: float
    sign: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known now, in the unit of the metric: challenger minus champion.

    `times` as many rows as there are may decide it, at the present difference.
    """

    difference: float
    lower: float
    upper: float
    times: float


class Decision(msgspec.Struct, array_like=True, frozen=True):
    """What was decided, after how many rows of each side (pairs on both), and when it was seen.

    `made` is the time of the prediction that decided it.
    """

    state: int
    champion: int
    challenger: int
    seen: float
    made: float
    difference: float
    lower: float
    upper: float


class _State(msgspec.Struct, array_like=True):
    paired: bool
    sums: list[float]
    rows: list[int]
    began: float
    seen: float
    decision: Decision | None


class Contest:
    """Sums of one contest. `design` is how many rows of each side are worth one, by side."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self._sums: Floats = np.zeros(len(PAIR_SUMS) if rules.paired else _SIDE_CELLS)
        self.rows = [0, 0]  # of each side, whatever they weigh
        self.began = self.seen = math.nan  # when rows were counted first and last
        self.decision: Decision | None = None
        self.design = (1.0, 1.0)

    # -- counting ------------------------------------------------------------------------------

    def add(self, sides: Ints, sums: Floats, seen: float, times: Floats | None = None) -> None:
        """Rows of separate sides, (rows,) of 0 and 1, with what each adds to `SUMS`, (rows, 5).

        `times` (rows,) are those of the predictions, where they are known.
        """
        blocks = np.zeros((len(sides), 2, len(SUMS)))
        blocks[np.arange(len(sides)), sides] = sums
        numbers = np.stack((np.cumsum(sides == 0), np.cumsum(sides == 1)), axis=1)
        self._counted(blocks.reshape(len(sides), _SIDE_CELLS), numbers, seen, times)

    def add_pairs(
        self, differences: Floats, weights: Floats, seen: float, times: Floats | None = None
    ) -> None:
        """Pairs, (pairs,): challenger minus champion."""
        gain, loss = np.maximum(differences, 0.0), np.maximum(-differences, 0.0)
        squares = weights**2
        columns = (
            weights, weights * gain, weights * loss, squares, squares * gain, squares * loss,
            squares * differences**2,
        )  # fmt: skip
        numbers = np.repeat(np.arange(1, len(differences) + 1)[:, None], 2, axis=1)
        self._counted(np.stack(columns, axis=1), numbers, seen, times)

    def _counted(self, added: Floats, numbers: Ints, seen: float, times: Floats | None) -> None:
        if not len(added):
            return
        course = self._sums + np.cumsum(added, axis=0)
        if self.decision is None:
            self._decide(course, numbers, seen, times)
        self._sums = course[-1]
        self.rows = [
            before + int(more) for before, more in zip(self.rows, numbers[-1], strict=True)
        ]
        self.began = seen if math.isnan(self.began) else self.began
        self.seen = max(seen, self.began, np.nan_to_num(self.seen, nan=seen))

    def _decide(self, course: Floats, numbers: Ints, seen: float, times: Floats | None) -> None:
        found = self._differences(course)
        half = self._half(found)
        states = self._states(found, half)
        decided = np.flatnonzero(states)
        if not len(decided):
            return
        at = int(decided[0])
        value, wide = float(found.value[at]), float(half[at])
        made = math.nan if times is None else float(times[at])
        champion, challenger = (
            before + int(more) for before, more in zip(self.rows, numbers[at], strict=True)
        )
        self.decision = Decision(
            int(states[at]),
            champion,
            challenger,
            seen,
            made,
            value,
            value - wide,
            value + wide,
        )

    # -- what is known -------------------------------------------------------------------------

    def _differences(self, sums: Floats) -> Differences:
        if self.rules.paired:
            return of_pairs(_widened(means(_of_pairs(sums), self.rules.reach), max(self.design)))
        sides = sums.reshape(*sums.shape[:-1], 2, len(SUMS))
        champion, challenger = (
            _widened(means(sides[..., side, :], self.rules.reach), self.design[side])
            for side in (0, 1)
        )
        return of_two(champion, challenger)

    def _half(self, found: Differences) -> Floats:
        """Half the interval, infinite before there are enough rows."""
        with np.errstate(invalid="ignore", divide="ignore"):
            half = half_width(found.variance, found.rows, self.rules.level, self.rules.planned)
            enough = (found.least >= self.rules.least) & np.isfinite(half)
        return np.where(enough, half, np.inf)

    def _states(self, found: Differences, half: Floats) -> Ints:
        better = self.rules.sign * found.value
        with np.errstate(invalid="ignore"):
            states = np.select(
                [better > half, -better > half, np.abs(better) + half < self.rules.margin],
                [BETTER, WORSE, EQUAL],
            )
        return np.asarray(states, np.int64)

    def finding(self) -> Finding | None:
        """The difference and its interval; None with too few rows."""
        found = self._differences(self._sums)
        half = float(self._half(found))
        if not math.isfinite(half):
            return None
        value = float(found.value)
        return Finding(value, value - half, value + half, self._times(found))

    def _times(self, found: Differences) -> float:
        """How many times the rows there are; whatever comes first, a difference or equality."""
        rest = (float(found.variance), float(found.rows), self.rules.level, self.rules.planned)
        apart = abs(float(found.value))
        return min(rows_until(apart, *rest), rows_until(self.rules.margin - apart, *rest))

    def value(self, number: int) -> float | None:
        """Mean of a side; None without rows, or of pairs."""
        if self.rules.paired or not self.rows[number]:
            return None
        return float(means(self._sums.reshape(2, len(SUMS))[number], self.rules.reach).value)

    @property
    def effective(self) -> tuple[float, float]:
        """Rows of equal weight of each side, or pairs."""
        if self.rules.paired:
            pairs = float(np.nan_to_num(means(_of_pairs(self._sums), 0.0).rows))
            return pairs, pairs
        found = np.nan_to_num(means(self._sums.reshape(2, len(SUMS)), 0.0).rows)
        return float(found[0]), float(found[1])

    @property
    def counted(self) -> int:
        """Labelled rows of both sides, or pairs."""
        return self.rows[0] if self.rules.paired else sum(self.rows)

    @property
    def rate(self) -> float:
        """Of them a second, since the first came; 0 where all came at once."""
        span = self.seen - self.began
        return self.counted / span if span > 0 else 0.0

    def sums(self) -> Floats:
        """`PAIR_SUMS`, shape (7,), or `SUMS` of both sides, shape (2, 5)."""
        return self._sums if self.rules.paired else self._sums.reshape(2, len(SUMS))

    # -- state ---------------------------------------------------------------------------------

    def encode(self) -> bytes:
        """For the committed state."""
        state = _State(self.rules.paired, self._sums.tolist(), self.rows, self.began, self.seen,
                       self.decision)  # fmt: skip
        return msgspec.msgpack.encode(state)

    def decode(self, data: bytes) -> bool:
        """Take up committed state; False if it is of another kind."""
        state = msgspec.msgpack.decode(data, type=_State)
        if state.paired != self.rules.paired or len(state.sums) != len(self._sums):
            return False
        self._sums, self.rows = np.array(state.sums), state.rows
        self.began, self.seen, self.decision = state.began, state.seen, state.decision
        return True


def _of_pairs(sums: Floats) -> Floats:
    """`PAIR_SUMS` (…, 7) as `SUMS` of differences, (…, 5)."""
    weight, gain, loss, squared, weighted_gain, weighted_loss, quadratic = np.moveaxis(sums, -1, 0)
    columns = (weight, gain - loss, squared, weighted_gain - weighted_loss, quadratic)
    return np.stack(columns, axis=-1)


def _widened(found: Means, design: float) -> Means:
    """The same, where so many rows are worth one."""
    return Means(found.value, found.variance * design, found.rows / design)
