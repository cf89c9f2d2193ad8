"""Snapshot -> which segments drift against their own reference."""

from __future__ import annotations

from inference_exporter.exposition.status.drift import Place
from inference_exporter.exposition.status.views import SegmentDriftRow

_FAMILY = "inference_segment_{}_drift_state"


def segment_drift_of(place: Place) -> tuple[SegmentDriftRow, ...]:
    """The segments that were decided on in the window; those that drift first."""
    undecided = place.index.rows("inference_segment_drift_undecided", *place.labels)
    states: dict[str, dict[str, float]] = {}
    for scope in ("feature", "output"):
        found = place.index.rows(_FAMILY.format(scope), *place.labels)
        for (segment, name, window), state in found.items():
            if window == place.window:
                states.setdefault(segment, {})[name] = state
    rows = []
    for (segment, window), count in undecided.items():
        if window == place.window:
            mine = states.get(segment, {})
            drifted = tuple(name for name, state in mine.items() if state)
            rows.append(SegmentDriftRow(segment, drifted, len(mine) - len(drifted), int(count)))
    return tuple(sorted(rows, key=lambda row: (-len(row.drifted), row.segment)))
