"""Kolmogorov-Smirnov distance."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np

from inference_exporter.special import kolmogorov_quantile, kolmogorov_tail
from inference_exporter.statistics.base import NUMERIC, Comparison, Result, finite


class KolmogorovSmirnov:
    """Kolmogorov-Smirnov distance: the largest difference of the cumulative distributions.

    Notes
    -----
    KS = max |F_live(x) - F_ref(x)| over the edges x of the fine grid (about 100 cells, raw shares).
    Between two edges the true distance can be larger by at most the reference's share of that cell:
    0.01 for a continuous reference, 0.03 for any, since a value with 3 % of the rows or more is
    alone in its cell. It is never smaller, and exact where live values are among at most 100
    distinct reference values.

    The p-value is that of the two-sample law in its limit form (Kolmogorov's Q at
    KS sqrt(n m / (n + m))). It is conservative three times over: the maximum is over some points
    only, the limit exceeds the exact law at finite sizes, and ties only lower the distance.

    Cost: two cumulative sums over the fine cells.

    Misleads in the tails, where it hardly looks, and with many rows, where the smallest difference
    is significant.

    References
    ----------
    N. V. Smirnov, "Table for estimating the goodness of fit of empirical distributions", Annals of
    Mathematical Statistics 19(2), 1948.

    Examples
    --------
    >>> from inference_exporter.statistics.base import comparison_numeric
    >>> from inference_exporter.values.profile import NumericProfile
    >>> known = NumericProfile(np.array([1.0]), np.array([1.0]), np.array([50.0, 50.0]),
    ...                        np.array([0.5, 1.5]), 0.0, 2.0, 1.0, 0.58)
    >>> live = comparison_numeric(known, np.array([30.0, 70.0]), np.array([15.0, 105.0]), 33.0)
    >>> result = KolmogorovSmirnov()(live)
    >>> round(result.value, 4), round(result.p_value, 4)
    (0.2, 0.0366)
    """

    name = "ks"
    help = "Kolmogorov-Smirnov distance: largest difference of the cumulative distributions."
    unit = ""
    kinds = NUMERIC

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        n, m = comparison.n, comparison.m
        live, known = comparison.current.fine_counts, comparison.reference.fine_counts
        if comparison.kind != "numeric" or not n or not m or len(live) < 2:
            return None
        value = float(np.abs((live / n - known / m).cumsum()).max())
        return finite(value, kolmogorov_tail(value / math.sqrt(comparison.noise)))

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """See `Statistic`."""
        if comparison.kind != "numeric" or not comparison.n or not comparison.m:
            return None
        return _quantile(alpha) * math.sqrt(comparison.noise)


@lru_cache(maxsize=64)
def _quantile(alpha: float) -> float:
    """The value that Kolmogorov's law exceeds with probability `alpha`."""
    return kolmogorov_quantile(alpha)
