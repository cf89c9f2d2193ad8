"""Total variation distance."""

from __future__ import annotations

import numpy as np

from inference_exporter.statistics.base import BOTH, Comparison, Result, finite


class TotalVariation:
    """Total variation distance: the share of rows that would have to change their cell.

    Notes
    -----
    TVD = ½ Σ |p - q| over the exported cells, smoothed shares; between 0 and 1. It is the largest
    difference of the probability of any set of cells, and the distance that is easiest to explain.

    Cost: B subtractions.

    Misleads with many cells and few rows: noise adds up over cells instead of cancelling, about
    sqrt(B (1/n + 1/m) / (2 π)).

    References
    ----------
    A. L. Gibbs and F. E. Su, "On choosing and bounding probability metrics", International
    Statistical Review 70(3), 2002.

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
        return finite(np.abs(comparison.p - comparison.q).sum() / 2)
