"""Hellinger distance."""

from __future__ import annotations

import math

import numpy as np

from inference_exporter.statistics.base import BOTH, Comparison, Result, finite
from inference_exporter.statistics.null import squares_critical, squares_p_value


class Hellinger:
    """Hellinger distance: the Euclidean distance of the square roots of the shares.

    Notes
    -----
    H = sqrt(1 - Σ sqrt(p q)) = sqrt(½ Σ (sqrt(p) - sqrt(q))²) over the exported cells, smoothed
    shares; between 0 and 1. The second form is computed: it does not cancel near 0. Without drift
    8 H² ≈ (1/n + 1/m) χ² with B - 1 degrees of freedom, as PSI.

    Cost: two square roots per cell.

    Misleads near 0, as every root does: noise alone is at about sqrt((B - 1)(1/n + 1/m) / 8).

    References
    ----------
    E. Hellinger, "Neue Begründung der Theorie quadratischer Formen von unendlichvielen
    Veränderlichen", Journal für die reine und angewandte Mathematik 136, 1909.

    Examples
    --------
    >>> from inference_exporter.statistics.base import share_comparison
    >>> result = Hellinger()(share_comparison([300, 700], [5000, 5000]))
    >>> round(result.value, 4)  # about sqrt(1 - sqrt(0.15) - sqrt(0.35)) = 0.1452
    0.1451
    """

    name = "hellinger"
    help = "Hellinger distance: 0 equal, 1 nothing in common."
    unit = ""
    kinds = BOTH

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        if not comparison.comparable:
            return None
        difference = np.sqrt(comparison.p) - np.sqrt(comparison.q)
        square = float(difference @ difference) / 2
        return finite(math.sqrt(min(1.0, square)), squares_p_value(comparison, 8.0 * square))

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """See `Statistic`."""
        squares = squares_critical(comparison, alpha)
        return None if squares is None else math.sqrt(squares / 8.0)
