"""Windows beside those of other times: see `decisions/earlier`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import numpy as np

from inference_exporter.decisions import Judgement
from inference_exporter.decisions.earlier import LEAST_SECONDS, Earlier
from inference_exporter.decisions.subjects import Subjects
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Setting
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.kept_state import restored
from inference_exporter.values.samples import Labels, Samples

PREFIX = "earlier/"


class EarlierPart(Part):
    """What the last full windows of one model are against other times."""

    leftovers = (PREFIX,)

    def __init__(self, model: str, against: tuple[str, ...]) -> None:
        self._model, self._against = model, against
        self._kept: dict[str, Earlier] = {}
        self._values: dict[str, dict[Labels, float]] = {}  # by family
        self._shape = (0, 0)
        self._changed: set[str] = set()
        self._unusable: set[str] = set()
        self._watching = False

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        config = setting.config
        if config.reference is None or not config.compare:
            return None
        return cls(config.name, config.compare)

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`. What was counted in other bins cannot be compared."""
        fingerprint = counting.reference.fingerprint if counting.reference else ""
        self._kept = {
            one.name: Earlier(fingerprint, one.seconds)
            for one in counting.config.windows
            if one.seconds >= LEAST_SECONDS
        }
        features, cells = Subjects(counting.config, counting.layout).known.shape
        self._shape, self._values = (features, cells), {}
        if not self._watching:
            assert counting.watch_decisions is not None  # decisions are before it
            counting.watch_decisions(self._told)
            self._watching = True

    def _told(self, told: Judgement) -> None:
        kept = self._kept.get(told.window)
        if kept is None:
            return
        for against, found in kept.distances(told):
            if against in self._against:
                for (scope, name), value in zip(told.subjects, found.tolist(), strict=True):
                    family = f"inference_{scope}_drift_compared"
                    labels = (self._model, told.version, name, told.window, against)
                    values = self._values.setdefault(family, {})
                    values.pop(labels, None)
                    if not np.isnan(value):
                        values[labels] = value
        kept.add(told)
        self._changed.add(told.window)

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        for family, values in self._values.items():
            yield cache.samples(family, values)

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        puts = {f"{PREFIX}{window}": self._kept[window].encode() for window in self._changed}
        deletes, self._unusable = self._unusable - puts.keys(), set()
        self._changed.clear()
        return puts, deletes

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        problems, self._unusable = restored(state, PREFIX, self._restore)
        return problems

    def _restore(self, key: str, value: bytes) -> bool:
        kept = self._kept.get(key.removeprefix(PREFIX))
        return kept is not None and kept.decode(value, self._shape)
