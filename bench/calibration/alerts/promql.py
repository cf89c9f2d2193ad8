"""What the shipped rules need of PromQL, on arrays whose first axis is minutes.

Scrapes and evaluations are at full minutes. A range has both its ends, as in Prometheus 2;
Prometheus 3 leaves its oldest sample out, which here is one minute in sixty.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.values.batch import Bools, Floats

RATE = 5  # minutes of the innermost `rate`


class Increase:
    """`rate(counter[5m]) * 60` of rows, fed in pieces: nothing before the first minute."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._before: Floats = np.zeros((RATE - 1, *shape))

    def __call__(self, rows: Floats) -> Floats:
        """Rows a minute, smoothed, of rows (minutes, ...) that came before each minute's end."""
        joined = np.concatenate((self._before, rows))
        self._before = joined[len(joined) - RATE + 1 :]
        sums = np.concatenate((np.zeros((1, *rows.shape[1:])), joined.cumsum(axis=0)))
        result: Floats = (sums[RATE:] - sums[:-RATE]) / RATE
        return result


class Sum:
    """`sum_over_time(x[minutes])`, fed in pieces: nothing before the first minute."""

    def __init__(self, minutes: int, shape: tuple[int, ...]) -> None:
        self._width = minutes + 1  # both ends
        self._sums: Floats = np.zeros((self._width, *shape))

    def __call__(self, values: Floats) -> Floats:
        """The sums at each minute of `values` (minutes, ...)."""
        sums = self._sums[-1] + values.cumsum(axis=0)
        joined = np.concatenate((self._sums, sums))
        self._sums = joined[-self._width :]
        result: Floats = joined[self._width :] - joined[: len(values)]
        return result


def held(values: Floats, minutes: int) -> Floats:
    """`max_over_time(x[minutes])` along the first axis; NaN where there is no sample."""
    filled = np.where(np.isnan(values), -np.inf, values)
    result = filled.copy()
    reach = 0  # minutes back that are covered
    while reach < minutes:
        step = min(reach + 1, minutes - reach)
        result[step:] = np.maximum(result[step:], result[:-step].copy())
        reach += step
    return np.where(np.isneginf(result), np.nan, result)


def alert(true: Bools, pending: int, keep: int) -> Bools:
    """Whether an alert fires at each minute, with `for` and `keep_firing_for` in minutes."""
    active = np.zeros(true.shape[1:], dtype=np.int64)  # minutes since it became true
    since = np.zeros(true.shape[1:], dtype=np.int64)  # minutes since it was true last
    fires = np.zeros(true.shape[1:], dtype=np.bool_)
    result = np.zeros_like(true)
    if not true.any():
        return result
    for minute, now in enumerate(true):
        active = np.where(now, active + 1, 0)
        since = np.where(now, 0, since + 1)
        # the minute in which it ceases is the first of `keep_firing_for`
        fires = (active > pending) | (fires & (now | (since <= keep)))
        result[minute] = fires
    return result
