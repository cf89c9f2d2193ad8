"""Parts of the traffic against all of it: which does worst, and whether groups are treated alike.

The worst of many parts is always worse than the whole: that much is chance. So every gap and every
ratio comes with the value that chance alone reaches with a given probability.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from inference_exporter.performance.intervals import Interval, Z
from inference_exporter.special import normal_quantile

HIGHER_IS_BETTER = frozenset(
    {"accuracy", "precision", "recall", "f1", "roc_auc", "average_precision", "r2",
     "business_value"}
)  # fmt: skip
LOWER_IS_BETTER = frozenset({"log_loss", "brier_score", "calibration_error", "mae", "rmse", "mape"})


@dataclass(frozen=True, slots=True)
class Measured:
    """A metric of some rows: its value, its 95 % interval if there is one, and how many rows."""

    value: float
    interval: Interval | None
    rows: float


@dataclass(frozen=True, slots=True)
class Known:
    """A gap that a part had before, and its standard error."""

    gap: float = 0.0
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Worst:
    """The part that does worst: by `gap` (positive) worse than the whole.

    `critical` is the gap that chance alone exceeds with the given probability (None: not known).
    """

    name: str
    value: float
    gap: float
    critical: float | None


def worst(
    metric: str,
    whole: Measured,
    by_part: Mapping[str, Measured],
    alpha: float,
    design: float = 1.0,
    known: Mapping[str, Known] | None = None,
) -> Worst | None:
    r"""The part with the worst value; None with fewer than two parts or for a metric without order.

    With `known` gaps it is the part whose gap has grown most beyond them, and `gap` by how much.

    With a share w of all rows, a part of variance V_p and a whole of variance V, the gap has the
    variance (1 - w)² V_p + (1 - w) V: the whole is w parts itself and 1 - w parts the rest, whose
    variance is about V / (1 - w). The critical gap is the normal quantile of that at
    alpha / (number of parts) (Bonferroni), so that the worst of all parts is beyond it with a
    probability of at most alpha. Where `design` rows are worth one, all variances are as many times
    as large.

    >>> rows = {"DE": Measured(0.9, (0.88, 0.92), 900), "FR": Measured(0.8, (0.72, 0.88), 100)}
    >>> found = worst("accuracy", Measured(0.89, (0.87, 0.91), 1000), rows, alpha=0.01)
    >>> found.name, round(found.gap, 3), round(found.critical, 3)
    ('FR', 0.09, 0.098)
    """
    sign = 1.0 if metric in HIGHER_IS_BETTER else -1.0
    if len(by_part) < 2 or (sign < 0 and metric not in LOWER_IS_BETTER):
        return None
    before = {name: (known or {}).get(name, Known()) for name in by_part}
    gaps = {
        name: sign * (whole.value - one.value) - before[name].gap for name, one in by_part.items()
    }
    name = max(gaps, key=lambda one: (gaps[one], one))
    part = by_part[name]
    error = gap_error(whole, part)
    wide = quantile(1 - alpha / len(by_part))
    critical = None
    if error is not None:
        critical = wide * math.hypot(math.sqrt(design) * error, before[name].error)
    return Worst(name, part.value, gaps[name], critical)


def known_gap(metric: str, whole: Measured, part: Measured) -> Known | None:
    """How much worse a part was than the whole, 0 if it was better; None if that is not sure."""
    error = gap_error(whole, part)
    if error is None:
        return None
    sign = 1.0 if metric in HIGHER_IS_BETTER else -1.0
    return Known(max(0.0, sign * (whole.value - part.value)), error)


def gap_error(whole: Measured, part: Measured) -> float | None:
    """One standard error of the gap between a part and the whole that it belongs to."""
    if whole.interval is None or part.interval is None or not 0 < part.rows <= whole.rows:
        return None
    rest = 1 - part.rows / whole.rows
    variance = rest**2 * _variance(part.interval) + rest * _variance(whole.interval)
    return math.sqrt(variance)


def _variance(interval: Interval) -> float:
    return ((interval[1] - interval[0]) / (2 * Z)) ** 2


@dataclass(frozen=True, slots=True)
class Ratio:
    """The smallest rate of a group over the largest; `critical` is what chance falls below."""

    value: float
    critical: float
    lowest: str
    highest: str


def parity(
    rates: Mapping[str, tuple[float, float]], alpha: float, design: float = 1.0
) -> Ratio | None:
    """How alike groups are treated: the smallest rate over the largest.

    For selection rates this is the demographic parity ratio, of which the four-fifths rule (US
    EEOC, 29 CFR 1607.4 D, 1978) asks 0.8; for true-positive rates it is equal opportunity (Hardt,
    Price & Srebro 2016).

    If all groups had the rate p, the logarithm of a ratio of two of them would have the variance
    (1 - p) / p (1/n_1 + 1/n_2) (Katz et al. 1978); the critical ratio is its normal quantile at
    alpha over the number of pairs.

    Parameters
    ----------
    rates
        (hits, rows) by group.
    alpha
        Probability with which chance alone may fall below the critical ratio.
    design
        How many rows are worth one.

    Returns
    -------
    None with fewer than two groups, or if nobody is ever selected.

    >>> found = parity({"f": (40, 100), "m": (50, 100)}, alpha=0.05)
    >>> found.value, round(found.critical, 3), found.lowest
    (0.8, 0.736, 'f')
    """
    shares = {name: hits / rows for name, (hits, rows) in rates.items() if rows > 0}
    if len(shares) < 2 or max(shares.values()) == 0:
        return None
    lowest, highest = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
    pooled = sum(hits for hits, _ in rates.values()) / sum(rows for _, rows in rates.values())
    pairs = len(shares) * (len(shares) - 1)  # ordered: either group may be the lower one
    inverse = 1 / rates[lowest][1] + 1 / rates[highest][1]
    error = math.sqrt((1 - pooled) / pooled * inverse * design)
    critical = math.exp(-quantile(1 - alpha / pairs) * error)
    return Ratio(shares[lowest] / shares[highest], critical, lowest, highest)


def quantile(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    return normal_quantile(probability)
