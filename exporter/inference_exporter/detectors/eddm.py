"""EDDM: have errors come closer together than they ever were?"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from inference_exporter.detectors.base import STABLE, WARNING, Input, RestartingTest, proportion
from inference_exporter.values.batch import Floats


class Eddm(RestartingTest, tag="eddm", kw_only=True):
    r"""Early drift detection method: the distance between errors against its own maximum.

    Parameters
    ----------
    warm_start
        Values after a restart before the maximum is tracked, and errors before it is judged.
    alpha, beta
        Share of the maximum below which there is a warning (`alpha`) and a drift (`beta`).

    Notes
    -----
    With the mean :math:`p'` and the standard deviation :math:`s'` of the distances, in values,
    between consecutive errors, all since the last restart, and :math:`p'_{max}, s'_{max}` those of
    the largest :math:`p' + 2 s'` so far: warning below :math:`\alpha`, drift below :math:`\beta` of

    .. math:: (p' + 2 s') / (p'_{max} + 2 s'_{max})

    Judged at errors only; a warning stays until an error lifts it. Nothing is judged at an error
    that sets a new maximum.

    Cost: constant time per error, none for values without error but their comparison with 1; about
    80 bytes.

    A sudden change is hidden at first, for it raises the standard deviation more than it lowers the
    mean. It misleads nearly always: the maximum is reached early, by chance, and a later average
    10 % below it is what stationarity looks like. Use it where a false alarm costs nothing and the
    drift is slow. Decreases of the error rate are not found.

    False alarms: in 97.8 % of 1,000 stationary streams of 10,000 values with errors at rate 0.1,
    17 in each; median delay from rate 0.1 to 0.2: 155 values (`docs/detectors.md`).

    Examples
    --------
    >>> import numpy as np
    >>> detector = Eddm()
    >>> detector.update_many(np.array([0.0, 0.0, 0.0, 1.0] * 100 + [0.0, 1.0] * 200))
    [721]

    References
    ----------
    M. Baena-García, J. del Campo-Ávila, R. Fidalgo, A. Bifet, R. Gavaldà and R. Morales-Bueno.
    Early drift detection method. Fourth International Workshop on Knowledge Discovery from Data
    Streams, 2006.
    """

    name: ClassVar[str] = "eddm"
    help: ClassVar[str] = "Distance between errors falls below 90 % of its maximum."
    inputs: ClassVar[frozenset[Input]] = frozenset({"binary"})

    warm_start: int = 30
    alpha: float = 0.95
    beta: float = 0.9

    count: int = 0
    last_error: int = 0  # the values counted when the last error came
    errors: int = 0
    mean: float = 0.0
    squares: float = 0.0  # sum of squared deviations from the mean
    widest: float = -1.0

    def __post_init__(self) -> None:
        proportion("alpha", self.alpha)
        proportion("beta", self.beta)
        if self.alpha < self.beta:
            raise ValueError("alpha must not be smaller than beta")

    def _restart(self) -> None:
        self.count = self.last_error = self.errors = 0
        self.mean = self.squares = 0.0
        self.widest = -1.0

    def _first_drift(self, values: Floats) -> int | None:
        for offset in np.flatnonzero(values == 1).tolist():
            now = self.count + offset + 1
            self._measure(float(now - self.last_error))
            self.last_error = now
            if now > self.warm_start and self._is_drift():
                return int(offset)
        self.count += len(values)
        return None

    def _measure(self, distance: float) -> None:
        self.errors += 1
        before = distance - self.mean
        self.mean += (1.0 / self.errors) * before
        self.squares += before * (distance - self.mean)

    def _is_drift(self) -> bool:
        variance = self.squares / (self.errors - 1) if self.errors > 1 else 0.0
        width = self.mean + 2 * variance**0.5
        if width > self.widest:
            self.widest = width
        elif self.errors > self.warm_start:
            share = width / self.widest
            if share < self.beta:
                return True
            self.level = WARNING if share < self.alpha else STABLE
        return False
