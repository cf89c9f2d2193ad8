"""KSWIN: are the newest values distributed as a random draw of the ones before?"""

from __future__ import annotations

import math
import random
from functools import cache
from typing import ClassVar

import msgspec
import numpy as np

from inference_exporter.detectors.base import Input, RestartingTest, proportion
from inference_exporter.values.batch import Floats, Ints

_SMALLEST_DISTANCE = 0.1  # river's: smaller distances are no drift, however significant
_GENERATOR_VERSION = 3  # of random.Random's state: a tuple of 625 words of 32 bits


class Kswin(RestartingTest, tag="kswin", kw_only=True):
    r"""Kolmogorov-Smirnov windowing: any change of the distribution, not only of the mean.

    Parameters
    ----------
    alpha
        Significance level of one test.
    window_size
        Values in the sliding window.
    stat_size
        The newest values of the window, compared with as many drawn from the others.
    seed
        Of the random draws, which begin anew at every restart.

    Notes
    -----
    At every value, as soon as the window is full, the `stat_size` newest values are compared with
    as many others of the window, drawn without replacement, by the two-sample Kolmogorov-Smirnov
    test. Drift is :math:`D > 0.1` and :math:`P(D_{r,r} \ge D) \le \alpha`. With both samples of
    size :math:`r` the p-value of :math:`D = h / r` is exact,

    .. math:: P = 2 \sum_{j \ge 1} (-1)^{j+1} \binom{2r}{r - jh} \Big/ \binom{2r}{r}

    so the test is :math:`h \ge h_\alpha`, 14 for the defaults.

    Cost: O(r log r) time per value; the window and the state of the generator, 3.5 kB.

    It misleads because it tests at every value: with `alpha` 0.005 per test, an alarm every few
    hundred values is expected without any drift. On binary values it is nearly blind, as most are
    ties. Drift slower than the window is never seen.

    False alarms: in 100.0 % of 200 stationary Gaussian streams of 10,000 values, 13 in each; in
    0.0 % of streams of errors at rate 0.1, of which it also finds only 3.5 % when the rate doubles;
    median delay from Gaussian mean 0 to 0.5: 55 values (`docs/detectors.md`).

    Examples
    --------
    Values from 0 to 6, then from 7 to 13: the 14th of the new ones makes the distance 14 / 30.

    >>> import numpy as np
    >>> detector = Kswin()
    >>> detector.update_many(np.concatenate((np.arange(200) % 7, 7 + np.arange(50) % 7)) * 1.0)
    [213]

    References
    ----------
    C. Raab, M. Heusinger and F.-M. Schleif. Reactive soft prototype computing for concept drift
    streams. Neurocomputing 416, 2020, pp. 340-351.
    """

    name: ClassVar[str] = "kswin"
    help: ClassVar[str] = "Distribution of the newest values differs from the ones before."
    inputs: ClassVar[frozenset[Input]] = frozenset({"binary", "real"})
    segment: ClassVar[int] = 64  # tests are dear, and detections frequent

    alpha: float = 0.005
    window_size: int = 100
    stat_size: int = 30
    seed: int = 0

    window: list[float] = msgspec.field(default_factory=list)  # one less than window_size
    generator: bytes = b""  # words of its state; empty: seeded, and not yet used

    def __post_init__(self) -> None:
        proportion("alpha", self.alpha)
        if not 0 < self.stat_size <= self.window_size - self.stat_size:
            raise ValueError("window_size must be at least twice stat_size, and both positive")

    def _restart(self) -> None:
        self.window = []
        self.generator = b""

    def _first_drift(self, values: Floats) -> int | None:
        known = np.concatenate((self.window, values))
        self.window = known[-self.window_size + 1 :].tolist()
        tests = len(known) - self.window_size + 1
        if tests <= 0:
            return None
        windows = np.lib.stride_tricks.sliding_window_view(known, self.window_size)
        drawn = np.take_along_axis(windows, self._draws(tests), axis=1)
        newest = windows[:, -self.stat_size :]
        drifts = np.flatnonzero(_distances(drawn, newest) >= _critical(self.alpha, self.stat_size))
        return int(drifts[0]) + len(values) - tests if len(drifts) else None

    def _draws(self, tests: int) -> Ints:
        """Positions in the window, one row of `stat_size` per test."""
        generator = random.Random(self.seed)
        if self.generator:
            words = np.frombuffer(self.generator, "<u4").tolist()
            generator.setstate((_GENERATOR_VERSION, tuple(words), None))
        others = range(self.window_size - self.stat_size)
        rows = [generator.sample(others, self.stat_size) for _ in range(tests)]
        self.generator = np.array(generator.getstate()[1], "<u4").tobytes()
        return np.array(rows, np.int64)


def _distances(first: Floats, second: Floats) -> Ints:
    """Kolmogorov-Smirnov distance per row of two samples of the same size, times that size."""
    both = np.concatenate((first, second), axis=1)
    order = np.argsort(both, axis=1)
    ordered = np.take_along_axis(both, order, axis=1)
    ahead = np.cumsum(np.where(order < first.shape[1], 1, -1), axis=1)
    # within ties the order means nothing: only the last of equal values counts
    last = ordered[:, 1:] != ordered[:, :-1]
    distances: Ints = np.abs(ahead[:, :-1] * last).max(axis=1)
    return distances


@cache
def _critical(alpha: float, size: int) -> int:
    """The smallest distance, times the sample size, that is a drift; `size` + 1 if none is."""
    for distance in range(1, size + 1):
        if distance / size > _SMALLEST_DISTANCE and _p_value(distance, size) <= alpha:
            return distance
    return size + 1


def _p_value(distance: int, size: int) -> float:
    """Probability that two samples of one distribution are at least `distance` / `size` apart."""
    terms = (
        (-1) ** (multiple + 1) * math.comb(2 * size, size - multiple * distance)
        for multiple in range(1, size // distance + 1)
    )
    paths: int = sum(terms)
    return 2 * paths / math.comb(2 * size, size)
