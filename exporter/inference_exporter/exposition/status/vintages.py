"""Facts -> calendar periods of a version: estimate, early outcome and outcome side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.performance import (
    ESTIMATE,
    HEADLINE,
    REALISED,
    by_class,
)
from inference_exporter.exposition.status.views import Known, VintageRow, VintagesView
from inference_exporter.values.status_facts import ModelFacts, Vintage

EARLY = "inference_performance_early"
METRICS = 2  # of each period


def vintages_of(facts: ModelFacts, version: str) -> tuple[VintagesView, ...]:
    """A view for each kind of period, with what people ask for first."""
    mine = [one for one in facts.vintages if one.version == version]
    return tuple(
        _view(kind, list(ones)) for kind, ones in groupby(mine, lambda one: one.kind)
    )  # they come by kind


def _view(kind: str, ones: list[Vintage]) -> VintagesView:
    known = {
        metric for one in ones for family in (REALISED, ESTIMATE) for metric in _of(one, family)
    }
    metrics = [metric for metric in HEADLINE if metric in known][:METRICS]
    rows = [row for one in ones for row in _rows(one, metrics)]
    return VintagesView(kind, tuple(rows), any(f"{EARLY}_samples" in one.gauges for one in ones))


def _rows(one: Vintage, metrics: list[str]) -> Iterator[VintageRow]:
    """One for each metric; at least one, for a period of which nothing else is known either."""
    found = {family: _of(one, family) for family in (ESTIMATE, EARLY, REALISED)}
    coverage = _only(one, "inference_label_coverage_ratio")
    for metric in metrics or [""]:
        yield VintageRow(
            one.name,
            one.begin,
            one.end,
            one.is_over,
            metric,
            Number(one.predictions, "count"),
            Number(coverage, "share", "no labels"),
            *(found[family].get(metric, Known(Number(None, why="none"))) for family in found),
        )


def _only(one: Vintage, family: str) -> float | None:
    return next(iter(one.gauges.get(family, {}).values()), None)


def _of(one: Vintage, family: str) -> Mapping[str, Known]:
    """By metric, of the whole and not of a class."""
    values, low, high = (
        by_class({labels[2:-1]: value for labels, value in one.gauges.get(name, {}).items()}, "")
        for name in (family, f"{family}_lower", f"{family}_upper")
    )
    return {
        key[0]: Known(Number(value), (low[key], high[key]) if key in low and key in high else None)
        for key, value in values.items()
        if not key[1]
    }
