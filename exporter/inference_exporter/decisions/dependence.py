"""By how much rows that resemble their neighbours multiply the variance of a window's shares.

A window of n rows that come in bursts of the same thing says as much as n / design independent
rows, the design effect of survey statistics. It is estimated from the variation between stretches
(blocks) of the window: with independent rows, χ² of the table blocks × cells is its degrees of
freedom on average, exactly and however few rows there are; with resembling rows it is the design
effect times that.

- Blocks that are short against the memory of the traffic see only part of it. The bias falls as one
  over the block's length, so 2 × (pairs of blocks) - (blocks) is free of it to first order: D. Vats
  and J. M. Flegal, "Lugsail lag windows for estimating time-average covariance matrices",
  Biometrika 109(3), 2022.
- The directions of change differ: a wandering mean moves the outer cells together. With the mean
  design effect d and the coefficient of variation c of the effects of the k directions, the largest
  is at most d (1 + c sqrt(k - 1)), and the others are then d (1 - c / sqrt(k - 1)). That worst case
  is what is tested against. c² comes from products of different blocks, which makes the estimate
  free of the bias that squares of noise have.
- One window holds few blocks. Sums over the windows before are kept, with weights falling by
  1/48 a window; while there is little of it, the estimate is raised by its standard error.
- Never below 1: nothing is gained where blocks are more alike than chance makes them.

What it cannot see: changes slower than a window, such as day and night in windows of an hour. They
are differences from the reference, and are reported as such.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from inference_exporter.batch import Floats
from inference_exporter.decisions.cells import Pooled

BLOCKS = 12  # stretches of a window; even, so that they pair up
KEEP = 1.0 - 1.0 / 48.0
ROWS = 7  # sums that are remembered: see `_now`
LARGEST = 1000.0


@dataclass(frozen=True, slots=True)
class Design:
    """Design effects per feature (T,): in the worst direction, in the others, on average."""

    first: Floats
    rest: Floats
    mean: Floats


def remember(memory: Floats, pooled: Pooled) -> Floats:
    """The sums (ROWS, T) after this window."""
    return memory * KEEP + _now(pooled)


def design(memory: Floats, freedom: Floats) -> Design:
    """The design effects that the sums speak for."""
    fine, fine_df, wide, wide_df, squares, traces, pairs = memory
    with np.errstate(divide="ignore", invalid="ignore"):
        at_fine, at_wide = fine / fine_df, wide / wide_df
        raised = 1.0 + np.sqrt(8.0 / wide_df)
        mean = np.maximum(2.0 * at_wide - at_fine, np.maximum(at_wide, at_fine)) * raised
        spread = np.sqrt(np.maximum(squares / pairs * freedom / (traces / pairs) - 1.0, 0.0))
    mean = np.clip(np.nan_to_num(mean, nan=1.0, posinf=LARGEST), 1.0, LARGEST)
    spread = np.nan_to_num(spread, nan=0.0, posinf=0.0)
    others = np.sqrt(np.maximum(freedom - 1.0, 0.0))
    spread = np.minimum(spread, others)
    first = mean * (1.0 + spread * others)
    rest = np.maximum(mean * (1.0 - spread / np.maximum(others, 1.0)), 1.0)
    return Design(np.maximum(first, rest), rest, mean)


def _now(pooled: Pooled) -> Floats:
    """χ² and degrees of freedom of blocks and of pairs; products, squared traces, their number."""
    blocks = pooled.blocks
    share = pooled.live / np.maximum(pooled.live.sum(axis=1, keepdims=True), 1.0)
    fine, sizes = _residuals(blocks, share)
    count, width, cells = blocks.shape
    paired = blocks.reshape(count, width // 2, 2, cells).sum(axis=2) if width % 2 == 0 else blocks
    wide, wide_sizes = _residuals(paired, share)
    directions = np.maximum((share > 0).sum(axis=1) - 1.0, 0.0)
    used, wide_used = (sizes > 0).sum(axis=1), (wide_sizes > 0).sum(axis=1)
    fine_x, wide_x = (fine**2).sum(axis=(1, 2)), (wide**2).sum(axis=(1, 2))
    fine_df = np.maximum(used - 1.0, 0.0) * directions
    wide_df = np.maximum(wide_used - 1.0, 0.0) * directions
    squares, traces, pairs = _products(fine, used, fine_x, fine_df, directions)
    return np.stack((fine_x, fine_df, wide_x, wide_df, squares, traces, pairs))


def _residuals(blocks: Floats, share: Floats) -> tuple[Floats, Floats]:
    """(T, K, B) deviations from the window's shares whose squares sum to χ²; (T, K) rows."""
    sizes = blocks.sum(axis=2)
    expected = sizes[:, :, None] * share[:, None, :]
    return (blocks - expected) / np.sqrt(np.maximum(expected, 1e-12)), sizes


def _products(
    residuals: Floats, used: Floats, chi2: Floats, freedom: Floats, directions: Floats
) -> tuple[Floats, Floats, Floats]:
    """Sums over pairs of blocks of tr(D²), of tr(D)², and the number of pairs.

    Deviations from a mean that was itself estimated are correlated by -1/K; that is taken out.
    """
    gram = residuals @ residuals.transpose(0, 2, 1)
    both = (gram * gram).sum(axis=(1, 2)) - np.square(np.einsum("tkk->tk", gram)).sum(axis=1)
    blocks = np.maximum(used, 1.0)
    pairs = np.where(used > 2, blocks * (blocks - 1.0), 0.0)
    trace = directions * chi2 / np.maximum(freedom, 1.0)
    inverse = 1.0 / blocks
    per_pair = both / np.maximum(pairs, 1.0) - (trace * inverse) ** 2
    squares = per_pair / ((1.0 - inverse) ** 2 + inverse**2)
    return squares * pairs, trace * trace * pairs, pairs
