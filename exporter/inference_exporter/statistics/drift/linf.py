"""Largest difference of a share."""

from __future__ import annotations

import numpy as np

from inference_exporter.special import elementwise, normal_below
from inference_exporter.statistics.base import BOTH, Comparison, Result, finite
from inference_exporter.statistics.null import normal_quantile
from inference_exporter.values.batch import Floats


class LargestDifference:
    """Chebyshev (L∞) distance: the largest change of any one cell's share.

    Notes
    -----
    L∞ = max |p - q| over the exported cells, smoothed shares; between 0 and 1. Without drift each
    difference is normal in the limit, with variance (1/n + 1/m) q (1 - q); the p-value and the
    critical value are Bonferroni's over the cells, so that they are conservative. Where a cell is
    expected to hold fewer than five rows the normal law is too narrow for it.

    Cost: B subtractions.

    Misleads when a distribution moves a little everywhere, which it does not see; it is for
    categories, where one cell that doubles is the thing to know.

    References
    ----------
    E. Breck, N. Polyzotis, S. Roy, S. Whang and M. Zinkevich, "Data validation for machine
    learning", Proceedings of MLSys, 2019.

    Examples
    --------
    >>> from inference_exporter.statistics.base import share_comparison
    >>> round(LargestDifference()(share_comparison([300, 700], [5000, 5000])).value, 4)
    0.1998
    """

    name = "linf"
    help = "Largest change of the share of any one cell."
    unit = ""
    kinds = BOTH

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        if not comparison.comparable:
            return None
        value = float(np.abs(comparison.p - comparison.q).max())
        return finite(value, _p_value(value, comparison))

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """See `Statistic`."""
        if not comparison.comparable:
            return None
        low, high = 0.0, normal_quantile(alpha / (2 * comparison.cells)) * _errors(comparison).max()
        for _ in range(40):  # halving: the p-value falls with the distance
            middle = (low + high) / 2
            low, high = (middle, high) if _p_value(middle, comparison) > alpha else (low, middle)
        return float(high)


def _errors(comparison: Comparison) -> Floats:
    """Standard error of each difference."""
    errors: Floats = np.sqrt(comparison.noise * comparison.q * (1.0 - comparison.q))
    return errors


def _p_value(value: float, comparison: Comparison) -> float:
    return min(1.0, float(2.0 * elementwise(normal_below, -value / _errors(comparison)).sum()))
