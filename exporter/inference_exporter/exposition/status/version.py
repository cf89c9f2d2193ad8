"""Snapshot -> everything about one version of a model over one window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from inference_exporter.exposition.status.drift import Place, drift_of, subject_of
from inference_exporter.exposition.status.examples import stand_out
from inference_exporter.exposition.status.lately import (
    SHOWN,
    decisions_of,
    figures_of,
    freshness_of,
    over_time,
    span_of,
    with_lines,
)
from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.performance import performance_of
from inference_exporter.exposition.status.quality import quality_of
from inference_exporter.exposition.status.segments import segments_of
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.status.views import Labelled, SubjectView, VersionView
from inference_exporter.exposition.status.vintages import vintages_of
from inference_exporter.values.samples import Labels

_LEVELS = ("quiet", "warns", "drift detected")


def version_view(place: Place, now: float, chosen: Selection, most: int = SHOWN) -> VersionView:
    """The version, as of `now`; `most` features have a line of the last day."""
    index, labels, window = place.index, place.labels, place.window
    newest = index.one("inference_last_prediction_timestamp_seconds", *labels)
    traffic = place.facts.traffic.get((place.version, window))
    codes = index.rows("inference_requests_total", *labels)
    classes = index.rows("inference_predictions_total", *labels)
    latency = _latency(place)
    drift = with_lines(place, drift_of(place), most)
    subject: SubjectView | None = None
    if chosen.feature is not None:
        subject = subject_of(place, drift, "feature", chosen.feature)
    elif chosen.output is not None:
        subject = subject_of(place, drift, "output", chosen.output)
    if subject is not None:
        subject = replace(subject, over_time=over_time(place, subject.row))
    return VersionView(
        place.facts.name,
        place.version,
        window,
        Number(None if newest is None else max(0.0, now - newest), "age", "none yet"),
        Number(traffic.requests if traffic else None, "count", "none yet"),
        _ratio(traffic.failures, traffic.requests) if traffic else Number(None, "share", "none"),
        Number(sum(codes.values()), "count"),
        _windowed(place, "inference_drifted_features"),
        _windowed(place, "inference_undecided_features"),
        Number(
            index.one("inference_drifted_importance_ratio", *labels, window), "share", "not known"
        ),
        latency,
        _why_no_latency(place) if not latency else "",
        _steps(place),
        _counts(codes),
        _counts({key: n for key, n in classes.items() if key[0]}),
        _concept(place),
        drift,
        performance_of(place),
        quality_of(place),
        segments_of(place),
        vintages_of(place.facts, place.version),
        figures_of(place),
        span_of(place),
        decisions_of(place, drift),
        stand_out(place),
        freshness_of(place, now),
        subject,
    )


def _windowed(place: Place, family: str) -> Number:
    value = place.index.one(family, *place.labels, place.window)
    return Number(value, "count", "not decided yet")


def _ratio(part: float, whole: float) -> Number:
    return Number(part / whole, "share") if whole else Number(None, "share", "no requests")


def _latency(place: Place) -> tuple[Labelled, ...]:
    rows = place.index.rows("inference_request_duration_quantile_seconds", *place.labels)
    return tuple(
        Labelled(f"p{float(q) * 100:g}", Number(value, "seconds"))
        for (q, window), value in rows.items()
        if window == place.window
    )


def _why_no_latency(place: Place) -> str:
    family = "inference_request_duration_seconds"
    if place.index.histograms(family, *place.labels):
        return "No latency was logged in this window."
    return "The configuration names no field with the latency."


def _steps(place: Place) -> tuple[Labelled, ...]:
    """Means since the version was first seen."""
    found = place.index.histograms("inference_step_duration_seconds", *place.labels)
    return tuple(
        Labelled(step, Number(total / n if n else None, "seconds", "none yet"))
        for (step,), (n, total) in found.items()
    )


def _counts(rows: Mapping[Labels, float]) -> tuple[Labelled, ...]:
    """The largest first."""
    ordered = sorted(rows.items(), key=lambda item: (-item[1], item[0]))
    return tuple(Labelled(key[0], Number(value, "count")) for key, value in ordered)


def _concept(place: Place) -> tuple[Labelled, ...]:
    rows = place.index.rows("inference_concept_drift", *place.labels)
    return tuple(
        Labelled(f"{detector} on {signal}", Number(None, why=_LEVELS[min(int(value), 2)]))
        for (detector, signal), value in rows.items()
    )
