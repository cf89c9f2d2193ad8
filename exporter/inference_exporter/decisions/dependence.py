"""By how much rows that resemble their neighbours multiply the variance of a window's shares.

A window of n rows that come in bursts of the same thing says as much as n / design independent
rows, the design effect of survey statistics. It is estimated from the variation between stretches
(blocks) of the window: with independent rows, χ² of the table blocks × cells is its degrees of
freedom on average, exactly and however few rows there are; with resembling rows it is the design
effect times that.

- The directions of change differ: a wandering mean moves the outer cells together. With the mean
  design effect d and the coefficient of variation c of the effects of the k directions, the largest
  is at most d (1 + c sqrt(k - 1)); the others share the rest. That worst case is what is tested
  against. c² comes from products of different blocks, which makes the estimate free of the bias
  that squares of noise have.
- Blocks that are short against the memory of the traffic see only part of it. The bias falls as one
  over the block's length, so 2 × (of pairs of blocks) - (of blocks) is free of it to first order:
  D. Vats and J. M. Flegal, "Lugsail lag windows for estimating time-average covariance matrices",
  Biometrika 109(3), 2022. It is taken for the mean and for the largest.
- One window holds few blocks. Sums over the windows before are kept, with weights falling by
  1/100 a window; while there is little of it, the estimate is raised by its standard error.
- A change of level in the middle of a window makes its stretches differ as well, once. So a window
  is believed up to thrice what is known or what the one before showed: a lone one changes little,
  the second of a kind is taken as it is. Otherwise a large step would hide itself.
- Never below 1: nothing is gained where blocks are more alike than chance makes them.

What it cannot see: changes slower than a window, such as day and night in windows of an hour. They
are differences from the reference, and are reported as such, unless the model has a `season`: then
blocks are held against what is normal at their hours (`hours.fitted`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.decisions.cells import Pooled
from inference_exporter.decisions.hours import fitted
from inference_exporter.values.batch import Floats, Ints

BLOCKS = 12  # stretches of a window; even, so that they pair up
KEEP = 1.0 - 1.0 / 100.0
ROWS = 16  # sums of `_sums` for blocks and for pairs of blocks: remembered, and of the last window
BELIEVED = 3.0  # times what was known or seen before: how far a lone window is believed
FIRST = 10.0  # times what independent rows show: how far the first window of all is believed
LARGEST = 1000.0


@dataclass(frozen=True, slots=True)
class Design:
    """Design effects per feature (T,): in the worst direction, in the others, on average."""

    first: Floats
    rest: Floats
    mean: Floats


def remember(memory: Floats, pooled: Pooled) -> Floats:
    """The sums (ROWS, T) after this window."""
    count, width, cells = pooled.blocks.shape
    fine = _expected(pooled)
    pairs, wide = (
        one.reshape(count, width // 2, 2, cells).sum(axis=2) for one in (pooled.blocks, fine)
    )
    now = np.stack(
        (*_sums(pooled.blocks, fine, _noise(pooled, 1)), *_sums(pairs, wide, _noise(pooled, 2)))
    )
    known, last = memory[:8], memory[8:]
    ones = np.ones(count)
    independent = np.stack((ones, pooled.freedom, ones, pooled.freedom))
    factors = np.array([[1.0], [2.0]] * 2)  # products are squares of effects
    believed = np.maximum(np.maximum(_means(known), _means(last)) * BELIEVED**factors, independent)
    first = independent * FIRST**factors
    believed = np.where(known[1::2] > 0, believed, first)
    clipped = now.copy()
    clipped[0::2] = np.minimum(now[0::2], believed * now[1::2])
    return np.concatenate((known * KEEP + clipped, now))


def _means(sums: Floats) -> Floats:
    """Values per degree of freedom and per pair, (4, T)."""
    means: Floats = sums[0::2] / np.maximum(sums[1::2], 1.0)
    return means


def design(memory: Floats, freedom: Floats) -> Design:
    """The design effects that the sums speak for."""
    fine_mean, fine_first = _effects(memory[:4], freedom)
    wide_mean, wide_first = _effects(memory[4:8], freedom)
    raised = 1.0 + np.sqrt(8.0 / np.maximum(memory[5], 1.0))
    mean = _extrapolated(fine_mean, wide_mean) * raised
    first = np.maximum(_extrapolated(fine_first, wide_first) * raised, mean)
    others = np.maximum(freedom - 1.0, 1.0)
    rest = np.clip((freedom * mean - first) / others, 1.0, mean)
    return Design(first, rest, mean)


def _extrapolated(fine: Floats, wide: Floats) -> Floats:
    """What blocks without end would show; never below what these do, or below 1."""
    limit = np.maximum(2.0 * wide - fine, np.maximum(wide, fine))
    return np.clip(limit, 1.0, LARGEST)


def _effects(sums: Floats, freedom: Floats) -> tuple[Floats, Floats]:
    """Mean and largest design effect at one length of blocks."""
    chi2, degrees, squares, pairs = sums
    mean = np.where(degrees > 0, chi2 / np.maximum(degrees, 1.0), 1.0)
    per_pair = np.where(pairs > 0, squares / np.maximum(pairs, 1.0), 0.0)
    ratio = per_pair / np.maximum(freedom * mean * mean, 1e-12)  # (Σ δ²) k / (Σ δ)²
    # one standard error: a squared product of blocks varies by about 1.6 of its mean, and each
    # is counted twice
    ratio += 1.6 * np.sqrt(2.0 / np.maximum(pairs, 2.0))
    others = np.sqrt(np.maximum(freedom - 1.0, 0.0))
    spread = np.minimum(np.sqrt(np.maximum(ratio - 1.0, 0.0)), others)
    return mean, mean * (1.0 + spread * others)


def _expected(pooled: Pooled) -> Floats:
    """What the blocks (T, K, B) would be if rows were independent."""
    if pooled.expected is not None:
        return fitted(pooled.blocks, pooled.expected.blocks)
    share = pooled.live / np.maximum(pooled.live.sum(axis=1, keepdims=True), 1.0)
    expected: Floats = pooled.blocks.sum(axis=2)[:, :, None] * share[:, None, :]
    return expected


def _noise(pooled: Pooled, together: int) -> Floats:
    """Variance (T, K / together) of a block beside that of its rows: hours known from few rows."""
    if pooled.expected is None:
        return np.zeros(())
    return pooled.expected.stretches(together)


def _sums(blocks: Floats, expected: Floats, noise: Floats) -> tuple[Floats, ...]:
    """χ² of blocks × cells, its degrees of freedom; products of blocks (see `_products`)."""
    sizes, live = blocks.sum(axis=2), blocks.sum(axis=1)
    spread = np.maximum(expected, 1e-12) * (1.0 + sizes * noise)[:, :, None]
    residuals = (blocks - expected) / np.sqrt(spread)  # squares sum to χ²
    gram = residuals @ residuals.transpose(0, 2, 1)
    lengths = np.einsum("tkk->tk", gram)
    directions = np.maximum((live > 0).sum(axis=1) - 1.0, 0.0)
    used = (sizes > 0).sum(axis=1)
    chi2, degrees = lengths.sum(axis=1), np.maximum(used - 1.0, 0.0) * directions
    trace = directions * chi2 / np.maximum(degrees, 1.0)
    both = (gram * gram).sum(axis=(1, 2)) - (lengths * lengths).sum(axis=1)
    return chi2, degrees, *_products(both, trace, used)


def _products(both: Floats, trace: Floats, used: Ints) -> tuple[Floats, Floats]:
    """Sum over pairs of blocks of tr(D²), and the number of pairs.

    Deviations from a mean that was itself estimated are correlated by -1/K; that is taken out.
    """
    blocks = np.maximum(used, 1.0)
    pairs = np.where(used > 2, blocks * (blocks - 1.0), 0.0)
    inverse = 1.0 / blocks
    per_pair = both / np.maximum(pairs, 1.0) - (trace * inverse) ** 2
    squares = per_pair / ((1.0 - inverse) ** 2 + inverse**2)
    return squares * pairs, pairs
