"""How far the expected calibration error may be off because the rows are a sample."""

from __future__ import annotations

import math

import numpy as np

from inference_exporter.performance.intervals import Interval, Z
from inference_exporter.values.batch import Floats

_HALF_NORMAL_SKEWNESS = math.sqrt(2) * (4 - math.pi) / (math.pi - 2) ** 1.5


def calibration_interval(rows: Floats, positives: Floats, error: float) -> Interval | None:
    r"""An interval that holds the true calibration error at least 95 % of the time.

    The error is the sum over bins of |d_k + e_k| / n, with the true difference d_k between hits and
    scores and the noise e_k, which has the variance s_k² = n_k p_k (1 - p_k) at most. Noise alone
    makes it positive, so the interval is not around the value but mostly below it:

    - it is at least the true error plus the sum of e_k with the signs of d_k, which is normal: so
      the true error is at most `error` + 1.96 sqrt(sum of s_k²) / n;
    - it is at most the true error plus the sum of |e_k|, half-normal variables with the mean
      sqrt(2 / pi) s_k, the variance (1 - 2 / pi) s_k² and the skewness 0.995: so the true error is
      at least `error` less the 97.5 % quantile of that sum (Cornish & Fisher's expansion to the
      skewness), and never below 0.

    Either is wrong about 2.5 % of the time at most.

    Parameters
    ----------
    rows, positives
        Labelled rows and those of the positive class per bin, (bins,).
    error
        The expected calibration error that was measured.

    >>> low, high = calibration_interval(np.array([500.0, 500.0]), np.array([50.0, 400.0]), 0.03)
    >>> round(low, 4), round(high, 4)
    (0.0019, 0.052)
    """
    total = float(rows.sum())
    if total <= 0:
        return None
    share = (positives + 0.5) / (rows + 1)
    variances = rows * share * (1 - share)
    spread = math.sqrt(float(variances.sum()))
    skewness = _HALF_NORMAL_SKEWNESS * float((variances**1.5).sum()) / spread**3
    quantile = Z + (Z * Z - 1) / 6 * skewness
    noise = math.sqrt(2 / math.pi) * float(np.sqrt(variances).sum())
    noise += quantile * math.sqrt(1 - 2 / math.pi) * spread
    return max(0.0, error - noise / total), min(1.0, error + Z * spread / total)
