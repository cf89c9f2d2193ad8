"""Jensen-Shannon distance."""

from __future__ import annotations

import math

import numpy as np

from inference_exporter.statistics.base import BOTH, Comparison, Result, finite
from inference_exporter.statistics.null import squares_critical, squares_p_value

_SQUARES = 8.0 * math.log(2.0)  # Σ (p - q)²/q over JS², for small differences


class JensenShannon:
    """Jensen-Shannon distance: how far both sides are from their mean distribution.

    Notes
    -----
    JS = sqrt(½ KL(p‖h) + ½ KL(q‖h)) with h = (p + q) / 2, smoothed shares and base 2, so that it is
    a metric between 0 and 1. Tools differ by the square root, and by the factor 1.2011 = 1 /
    sqrt(ln 2) where they take natural logarithms. Without drift 8 ln 2 JS² ≈ (1/n + 1/m) χ² with
    B - 1 degrees of freedom, as PSI.

    Cost: two logarithms per cell.

    Misleads near 0: as a root it is never close to 0 on few rows. Noise alone is at about
    sqrt((B - 1)(1/n + 1/m) / (8 ln 2)), which is 0.13 for ten cells and 200 rows on both sides.

    References
    ----------
    D. M. Endres and J. E. Schindelin, "A new metric for probability distributions", IEEE
    Transactions on Information Theory 49(7), 2003.

    Examples
    --------
    >>> from inference_exporter.statistics.base import share_comparison
    >>> result = JensenShannon()(share_comparison([300, 700], [5000, 5000]))
    >>> round(result.value, 4)  # scipy.spatial.distance.jensenshannon([.3, .7], [.5, .5], 2): .1741
    0.1739
    """

    name = "js"
    help = "Jensen-Shannon distance, base 2: 0 equal, 1 nothing in common."
    unit = ""
    kinds = BOTH

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        if not comparison.comparable:
            return None
        p, q = comparison.p, comparison.q
        twice = p + q
        divergence = float(p @ np.log2(p / twice) + q @ np.log2(q / twice)) / 2 + 1.0
        square = min(1.0, max(0.0, divergence))
        return finite(math.sqrt(square), squares_p_value(comparison, _SQUARES * square))

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """See `Statistic`."""
        squares = squares_critical(comparison, alpha)
        return None if squares is None else math.sqrt(squares / _SQUARES)
