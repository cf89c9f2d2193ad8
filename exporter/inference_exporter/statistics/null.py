"""What chance alone does: laws of the distances when live and reference rows are of one kind.

Four distances are the same sum of squares near 0: with d = p - q and small d,

    PSI ≈ Σ d²/q,   KL ≈ PSI / 2,   Hellinger² ≈ PSI / 8,   JS² (base 2) ≈ PSI / (8 ln 2)

(second-order Taylor expansion in d; I. Csiszár and P. C. Shields, "Information theory and
statistics: a tutorial", 2004, theorem 4.1, for all f-divergences). Without drift d has the
covariance noise × (diag(q) - q qᵀ), with noise = design / n + 1 / m, so that Σ d²/q is noise × χ²
with B - 1 degrees of freedom. It is the law of large samples: from about five rows a cell, and not
further out than some thousands to one; `docs/calibration.md` says how far it holds.
"""

from __future__ import annotations

from functools import lru_cache

from inference_exporter import special
from inference_exporter.statistics.base import Comparison


@lru_cache(maxsize=4096)
def chi2_quantile(freedom: int, alpha: float) -> float:
    """The value that χ² exceeds with probability `alpha`.

    >>> round(chi2_quantile(9, 0.05), 3)
    16.919
    """
    return special.chi_square_quantile(freedom, alpha)


@lru_cache(maxsize=64)
def normal_quantile(alpha: float) -> float:
    """The value that a standard normal variable exceeds with probability `alpha`.

    >>> round(normal_quantile(0.025), 3)
    1.96
    """
    return -special.normal_quantile(alpha)


def squares_p_value(comparison: Comparison, squares: float) -> float:
    """Probability of a larger Σ d²/q without drift."""
    return special.chi_square_tail(comparison.cells - 1, max(squares, 0.0) / comparison.noise)


def squares_critical(comparison: Comparison, alpha: float) -> float | None:
    """The Σ d²/q that chance alone exceeds with probability `alpha`."""
    if not comparison.comparable:
        return None
    return comparison.noise * chi2_quantile(comparison.cells - 1, alpha)
