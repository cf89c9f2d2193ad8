"""Traffic that moves by itself, slower than a window: a mean that wanders, day and night.

What moves with the hour of the day or week is no news to a model with a `season`; see `hours`.

Rows within a window of an hour then agree with each other, and so do the next hour's; but hours
that lie further apart differ, again and again. The reference is a mean of many hours, so most hours
are significantly unlike it, and none of them is news.

- Each window is compared with the one before the last and with one up to eight before, by
  Pearson's χ² of homogeneity over its degrees of freedom; both are kept for 100 windows. What rows
  resemble each other by (visitors, retries) is in both alike. Where the traffic wanders the far one
  is larger.
- *Medians* are compared, not means. Drift makes a step: the eight windows after it differ from
  those before, which are few of a hundred. Traffic that moves by itself differs most of the time.
  So drift does not excuse itself.
- Where the far median is surely more than the near one (by a third, of 100 windows), and half as
  much again as stretches show, the traffic has a variance of its own in the worst direction, from
  the excess of the far median. It is remembered, and forgotten by 1/100 a window: some days are
  calmer.
- It widens the law of the test. What is significant only without it is no drift and not ok: it is
  undecided.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.decisions.between import apart, framed, homogeneity
from inference_exporter.decisions.dependence import KEEP, Design
from inference_exporter.decisions.hours import Expected
from inference_exporter.values.batch import Bools, Floats

NEAR, FAR = 2, 8  # windows before
KEPT = 100  # windows whose differences are kept
LEAST = 12  # differences before anything is said
GROWS, SURELY = 3.2, 1.5  # standard errors over the near median; times what stretches show
OWN_VARIANCE = 3.3  # times the median excess: 1 / (2 × 0.455 × (1 - exp(-8 / 20)))


@dataclass(frozen=True, slots=True)
class Wander:
    """Frames of windows (≤ FAR, F, T, B), the oldest first; differences (3, ≤ KEPT, T).

    The differences are near and far χ² over degrees of freedom and what stretches show, and the
    excess of the far one times (1/n + 1/m), which is about the PSI between the two windows. Where
    hours are told apart, `mixes` (≤ FAR, S) are their shares.
    """

    past: Floats
    moves: Floats
    own: Floats  # (T,) variance of the traffic's own, as a PSI
    mixes: Floats

    @classmethod
    def fresh(cls, features: int, cells: int, hours: int = 0) -> Wander:
        """Before the first window; `hours` that are told apart, if any."""
        frames = 2 if hours else 1
        past, moves = np.zeros((0, frames, features, cells)), np.zeros((3, 0, features))
        return cls(past, moves, np.zeros(features), np.zeros((0, hours)))

    def after(self, live: Floats, within: Design, expected: Expected | None = None) -> Wander:
        """With one more window: rows (T, B), and what its stretches show."""
        frame = framed(live, expected)
        past = np.concatenate((self.past, frame[None]))[-FAR:]
        mix = np.zeros(self.mixes.shape[1]) if expected is None else expected.mix
        mixes = np.concatenate((self.mixes, mix[None]))[-FAR:]
        if len(self.past) <= NEAR:
            return Wander(past, self.moves, self.own, mixes)
        near, _ = _per_degree(frame, self.past[-NEAR], apart(expected, self.mixes[-NEAR]))
        far, degrees = _per_degree(frame, self.past[0], apart(expected, self.mixes[0]))
        n, m = live.sum(axis=1), self.past[0, 0].sum(axis=1)
        noise = 1.0 / np.maximum(n, 1.0) + 1.0 / np.maximum(m, 1.0)
        excess = (far - within.mean) * degrees * noise
        move = np.stack((near / within.mean, far / within.mean, excess))
        moves = np.concatenate((self.moves, move[:, None]), axis=1)[:, -KEPT:]
        return Wander(past, moves, np.maximum(self.own * KEEP, _own(moves)), mixes)

    def widen(self, design: Design, rows: Floats) -> Design:
        """Design effects of windows of so many rows (T,), with what the traffic moves by itself."""
        return Design(design.first + rows * self.own, design.rest, design.mean)


def _own(moves: Floats) -> Floats:
    """Variance (T,) that the differences show; 0 where it is no more than chance and dependence."""
    seen = (~np.isnan(moves).any(axis=0)).sum(axis=0)
    near, far, size = medians(moves)
    grown = 1.0 + GROWS / np.sqrt(np.maximum(seen, 1.0))
    wanders: Bools = (seen >= LEAST) & (far > grown * near) & (far > SURELY)
    return np.where(wanders, OWN_VARIANCE * np.maximum(size, 0.0), 0.0)


def _per_degree(one: Floats, other: Floats, noise: Floats) -> tuple[Floats, Floats]:
    """χ² over its degrees of freedom (NaN without any), and these."""
    chi2, degrees = homogeneity(one, other, noise)
    return np.where(degrees > 0, chi2 / np.maximum(degrees, 1.0), np.nan), degrees


def medians(moves: Floats) -> Floats:
    """Medians (3, T) of what is not NaN; 0 where nothing is."""
    seen = (~np.isnan(moves)).sum(axis=1, keepdims=True)
    ordered = np.sort(moves, axis=1)  # NaN behind all others
    middle = np.maximum(seen - 1, 0) // 2, seen // 2 * (seen > 0)
    below, above = (np.take_along_axis(ordered, at, axis=1)[:, 0] for at in middle)
    found: Floats = np.where(seen[:, 0] > 0, (below + above) / 2.0, 0.0)
    return found
