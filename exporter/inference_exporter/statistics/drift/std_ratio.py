"""Ratio of standard deviations."""

from __future__ import annotations

from inference_exporter.statistics.base import NUMERIC, Comparison, Result, finite


class StandardDeviationRatio:
    """Live standard deviation over the reference's: 1 unchanged, 0 constant.

    Notes
    -----
    std_live / std_ref, from moments of all values. There is no p-value: the classical F test is
    wrong for anything but normal data, and the error of a standard deviation hangs on the kurtosis,
    which a profile does not hold. So there is no critical value either. Note that no drift is 1 and
    not 0.

    Cost: a few operations on scalars.

    Misleads with outliers: a single one can double it. Undefined for a constant reference.

    References
    ----------
    G. E. P. Box, "Non-normality and tests on variances", Biometrika 40, 1953 (why not the F test).

    Examples
    --------
    >>> import numpy as np
    >>> from inference_exporter.statistics.base import comparison_numeric
    >>> from inference_exporter.values.profile import NumericProfile
    >>> known = NumericProfile(np.array([1.0]), np.array([1.0]), np.array([50.0, 50.0]),
    ...                        np.array([0.5, 1.5]), 0.0, 2.0, 1.0, 0.5)
    >>> live = comparison_numeric(known, np.array([50.0, 50.0]), np.array([0.0, 100.0]), 100.0)
    >>> StandardDeviationRatio()(live).value  # values 0 and 2: 1.0 / 0.5
    2.0
    """

    name = "std_ratio"
    help = "Live standard deviation over the reference's; 1 without drift."
    unit = ""
    kinds = NUMERIC

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        known = comparison.reference
        if comparison.kind != "numeric" or not comparison.n or not known.std > 0:
            return None
        return finite(comparison.current.std / known.std)

    def critical(self, comparison: Comparison, alpha: float) -> float | None:  # noqa: ARG002
        """None; see the notes."""
        return None
