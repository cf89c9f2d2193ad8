"""Gross breakage of features, within minutes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np

from inference_exporter.accumulators import Groups
from inference_exporter.broken import PREFIX, Broken
from inference_exporter.broken.broken import Group, recent
from inference_exporter.config.budget import allowed
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.model.parts.repeats import HOURLY, SOON
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.batch import Floats, Ints
from inference_exporter.values.samples import Labels, Samples
from inference_exporter.windows import NO_PANE

MINUTE = 60.0
LOOK = 5.0  # seconds between two looks at a log that is read after the fact, as in a sidecar


class BrokenPart(Part):
    """Which features of one model are broken."""

    leftovers = (PREFIX,)

    def __init__(self, *, live: bool) -> None:
        self._live = live
        self._looked = -np.inf
        self._broken: Broken | None = None

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        if setting.config.reference is None:
            return None
        return cls(live=not setting.event_time)

    @property
    def broken(self) -> Broken:
        """The verdicts in force."""
        assert self._broken is not None  # a model uses its parts before anything else
        return self._broken

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`."""
        abandoned = self._broken.abandon() if self._broken else set()
        self._counting = counting
        self._broken = Broken(counting.layout, allowed(counting.config.thresholds, "broken"))
        self._broken.forget(abandoned)

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`."""
        again = rows.batch.flags.get(SOON), rows.batch.flags.get(HOURLY)
        if again[0] is None or again[1] is None or not self.broken.names:
            return
        clock = self._counting.clock(rows.now)
        index, groups, every = self._grouped(rows)
        kept = [one if one is not None and recent(one[1], clock) else None for one in groups]
        self.broken.add(rows.batch, rows.times, index, kept, every, (again[0], again[1]))
        if not self._live and not clock - self._looked < LOOK:
            self._looked = clock
            self.broken.advance(clock)

    def _grouped(self, rows: Rows) -> tuple[Ints, list[Group | None], Floats]:
        """Rows by version and minute: as they were counted, where panes are parts of minutes."""
        placement, base = rows.placement, self._counting.timeline.base
        if MINUTE % base == 0:
            groups = [
                None if pane == NO_PANE else (rows.names[version], int(pane * base // MINUTE))
                for version, pane in placement.groups
            ]
            return placement.index, groups, self.broken.of(rows.increments.dense)
        pairs = [None if pane == NO_PANE else version for version, pane in placement.groups]
        version = np.array([-1 if one is None else one for one in pairs])[placement.index]
        minute = np.where(version < 0, 0.0, np.nan_to_num(rows.times) // MINUTE).astype(np.int64)
        found, index = np.unique(np.stack((version, minute)), axis=1, return_inverse=True)
        index = index.reshape(-1)
        own = [None if v < 0 else (rows.names[v], m) for v, m in found.T.tolist()]
        return index, own, self.broken.counted(rows.batch, Groups(index, len(own)))

    def advance(self, clock: float) -> None:
        """See `Part.advance`."""
        self.broken.advance(clock)

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        name = self._counting.config.name
        states: dict[Labels, float] = {}
        shares: dict[Labels, float] = {}
        for version, feature, kind, broken, share in self.broken.found():
            labels = (name, version, feature, kind)
            states[labels] = float(broken)
            if broken:
                shares[labels] = share
        yield cache.samples("inference_feature_broken", states)
        yield cache.samples("inference_feature_broken_ratio", shares)

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        return self.broken.take_changes()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        return self.broken.restore(state)
