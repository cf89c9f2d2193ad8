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
from inference_exporter.decisions.hours import Expected, fitted
from inference_exporter.values.batch import Floats

LAG = 2  # windows
SURE = 2.0  # standard errors


@dataclass(frozen=True, slots=True)
class Between:
    """Sums of χ² and of its degrees of freedom (2, T), and frames (LAG, F, T, B), the oldest first.

    A frame is what is kept of a window: live rows (T, B) and, where hours are told apart, what the
    reference lets expect of them; then `mixes` (LAG, S) are the shares of the hours.
    """

    sums: Floats
    past: Floats
    mixes: Floats

    @classmethod
    def fresh(cls, features: int, cells: int, hours: int = 0) -> Between:
        """Before the first window; `hours` that are told apart, if any."""
        frames = 2 if hours else 1
        past = np.zeros((LAG, frames, features, cells))
        return cls(np.zeros((2, features)), past, np.zeros((LAG, hours)))

    def after(self, live: Floats, within: Design, expected: Expected | None = None) -> Between:
        """With one more window: rows (T, B), and what its stretches show."""
        frame, noise = framed(live, expected), apart(expected, self.mixes[0])
        chi2, degrees = homogeneity(frame, self.past[0], noise)
        known = np.maximum(_mean(self.sums), within.mean)
        believed = np.minimum(chi2, BELIEVED * known * degrees)
        sums = self.sums * KEEP + np.stack((believed, degrees))
        seen = frame[0].sum(axis=1) > 0  # a feature without rows keeps what it had
        moved = np.concatenate((self.past[1:], frame[None]))
        past = np.where(seen[None, None, :, None], moved, self.past)
        mixes = self.mixes if expected is None else np.stack((*self.mixes[1:], expected.mix))
        return replace(self, sums=sums, past=past, mixes=mixes)

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


def framed(live: Floats, expected: Expected | None) -> Floats:
    """The frame (F, T, B) of live rows (T, B)."""
    return live[None] if expected is None else np.stack((live, expected.blocks.sum(axis=1)))


def apart(expected: Expected | None, mix: Floats) -> Floats:
    """Noise (T,) of a difference to a window with such shares of the hours; 0 without hours."""
    return np.zeros(()) if expected is None else expected.apart(mix)


def homogeneity(one: Floats, other: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """Pearson's χ² of two frames (F, T, B) and its degrees of freedom; 0 where one is empty.

    `noise` (T,) is the variance of the difference that comes from hours known from few rows.
    """
    n, m = one[0].sum(axis=1), other[0].sum(axis=1)
    rows = n + m
    both = (n > 0) & (m > 0)
    degrees = np.where(both, np.maximum((one[0] + other[0] > 0).sum(axis=1) - 1.0, 0.0), 0.0)
    squares = _squares(one[0], other[0]) if len(one) == 1 else _of_hours(one, other)
    own = n * m / np.maximum(rows, 1.0)  # one over the variance that comes from the rows
    chi2 = np.where(both, squares.sum(axis=1), 0.0) / (1.0 + noise * own)
    # its mean is that of the χ² law but for this factor, exactly
    return chi2 * (rows - 1.0) / np.maximum(rows, 1.0), degrees


def _squares(one: Floats, other: Floats) -> Floats:
    n, m = one.sum(axis=1, keepdims=True), other.sum(axis=1, keepdims=True)
    product = np.maximum(n * m, 1.0)
    found: Floats = (one * m - other * n) ** 2 / (np.maximum(one + other, 1.0) * product)
    return found


def _of_hours(one: Floats, other: Floats) -> Floats:
    """As `_squares`, of frames whose hours differ."""
    rows, expected = np.stack((one, other), axis=2)  # (T, 2, B) each
    wanted = fitted(rows, expected)
    squares: Floats = ((rows - wanted) ** 2 / np.maximum(wanted, 1e-12)).sum(axis=1)
    return squares
