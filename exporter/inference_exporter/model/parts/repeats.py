"""Rows that repeat others are marked before they are counted: see `repeats`.

Marked are rows whose inputs came in the last seconds or within the hour (a broken feature is
judged by others), rows of a lone burst, and rows that were delivered again: with an id and inputs
that came before, or of an entity that has more than its share. The last three are set aside from
decisions, and counted by reason; all counters have them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Self

import msgspec
import numpy as np

from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Setting
from inference_exporter.repeats import (
    STRETCHES,
    Crowds,
    Grouping,
    Heavy,
    Keys,
    Seen,
    fingerprints,
    keys_of,
    mixed,
)
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.batch import Batch, Bools, Floats, Ints
from inference_exporter.values.samples import Labels, Samples

KEY = "repeats"
SOON, HOURLY, ASIDE = "repeated/soon", "repeated/hour", "repeated/aside"  # names of flags
SLOT, HOUR = 10.0, 3600.0  # seconds in which equal rows count once
STRETCH = HOUR / STRETCHES
REASONS = ("equal_rows", "repeated_id", "entity")
_IDS = 16  # bits: 65,536 ids are remembered, a place can be taken by another


class RepeatsPart(Part):
    """Which rows of one model repeat others. In memory only but for what was counted."""

    leftovers = (KEY,)

    def __init__(self, model: str, *, ids: bool, entities: bool = False) -> None:
        self._model = model
        self._soon, self._hourly, self._crowds = Seen(), Seen(), Crowds()
        self._ids = Seen(_IDS) if ids else None
        self._heavy = Heavy() if entities else None
        asked = {"equal_rows": True, "repeated_id": ids, "entity": entities}
        self._reasons = tuple(reason for reason in REASONS if asked[reason])
        self._counts = dict.fromkeys(self._reasons, 0)
        self._changed = False

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`. Without a reference no features are read."""
        config = setting.config
        if config.reference is None:
            return None
        return cls(
            config.name, ids=config.fields.id is not None, entities=bool(config.fields.entity)
        )

    def use(self, counting: Counting, now: float) -> None:
        """See `Part.use`. What rows say again does not depend on the reference."""

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:
        """See `Part.columns`: flags of rows whose inputs are those of a row before."""
        if not batch.features:
            return batch
        times = np.where(np.isnan(times), now, times)
        keys = fingerprints(batch.features, batch.rows)
        if batch.version is not None:
            keys = mixed(keys, keys_of(batch.version).view(np.int64))
        groups, hours = Grouping.of(keys), (times // HOUR).astype(np.int64)
        slots = (times // SLOT).astype(np.int64)
        flags = {
            SOON: self._seen(self._soon, mixed(keys, slots), _kept(groups, slots)),
            HOURLY: self._seen(self._hourly, mixed(keys, hours), _kept(groups, hours)),
        }
        again = self._delivered_again(batch, keys, groups)
        burst = self._crowds.aside(keys, (times // STRETCH).astype(np.int64), groups) & ~again
        heavy = self._beyond(batch, hours) & ~again & ~burst
        aside = again | burst | heavy
        if aside.any():
            flags[ASIDE] = aside
            self._changed = True
            for reason, marked in zip(REASONS, (burst, again, heavy), strict=True):
                if marked.any():
                    self._counts[reason] += int(marked.sum())
        return replace(batch, flags={**batch.flags, **flags})

    @staticmethod
    def _seen(seen: Seen, keys: Keys, groups: Grouping | None) -> Bools:
        marks: Bools = seen.times(keys, groups) > 1
        return marks

    def _delivered_again(self, batch: Batch, keys: Keys, groups: Grouping) -> Bools:
        """Rows with an id and inputs that came before."""
        if self._ids is None or batch.id is None:
            return np.zeros(batch.rows, dtype=np.bool_)
        ids = keys_of(batch.id)
        if batch.row is not None:  # one id stands for several rows
            keys = mixed(keys, keys_of(batch.row).view(np.int64))
        alike = groups if groups.all_different else None
        again: Bools = self._seen(self._ids, mixed(keys, ids.view(np.int64)), alike) & (ids != 0)
        return again

    def _beyond(self, batch: Batch, hours: Ints) -> Bools:
        """Rows of entities that have more than their share."""
        if self._heavy is None or batch.entity is None:
            return np.zeros(batch.rows, dtype=np.bool_)
        return self._heavy.beyond(keys_of(batch.entity), hours)

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        counts: dict[Labels, float] = {}
        for reason, n in self._counts.items():
            counts[self._model, reason] = float(n)
        yield cache.samples("inference_rows_set_aside_total", counts)

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        if not self._changed:
            return {}, set()
        self._changed = False
        return {KEY: msgspec.msgpack.encode(self._counts)}, set()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        if KEY in state:
            try:
                stored = msgspec.msgpack.decode(state[KEY], type=dict[str, int])
            except msgspec.MsgspecError as error:
                return [f"damaged counts of rows set aside: {error}"]
            self._counts |= {one: stored[one] for one in self._reasons if one in stored}
        return []


def _kept(groups: Grouping, spans: Ints) -> Grouping | None:
    """The groups, if keys that are mixed with these spans of time have the same."""
    return groups if groups.all_different or spans.min() == spans.max() else None
