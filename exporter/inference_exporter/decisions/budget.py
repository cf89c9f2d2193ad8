"""A promise in time, turned into a significance level: false alarms per model and month."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from inference_exporter.config.schema import Window
from inference_exporter.special import chi_square_quantile
from inference_exporter.values.batch import Floats

DAYS = 30.0  # in a month
LARGEST = 0.05  # however few decisions there are, none is taken on weaker evidence


def level(windows: Iterable[Window], false_alarms_per_month: float) -> float:
    """Probability that a decision may raise any false alarm: the budget over the decisions.

    >>> level((Window("1h", 3600.0), Window("24h", 86400.0)), 1.0)  # 1 / (30 × 24 + 30)
    0.0013333333333333333
    """
    per_month = sum(DAYS * 86400.0 / window.seconds for window in windows)
    return min(LARGEST, false_alarms_per_month / per_month)


def holm(p_values: Floats) -> Floats:
    """P-values adjusted for the family along the last axis: reject where at most the level.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6(2), 1979. Valid however the features depend on each other.

    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    order = np.argsort(p_values, axis=-1)
    size = p_values.shape[-1]
    ranked = np.take_along_axis(p_values, order, -1) * np.arange(size, 0, -1)
    ranked = np.minimum(np.maximum.accumulate(ranked, axis=-1), 1.0)
    adjusted: Floats = np.empty_like(p_values)
    np.put_along_axis(adjusted, order, ranked, -1)
    return adjusted


def per_month(alarms: int, months: float) -> tuple[float, float, float]:
    """Alarms a month with the exact 95 % interval of a Poisson count.

    F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika 28, 1936.

    >>> [round(one, 2) for one in per_month(2, 4.0)]
    [0.5, 0.06, 1.81]
    """
    lower = chi_square_quantile(2 * alarms, 0.975) / 2 if alarms else 0.0
    upper = chi_square_quantile(2 * alarms + 2, 0.025) / 2
    return alarms / months, lower / months, upper / months
