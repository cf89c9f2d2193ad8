"""Shift of the mean."""

from __future__ import annotations

import math

from inference_exporter.statistics.base import NUMERIC, Comparison, Result, finite
from inference_exporter.statistics.null import normal_quantile


class MeanShift:
    """Shift of the mean in reference standard deviations, signed: positive is higher than before.

    Notes
    -----
    (mean_live - mean_ref) / std_ref, from moments of all values and not from bins. The p-value is
    of the two-sided z test with both variances (Welch's, in its limit), right from some dozens of
    rows on each side unless tails are heavy.

    Cost: a few operations on scalars.

    Misleads with outliers, and says nothing about changes around an unchanged mean. Undefined for
    a constant reference.

    References
    ----------
    B. L. Welch, "The generalization of 'Student's' problem when several different population
    variances are involved", Biometrika 34, 1947. J. Cohen, "Statistical power analysis for the
    behavioral sciences", 1988 (the effect size d).

    Examples
    --------
    >>> import numpy as np
    >>> from inference_exporter.statistics.base import comparison_numeric
    >>> from inference_exporter.values.profile import NumericProfile
    >>> known = NumericProfile(np.array([1.0]), np.array([1.0]), np.array([50.0, 50.0]),
    ...                        np.array([0.5, 1.5]), 0.0, 2.0, 1.0, 0.5)
    >>> live = comparison_numeric(known, np.array([50.0, 50.0]), np.array([15.0, 75.0]), 26.0)
    >>> round(MeanShift()(live).value, 4)  # (0.9 - 1.0) / 0.5
    -0.2
    """

    name = "mean_shift"
    help = "Live mean minus reference mean, over the reference's standard deviation."
    unit = "reference standard deviations"
    kinds = NUMERIC

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        live, known = comparison.current, comparison.reference
        if (
            comparison.kind != "numeric"
            or not comparison.n
            or not comparison.m
            or not known.std > 0
        ):
            return None
        shift = (live.mean - known.mean) / known.std
        return finite(shift, math.erfc(abs(shift) / _error(comparison) / math.sqrt(2.0)))

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """See `Statistic`; of the shift without its sign."""
        known = comparison.reference.std > 0
        if comparison.kind != "numeric" or not comparison.n or not comparison.m or not known:
            return None
        return normal_quantile(alpha / 2.0) * _error(comparison)


def _error(comparison: Comparison) -> float:
    """Standard error, in reference standard deviations so that squares stay finite."""
    spread = comparison.current.std / comparison.reference.std
    return math.sqrt(spread * spread * comparison.design / comparison.n + 1.0 / comparison.m)
