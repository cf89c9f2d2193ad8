"""Snapshot -> requests that stand out: exemplars that are on `/metrics` too."""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.exposition.status.drift import Place
from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.views import StandOut

MOST = 5
_LATENCY = "inference_request_duration_seconds"
_WORDS: Mapping[str, str] = {  # with the labels of the counter
    "inference_request_failures_total": "failed",
    "inference_requests_slow_total": "over the objective of latency",
    "inference_outliers_total": "outlier",
    "inference_outcomes_total": "predicted {}, was {}",
}


def stand_out(place: Place) -> tuple[StandOut, ...]:
    """The slowest requests that have a trace, then the newest examples of what went wrong."""
    slow, wrong = [], []
    for family, labels, exemplar in place.index.exemplars(*place.labels):
        trace, when = exemplar.trace_id, exemplar.timestamp
        if family == _LATENCY:
            slow.append(StandOut("slow", trace, Number(exemplar.value, "seconds"), when))
        elif family in _WORDS:
            said = _WORDS[family].format(*labels)
            wrong.append(StandOut(said, trace, Number(None, why="–"), when))
    slow.sort(key=lambda one: -(one.value.value or 0.0))
    wrong.sort(key=lambda one: -one.when)
    return (*slow[:MOST], *wrong[:MOST])
