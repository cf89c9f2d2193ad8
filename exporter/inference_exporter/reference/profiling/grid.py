"""The bins of a numeric column: which edges its reference data fixes.

Exported edges: the quantiles at 1/10 … 9/10 (`numpy.quantile`, linear), duplicates merged; with no
more distinct values than bins one bin per value. A constant column has three bins: below the value,
the value, above it. The fine grid adds the quantiles at every 1/100 (one cell per value where there
are no more than 100 distinct ones), the largest value, and an edge below the smallest, so that
values out of the reference's range have cells of their own.

An edge at a value that comes again would tell 0.1 from the same number written as float32. Such
edges stand a hair above it (`values/edges.py`): all where there are no more than 100 distinct
values, else those at values that the sketch holds twice, and at both ends. A value that occurs
twice or more among the fine quantiles (surely so from 3 % of the rows on) is alone in its cell.
"""

from __future__ import annotations

import numpy as np

from inference_exporter.reference.profiling.sketch import QuantileSketch
from inference_exporter.values.batch import Floats
from inference_exporter.values.edges import around

BINS = 10
FINE_BINS = 100


def edges_of(sketch: QuantileSketch) -> tuple[Floats, Floats]:
    """The exported and the fine edges of a sketch that has at least one value.

    >>> sketch = QuantileSketch()
    >>> sketch.add(np.array([3.0, 1.0, 1.0, 7.0]))
    >>> edges, fine = edges_of(sketch)
    >>> edges.round(3), fine.round(3)  # above 1 and 3; below 1, above 1, 3 and 7
    (array([1., 3.]), array([1., 1., 3., 7.]))
    """
    quantiles = sketch.quantiles(np.arange(1, FINE_BINS) / FINE_BINS) + 0.0
    ends = np.array([sketch.minimum, sketch.maximum]) + 0.0
    frequent = np.unique(quantiles[1:][quantiles[1:] == quantiles[:-1]])
    deciles = sketch.quantiles(np.arange(1, BINS) / BINS) + 0.0
    distinct = sketch.distinct()
    if distinct is None:
        known = np.unique(np.concatenate((quantiles, deciles, ends)))
        again = np.union1d(np.intersect1d(known, _repeated(sketch)), ends)
        fine = np.append(quantiles, ends[1])
    else:
        known = again = fine = distinct + 0.0
    down, up = around(known)
    if distinct is not None and len(distinct) <= BINS:
        edges = up[:-1] if len(known) > 1 else np.array([down[0], up[0]])
    else:
        edges = np.unique(_lifted(deciles, known, up, again))
    alone = np.isin(known, np.append(frequent, ends[0]))
    below, above = down[alone], _lifted(fine, known, up, again)
    fine_edges = np.unique(np.concatenate((edges, below, above)))
    return edges[np.isfinite(edges)], fine_edges[np.isfinite(fine_edges)]


def _repeated(sketch: QuantileSketch) -> Floats:
    values, _ = sketch.weighted()
    twice: Floats = values[1:][values[1:] == values[:-1]] + 0.0
    return twice


def _lifted(edges: Floats, known: Floats, up: Floats, again: Floats) -> Floats:
    """Edges, those at a value that comes `again` a hair above it."""
    at = np.minimum(np.searchsorted(known, edges), len(known) - 1)
    lifted: Floats = np.where(np.isin(edges, again), up[at], edges)
    return lifted
