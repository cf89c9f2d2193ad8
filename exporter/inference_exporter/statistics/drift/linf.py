"""Largest difference of a share."""

from __future__ import annotations

import numpy as np

from inference_exporter.statistics.base import BOTH, Comparison, Result, finite


class LargestDifference:
    """Chebyshev (L∞) distance: the largest change of any one cell's share.

    Notes
    -----
    L∞ = max |p - q| over the exported cells, smoothed shares; between 0 and 1.

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
        return finite(np.abs(comparison.p - comparison.q).max())
