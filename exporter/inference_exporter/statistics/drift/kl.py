"""Kullback-Leibler divergence."""

from __future__ import annotations

import numpy as np

from inference_exporter.statistics.base import BOTH, Comparison, Result, finite
from inference_exporter.statistics.null import squares_critical, squares_p_value


class KullbackLeibler:
    """Kullback-Leibler divergence of the live from the reference distribution.

    Notes
    -----
    KL = Σ p ln(p / q) over the exported cells, smoothed shares, natural logarithm. Not symmetric:
    it weighs the cells where live values are, so it is blind to reference cells that became empty.
    Without drift 2 KL ≈ (1/n + 1/m) χ² with B - 1 degrees of freedom, as PSI.

    Cost: a logarithm per cell.

    Misleads when compared between features with different numbers of cells; it has no upper bound.

    References
    ----------
    S. Kullback and R. A. Leibler, "On information and sufficiency", Annals of Mathematical
    Statistics 22(1), 1951.

    Examples
    --------
    >>> from inference_exporter.statistics.base import share_comparison
    >>> result = KullbackLeibler()(share_comparison([300, 700], [5000, 5000]))
    >>> round(result.value, 4)  # about 0.3 ln(0.6) + 0.7 ln(1.4) = 0.0823
    0.0821
    """

    name = "kl"
    help = "Kullback-Leibler divergence of live from reference: sum of p ln(p / q)."
    unit = "nats"
    kinds = BOTH

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        if not comparison.comparable:
            return None
        p, q = comparison.p, comparison.q
        value = float(p @ np.log(p / q))
        return finite(value, squares_p_value(comparison, 2.0 * value))

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """See `Statistic`."""
        squares = squares_critical(comparison, alpha)
        return None if squares is None else squares / 2.0
