"""By how much windows differ from each other beyond what their stretches show.

A visitor's five requests spread over an hour are in five stretches, and no two stretches resemble
each other; but the hour has a fifth of the visitors that its rows make believe. What shows it is
the next hour, with other visitors. So each window is compared with the one before the last (whose
visitors are gone; those of the last may still be there): with independent rows Pearson's χ² of
homogeneity is its degrees of freedom on average, however few rows there are; with resembling rows
it is the design effect times that.

- It is used where it is more than what stretches show by two standard errors; else nothing is known
  that they do not show, and independent rows keep their power.
- Its excess is added in all directions alike, because the rows of a visitor move all cells. A
  worst case in one direction would cost most of the power.
- A step makes two windows differ, once each from what was before. So a window is believed up to
  thrice what is known, and only when the ones after it are judged: a step hardly hides itself.
- Sums are kept like those of stretches, with weights falling by 1/100 a window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from inference_exporter.decisions.dependence import BELIEVED, KEEP, LARGEST, Design
from inference_exporter.values.batch import Floats

LAG = 2  # windows
SURE = 2.0  # standard errors


@dataclass(frozen=True, slots=True)
class Between:
    """Sums of χ² and of its degrees of freedom (2, T), and counts (LAG, T, B), the oldest first."""

    sums: Floats
    past: Floats

    @classmethod
    def fresh(cls, features: int, cells: int) -> Between:
        """Before the first window."""
        return cls(np.zeros((2, features)), np.zeros((LAG, features, cells)))

    def after(self, live: Floats, within: Design) -> Between:
        """With one more window: `live` rows (T, B), and what its stretches show."""
        chi2, degrees = homogeneity(live, self.past[0])
        known = np.maximum(_mean(self.sums), within.mean)
        believed = np.minimum(chi2, BELIEVED * known * degrees)
        sums = self.sums * KEEP + np.stack((believed, degrees))
        seen = live.sum(axis=1) > 0  # a feature without rows keeps what it had
        moved = np.concatenate((self.past[1:], live[None]))
        return replace(self, sums=sums, past=np.where(seen[None, :, None], moved, self.past))

    def widen(self, within: Design) -> Design:
        """The design effects, raised to what windows show."""
        error = np.sqrt(2.0 / np.maximum(self.sums[1], 1.0))
        mean = np.minimum(_mean(self.sums), LARGEST)
        sure = (self.sums[1] > 0) & (mean > within.mean * (1.0 + SURE * error))
        more = np.where(sure, mean * (1.0 + error) - within.mean, 0.0)
        return Design(within.first + more, within.rest + more, within.mean + more)


def _mean(sums: Floats) -> Floats:
    mean: Floats = sums[0] / np.maximum(sums[1], 1.0)
    return mean


def homogeneity(one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Pearson's χ² of two samples (T, B) and its degrees of freedom; 0 where one is empty."""
    n, m = one.sum(axis=1, keepdims=True), other.sum(axis=1, keepdims=True)
    total, rows = one + other, n + m
    both = (n[:, 0] > 0) & (m[:, 0] > 0)
    degrees = np.where(both, np.maximum((total > 0).sum(axis=1) - 1.0, 0.0), 0.0)
    product = np.maximum(n * m, 1.0)
    squares = (one * m - other * n) ** 2 / (np.maximum(total, 1.0) * product)
    chi2 = np.where(both, squares.sum(axis=1), 0.0)
    # its mean is that of the χ² law but for this factor, exactly
    return chi2 * (rows[:, 0] - 1.0) / np.maximum(rows[:, 0], 1.0), degrees
