"""Total variation distance."""

from __future__ import annotations

import math

import numpy as np

from inference_exporter.statistics.base import BOTH, Comparison, Result, finite
from inference_exporter.statistics.null import normal_quantile


class TotalVariation:
    """Total variation distance: the share of rows that would have to change their cell.

    Notes
    -----
    TVD = ½ Σ |p - q| over the exported cells, smoothed shares; between 0 and 1. It is the largest
    difference of the probability of any set of cells, and the distance that is easiest to explain.

    Without drift the differences are normal in the limit, with variance noise × q (1 - q), noise =
    1/n + 1/m. So TVD has the mean E = ½ Σ sqrt(2/π noise q (1 - q)), and as a maximum of normal
    variables of variance noise/4 and less it exceeds E + z sqrt(noise)/2 with probability of at
    most 1 - Φ(z) (concentration of Gaussian maxima; their median is not above their mean). That
    bound makes the p-value and the critical value: both are conservative.

    Cost: B subtractions.

    Misleads with many cells and few rows: noise adds up over cells instead of cancelling, about
    sqrt(B (1/n + 1/m) / (2 π)).

    References
    ----------
    B. S. Cirel'son, I. A. Ibragimov and V. N. Sudakov, "Norms of Gaussian sample functions",
    Lecture Notes in Mathematics 550, 1976. A. L. Gibbs and F. E. Su, "On choosing and bounding
    probability metrics", International Statistical Review 70(3), 2002.

    Examples
    --------
    >>> from inference_exporter.statistics.base import share_comparison
    >>> round(TotalVariation()(share_comparison([300, 700], [5000, 5000])).value, 4)
    0.1998
    """

    name = "tvd"
    help = "Total variation distance: share of rows that changed their cell."
    unit = ""
    kinds = BOTH

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        if not comparison.comparable:
            return None
        value = float(np.abs(comparison.p - comparison.q).sum()) / 2
        excess = (value - _mean(comparison)) / math.sqrt(comparison.noise / 4)
        return finite(value, math.erfc(excess / math.sqrt(2.0)) / 2 if excess > 0 else 1.0)

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """See `Statistic`."""
        if not comparison.comparable:
            return None
        return _mean(comparison) + normal_quantile(alpha) * math.sqrt(comparison.noise / 4)


def _mean(comparison: Comparison) -> float:
    q = comparison.q
    return float(np.sqrt(q * (1.0 - q)).sum()) * math.sqrt(comparison.noise / (2 * math.pi))
