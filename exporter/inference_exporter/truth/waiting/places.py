"""Where pending predictions are: a chunk's number and a row in it, together one integer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from inference_exporter.values.batch import Bools, Ints

BITS = 10
ROWS = 1 << BITS  # in a chunk at most
NOWHERE = -1  # the place of what is not there


def among(there: Ints, keys: Ints) -> tuple[Bools, Ints]:
    """Which of the keys are among those there (ascending), and where."""
    if not len(there):
        return np.zeros(len(keys), np.bool_), np.zeros(len(keys), np.int64)
    at = np.minimum(np.searchsorted(there, keys), len(there) - 1)
    return there[at] == keys, at


def runs(values: Ints) -> Iterator[tuple[int, slice]]:
    """Equal values that follow each other, and where.

    >>> list(runs(np.array([4, 4, 7])))
    [(4, slice(0, 2, None)), (7, slice(2, 3, None))]
    """
    starts = np.flatnonzero(np.diff(values, prepend=values[:1] - 1))
    ends = np.append(starts, len(values))[1:]
    for value, start, end in zip(
        values[starts].tolist(), starts.tolist(), ends.tolist(), strict=True
    ):
        yield value, slice(start, end)
