"""Snapshot -> parts of the traffic beside each other: who is judged worse, who otherwise."""

from __future__ import annotations

from inference_exporter.exposition.status.drift import Place
from inference_exporter.exposition.status.numbers import Number, write
from inference_exporter.exposition.status.performance import HEADLINE, REALISED
from inference_exporter.exposition.status.segment_drift import segment_drift_of
from inference_exporter.exposition.status.views import FairnessRow, SegmentRow, SegmentsView

_METRICS = 3
_LOSSES = frozenset({"log_loss", "mae", "rmse", "mape"})  # lower is better
_DECLINE = f"{REALISED}_segment_decline"


_UNKNOWN = (Number(None, why="too few labels"),) * 3


def segments_of(place: Place) -> SegmentsView:
    """All segments that have labelled predictions in the window, field by field."""
    labelled = place.index.segments("inference_performance_samples", *place.labels, place.window)
    coverage = place.index.segments("inference_label_coverage_ratio", *place.labels, place.window)
    values = {
        (metric, segment): value
        for (metric, of_class, window, segment, _), value in place.index.segments(
            REALISED, *place.labels
        ).items()
        if window == place.window and not of_class
    }
    metrics = tuple(one for one in HEADLINE if any(one == metric for metric, _ in values))
    outstanding, declined = _outstanding(place, metrics[:_METRICS]), _declined(place)
    own = _own(place, metrics[0]) if metrics else {}
    rows = [
        SegmentRow(
            segment.removesuffix(value).removesuffix("="),
            value,
            Number(samples, "count"),
            Number(coverage.get((segment, value)), "share", "no predictions"),
            tuple(
                Number(values.get((metric, segment)), why="too few labels")
                for metric in metrics[:_METRICS]
            ),
            *own.get(segment, _UNKNOWN),
            segment in outstanding,
            segment in declined,
        )
        for (segment, value), samples in labelled.items()
    ]
    order = {row.field: at for at, row in reversed(list(enumerate(rows)))}
    rows.sort(key=lambda row: (order[row.field], not row.marked, _in_order(row.value)))
    drift = segment_drift_of(place)
    return SegmentsView(metrics[:_METRICS], tuple(rows), _fairness(place), drift)


def _in_order(value: str) -> tuple[int, float, str]:
    """Ranges such as `<=30`, `30..50` and `>50` from low to high, then names."""
    if value.startswith("<="):
        return 0, 0.0, value
    low, dots, _ = value.partition("..")
    try:
        return (1, float(low), value) if dots else (2, 0.0, value)
    except ValueError:
        return 2, 0.0, value


def _outstanding(place: Place, metrics: tuple[str, ...]) -> set[str]:
    """Segments whose gap to all rows has grown most in their field, beyond what chance explains."""
    family = f"{REALISED}_segment_gap_growth"
    critical = place.index.rows(f"{family}_critical", *place.labels)
    found = set()
    for (metric, of_class, window, field, segment), gap in place.index.rows(
        family, *place.labels
    ).items():
        key = (metric, of_class, window, field)
        shown = metric in metrics and not of_class and window == place.window
        if shown and gap > critical.get(key, float("inf")):
            found.add(segment)
    return found


def _declined(place: Place) -> set[str]:
    """Segments of which some metric is worse than it was there, significant and large."""
    index, labels = place.index, place.labels
    limits = [index.segments(f"{_DECLINE}_{end}", *labels) for end in ("critical", "limit")]
    return {
        key[3]
        for key, value in index.segments(_DECLINE, *labels).items()
        if key[2] == place.window and all(value > one.get(key, float("inf")) for one in limits)
    }


def _own(place: Place, metric: str) -> dict[str, tuple[Number, Number, Number]]:
    """Of one metric, by segment: on its reference, and how much worse than there and than all."""
    index, labels, window = place.index, place.labels, place.window
    whole = index.one(REALISED, *labels, metric, "", window)
    before = index.segments(f"{REALISED}_reference", *labels, metric, "")
    worse = index.segments(_DECLINE, *labels, metric, "", window)
    sign = -1.0 if metric in _LOSSES else 1.0
    found = {}
    for key, value in index.segments(REALISED, *labels, metric, "", window).items():
        gap = None if whole is None else sign * (whole - value)
        found[key[0]] = (
            Number(before.get(key), why="unknown"),
            Number(worse.get(key), why="unknown"),
            Number(gap, why="unknown"),
        )
    return found


def _fairness(place: Place) -> tuple[FairnessRow, ...]:
    ratios = place.index.rows("inference_fairness_ratio", *place.labels)
    critical = place.index.rows("inference_fairness_ratio_critical", *place.labels)
    rates = place.index.segments("inference_group_rate", *place.labels)
    rows = []
    for (metric, field, window), ratio in ratios.items():
        if window == place.window:
            chance = critical.get((metric, field, window))
            groups = ", ".join(
                f"{value} {write(rate, 'share')}"
                for (one, span, segment, value), rate in sorted(rates.items())
                if (one, span) == (metric, window) and segment == f"{field}={value}"
            )
            rows.append(
                FairnessRow(
                    field, metric.replace("_", " "), Number(ratio), Number(chance), groups,
                    chance is not None and ratio < chance,
                )
            )  # fmt: skip
    return tuple(rows)
