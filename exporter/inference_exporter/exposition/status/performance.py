"""Snapshot -> how good the model is: from labels, and estimated without them."""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.exposition.status.drift import Place
from inference_exporter.exposition.status.index import Rows
from inference_exporter.exposition.status.numbers import Number, count
from inference_exporter.exposition.status.views import PerformanceRow, PerformanceView

HEADLINE = ("accuracy", "roc_auc", "f1", "log_loss", "mae", "rmse", "mape", "r2")
REALISED, ESTIMATE = "inference_performance", "inference_performance_estimate"

Values = Mapping[tuple[str, str], float]  # by metric and class


def performance_of(place: Place) -> PerformanceView:
    """All metrics that are known from labels, as an estimate, or on the reference."""
    index, labels, window = place.index, place.labels, place.window
    realised = _of_window(place, REALISED)
    estimated = _of_window(place, ESTIMATE)
    reference = _by_class(place, index.rows("inference_performance_reference", *labels))
    samples = index.one("inference_performance_samples", *labels, window)
    coverage = index.one("inference_label_coverage_ratio", *labels, window)
    selected = index.one("inference_label_selection_bias", *labels, window) == 1
    spans = {family: _intervals(place, family) for family in (REALISED, ESTIMATE)}
    rows = tuple(
        PerformanceRow(
            *key,
            Number(realised.get(key), why="none"),
            spans[REALISED].get(key),
            Number(estimated.get(key), why="none"),
            spans[ESTIMATE].get(key),
            Number(reference.get(key), why="none"),
        )
        for key in dict.fromkeys((*realised, *estimated, *reference))
    )
    return PerformanceView(
        rows,
        Number(samples, "count", "no labels configured"),
        Number(coverage, "share"),
        "" if realised else _why(place, samples, coverage, selected),
        "" if estimated else _why_not_estimated(place),
    )


def _why(place: Place, samples: float | None, coverage: float | None, selected: bool) -> str:
    if samples is None and coverage is None:
        return "No labels are configured, so there is no performance from labels."
    least = place.facts.least
    if samples is not None and samples < least:
        return f"Too few labelled predictions in this window: {count(samples)} of {count(least)}."
    if selected:
        return (
            "The labels are a selection: some predicted classes or scores have theirs and others "
            "do not, so performance would not be that of the traffic (labels.selection)."
        )
    return "Too small a share of the predictions in this window has a label yet."


def _why_not_estimated(place: Place) -> str:
    n = place.index.one(f"{ESTIMATE}_samples", *place.labels, place.window)
    if n is None:
        return "No estimate without labels: it takes a reference with labels and scores."
    least = place.facts.least
    few = f": {count(n)} predictions of {count(least)}" if n < least else ""
    return f"No estimate without labels in this window{few}."


def _of_window(place: Place, family: str) -> Values:
    """Values of the window; its name is the last label."""
    rows = place.index.rows(family, *place.labels)
    here = {labels[:-1]: value for labels, value in rows.items() if labels[-1] == place.window}
    return _by_class(place, here)


def _by_class(place: Place, rows: Rows) -> Values:
    positive = next(
        iter(place.index.rows("inference_positive_class_info", place.facts.name)), ("",)
    )
    return by_class(rows, positive[0])


def by_class(rows: Rows, positive: str) -> Values:
    """By metric and class. Estimates have no class: some of them are the positive class's."""
    return {
        (key[0], key[1]) if len(key) > 1 else _estimate(key[0], positive): value
        for key, value in rows.items()
    }


def _estimate(metric: str, positive: str) -> tuple[str, str]:
    """Metric and class of an estimate: the mean over many classes, or the positive one of two.

    >>> _estimate("macro_f1", ""), _estimate("f1", "yes"), _estimate("accuracy", "yes")
    (('f1', 'macro'), ('f1', 'yes'), ('accuracy', ''))
    """
    if metric.startswith("macro_"):
        return metric.removeprefix("macro_"), "macro"
    return metric, positive if metric in ("precision", "recall", "f1") else ""


def _intervals(place: Place, family: str) -> Mapping[tuple[str, str], tuple[float, float]]:
    low, high = (_of_window(place, f"{family}_{end}") for end in ("lower", "upper"))
    return {key: (low[key], high[key]) for key in low if key in high}
