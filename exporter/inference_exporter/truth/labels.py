"""Labels in columns, ready for the join: key, actual value, times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from inference_exporter.values.batch import Floats, Ints

LABEL = [("key", "<i8"), ("actual", "<f8"), ("time", "<f8"), ("arrived", "<f8")]
LabelRows = npt.NDArray[np.void]  # of LABEL: actual is a number, or the number of a class's name

MAX_AHEAD = 300.0  # seconds a label's own time may be ahead of the clock, as of events
SKEW = 1.0  # seconds a label may be older than its prediction: clocks are written by the second


def label_rows(keys: Ints, actual: Floats, time: Floats | None, arrived: float) -> LabelRows:
    """Labels that arrived now."""
    rows: LabelRows = np.zeros(len(keys), np.dtype(LABEL))
    rows["key"], rows["actual"] = keys, actual
    rows["time"] = np.nan if time is None else time
    rows["arrived"] = arrived
    return rows


@dataclass(frozen=True, slots=True)
class OnePerKey:
    """One label per key, keys ascending; `repeated` labels of a key are left out."""

    rows: LabelRows
    repeated: int
    conflicts: int  # repeated ones that say otherwise


def one_per_key(rows: LabelRows, *, last: bool) -> OnePerKey:
    """The first label of each key, or the last."""
    order = np.argsort(rows["key"], kind="stable")
    ordered = rows[order]
    keys = ordered["key"]
    starts = np.ones(len(keys), np.bool_)
    starts[1:] = keys[1:] != keys[:-1]
    ends = np.ones(len(keys), np.bool_)
    ends[:-1] = starts[1:]
    chosen = ordered[ends if last else starts]
    repeated = len(rows) - len(chosen)
    if not repeated:
        return OnePerKey(chosen, 0, 0)
    of_key = np.cumsum(starts) - 1
    conflicts = int(np.count_nonzero(ordered["actual"] != chosen["actual"][of_key]))
    return OnePerKey(chosen, repeated, conflicts)


def delays(rows: LabelRows, predicted: Floats) -> tuple[Floats, int]:
    """Seconds from prediction to label, and how many of them the clocks contradict.

    The label's own time counts where it has one that is not in the future, else its arrival. NaN
    where one of the times is unknown; 0 where the label is older than the prediction.
    """
    ahead = rows["time"] > rows["arrived"] + MAX_AHEAD
    when = np.where(np.isnan(rows["time"]) | ahead, rows["arrived"], rows["time"])
    elapsed: Floats = when - predicted
    skewed = (elapsed < -SKEW) | ahead
    return np.maximum(elapsed, 0.0), int(np.count_nonzero(skewed))
