"""ADWIN: is any older part of the window different on average from the newer part?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import islice
from typing import ClassVar

import msgspec
import numpy as np

from inference_exporter.detectors.base import Input, RestartingTest, proportion
from inference_exporter.values.batch import Floats

_MOST_PER_ROW = 5  # M in the paper's section 3.3: precision of the cuts against memory
_SHORTEST = 5  # values on either side of a cut
_GRACE = 10  # values before the first comparison


class Adwin(RestartingTest, tag="adwin", kw_only=True):
    r"""Adaptive windowing: two-sided, no assumption on the distribution but a bounded range.

    Parameters
    ----------
    delta
        Bound on the probability of a false cut; smaller is quieter and later.
    clock
        The window is examined at every `clock`-th value since the last restart.

    Notes
    -----
    The window holds all :math:`n` values since the last detection. At every cut into an older part
    of :math:`n_0` and a newer part of :math:`n_1` values, both at least 5, drift is detected if

    .. math::
        |\bar x_0 - \bar x_1| > \sqrt{\tfrac{2}{m} \sigma^2 \ln\tfrac{2}{\delta'}}
        + \tfrac{2}{3m} \ln\tfrac{2}{\delta'}, \quad
        \tfrac{1}{m} = \tfrac{1}{n_0 - 4} + \tfrac{1}{n_1 - 4}, \quad
        \delta' = \tfrac{\delta}{\ln n}

    with :math:`\sigma^2` the variance of the window. Cuts are examined only between the buckets of
    an exponential histogram: row i keeps the sums of the 4 or 5 youngest runs of :math:`2^i`
    values that row i - 1 no longer keeps, and hands the two oldest on when it has 6. The
    paper then drops the older part and goes on; like river, this detector drops the whole window,
    so runs are never removed one by one and no variance per bucket is needed.

    Cost: amortised constant time for adding, :math:`O(\log n)` per examination; 9 bytes per
    bucket and about :math:`5 \log_2(n / 5)` buckets, 0.8 kB after a million values.

    It misleads when values are far from a range of one, for the second term of the bound then
    means nothing: latencies in milliseconds, which are skewed besides, alarm without drift, and in
    seconds drift late; their logarithm is followed well. Autocorrelated values alarm without drift,
    since the bound supposes independence. One huge value hides drift until the next restart.

    False alarms: in 0.1 % of 1,000 stationary streams of 10,000 values with errors at rate 0.1, in
    0.5 % of standard Gaussian ones; median delay from rate 0.1 to 0.2: 304 values, from Gaussian
    mean 0 to 0.5: 112 values (`docs/detectors.md`).

    Examples
    --------
    An error rate that goes from nothing to one half:

    >>> import numpy as np
    >>> detector = Adwin()
    >>> detector.update_many(np.array([0.0] * 1000 + [0.0, 1.0] * 100))
    [1023]
    >>> detector.level, detector.detections
    (0, 1)

    References
    ----------
    A. Bifet and R. Gavaldà. Learning from time-changing data with adaptive windowing. Proceedings
    of the 2007 SIAM International Conference on Data Mining, pp. 443-448.
    """

    name: ClassVar[str] = "adwin"
    help: ClassVar[str] = "Mean of the newer part of an adaptive window differs from the older."
    inputs: ClassVar[frozenset[Input]] = frozenset({"binary", "real"})

    delta: float = 0.002
    clock: int = 32

    count: int = 0
    total: float = 0.0
    squares: float = 0.0  # sum of squared deviations from the mean
    rows: list[list[float]] = msgspec.field(default_factory=list)  # oldest sum first in each

    def __post_init__(self) -> None:
        proportion("delta", self.delta)
        if self.clock < 1:
            raise ValueError(f"clock must be at least 1, not {self.clock}")

    def _restart(self) -> None:
        self.count = 0
        self.total = self.squares = 0.0
        self.rows = []

    def _first_drift(self, values: Floats) -> int | None:
        totals, squares = self._running(values)
        last = len(values) - 1
        # offsets of the values after which the window is examined
        due = range((-self.count - 1) % self.clock, len(values), self.clock)
        incoming = iter(values.tolist())
        fed = 0
        for offset in due:
            self._add(islice(incoming, offset + 1 - fed))
            self.count += offset + 1 - fed
            fed = offset + 1
            if self._has_cut(float(totals[offset]), float(squares[offset])):
                return offset
        self._add(incoming)
        self.count += len(values) - fed
        self.total, self.squares = float(totals[last]), float(squares[last])
        return None

    def _running(self, values: Floats) -> tuple[Floats, Floats]:
        """The window's total and squared deviations after each of `values`, added in order."""
        before = np.arange(self.count, self.count + len(values), dtype=np.float64)
        totals = np.cumsum(np.concatenate(([self.total], values)))
        distance = values - totals[:-1] / np.maximum(before, 1.0)
        gained = before * distance * distance / (before + 1.0)
        return totals[1:], np.cumsum(np.concatenate(([self.squares], gained)))[1:]

    def _add(self, values: Iterable[float]) -> None:
        """Append to row 0; a row that has too many hands on the sums of its oldest pairs.

        The pairs are the same whether values come one by one or together: rows are queues.
        """
        arrivals = list(values)
        exponent = 0
        while arrivals:
            if exponent == len(self.rows):
                self.rows.append([])
            row = self.rows[exponent]
            row += arrivals
            surplus = max(0, (len(row) - _MOST_PER_ROW + 1) // 2 * 2)
            arrivals = [a + b for a, b in zip(row[:surplus:2], row[1:surplus:2], strict=True)]
            del row[:surplus]
            exponent += 1

    def _has_cut(self, total: float, squares: float) -> bool:
        count = self.count
        if count <= _GRACE:
            return False
        log = math.log(2.0 * math.log(count) / self.delta)
        variance = squares / count
        older, older_total, newer_total = 0, 0.0, total
        for exponent in range(len(self.rows) - 1, -1, -1):
            size = 1 << exponent
            for run in self.rows[exponent]:
                older += size
                newer = count - older
                older_total += run
                newer_total -= run
                if older < _SHORTEST or newer < _SHORTEST:
                    continue
                inverse = 1.0 / (older - _SHORTEST + 1) + 1.0 / (newer - _SHORTEST + 1)
                bound = math.sqrt(2.0 * inverse * variance * log) + 2.0 / 3.0 * log * inverse
                if abs(older_total / older - newer_total / newer) > bound:
                    return True
        return False
