"""Ranges of numbers that become names, and which of them a value is in."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from inference_exporter.values.batch import Floats, Ints, TextColumn
from inference_exporter.values.numeric import numeric_column


def range_names(bins: tuple[float, ...]) -> tuple[str, ...]:
    """The names of ranges with these upper bounds, inclusive.

    >>> range_names((30.0, 50.0))
    ('<=30', '30..50', '>50')
    """
    texts = [f"{bound:g}" for bound in bins]
    between = [f"{low}..{high}" for low, high in pairwise(texts)]
    return (f"<={texts[0]}", *between, f">{texts[-1]}")


def ranges_of(raw: TextColumn, bins: tuple[float, ...]) -> Ints:
    """The range of each value, (rows,); -1 where it is no number.

    >>> ranges_of([30, "31", None], (30.0, 50.0)).tolist()
    [0, 1, -1]
    """
    values: Floats = numeric_column(raw).values
    found: Ints = np.searchsorted(bins, values, side="left")
    return np.where(np.isnan(values), -1, found)
