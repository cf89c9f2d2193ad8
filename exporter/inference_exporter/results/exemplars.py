"""Traced requests that are examples of what was counted: failures and the slowest first.

Every bucket of a histogram and every label set of a counter has one at most, chosen anew for each
commit; until a better one comes, that of an earlier commit stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from inference_exporter.accumulators import (
    Confusion,
    Histogram,
    Layout,
    NumericBins,
    StatusCodes,
    wrong_rows,
)
from inference_exporter.values.batch import (
    Batch,
    Bools,
    Floats,
    Ints,
    NumericColumn,
    Scalar,
    TextColumn,
    category_name,
)
from inference_exporter.values.samples import Exemplar, Labels, Samples
from inference_exporter.values.vocabulary import LABEL_LENGTH
from inference_exporter.windows import Placement

DURATIONS, STEPS = "inference_request_duration_seconds", "inference_step_duration_seconds"
FAILURES, OUTCOMES = "inference_request_failures_total", "inference_outcomes_total"
BINS = "inference_output_bin_total"
FLAGS = {
    "outlier": "inference_outliers_total",
    "similar": "inference_similar_inputs_total",
    "boundary": "inference_boundary_predictions_total",
}

PAIRS = 256  # of predicted and actual class
_WRONG = 64  # wrong predictions of a block that are looked at
_FIRST = 1e9  # seconds that a failure counts as slower than anything that did not fail

ByPlace = dict[tuple[Labels, int], Exemplar]
"""By label set and bucket of a histogram; the bucket of a counter is 0."""


@dataclass(frozen=True, slots=True)
class Traced:
    """Rows with their `traces`, `times` (epoch seconds) and `history` (number of the version).

    `failed` marks those that failed; `urgency` is larger the sooner one would look at a row.
    """

    batch: Batch
    traces: TextColumn
    times: Floats
    history: Ints
    failed: Bools | None
    urgency: Floats


def traced(batch: Batch, times: Floats, placement: Placement, layout: Layout) -> Traced | None:
    """The rows of a batch, if it says of which traces they are."""
    if batch.trace_id is None:
        return None
    failed = layout.failed(batch)
    taken = np.zeros(batch.rows) if batch.latency is None else np.nan_to_num(batch.latency.values)
    history = np.array([version for version, _ in placement.groups]).take(placement.index)
    return Traced(batch, batch.trace_id, times, history, failed, _urgent(taken, failed))


def _urgent(seconds: Floats, failed: Bools | None) -> Floats:
    return seconds if failed is None else seconds + failed * _FIRST


class Marks:
    """The exemplars of one family's cells; a history has `cells` of them."""

    def __init__(self, cells: int = 1) -> None:
        self._cells = cells
        self._best = np.empty(0)  # the rank of what stands there since the last commit
        self._found: dict[int, Exemplar] = {}

    def mark(self, rows: Traced, cell: Ints | int, rank: Floats, values: Floats) -> None:
        """Remember the rows of highest rank (NaN: none), a cell each, with the `values` (rows,)."""
        at = rows.history * self._cells + cell
        if at.max() >= len(self._best):
            more = int(at.max()) + 1 - len(self._best)
            self._best = np.append(self._best, np.full(more, -np.inf))
        better = [
            row
            for row in np.flatnonzero(rank > self._best.take(at)).tolist()
            if rows.traces[row] is not None
        ]
        if not better:
            return
        ascending = np.array(better)[np.argsort(rank[better], kind="stable")]
        for place, row in dict(
            zip(at[ascending].tolist(), ascending.tolist(), strict=True)
        ).items():
            self._best[place] = rank[row]
            trace, time = str(rows.traces[row]), float(rows.times[row])
            self._found[place] = Exemplar(trace, float(values[row]), time)

    def next_round(self) -> None:
        """Any row is better than what stands there now."""
        self._best.fill(-np.inf)

    def items(self) -> Iterator[tuple[int, int, Exemplar]]:
        """History, cell, exemplar."""
        for place, exemplar in self._found.items():
            yield *divmod(place, self._cells), exemplar


class Exemplars:
    """The exemplars of what a layout counts, of the families that are `wanted`."""

    def __init__(self, layout: Layout, wanted: Callable[[str], bool]) -> None:
        self._layout, self._wanted = layout, wanted
        self._marks: dict[tuple[str, Labels], Marks] = {}
        dense = layout.dense
        self._histograms = [
            one for one in dense if isinstance(one, Histogram) and wanted(_histogram(one))
        ]
        self._bins = [
            one
            for one in dense
            if isinstance(one, NumericBins) and one.scope == "output" and wanted(BINS)
        ]
        kinds = {type(one) for one in layout.sparse}
        self._failures = StatusCodes in kinds and wanted(FAILURES)
        self._outcomes = Confusion in kinds and wanted(OUTCOMES)
        self._flags = {name: family for name, family in FLAGS.items() if wanted(family)}

    def mark(self, batch: Batch, times: Floats, placement: Placement) -> None:
        """Remember rows that were counted; `times` (rows,) in epoch seconds."""
        rows = traced(batch, times, placement, self._layout)
        if rows is None:
            return
        for one in self._histograms:
            self._mark_duration(rows, one)
        for bins in self._bins:
            self._mark_output(rows, bins)
        for name, family in self._flags.items():
            if name in batch.flags:
                self._mark_rows(rows, family, batch.flags[name])
        if self._failures and rows.failed is not None and rows.failed.any():
            self._mark_rows(rows, FAILURES, rows.failed)
        if self._outcomes:
            self._mark_wrong(rows)

    def next_round(self) -> None:
        """What was marked is on the page: the next commit has examples of its own."""
        for marks in self._marks.values():
            marks.next_round()

    def items(self, histories: Sequence[str]) -> Iterator[tuple[str, str, Labels, int, Exemplar]]:
        """Family, name of the history, labels after the history's, bucket, exemplar."""
        for (family, labels), marks in self._marks.items():
            for history, cell, exemplar in marks.items():
                if family == BINS:
                    yield family, histories[history], (*labels, f"{cell:02d}"), 0, exemplar
                else:
                    yield family, histories[history], labels, cell, exemplar

    def _marks_of(self, family: str, labels: Labels = (), cells: int = 1) -> Marks:
        key = (family, labels)
        if key not in self._marks:
            self._marks[key] = Marks(cells)
        return self._marks[key]

    def _mark_duration(self, rows: Traced, one: Histogram) -> None:
        column = one.column(rows.batch)
        if column is None:
            return
        labels = (one.step,) if one.step else ()
        marks = self._marks_of(_histogram(one), labels, len(one.bounds) + 1)
        rank = _urgent(column.values, rows.failed)
        marks.mark(rows, np.searchsorted(one.bounds, column.values), rank, column.values)

    def _mark_output(self, rows: Traced, one: NumericBins) -> None:
        column: NumericColumn | None = one.column(rows.batch)
        if column is None:
            return
        edges, reference = one.profile.edges, one.key.rpartition("@")[2]
        marks = self._marks_of(BINS, (reference, one.name), len(edges) + 1)
        rank = np.where(np.isnan(column.values), np.nan, rows.urgency)
        marks.mark(rows, np.searchsorted(edges, column.values), rank, column.values)

    def _mark_rows(self, rows: Traced, family: str, chosen: Bools) -> None:
        rank = np.where(chosen, rows.urgency, np.nan)
        self._marks_of(family).mark(rows, 0, rank, np.ones(rows.batch.rows))

    def _mark_wrong(self, rows: Traced) -> None:
        wrong = wrong_rows(rows.batch)
        if wrong is None:
            return
        ones = np.ones(rows.batch.rows)
        for row in np.flatnonzero(wrong)[-_WRONG:].tolist():
            labels = _pair(rows.batch, row)
            if (OUTCOMES, labels) in self._marks or len(self._marks) < PAIRS:
                rank = np.full(rows.batch.rows, np.nan)
                rank[row] = rows.urgency[row]
                self._marks_of(OUTCOMES, labels).mark(rows, 0, rank, ones)


def with_exemplars(blocks: Iterable[Samples], found: Mapping[str, ByPlace]) -> Iterator[Samples]:
    """The blocks with the exemplars of their label sets, by family."""
    for block in blocks:
        places = found.get(block.series.family.name)
        marks = _placed(block, places) if places else {}
        yield replace(block, exemplars=marks) if marks else block


def _placed(block: Samples, places: ByPlace) -> dict[int, Exemplar]:
    """By index into the values of the block."""
    starts, width = block.series.starts, block.series.values_per_set
    return {
        starts[labels] + bucket: exemplar
        for (labels, bucket), exemplar in places.items()
        if labels in starts and bucket < width
    }


def _histogram(one: Histogram) -> str:
    return STEPS if one.step else DURATIONS


def _pair(batch: Batch, row: int) -> Labels:
    assert batch.prediction is not None
    assert batch.actual is not None
    return _name(batch.prediction[row]), _name(batch.actual[row])


def _name(value: Scalar) -> str:
    return category_name(value)[:LABEL_LENGTH] if value is not None else ""
