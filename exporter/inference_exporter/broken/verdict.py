"""Counts of the last minutes -> which features are broken, and how. No state, no time.

A feature is broken when many rows have something at once that hardly any row of the reference has:
no value, an unusable one, one out of range or unseen; or when all have the same value. How sure
that is: with n rows that have nothing to do with each other, of which the reference lets a share q
have it, chance makes a share s of them have it with a probability of at most exp(-n D),
D = s ln(s / q) + (1 - s) ln((1 - s) / (1 - q)) (H. Chernoff, Annals of Mathematical Statistics 23,
1952). It is held against its part of the budget (0.1 false alarms per model and month), for all
features and looks.

Rows have to do with each other, of course. Two things are told apart:

- **Foreign**: the reference has it in less than one row of 200. Equal rows count once in ten
  seconds, and four rows at least that have it must be different: where traffic is slow, one client
  that retries is most of it. Traffic that really has it is not what the reference is of.
- **Ordinary**: the reference has it, only not in all rows. A batch of one kind of customers makes
  the same counts as a broken feature. So equal rows count once an hour, nearly all rows must have
  it for a minute, and traffic must go on: about as many rows a minute as in the hour before. A
  batch that comes out of nothing, or makes many times as many rows, is not judged for its first
  hour. The minute begins with the first few such rows, before they are enough to be sure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from inference_exporter.accumulators.cell_table import ABOVE, INVALID, MISSING, STRANGE, Cells
from inference_exporter.values.batch import Bools, Floats

KINDS = ("missing", "invalid", "strange", "one_value")
LOOKS = (1, 2, 3, 4, 6)  # minutes, the one that is not over among them
FOREIGN = 1 / 200  # of the reference's rows: less is foreign to it
FEW_ROWS, FEW_HITS = 8, 4  # at least; rows that have it are most of them where it is ordinary
FEW_SUSPECTED = 4  # rows, at least, that make suspicious
SHARE = (0.3, 0.9, 0.98)  # of rows that have a foreign thing, an ordinary one, the same value
CONSTANT = (
    0.5  # a value that more of the reference's rows have may well be all there is for a while
)
_MINUTES = 30 * 24 * 60.0  # of a month


@dataclass(frozen=True, slots=True)
class Look:
    """Shares of rows (looks, T, kinds) that have it; rows; whether broken, or clearly not."""

    share: Floats
    rows: Floats
    foreign: Bools  # broken, and needs nothing else
    ordinary: Bools  # broken if traffic goes on as it was
    suspected: Bools  # as ordinary, were the rows not too few to be sure
    clear: Bools


class Known:
    """What the reference says of the cells: worked out once for all looks.

    `per_month` false alarms are allowed.
    """

    def __init__(self, cells: Cells, per_month: float) -> None:
        self.cells = cells
        self.features = np.arange(cells.shape[0])
        rows = cells.rows[:, None]
        hits = _hits(cells.known)
        self.expected = (hits + 1.0) / (rows + 1.0)  # (T, 3)
        self.rare = hits < FOREIGN * rows
        alike = np.zeros((len(hits), 1), dtype=np.bool_)
        self.foreign: Bools = np.append(self.rare & (self.expected <= FOREIGN), alike, axis=1)
        ordinary = np.array([SHARE[1]] * 3 + [SHARE[2]])
        self.least: Floats = np.where(self.foreign, SHARE[0], ordinary)
        self.few_hits = np.where(self.foreign, FEW_HITS, 0)
        self.demanded = demanded(cells, per_month)


def judge(known: Known, spaced: Floats, single: Floats) -> Look:
    """Judge counts (looks, T, M) of some minutes.

    Parameters
    ----------
    known
        What the columns are, and the reference's rows in them.
    spaced
        Where equal rows count once in ten seconds.
    single
        Where they count once an hour.
    """
    hits, different, expected = _found(known, spaced, single)
    n, once = spaced.sum(axis=-1)[..., None], single.sum(axis=-1)[..., None]
    rows = np.where(known.foreign, n, once)
    share = hits / np.maximum(rows, 1.0)
    ordinary = ~known.foreign & (expected <= CONSTANT)
    suspected = ordinary & (rows >= FEW_SUSPECTED) & (share >= known.least)
    gross = (rows >= FEW_ROWS) & (different >= known.few_hits) & (share >= known.least)
    if gross.any():  # hardly ever, and logarithms take their time
        gross &= rows * divergence(share, expected) >= known.demanded
    clear = (rows >= FEW_ROWS) & (share < known.least / 2.0)
    return Look(share, rows, gross & known.foreign, gross & ordinary, suspected, clear)


def _found(known: Known, spaced: Floats, single: Floats) -> tuple[Floats, Floats, Floats]:
    """Rows that have each kind (looks, T, kinds), different ones, and the reference's share."""
    cells, features = known.cells, known.features
    values = single[..., : cells.values]
    most = values.argmax(axis=-1) if cells.values else np.zeros(single.shape[:-1], dtype=int)
    usual = (cells.known[features, most] + 1.0) / (cells.rows + 1.0)
    once = _hits(single)
    flaws = np.where(known.rare, _hits(spaced), once)
    alike = np.take_along_axis(single, most[..., None], axis=-1)
    hits, different = (np.concatenate((one, alike), axis=-1) for one in (flaws, once))
    expected = np.broadcast_to(known.expected, flaws.shape)
    return hits, different, np.concatenate((expected, usual[..., None]), axis=-1)


def divergence(share: Floats, expected: Floats) -> Floats:
    """Kullback's divergence D of shares from smaller ones, 0 where they are not larger.

    >>> divergence(np.array([1.0, 0.5]), np.array([0.01, 0.5])).round(3).tolist()
    [4.605, 0.0]
    """
    s, q = np.clip(share, 1e-12, 1.0 - 1e-12), np.clip(expected, 1e-12, 1.0 - 1e-12)
    value = s * np.log(s / q) + (1.0 - s) * np.log((1.0 - s) / (1.0 - q))
    found: Floats = np.where(s > q, value, 0.0)
    return found


def demanded(cells: Cells, per_month: float) -> Floats:
    """What n D has to reach (T, kinds): minus the logarithm of the level of one look.

    One value can be any of those that a feature has, and each of them is one more look.
    """
    looks = _MINUTES * len(LOOKS) * len(KINDS) * max(1, cells.shape[0])
    one = math.log(looks / max(per_month, 1e-9))
    found = np.full((cells.shape[0], len(KINDS)), one)
    found[:, -1] += np.log(np.maximum(1.0, cells.own))
    return found


def _hits(counts: Floats) -> Floats:
    """Rows that have each kind of flaw, (..., T, 3)."""
    strange = counts[..., STRANGE] + counts[..., ABOVE]
    return np.stack((counts[..., MISSING], counts[..., INVALID], strange), axis=-1)
