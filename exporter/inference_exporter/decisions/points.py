"""Point masses: many rows at one place where the reference has hardly any.

Nulls in 5 % of the rows, a sentinel of -1, a category that was renamed: the PSI of such a cell is
small or rests on the half row that shares are smoothed with, but chance hardly ever does it. So
every cell of a feature, missing and invalid among them, is tested on its own, and has a size of its
own: by how much of all rows there are more in it than the reference lets expect.

- Of k rows now and c in the reference, each is now's with probability n / (n + m) if nothing has
  changed: P(at least k of k + c) is the regularised incomplete beta function, exactly (the
  conditional test of two Poisson rates, J. Przyborowski and H. Wilenski, Biometrika 31, 1940).
  Rows that resemble each other count as the rows they are worth.
- A cell of numbers is held against its neighbours: where all of them have become more, that is a
  shift, which the test of the whole distribution judges. What stands out is three times as much.
- Categories that the reference lists have no neighbours; how often they come is for that test too.
- A value that is all that the reference has, has cells below and above it, which no test of many
  cells would look at for want of rows (`below_and_above`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.accumulators.cell_table import ABOVE, INVALID, MISSING, STRANGE, Cells
from inference_exporter.special import beta_below, elementwise
from inference_exporter.values.batch import Bools, Floats

KINDS = ("missing", "invalid", "strange", "one_value")
SHARE = 0.01  # of the level of a decision, beside it: chance makes no point mass of 2 % of rows
LEAST_ROWS = 5.0  # independent ones at one place
STANDS_OUT = 3.0  # times what its neighbours let expect
BESIDE = 2  # neighbours on either side
LEAVE_P_VALUE = 0.05


@dataclass(frozen=True, slots=True)
class Points:
    """Per feature (T,): what is too much at its most unlikely cell.

    P-value, share of all rows, which of `KINDS`; and rows, missing ones among them.
    """

    p_value: Floats
    excess: Floats
    kind: Floats
    rows: Floats


def look(cells: Cells, live: Floats, design: Floats) -> Points:
    """The point masses of a window.

    Parameters
    ----------
    cells
        What the columns are, and the reference's rows in them.
    live
        Rows (T, M).
    design
        Rows (T,) that are worth one.
    """
    n, m = live.sum(axis=1)[:, None], cells.rows[:, None]
    expected = _expected(cells, live)
    share = live / np.maximum(n, 1.0)
    excess = share - expected
    worth = live / design[:, None]
    stands_out = share >= STANDS_OUT * expected
    stands_out[:, [MISSING, INVALID]] = True
    stands_out[:, : cells.values] &= cells.numeric[:, None]
    asked = (excess > 0) & (worth >= LEAST_ROWS) & stands_out & (m > 0)
    effective = np.maximum(n / design[:, None], 1.0)
    known = np.maximum(cells.known, expected * m)
    p_values = np.ones_like(share)
    few = (np.broadcast_to(one, asked.shape)[asked] for one in (worth, known, effective, m))
    p_values[asked] = exceeding(*few)
    p_values = np.minimum(p_values * (cells.own + 4.0)[:, None], 1.0)
    first = np.where(asked.any(axis=1), p_values.argmin(axis=1), 0)
    every = np.arange(len(live))
    excess = np.where(asked, excess, 0.0)[every, first]
    return Points(p_values[every, first], excess, _kinds(cells)[first], n[:, 0])


def exceeding(now: Floats, known: Floats, n: Floats, m: Floats) -> Floats:
    """P(at least `now` of `now + known` rows are now's), of n rows now and m in the reference.

    >>> exceeding(np.array([3.0]), np.array([0.0]), np.array([10.0]), np.array([10.0]))
    array([0.125])
    """
    p = elementwise(beta_below, np.maximum(now, 1e-9), known + 1.0, n / np.maximum(n + m, 1.0))
    return np.where(now > 0, p, 1.0)


def _expected(cells: Cells, live: Floats) -> Floats:
    """Shares (T, M) that the reference lets expect, raised to what neighbours show."""
    n, m = live.sum(axis=1)[:, None], np.maximum(cells.rows[:, None], 1.0)
    q = cells.known / m
    if not cells.values:
        return q
    now, then = _around(live[:, : cells.values]), _around(cells.known[:, : cells.values])
    ratio = ((now + 0.5) / np.maximum(n, 1.0)) / ((then + 0.5) / m)
    expected = q.copy()
    expected[:, : cells.values] *= np.maximum(ratio, 1.0)
    return expected


def _around(counts: Floats) -> Floats:
    """Sum of the two cells on either side."""
    padded = np.pad(counts, ((0, 0), (BESIDE, BESIDE)))
    width = counts.shape[1]
    total: Floats = np.zeros_like(counts)
    for step in (*range(BESIDE), *range(BESIDE + 1, 2 * BESIDE + 1)):
        total += padded[:, step : step + width]
    return total


def _kinds(cells: Cells) -> Floats:
    kinds = np.full(cells.shape[1], KINDS.index("one_value"), dtype=np.float64)
    kinds[[STRANGE, ABOVE]] = KINDS.index("strange")
    kinds[MISSING], kinds[INVALID] = KINDS.index("missing"), KINDS.index("invalid")
    return kinds


@dataclass(slots=True)
class Masses:
    """What was decided on last (T,): whether there is a point mass, its kind, its share of rows."""

    found: Bools
    kind: Floats
    excess: Floats
    enough: Bools

    @classmethod
    def fresh(cls, size: int) -> Masses:
        """Before the first decision."""
        none = np.zeros(size, dtype=np.bool_)
        return cls(none, np.zeros(size), np.zeros(size), none.copy())

    def decide(self, points: Points, adjusted: Floats, level: float, least: Floats) -> None:
        """A point mass is an adjusted p-value at most `level`, of at least that share of rows.

        It is over where it is less than half of that, or as likely as not chance.
        """
        self.enough = points.rows > 0
        entered = (adjusted <= level) & (points.excess >= least)
        over = (points.excess < least / 2.0) | (points.p_value > LEAVE_P_VALUE)
        self.found = self.enough & (entered | (self.found & ~over))
        self.kind = np.where(points.excess > 0, points.kind, self.kind)
        self.excess = points.excess

    def silence(self) -> None:
        """A window without any rows."""
        self.enough = np.zeros_like(self.enough)


def below_and_above(live: Floats, known: Floats, design: Floats) -> Floats:
    """P-values (T,) where the reference has rows in one cell alone: of rows in the others.

    `live` (T, B) and `known` (T, B) rows; NaN for other features.
    """
    constant = (known > 0).sum(axis=1) == 1
    found = np.full(len(live), np.nan)
    live, known, design = live[constant], known[constant], design[constant]
    n, m = live.sum(axis=1), known.sum(axis=1)
    other = np.where(known > 0, 0.0, live).sum(axis=1)
    found[constant] = exceeding(other / design, np.zeros_like(n), np.maximum(n / design, 1.0), m)
    return found
