"""Windows whose hours differ: what each stretch of rows should look like if nothing else does.

At night other values are normal than by day, so stretches of a day, and an hour and the one two
hours later, differ although every row is what its hour lets expect. Where the reference knows the
hours, rows are held against

    E_kb = n_k s_kb f_b / Σ_b s_kb f_b

with the shares s_kb that the reference has at the hours of stretch k, and one factor f_b for each
cell, fitted so that the cells' sums are those that were counted: by how much live rows differ from
the reference is the same in all stretches. With equal s_k it is n_k times the share of all rows, as
in any test of homogeneity. The factors are found by iterative proportional fitting (W. E. Deming
and F. F. Stephan, Annals of Mathematical Statistics 11(4), 1940).

The shares of an hour are known from the reference's rows of that hour, which are few. What two
stretches differ by has that noise too, as far as they are of different hours: with weights w and w'
of the hours, Σ_s (w_s - w'_s)² / m_s beside one over the live rows. It is taken out of what
stretches and windows show of the traffic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.values.batch import Floats

_STEPS = 3


@dataclass(frozen=True, slots=True)
class Expected:
    """What the reference lets expect of a window.

    `blocks` (T, K, B) rows by stretch of time, `worth` (T,) rows of the reference behind them;
    `hours` (K, S) live rows by stretch and hour, `noise` (T, S) one over the reference's rows of
    the hours.
    """

    blocks: Floats
    worth: Floats
    hours: Floats
    noise: Floats

    @property
    def mix(self) -> Floats:
        """Shares (S,) of the hours in all rows."""
        return _mix(self.hours.sum(axis=0))

    def known(self) -> Floats:
        """Rows (T, B) of the reference, as if it had been made at these hours."""
        total = self.blocks.sum(axis=1)
        rows: Floats = total / np.maximum(total.sum(axis=1, keepdims=True), 1e-300)
        return rows * self.worth[:, None]

    def apart(self, mix: Floats) -> Floats:
        """Noise (T,) of the difference to rows with such shares (S,) of the hours."""
        found: Floats = self.noise @ (self.mix - mix) ** 2
        return found

    def stretches(self, together: int) -> Floats:
        """Noise (T, K / together) of stretches, as they differ from the whole window."""
        hours = self.hours.reshape(-1, together, self.hours.shape[1]).sum(axis=1)
        there = hours.sum(axis=1, keepdims=True) > 0
        found: Floats = self.noise @ np.where(there, (_mix(hours) - self.mix) ** 2, 0.0).T
        return found


def _mix(hours: Floats) -> Floats:
    shares: Floats = hours / np.maximum(hours.sum(axis=-1, keepdims=True), 1e-300)
    return shares


def fitted(rows: Floats, expected: Floats) -> Floats:
    """E (T, K, B) of rows (T, K, B), whose stretches should look like `expected` (T, K, B)."""
    sizes = rows.sum(axis=2, keepdims=True)
    cells = rows.sum(axis=1, keepdims=True)
    shares = expected / np.maximum(expected.sum(axis=2, keepdims=True), 1e-300)
    factors = np.ones_like(cells)
    found: Floats = sizes * shares
    for _ in range(_STEPS):
        factors = factors * cells / np.maximum(found.sum(axis=1, keepdims=True), 1e-300)
        weights = shares * factors
        found = sizes * weights / np.maximum(weights.sum(axis=2, keepdims=True), 1e-300)
    return found
