"""Performance in a profile's file: of all rows, and of the segments with labels enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np

from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import FeatureProfile
from inference_exporter.values.segment_profiles import SegmentProfile, SegmentProfiles

Key = tuple[str, str]  # metric and class
Interval = tuple[float, float]


class MetricState(msgspec.Struct, forbid_unknown_fields=True):
    """A metric as JSON."""

    metric: str
    of_class: str = msgspec.field(name="class")
    value: float
    lower: float | msgspec.UnsetType = msgspec.UNSET
    upper: float | msgspec.UnsetType = msgspec.UNSET
    binned: float | msgspec.UnsetType = msgspec.UNSET


class SegmentState(msgspec.Struct, forbid_unknown_fields=True):
    """A segment as JSON."""

    samples: int
    performance: list[MetricState]
    cells: dict[str, list[float]] | msgspec.UnsetType = msgspec.UNSET
    estimate_bias: dict[str, tuple[float, float]] | msgspec.UnsetType = msgspec.UNSET


SegmentStates = dict[str, dict[str, SegmentState]]


def metric_states(
    values: Mapping[Key, float],
    intervals: Mapping[Key, Interval],
    binned: Mapping[Key, float] | None = None,
) -> list[MetricState]:
    """To be written."""
    found = []
    for (metric, of_class), value in values.items():
        key = (metric, of_class)
        lower, upper = intervals.get(key, (msgspec.UNSET, msgspec.UNSET))
        at_bins = (binned or {}).get(key, msgspec.UNSET)
        found.append(MetricState(metric, of_class, value, lower, upper, at_bins))
    return found


def values_of(states: Sequence[MetricState]) -> dict[Key, float]:
    """Values by metric and class."""
    return {(one.metric, one.of_class): one.value for one in states}


def intervals_of(states: Sequence[MetricState]) -> dict[Key, Interval]:
    """Intervals, where they are known."""
    return {
        (one.metric, one.of_class): (one.lower, one.upper)
        for one in states
        if not isinstance(one.lower, msgspec.UnsetType)
        and not isinstance(one.upper, msgspec.UnsetType)
    }


def binned_of(states: Sequence[MetricState]) -> dict[Key, float]:
    """Values of scores in 20 bins, where they differ."""
    return {
        (one.metric, one.of_class): one.binned
        for one in states
        if not isinstance(one.binned, msgspec.UnsetType)
    }


def segment_states(profiles: SegmentProfiles) -> SegmentStates | msgspec.UnsetType:
    """To be written; nothing where there are none, so that earlier versions read the file."""
    if not profiles:
        return msgspec.UNSET
    return {
        field: {
            value: SegmentState(
                one.samples,
                metric_states(one.performance, one.intervals),
                {key: cells.tolist() for key, cells in one.cells.items()} or msgspec.UNSET,
                dict(one.estimate_bias) or msgspec.UNSET,
            )
            for value, one in known.items()
        }
        for field, known in profiles.items()
    }


def segments_of(
    states: SegmentStates | msgspec.UnsetType, profiles: Mapping[str, FeatureProfile]
) -> dict[str, dict[str, SegmentProfile]]:
    """As they were written; ValueError if cells are not those of these `profiles`."""
    found = {} if isinstance(states, msgspec.UnsetType) else states
    return {
        field: {
            value: SegmentProfile(
                one.samples,
                values_of(one.performance),
                intervals_of(one.performance),
                _cells(value, one.cells or {}, profiles),
                one.estimate_bias or {},
            )
            for value, one in known.items()
        }
        for field, known in found.items()
    }


def _cells(
    value: str, cells: Mapping[str, list[float]], profiles: Mapping[str, FeatureProfile]
) -> dict[str, Floats]:
    for key, counts in cells.items():
        bins = len(profiles[key].bins) if key in profiles else -1
        if len(counts) != bins or min(counts, default=0.0) < 0:
            raise ValueError(f"is damaged: segments: {value}: {key} has not the bins of all rows")
    return {key: np.array(counts, dtype=np.float64) for key, counts in cells.items()}
