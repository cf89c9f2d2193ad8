"""Population stability index."""

from __future__ import annotations

import numpy as np

from inference_exporter.statistics.base import BOTH, Comparison, Result, finite
from inference_exporter.statistics.null import squares_critical, squares_p_value


class PopulationStabilityIndex:
    """Population stability index: the symmetrised Kullback-Leibler divergence of the cells.

    Notes
    -----
    PSI = Σ (p - q) ln(p / q) over the B exported cells, with the smoothed shares p (live) and q
    (reference). Without drift PSI ≈ (1/n + 1/m) χ² with B - 1 degrees of freedom, from which the
    p-value comes; its mean is then (B - 1)(1/n + 1/m).

    Cost: a logarithm per cell.

    Misleads when read against "0.1 moderate, 0.25 large" with few rows: with 200 rows on both sides
    and ten cells, noise alone has a mean of 0.09. It knows no order of bins: a shift to the
    neighbouring bin counts like one across the whole range.

    References
    ----------
    B. Yurdakul and J. Naranjo, "Statistical properties of the population stability index",
    Journal of Risk Model Validation 14(4), 2020.

    Examples
    --------
    >>> from inference_exporter.statistics.base import share_comparison
    >>> result = PopulationStabilityIndex()(share_comparison([300, 700], [5000, 5000]))
    >>> round(result.value, 4)  # about (0.3 - 0.5) ln(0.3/0.5) + (0.7 - 0.5) ln(0.7/0.5) = 0.1695
    0.1691
    """

    name = "psi"
    help = "Population stability index: sum of (p - q) ln(p / q)."
    unit = "nats"
    kinds = BOTH

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        if not comparison.comparable:
            return None
        p, q = comparison.p, comparison.q
        value = float((p - q) @ np.log(p / q))
        return finite(value, squares_p_value(comparison, value))

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """See `Statistic`."""
        return squares_critical(comparison, alpha)
