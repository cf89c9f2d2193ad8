"""Chi-squared test of homogeneity."""

from __future__ import annotations

import numpy as np

from inference_exporter.special import chi_square_tail
from inference_exporter.statistics.base import BOTH, Comparison, Result, finite
from inference_exporter.statistics.null import chi2_quantile
from inference_exporter.values.batch import Floats

LEAST_EXPECTED = 5.0  # W. G. Cochran, "Some methods for strengthening the common χ² tests", 1954


class ChiSquared:
    """Pearson's chi-squared test that both samples come from the same distribution.

    Notes
    -----
    χ² = Σ (observed - expected)² / expected over the 2 × B table of raw counts, expected = row sum
    × column sum / total; the p-value is of the χ² distribution with B - 1 degrees of freedom. It
    tests homogeneity: both samples have sampling error. Testing goodness of fit to the reference's
    shares instead flags half of all windows without drift at ten categories and equal sizes.

    Cells that are empty on both sides are dropped. Cells whose expected count is below 5 on the
    smaller side are pooled, the rarest first, until the pool reaches 5 (or, where all of them do
    not, together with the rarest cell that has it). Without this the approximation fails where it
    matters: one live row of an unseen category, against a reference of a million rows, has an
    expected count of 0.0002, adds 5,000 to χ² and makes p = 0 on its own. Pooling looks only at
    the sums over both samples, so it does not bias the test. With fewer than two cells left there
    is no result.

    Cost: one sort of B numbers where something is rare.

    Misleads as a distance: χ² grows with the rows at the same drift, and with enough rows every
    difference is significant. Read the p-value beside an effect such as `psi` or `tvd`.

    References
    ----------
    K. Pearson, "On the criterion …", Philosophical Magazine 50, 1900. W. G. Cochran, "Some methods
    for strengthening the common χ² tests", Biometrics 10(4), 1954.

    Examples
    --------
    >>> from inference_exporter.statistics.base import share_comparison
    >>> result = ChiSquared()(share_comparison([30, 70, 0], [50, 50, 0]))
    >>> round(result.value, 4), round(result.p_value, 4)  # 2 (10²/40 + 10²/60)
    (8.3333, 0.0039)
    """

    name = "chi2"
    help = "Chi-squared statistic of the test that both samples are of one distribution."
    unit = ""
    kinds = BOTH

    def __call__(self, comparison: Comparison) -> Result | None:
        """See `Statistic`."""
        pooled = _pooled(comparison)
        if pooled is None:
            return None
        n, m, (live, total) = comparison.n, comparison.m, pooled
        difference = live - total * (n / (n + m))
        # both rows of a column deviate by the same amount: 1/e + 1/e' = (n + m)² / (n m total)
        value = float((difference * difference / total).sum()) * (n + m) / n * ((n + m) / m)
        return finite(value, chi_square_tail(len(total) - 1, value / _inflation(comparison)))

    def critical(self, comparison: Comparison, alpha: float) -> float | None:
        """See `Statistic`."""
        pooled = _pooled(comparison)
        if pooled is None:
            return None
        return chi2_quantile(len(pooled[1]) - 1, alpha) * _inflation(comparison)


def _inflation(comparison: Comparison) -> float:
    """By how much rows that resemble their neighbours make χ² larger: 1 for independent rows."""
    return comparison.noise / (1.0 / comparison.n + 1.0 / comparison.m)


def _pooled(comparison: Comparison) -> tuple[Floats, Floats] | None:
    """Live and total counts of at least two cells, or None."""
    if not comparison.comparable:
        return None
    known, live = comparison.reference.counts, comparison.current.counts
    live, total = _pool(live, known, comparison.n, comparison.m)
    return (live, total) if len(total) > 1 else None


def _pool(live: Floats, known: Floats, n: float, m: float) -> tuple[Floats, Floats]:
    """Live and total counts per cell that is not too rare."""
    total = live + known
    least = LEAST_EXPECTED * (n + m) / min(n, m)
    if total.min() >= least:
        return live, total
    filled = total > 0
    live, total = live[filled], total[filled]
    order = np.argsort(total, kind="stable")
    live, total = live[order], total[order]
    cumulative = total.cumsum()
    rare = int((total < least).sum())
    if not rare:
        return live, total
    # all rare cells together, and as many more as the pool needs
    pooled = max(rare, int(cumulative.searchsorted(least)) + 1)
    return (
        np.append(live[pooled:], live[:pooled].sum()),
        np.append(total[pooled:], total[:pooled].sum()),
    )
