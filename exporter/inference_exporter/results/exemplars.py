"""Traced requests that are examples of what was counted: failures and the slowest first.

Every bucket of a histogram and every label set of a counter has one at most, chosen anew for each
commit; until a better one comes, that of an earlier commit stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from inference_exporter.accumulators import (
    Confusion,
    Histogram,
    Layout,
    NumericBins,
    StatusCodes,
    wrong_rows,
)
from inference_exporter.results.best_rows import Marks, Traced, traced
from inference_exporter.values.batch import (
    Batch,
    Floats,
    Ints,
    NumericColumn,
    Scalar,
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

ByPlace = dict[tuple[Labels, int], Exemplar]
"""By label set and bucket of a histogram; the bucket of a counter is 0."""


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
        urgency = rows.urgency()
        for bins in self._bins:
            self._mark_output(rows, bins, urgency)
        for name, family in self._flags.items():
            if name in batch.flags:
                self._mark_rows(rows, family, batch.flags[name].nonzero()[0], urgency)
        if self._failures and rows.failed is not None:
            self._mark_rows(rows, FAILURES, rows.failed.nonzero()[0], urgency)
        if self._outcomes:
            self._mark_wrong(rows, urgency)

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
        values = column.values
        marks.mark(rows, one.buckets_of(values), rows.urgent(values), values)

    def _mark_output(self, rows: Traced, one: NumericBins, urgency: Floats) -> None:
        column: NumericColumn | None = one.column(rows.batch)
        if column is None:
            return
        edges, reference = one.profile.edges, one.key.rpartition("@")[2]
        marks = self._marks_of(BINS, (reference, one.name), len(edges) + 1)
        known = ~np.isnan(column.values)
        chosen = (known & (urgency > marks.least(rows))).nonzero()[0]
        values = column.values[chosen]
        marks.mark(rows, np.searchsorted(edges, values), urgency[chosen], values, chosen)

    def _mark_rows(self, rows: Traced, family: str, chosen: Ints, urgency: Floats) -> None:
        self._marks_of(family).mark(
            rows, np.zeros(len(chosen), np.int64), urgency[chosen], np.ones(len(chosen)), chosen
        )

    def _mark_wrong(self, rows: Traced, urgency: Floats) -> None:
        wrong = wrong_rows(rows.batch)
        if wrong is None:
            return
        chosen: dict[Labels, list[int]] = {}
        for row in np.flatnonzero(wrong)[-_WRONG:].tolist():
            chosen.setdefault(_pair(rows.batch, row), []).append(row)
        for labels, places in chosen.items():
            if (OUTCOMES, labels) in self._marks or len(self._marks) < PAIRS:
                at = np.array(places)
                marks = self._marks_of(OUTCOMES, labels)
                marks.mark(rows, np.zeros_like(at), urgency[at], np.ones(len(at)), at)


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
