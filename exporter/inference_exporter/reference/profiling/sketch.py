"""Quantiles of a stream in bounded memory: exact up to 32,767 values, then within 0.05 % of rank.

A stack of buffers in the manner of Munro and Paterson (1980) and KLL (Karnin, Lang and Liberty,
2016): level h holds values that stand for 2**h values each. A buffer that reaches `CAPACITY`
C = 32,768 is sorted and every second value moves up one level, starting in turn with the first and
the second.

Rank error: one such move at level h misplaces any rank by at most 2**h, and level h moves n / (C
2**h) times, so each level in use adds at most n / C and the whole at most n ceil(log2(n / C)) / C:
0.015 % of n at a million values, 0.046 % at a thousand million. It is a worst case, not a
probability; turns cancel, and what is seen is about a tenth of it. Memory: 256 KiB a level, at
most 1.5 MiB a column at a million values.
"""

from __future__ import annotations

import msgspec
import numpy as np

from inference_exporter.values.batch import Floats

CAPACITY = 1 << 15
DISTINCT = 100  # distinct values are remembered up to this many


class SketchState(msgspec.Struct, forbid_unknown_fields=True):
    """A sketch as it is saved; `levels` hold little-endian float64."""

    capacity: int
    count: int
    minimum: float
    maximum: float
    levels: list[bytes]
    turns: list[int]
    distinct: list[float] | None


class QuantileSketch:
    """A sketch of finite float64 values.

    >>> sketch = QuantileSketch()
    >>> sketch.add(np.arange(101.0))
    >>> sketch.quantiles(np.array([0.25, 0.5]))
    array([25., 50.])
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.count = 0
        self.minimum = np.inf
        self.maximum = -np.inf
        self._capacity = capacity
        self._levels: list[list[Floats]] = [[]]
        self._turns: list[int] = [0]
        self._distinct: Floats | None = np.empty(0)

    def add(self, values: Floats) -> None:
        """Add values; none of them may be NaN or infinite."""
        if not len(values):
            return
        self.count += len(values)
        self.minimum = min(self.minimum, float(values.min()))
        self.maximum = max(self.maximum, float(values.max()))
        self._note_distinct(values)
        for start in range(0, len(values), self._capacity):
            self._push(0, values[start : start + self._capacity])

    def merge(self, other: QuantileSketch) -> None:
        """Take in another sketch of the same capacity; the error bound is that of the union."""
        self.count += other.count
        self.minimum = min(self.minimum, other.minimum)
        self.maximum = max(self.maximum, other.maximum)
        if other._distinct is None:
            self._distinct = None
        else:
            self._note_distinct(other._distinct)
        for level, buffers in enumerate(other._levels):
            for values in buffers:
                self._push(level, values)

    def to_state(self) -> SketchState:
        """Everything there is, to be saved."""
        levels = [b"".join(one.astype("<f8").tobytes() for one in row) for row in self._levels]
        distinct = None if self._distinct is None else self._distinct.tolist()
        low, high = (self.minimum, self.maximum) if self.count else (0.0, 0.0)
        return SketchState(self._capacity, self.count, low, high, levels, self._turns, distinct)

    @classmethod
    def from_state(cls, state: SketchState) -> QuantileSketch:
        """The sketch that was saved; ValueError if its values are not as many as it says."""
        sketch = cls(state.capacity)
        sketch._levels = [[np.frombuffer(one, "<f8").astype(np.float64)] for one in state.levels]
        sketch._turns = list(state.turns)
        weight = sum(len(row[0]) << level for level, row in enumerate(sketch._levels))
        if weight != state.count or len(state.turns) != len(state.levels):
            raise ValueError(f"a sketch of {state.count} values has {weight}")
        sketch.count = state.count
        if state.count:
            sketch.minimum, sketch.maximum = state.minimum, state.maximum
        sketch._distinct = None if state.distinct is None else np.array(state.distinct)
        return sketch

    def weighted(self) -> tuple[Floats, Floats]:
        """The values kept, ascending, and how many values each stands for."""
        rows = [np.concatenate([np.empty(0), *row]) for row in self._levels]
        values = np.concatenate(rows)
        weights = np.repeat(2.0 ** np.arange(len(rows)), [len(row) for row in rows])
        order = np.argsort(values, kind="stable")
        return values[order], weights[order]

    def distinct(self) -> Floats | None:
        """The distinct values, ascending; None where there are more than `DISTINCT`."""
        return self._distinct

    def quantiles(self, levels: Floats) -> Floats:
        """Values at the levels (0 to 1): `numpy.quantile`'s linear interpolation while exact."""
        if all(not buffers for buffers in self._levels[1:]):
            return _quantile(np.concatenate(self._levels[0]), levels)
        pairs = [
            (np.concatenate(buffers), 2.0**level)
            for level, buffers in enumerate(self._levels)
            if buffers
        ]
        values = np.concatenate([values for values, _ in pairs])
        weights = np.concatenate([np.full(len(values), weight) for values, weight in pairs])
        order = np.argsort(values, kind="stable")
        cumulative = np.cumsum(weights[order])
        ranks = np.searchsorted(cumulative, levels * (cumulative[-1] - 1), side="right")
        found: Floats = values[order][np.minimum(ranks, len(values) - 1)]
        return found

    def _note_distinct(self, values: Floats) -> None:
        if self._distinct is None:
            return
        seen = np.union1d(self._distinct, values) + 0.0  # -0.0 and 0.0 are one value
        self._distinct = None if len(seen) > DISTINCT else seen

    def _push(self, level: int, values: Floats) -> None:
        while level >= len(self._levels):
            self._levels.append([])
            self._turns.append(0)
        buffers = self._levels[level]
        buffers.append(np.array(values))
        if sum(map(len, buffers)) < self._capacity:
            return
        merged = np.sort(np.concatenate(buffers))
        even = len(merged) // 2 * 2
        self._levels[level] = [merged[even:]] if even < len(merged) else []
        turn = self._turns[level]
        self._turns[level] = 1 - turn
        self._push(level + 1, merged[turn:even:2])


def _quantile(values: Floats, levels: Floats) -> Floats:
    """`numpy.quantile`, also where the difference of two values is beyond float64."""
    scale = 4.0 if np.abs(values).max() > 1e307 else 1.0
    found: Floats = np.quantile(values / scale, levels) * scale
    return found
