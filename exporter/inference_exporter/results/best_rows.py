"""Which rows are the best examples of what was counted: one for each cell and commit.

Whole columns are compared with what stands in their cells, and ids of traces are looked at only
for the few rows that are better: they cost more than the comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from inference_exporter.accumulators import Layout
from inference_exporter.values.batch import Batch, Bools, Floats, Ints, TextColumn
from inference_exporter.values.samples import Exemplar
from inference_exporter.windows import Placement

_MANY = 16  # rows; looking at each costs more than looking for the best of each place
_FIRST = 1e9  # seconds that a failure counts as slower than anything that did not fail


@dataclass(slots=True)
class Traced:
    """Rows with their `traces`, `times` (epoch seconds) and `history` (number of the version).

    `history` is (rows,) or the one of all; `histories` is above all of them. `failed` marks rows
    that failed, `ahead` (rows,) puts them before all others; None: none did.
    """

    batch: Batch
    traces: TextColumn
    times: Floats
    history: Ints | int
    histories: int
    failed: Bools | None
    ahead: Floats | None

    def urgent(self, seconds: Floats) -> Floats:
        """Larger the sooner one would look at a row that took so long."""
        return seconds if self.ahead is None else seconds + self.ahead

    def urgency(self) -> Floats:
        """The same by the time of the request, which counts as 0 where nobody knows it."""
        if self.batch.latency is None:
            return self.urgent(np.zeros(self.batch.rows))
        seconds = self.batch.latency.values
        return self.urgent(np.where(np.isnan(seconds), 0.0, seconds))

    def places(self, cell: Ints, cells: int, chosen: Ints | None) -> Ints:
        """The cell of each of the chosen rows (None: all) among those of all histories."""
        if isinstance(self.history, int):
            return cell + self.history * cells if self.history else cell
        history = self.history if chosen is None else self.history[chosen]
        return history * cells + cell


def traced(batch: Batch, times: Floats, placement: Placement, layout: Layout) -> Traced | None:
    """The rows of a batch, if it says of which traces they are."""
    if batch.trace_id is None:
        return None
    failed = layout.failed(batch)
    if failed is not None and not failed.any():
        failed = None
    ahead = None if failed is None else np.where(failed, _FIRST, 0.0)
    versions = [version for version, _ in placement.groups]
    history = versions[0] if len(set(versions)) == 1 else np.array(versions).take(placement.index)
    return Traced(batch, batch.trace_id, times, history, max(versions) + 1, failed, ahead)


class Offers(NamedTuple):
    """Rows of ascending rank: their places, numbers, ranks and values, all (n,)."""

    places: Ints
    numbers: Ints
    ranks: Floats
    values: Floats

    def best(self, places: int) -> Offers:
        """The last of each place, of so many places."""
        last = np.full(places, -1)
        last[self.places] = np.arange(len(self.places))
        at = last[last >= 0]
        return Offers(*(one[at] for one in self))

    def tuples(self) -> list[tuple[int, int, float, float]]:
        """Row by row."""
        return list(zip(*(one.tolist() for one in self), strict=True))


class Marks:
    """The exemplars of one family's cells; a history has `cells` of them."""

    def __init__(self, cells: int = 1) -> None:
        self._cells = cells
        self._best = np.empty(0)  # the rank of what stands there since the last commit
        self._found: dict[int, Exemplar] = {}

    def least(self, rows: Traced) -> float:
        """No row of this rank or a lower one is better than what stands in any of their cells."""
        if len(self._best) < rows.histories * self._cells:
            return -np.inf
        one = rows.history
        own = (
            slice(one * self._cells, (one + 1) * self._cells)
            if isinstance(one, int)
            else slice(None)
        )
        return float(self._best[own].min())

    def mark(
        self, rows: Traced, cell: Ints, rank: Floats, values: Floats, chosen: Ints | None = None
    ) -> None:
        """Remember the rows of highest rank, one a cell; of the same rank, the last.

        `cell`, `rank` (NaN: none) and `values` have one entry for each of the `chosen` rows (None:
        all). A row without a trace is no example.
        """
        missing = rows.histories * self._cells - len(self._best)
        if missing > 0:
            self._best = np.append(self._best, np.full(missing, -np.inf))
        places = rows.places(cell, self._cells, chosen)
        better = (rank > self._best.take(places)).nonzero()[0]
        if not len(better):
            return
        at = better[rank[better].argsort(kind="stable")]
        numbers = at if chosen is None else chosen[at]
        offers = Offers(places[at], numbers, rank[at], values[at])
        few = offers if len(at) <= _MANY else offers.best(len(self._best))
        if not self._take(rows, few) and few is not offers:
            self._take(rows, offers)  # the best of some place had no trace

    def _take(self, rows: Traced, offers: Offers) -> bool:
        """Take the last with a trace of each place; whether none was without."""
        all_have, done = True, set()
        for place, row, rank, value in reversed(offers.tuples()):
            if place in done:
                continue
            trace = rows.traces[row]
            if trace is None:
                all_have = False
                continue
            done.add(place)
            self._best[place] = rank
            self._found[place] = Exemplar(str(trace), value, float(rows.times[row]))
        return all_have

    def next_round(self) -> None:
        """Any row is better than what stands there now."""
        self._best.fill(-np.inf)

    def items(self) -> Iterator[tuple[int, int, Exemplar]]:
        """History, cell, exemplar."""
        for place, exemplar in self._found.items():
            yield *divmod(place, self._cells), exemplar
