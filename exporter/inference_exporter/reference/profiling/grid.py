"""The bins of a numeric column: which edges its reference data fixes.

Exported edges: the quantiles at 1/10 … 9/10 (`numpy.quantile`, linear), duplicates merged; with no
more distinct values than bins the values themselves, but the last. The fine grid adds the
quantiles at every 1/100 (the distinct values themselves where there are no more than 100), the
largest value, and the next number below the smallest, so that values out of the reference's range
have cells of their own: a constant column has one exported bin, yet a fine grid that shows any
change. A value that occurs twice or more among the fine quantiles (surely so from 3 % of the rows
on) is alone in its cell.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.reference.profiling.sketch import QuantileSketch
from inference_exporter.values.batch import Floats

BINS = 10
FINE_BINS = 100


def edges_of(sketch: QuantileSketch) -> tuple[Floats, Floats]:
    """The exported and the fine edges of a sketch that has at least one value.

    >>> sketch = QuantileSketch()
    >>> sketch.add(np.array([3.0, 1.0, 1.0, 7.0]))
    >>> edges_of(sketch)  # the first fine edge is just below 1
    (array([1., 3.]), array([1., 1., 3., 7.]))
    """
    distinct = sketch.distinct()
    if distinct is not None and len(distinct) <= BINS:
        edges = distinct[:-1]
    else:
        edges = np.unique(sketch.quantiles(np.arange(1, BINS) / BINS) + 0.0)
    quantiles = sketch.quantiles(np.arange(1, FINE_BINS) / FINE_BINS) + 0.0
    fine = quantiles if distinct is None else distinct
    frequent = quantiles[1:][np.diff(quantiles) == 0]
    with np.errstate(over="ignore"):  # there is nothing below the least float64
        below = np.nextafter(np.append(frequent, sketch.minimum), -np.inf)
    fine_edges = np.unique(np.concatenate((edges, fine, below, [sketch.maximum])))
    return edges, fine_edges[np.isfinite(fine_edges)]
