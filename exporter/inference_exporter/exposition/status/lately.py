"""Snapshot -> what was when: small lines of the last day, bins over time, decisions, freshness."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from inference_exporter.exposition.status.drift import Place
from inference_exporter.exposition.status.numbers import Number, Unit
from inference_exporter.exposition.status.performance import HEADLINE
from inference_exporter.exposition.status.views import (
    BinsOverTime,
    Decision,
    DecisionRow,
    DecisionsView,
    DriftRow,
    DriftView,
    Labelled,
    LineView,
)
from inference_exporter.values.status_facts import Decided, Past, Scope

State = Literal["drifted", "ok", "undecided"]
SHOWN = 20  # rows with a line, and rows of the timeline
_FIGURES: Mapping[str, tuple[str, Unit]] = {
    "requests": ("Requests", "count"),
    "failed": ("Failed", "share"),
    "p95": ("Latency p95", "seconds"),
}
_METRICS = 3


def with_lines(place: Place, view: DriftView, most: int = SHOWN) -> DriftView:
    """The same, with the last day of the features that are shown, and of the outputs."""
    past = place.facts.past.get(place.version)
    if past is None:
        return view
    features = tuple(_with_line(past, row) for row in view.features[:most])
    outputs = tuple(_with_line(past, row) for row in view.outputs)
    return replace(view, features=features + view.features[most:], outputs=outputs)


def _with_line(past: Past, row: DriftRow) -> DriftRow:
    return replace(row, past=tuple(past.distances(row.scope, row.name)))


def figures_of(place: Place) -> tuple[LineView, ...]:
    """Traffic, latency and the metrics that people ask for first, over the last day."""
    past = place.facts.past.get(place.version)
    if past is None:
        return ()
    found = past.figures()
    metrics = [name for name in HEADLINE if name in found][:_METRICS]
    wanted: dict[str, tuple[str, Unit]] = {**_FIGURES, **dict.fromkeys(metrics, ("", "plain"))}
    return tuple(
        LineView(words or name, unit, tuple(found[name])) for name, (words, unit) in wanted.items()
        if name in found and any(value is not None for value in found[name])
    )  # fmt: skip


def span_of(place: Place) -> tuple[float, float]:
    """When the lines begin and end, in epoch seconds; (0, 0) where there are none."""
    past = place.facts.past.get(place.version)
    found = past.stretches if past else ()
    return (found[0].start, found[-1].end) if found else (0.0, 0.0)


def over_time(place: Place, row: DriftRow) -> BinsOverTime | None:
    """The shares of the bins of one feature or output, stretch by stretch."""
    past = place.facts.past.get(place.version)
    if past is None or not row.bins:
        return None
    shares = [
        None if one is None or len(one) != len(row.bins) else tuple(one.tolist())
        for one in past.shares(row.scope, row.name)
    ]
    labels = tuple(one.label for one in row.bins)
    known = tuple(one.reference for one in row.bins)
    return BinsOverTime(labels, known, tuple(shares), *span_of(place))


def decisions_of(place: Place, view: DriftView) -> DecisionsView | None:
    """The last decisions on a window, those rows first of which something was drifted."""
    found = place.facts.decided.get((place.version, place.window), ())
    rows = (*view.features, *view.outputs)
    if not found or not rows:
        return None
    length = place.facts.lengths.get(place.window, 0.0)
    ever = {subject for one in found for subject in one.drifted}
    order = sorted(rows, key=lambda row: (row.scope, row.name) not in ever)
    drawn = tuple(_decisions(row, found, length) for row in order[:SHOWN])
    return DecisionsView(place.window, found[0].end - length, found[-1].end, drawn,
                         max(0, len(rows) - SHOWN))  # fmt: skip


def _decisions(row: DriftRow, found: tuple[Decided, ...], length: float) -> DecisionRow:
    subject: tuple[Scope, str] = (row.scope, row.name)
    return DecisionRow(
        row.name if row.scope == "feature" else f"{row.name} (output)",
        tuple(Decision(one.end - length, one.end, _state(subject, one)) for one in found),
    )


def _state(subject: tuple[str, str], one: Decided) -> State:
    if subject in one.drifted:
        return "drifted"
    return "undecided" if subject in one.undecided else "ok"


def freshness_of(place: Place, now: float) -> tuple[Labelled, ...]:
    """How old everything is that a page of a version rests on, as of `now`."""
    index, model = place.index, place.facts.name
    decided = place.facts.decided.get((place.version, place.window), ())
    reference = index.rows("inference_reference_timestamp_seconds", model)
    known = {
        "Newest prediction": index.one(
            "inference_last_prediction_timestamp_seconds", *place.labels),
        f"Last decision, {place.window}": decided[-1].end if decided else None,
        "Reference made": max(reference.values(), default=None),
        "Configuration read": index.one(
            "inference_exporter_config_last_reload_success_timestamp_seconds"),
        "Last commit": index.one("inference_exporter_state_last_commit_timestamp_seconds"),
    }  # fmt: skip
    return tuple(
        Labelled(name, Number(None if when is None else max(0.0, now - when), "age", "none yet"))
        for name, when in known.items()
        if when is not None or name.startswith(("Newest prediction", "Last decision"))
    )
