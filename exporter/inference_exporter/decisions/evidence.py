"""How far a window is from the reference, and how sure that is: many features at once.

The distance is the PSI, of which the effect threshold speaks. How sure is told by another statistic
of the same counts, the likelihood-ratio test of homogeneity

    G = 2 Σ observed ln(observed / expected)      over the 2 × B table of live and reference rows

divided by Williams's factor, which gives it the mean of χ² at small counts. All of them agree in
the middle; but a promise of one false alarm in a month of 500 features is a statement about one in
a million, and there PSI is too often large when cells hold a few dozen rows, while G keeps the law
of χ² (docs/calibration.md has the numbers).

References: D. A. Williams, "Improved likelihood ratio tests for complete contingency tables",
Biometrika 63(1), 1976. W. Hoeffding, "Asymptotically optimal tests for multinomial distributions",
Annals of Mathematical Statistics 36(2), 1965.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from inference_exporter.decisions import mixture
from inference_exporter.decisions.cells import Pooled, pool
from inference_exporter.decisions.dependence import Design
from inference_exporter.decisions.hours import Expected
from inference_exporter.decisions.memory import Memory
from inference_exporter.decisions.points import below_and_above
from inference_exporter.special import chi_square_quantile, elementwise
from inference_exporter.values.batch import Bools, Floats
from inference_exporter.values.limits import LEAST_EFFECTIVE


@dataclass(frozen=True, slots=True)
class Evidence:
    """Per feature (T,): rows, PSI, p-value (1 where there is not enough), design effects.

    `plain` are p-values as if the traffic did not move by itself (`wander`).
    """

    rows: Floats
    distance: Floats
    p_value: Floats
    enough: Bools
    design: Design
    freedom: Floats
    plain: Floats
    few: Bools  # fewer rows than are needed
    known: Floats  # (T,) rows of the reference behind it
    new_hours: Bools  # rows enough, but the reference has hardly any of these hours

    def tail_design(self, alpha: float) -> Floats:
        """The design effect that alone gives the same critical value at `alpha`."""
        n, m = np.maximum(self.rows, 1.0), np.maximum(self.known, 1.0)
        freedom = np.maximum(self.freedom, 1.0)
        ones = np.ones_like(freedom)
        mixed = mixture.quantile(alpha, freedom, *scaled(self.design, n, m))
        ratio = mixed / mixture.quantile(alpha, freedom, ones, ones)
        ratio = np.where(np.isfinite(ratio), ratio, 1.0)
        result: Floats = np.maximum(1.0, n * (ratio * (1.0 / n + 1.0 / m) - 1.0 / m))
        return result

    def noise(self, alpha: float, design: Floats, cells: Floats) -> Floats:
        """PSI (T,) that chance alone exceeds with probability `alpha`, where `design` rows are one.

        As it is published beside distances: (1/n + 1/m) times a quantile of chi-square (B. Yurdakul
        and J. Naranjo, "Statistical properties of the population stability index", Journal of Risk
        Model Validation 14(4), 2020).
        """
        n, m = np.maximum(self.rows, 1.0) / design, np.maximum(self.known, 1.0)
        quantiles = elementwise(chi_square_quantile, np.maximum(cells - 1.0, 1.0), alpha)
        return quantiles * (1.0 / n + 1.0 / m)


def weigh(
    blocks: Floats,
    known: Floats,
    cells: Floats,
    least: Floats,
    memory: Memory,
    entities: float = 1.0,
    expected: Expected | None = None,
) -> tuple[Evidence, Memory]:
    """Evidence of one window, and the memory of the traffic after it.

    Parameters
    ----------
    blocks
        Live rows (T, K, B) per stretch of the window; cells a feature does not have are 0.
    known, cells, least
        Reference rows (T, B), number of cells (T,), rows that are needed (T,).
    memory
        What the windows before showed of the traffic.
    entities
        Design effect that follows from who asked how often; 1 where that is not known.
    expected
        What the reference lets expect at the hours of the window, in the place of `known`.
    """
    if expected is not None:
        known = expected.known()
    pooled = pool(blocks, known, expected)
    live = blocks.sum(axis=1)
    wander = memory.wander
    memory, effects = memory.after(live, pooled, entities, expected)
    rows, m = pooled.live.sum(axis=1), pooled.known.sum(axis=1)
    # a few thousand rows that are worth a few dozen do not fill the cells
    effective = rows / effects.mean
    needed = LEAST_EFFECTIVE * (pooled.freedom + 1.0)
    filled = np.minimum(effective, m) >= needed
    enough = (rows >= least) & filled & (pooled.freedom > 0) & (m > 0)
    value = np.where(enough, likelihood_ratio(pooled), 0.0)
    moving = wander.widen(effects, rows)
    plain, p_value = (
        np.where(enough, p_value_of(value, pooled, one, rows, m), 1.0) for one in (effects, moving)
    )
    distance = psi(live, known, cells) if expected is None else psi_of_hours(live, known, cells)
    new_hours = ~enough & (m < LEAST_EFFECTIVE * cells) & (rows >= least) & (expected is not None)
    return Evidence(
        rows, distance, p_value, enough, moving, pooled.freedom, plain, rows < least, m, new_hours
    ), memory


def p_value_of(value: Floats, pooled: Pooled, effects: Design, rows: Floats, m: Floats) -> Floats:
    """P-values (T,) of likelihood-ratio statistics `value`, with so many rows on both sides."""
    first, rest = scaled(effects, np.maximum(rows, 1.0), np.maximum(m, 1.0))
    return mixture.tail(value, pooled.freedom, first, rest)


def beside_constants(
    evidence: Evidence,
    live: Floats,
    known: Floats,
    cells: Floats,
    least: Floats,
    design: Floats,
) -> Evidence:
    """The evidence, with rows beside a value that is all that the reference has tested exactly.

    There are too few of them for cells of a test of many: those would be pooled with the value.
    """
    rows = live.sum(axis=1)
    exact = below_and_above(live, known, design)
    constant = ~np.isnan(exact) & (rows >= least) & (cells > 1)
    return replace(
        evidence,
        p_value=np.where(constant, exact, evidence.p_value),
        plain=np.where(constant, exact, evidence.plain),
        enough=evidence.enough | constant,
    )


def scaled(effects: Design, n: Floats, m: Floats) -> tuple[Floats, Floats]:
    """Design effects of the difference: the reference's rows are independent."""
    return (effects.first * m + n) / (m + n), (effects.rest * m + n) / (m + n)


def psi(live: Floats, known: Floats, cells: Floats) -> Floats:
    """Population stability index (T,) with the shares smoothed as everywhere."""
    q = (known + 0.5) / (known.sum(axis=1) + 0.5 * cells)[:, None]
    return _psi(live, q, cells)


def psi_of_hours(live: Floats, known: Floats, cells: Floats) -> Floats:
    """PSI (T,) where shares of the reference are smoothed already, hour by hour."""
    q = known / np.maximum(known.sum(axis=1, keepdims=True), 1e-300)
    return _psi(live, np.maximum(q, 1e-12), cells)


def _psi(live: Floats, q: Floats, cells: Floats) -> Floats:
    inside = np.arange(live.shape[1]) < cells[:, None]
    p = (live + 0.5) / (live.sum(axis=1) + 0.5 * cells)[:, None]
    value: Floats = np.where(inside, (p - q) * np.log(p / q), 0.0).sum(axis=1)
    return value


def likelihood_ratio(pooled: Pooled) -> Floats:
    """G (T,) of live and reference rows, divided by Williams's factor."""
    live, known, total = pooled.live, pooled.known, pooled.total
    n, m = live.sum(axis=1, keepdims=True), known.sum(axis=1, keepdims=True)
    n, m = np.maximum(n, 1.0), np.maximum(m, 1.0)
    both = n + m
    there = np.maximum(total, 1e-12)
    value = live * np.log(np.maximum(live, 1e-12) * both / (there * n))
    value += known * np.log(np.maximum(known, 1e-12) * both / (there * m))
    inverse = np.where(total > 0, 1.0 / there, 0.0).sum(axis=1)
    size = both[:, 0]
    columns = (both / n + both / m)[:, 0] - 1.0
    williams = 1.0 + columns * (size * inverse - 1.0) / (
        6.0 * size * np.maximum(pooled.freedom, 1.0)
    )
    result: Floats = 2.0 * value.sum(axis=1) / williams
    return result
