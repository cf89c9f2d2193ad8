"""HDDM_A: is the mean since the best moment above the mean up to it, by Hoeffding's bound?"""

from __future__ import annotations

import math
from typing import ClassVar

from inference_exporter.detectors.base import STABLE, WARNING, Input, RestartingTest, proportion
from inference_exporter.values.batch import Floats


class HddmA(RestartingTest, tag="hddm_a", kw_only=True):
    r"""Drift detection by Hoeffding's bound on moving averages, increases only.

    Parameters
    ----------
    drift_confidence, warning_confidence
        Bound on the probability of a false drift, or warning, at one comparison.

    Notes
    -----
    With the mean :math:`\bar z` of the :math:`n` values since the last restart and the cut point
    :math:`k`, at which :math:`\bar x + \sqrt{\ln(1/\alpha_D) / 2k}` of the first :math:`k` values
    was smallest, drift is

    .. math::
        \bar z - \bar x \ge \sqrt{\tfrac{1}{2} \left(\tfrac{1}{k} - \tfrac{1}{n}\right)
        \ln \tfrac{2}{\alpha}}

    with :math:`\alpha = \alpha_D`, and a warning the same with :math:`\alpha_W`. The bound holds
    for values between 0 and 1, whatever their distribution.

    Cost: constant time per value, about 50 bytes.

    It misleads when it looks often: the bound is for one comparison, and there is one per value,
    against the most favourable cut. Hoeffding's bound knows no variance, so for rare errors it is
    late. Decreases are not found.

    False alarms: in 2.2 % of 1,000 stationary streams of 10,000 values with errors at rate 0.1;
    median delay from rate 0.1 to 0.2: 455 values (`docs/detectors.md`).

    Examples
    --------
    >>> import numpy as np
    >>> detector = HddmA()
    >>> detector.update_many(np.array([0.0] * 1000 + [0.0, 1.0] * 100))
    [1015]

    References
    ----------
    I. Frías-Blanco, J. del Campo-Ávila, G. Ramos-Jiménez, R. Morales-Bueno, A. Ortiz-Díaz and
    Y. Caballero-Mota. Online and non-parametric drift detection methods based on Hoeffding's
    bounds. IEEE Transactions on Knowledge and Data Engineering 27(3), 2015, pp. 810-823.
    """

    name: ClassVar[str] = "hddm_a"
    help: ClassVar[str] = "Error rate exceeds the lowest earlier one by Hoeffding's bound."
    inputs: ClassVar[frozenset[Input]] = frozenset({"binary"})

    drift_confidence: float = 0.001
    warning_confidence: float = 0.005

    count: int = 0
    mean: float = 0.0
    cut: int = 0
    cut_mean: float = 0.0

    def __post_init__(self) -> None:
        proportion("drift_confidence", self.drift_confidence)
        proportion("warning_confidence", self.warning_confidence)

    def _restart(self) -> None:
        self.count = self.cut = 0
        self.mean = self.cut_mean = 0.0

    def _first_drift(self, values: Floats) -> int | None:
        count, mean, cut, cut_mean = self.count, self.mean, self.cut, self.cut_mean
        level = self.level
        one_sided = math.log(1.0 / self.drift_confidence)
        drift = math.log(2.0 / self.drift_confidence)
        warning = math.log(2.0 / self.warning_confidence)
        lowest = cut_mean + math.sqrt(1.0 / (2 * cut) * one_sided) if cut else math.inf
        for offset, value in enumerate(values.tolist()):
            count += 1
            mean += (1.0 / count) * (value - mean)  # rounds as river does, a quotient would not
            upper = mean + math.sqrt(1.0 / (2 * count) * one_sided)
            if upper <= lowest:
                cut, cut_mean, lowest = count, mean, upper
                level = STABLE
                continue
            half = (count - cut) / cut * (1.0 / count) / 2
            if mean - cut_mean >= math.sqrt(half * drift):
                return offset
            level = WARNING if mean - cut_mean >= math.sqrt(half * warning) else STABLE
        self.count, self.mean, self.cut, self.cut_mean = count, mean, cut, cut_mean
        self.level = level
        return None
