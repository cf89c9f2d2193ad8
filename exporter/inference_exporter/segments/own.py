"""Segments against themselves: how good the model was for each on the reference data."""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.config import drops
from inference_exporter.config.schema import ModelConfig
from inference_exporter.performance.declines import decline
from inference_exporter.performance.groups import Known, Measured, known_gap
from inference_exporter.results.judge import Verdict
from inference_exporter.segments.page import Gauges, Page, measured
from inference_exporter.values.profile import Reference
from inference_exporter.values.segment_profiles import SegmentProfile

_FAMILY = "inference_performance_reference"
_DECLINE = "inference_performance_segment_decline"
Key = tuple[str, str]  # metric and class


class OwnReferences:
    """The references of the segments of one model; none where its profile has none.

    Parameters
    ----------
    positive
        The positive class; metrics of other classes are not held against a reference.
    """

    def __init__(
        self, config: ModelConfig, reference: Reference | None, positive: str | None
    ) -> None:
        self._config, self._reference, self._positive = config, reference, positive
        known = reference.segments if reference else {}
        self._known = {one.name: known.get(one.name, {}) for one in config.segments}

    def has(self, field: str) -> bool:
        """Whether any value of a field has a reference."""
        return bool(self._known[field])

    def bias(self, field: str, value: str) -> Mapping[str, tuple[float, float]]:
        """What estimates were off by in a segment of the reference data, with standard errors."""
        profile = self._known[field].get(value)
        return profile.estimate_bias if profile else {}

    def put(self, into: Gauges, version: str) -> None:
        """The gauges of the references themselves."""
        base = (self._config.name, version)
        for name, known in self._known.items():
            page = Page(base, "", name, into)
            for value, profile in known.items():
                for key, number in profile.performance.items():
                    page.put_of(value, _FAMILY, (*base, *key), number)
                for key, (lower, upper) in profile.intervals.items():
                    page.put_of(value, f"{_FAMILY}_lower", (*base, *key), lower)
                    page.put_of(value, f"{_FAMILY}_upper", (*base, *key), upper)

    def compare(self, page: Page, shown: Mapping[str, Verdict], alpha: float) -> None:
        """How much worse each segment is than it was; `alpha` is for all of them together."""
        pairs = [
            (value, key, before, now)
            for value, verdict in shown.items()
            for key, before in self._measured(page.name, value).items()
            if (now := measured(verdict, key)) is not None
        ]
        for value, key, before, now in pairs:
            limit = drops.allowed(key[0], before.value, self._config.thresholds)
            found = decline(key[0], before, now, alpha / len(pairs), page.design)
            if found is not None and limit is not None:
                where = (*page.base, *key, page.window)
                page.put_of(value, _DECLINE, where, found.value)
                page.put_of(value, f"{_DECLINE}_critical", where, found.critical)
                page.put_of(value, f"{_DECLINE}_limit", where, limit)

    def _measured(self, field: str, value: str) -> dict[Key, Measured]:
        """What is held against the reference: metrics with a limit and an interval."""
        profile = self._known[field].get(value)
        if profile is None:
            return {}
        wanted = (*drops.DROPS, *drops.GROWTHS)
        return {
            key: of_profile(profile, key)
            for key in profile.intervals
            if key[0] in wanted and key[1] in ("", self._positive)
        }

    def gaps(self, field: str, key: Key) -> dict[str, Known]:
        """How much worse than all rows the segments of a field were on the reference data."""
        whole = self._whole(key)
        found = {
            value: known_gap(key[0], whole, of_profile(profile, key))
            for value, profile in self._known[field].items()
            if whole is not None and key in profile.performance
        }
        return {value: one for value, one in found.items() if one is not None}

    def _whole(self, key: Key) -> Measured | None:
        """All rows of the reference, ranked by the same bins as its segments are."""
        reference = self._reference
        if reference is None or key not in reference.performance:
            return None
        value = reference.performance_binned.get(key, reference.performance[key])
        rows = float(reference.performance_samples)
        return Measured(value, reference.performance_intervals.get(key), rows)


def of_profile(profile: SegmentProfile, key: Key) -> Measured:
    """A metric of a segment on the reference data."""
    return Measured(profile.performance[key], profile.intervals.get(key), float(profile.samples))
