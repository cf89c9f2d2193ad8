"""Snapshot -> requests that stand out: exemplars that are on `/metrics` too."""

from __future__ import annotations

from inference_exporter.exposition.status.drift import Place
from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.views import StandOut

MOST = 5
_LATENCY = "inference_request_duration_seconds"


def stand_out(place: Place) -> tuple[StandOut, ...]:
    """The slowest requests that have a trace, then examples of failures and the like."""
    slow, others = [], []
    for family, labels, exemplar in place.index.exemplars(*place.labels):
        if family == _LATENCY:
            number = Number(exemplar.value, "seconds")
            slow.append(StandOut("slow", exemplar.trace_id, number, exemplar.timestamp))
        elif family.endswith("_total"):
            what = " ".join((family.removeprefix("inference_").removesuffix("_total"), *labels))
            number = Number(None, why="–")
            others.append(StandOut(what.replace("_", " "), exemplar.trace_id, number,
                                   exemplar.timestamp))  # fmt: skip
    slow.sort(key=lambda one: -(one.value.value or 0.0))
    others.sort(key=lambda one: -one.when)
    return (*slow[:MOST], *others[:MOST])
