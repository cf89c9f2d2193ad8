"""Probabilities of many classes and rankings: from counts to performance, and to counters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from inference_exporter.accumulators import (
    ActualRanks,
    ClassLosses,
    DenseAccumulator,
    Layout,
    OneVsRest,
    TopScores,
)
from inference_exporter.performance import (
    Intervals,
    Metrics,
    calibration_interval,
    loss_intervals,
    loss_metrics,
    rank_intervals,
    rank_metrics,
    rest_errors,
    rest_intervals,
    rest_metrics,
    top_calibration_error,
)
from inference_exporter.values.batch import Floats
from inference_exporter.values.samples import Labels
from inference_exporter.values.tally import Tally

Kinds = ActualRanks | ClassLosses | OneVsRest | TopScores
RANKED = "inference_ranked_outcomes_total"
TOP = "inference_top_score_outcomes"
LOSSES = "inference_class_score_outcomes"


@dataclass(slots=True)
class Found:
    """Metrics and their intervals by (metric, class), and bounds of binning errors."""

    metrics: Metrics = field(default_factory=dict)
    intervals: Intervals = field(default_factory=dict)
    binning: Metrics = field(default_factory=dict)


class ChoiceJudge:
    """Reads the metrics of one model's probabilities or rankings out of tallies."""

    def __init__(self, layout: Layout, top_k: Sequence[int]) -> None:
        self._layout, self._top_k = layout, top_k
        self._kinds = [one for one in layout.dense if isinstance(one, Kinds)]

    def found(self, tally: Tally) -> Found:
        """What the labels in the tally say."""
        found = Found()
        for one in self._kinds:
            add_found(found, one, self._layout.cells_of(one, tally), self._top_k)
        return found


def add_found(found: Found, one: Kinds, cells: Floats, top_k: Sequence[int]) -> None:
    """Add what the cells of one accumulator say."""
    if isinstance(one, ActualRanks):
        shown = [k for k in top_k if one.size is None or k < one.size]
        found.metrics.update(rank_metrics(cells, shown))
        found.intervals.update(rank_intervals(cells, shown))
    elif isinstance(one, ClassLosses):
        found.metrics.update(loss_metrics(cells))
        found.intervals.update(loss_intervals(cells))
    elif isinstance(one, TopScores):
        (misses, missed), (hits, hit) = one.table(cells)
        error = top_calibration_error(misses + hits, missed + hit, hits)
        if error is not None:
            found.metrics["calibration_error", ""] = error
            interval = calibration_interval(misses + hits, hits, error)
            if interval is not None:
                found.intervals["calibration_error", ""] = interval
    else:
        rows = one.rows(cells)
        found.metrics.update(rest_metrics(rows, one.classes))
        found.intervals.update(rest_intervals(rows, one.classes))
        found.binning.update(rest_errors(rows, one.classes))


def choice_values(
    base: Labels, one: DenseAccumulator, cells: Floats
) -> Iterator[tuple[str, dict[Labels, float]]]:
    """Counters of one accumulator, by family."""
    if isinstance(one, ActualRanks):
        yield RANKED, {(*base, rank): n for rank, n in zip(one.names, cells.tolist(), strict=True)}
    elif isinstance(one, ClassLosses):
        rows, loss, _, brier, _ = cells.tolist()
        yield f"{LOSSES}_total", {base: rows}
        yield f"{LOSSES}_log_loss_total", {base: loss}
        yield f"{LOSSES}_squared_error_total", {base: brier}
    elif isinstance(one, TopScores):
        for at, name in enumerate((f"{TOP}_total", f"{TOP}_score_total")):
            yield (
                name,
                {
                    (*base, correct, f"{cell:02d}"): value
                    for correct, row in zip(("false", "true"), one.table(cells)[:, at], strict=True)
                    for cell, value in enumerate(row.tolist())
                },
            )
