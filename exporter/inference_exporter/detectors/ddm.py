"""DDM: is the error rate significantly above the lowest it has been?"""

from __future__ import annotations

import math
from typing import ClassVar

from inference_exporter.detectors.base import STABLE, WARNING, Input, RestartingTest
from inference_exporter.values.batch import Floats


class Ddm(RestartingTest, tag="ddm", kw_only=True):
    r"""Drift detection method: the error rate against its own minimum, increases only.

    Parameters
    ----------
    warm_start
        Values after a restart that only build up the error rate.
    warning_threshold, drift_threshold
        Standard deviations above the minimum that are a warning and a drift.

    Notes
    -----
    With the error rate :math:`p_i` of the :math:`i` values since the last restart,
    :math:`s_i = \sqrt{p_i (1 - p_i) / i}`, and :math:`p_{min}, s_{min}` those of the smallest
    :math:`p_i + s_i` so far: warning above :math:`p_{min} + 2 s_{min}`, drift above
    :math:`p_{min} + 3 s_{min}`.

    Cost: constant time per value, about 60 bytes.

    It misleads always a little: the minimum of many looks is compared as if it were one look, and
    after a restart the first 30 values decide, so stationary streams alarm often. On long streams
    the rate over all values is slow to move, so that late drift is found late. Decreases are not
    found.

    False alarms: in 45.6 % of 1,000 stationary streams of 10,000 values with errors at rate 0.1;
    median delay from rate 0.1 to 0.2: 873 values (`docs/detectors.md`).

    Examples
    --------
    >>> import numpy as np
    >>> detector = Ddm()
    >>> detector.update_many(np.array([0.0, 0.0, 0.0, 1.0] * 100 + [0.0, 1.0] * 100))
    [481]

    References
    ----------
    J. Gama, P. Medas, G. Castillo and P. Rodrigues. Learning with drift detection. Advances in
    Artificial Intelligence, SBIA 2004, pp. 286-295.
    """

    name: ClassVar[str] = "ddm"
    help: ClassVar[str] = "Error rate exceeds its minimum by three standard deviations."
    inputs: ClassVar[frozenset[Input]] = frozenset({"binary"})

    warm_start: int = 30
    warning_threshold: float = 2.0
    drift_threshold: float = 3.0

    count: int = 0
    rate: float = 0.0
    lowest_rate: float = math.inf
    lowest_spread: float = math.inf

    def __post_init__(self) -> None:
        if not 0 < self.warning_threshold <= self.drift_threshold:
            raise ValueError("thresholds must be positive, and that of warnings not the larger")

    def _restart(self) -> None:
        self.count, self.rate = 0, 0.0
        self.lowest_rate = self.lowest_spread = math.inf

    def _first_drift(self, values: Floats) -> int | None:
        count, rate, level = self.count, self.rate, self.level
        lowest_rate, lowest_spread = self.lowest_rate, self.lowest_spread
        for offset, value in enumerate(values.tolist()):
            count += 1
            rate += (1.0 / count) * (value - rate)  # rounds as river does, a quotient would not
            if count <= self.warm_start:
                continue
            spread = math.sqrt(rate * (1.0 - rate) / count)
            if rate + spread <= lowest_rate + lowest_spread:
                lowest_rate, lowest_spread = rate, spread
            if rate + spread > lowest_rate + self.drift_threshold * lowest_spread:
                return offset
            limit = lowest_rate + self.warning_threshold * lowest_spread
            level = WARNING if rate + spread > limit else STABLE
        self.count, self.rate, self.level = count, rate, level
        self.lowest_rate, self.lowest_spread = lowest_rate, lowest_spread
        return None
