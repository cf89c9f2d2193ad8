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

from inference_exporter.accumulators import CategoryBins
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Setting
from inference_exporter.repeats import (
    Coding,
    Crowds,
    Grouping,
    Heavy,
    Keyed,
    Keys,
    Met,
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
REASONS = ("equal_rows", "repeated_id", "entity")
_IDS = 16  # bits: 65,536 ids are remembered, a place can be taken by another
_NONE: Bools = np.zeros(1, dtype=np.bool_)  # no row, of however many


class RepeatsPart(Part):
    """Which rows of one model repeat others. In memory only but for what was counted."""

    leftovers = (KEY,)

    def __init__(self, model: str, *, ids: bool, entities: bool = False) -> None:
        self._model = model
        self._met, self._crowds = Met(), Crowds()
        self._soon, self._hourly = Seen(), Seen()
        self._codings: Mapping[str, Coding] = {}
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

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`. Values have the codes that are counted with."""
        bins = [one for one in counting.layout.dense if isinstance(one, CategoryBins)]
        self._codings = {one.name: one.coding for one in bins if one.scope == "feature"}

    def columns(self, batch: Batch, times: Floats, now: float) -> Batch:
        """See `Part.columns`: flags of rows whose inputs are those of a row before."""
        if not batch.features:
            return batch
        times = np.where(np.isnan(times), now, times)
        self._crowds.count(times)
        rows = Keyed(self._keys(batch), times, self._who(batch))
        at, firsts = self._met.again(rows)
        flags = {name: np.zeros(batch.rows, dtype=np.bool_) for name in (SOON, HOURLY)}
        again, burst = self._marked(rows, at, firsts, flags) if len(at) else (_NONE, _NONE)
        heavy = self._beyond(batch, times) & ~again & ~burst
        aside = again | burst | heavy
        if aside.any():
            flags[ASIDE] = aside
            self._changed = True
            for reason, marked in zip(REASONS, (burst, again, heavy), strict=True):
                if marked.any():
                    self._counts[reason] += int(marked.sum())
        return replace(batch, flags={**batch.flags, **flags})

    def _keys(self, batch: Batch) -> Keys:
        keys = fingerprints(batch.features, batch.rows, self._codings)
        if batch.version is None:
            return keys
        one = batch.version.count(batch.version[0]) == batch.rows  # as mostly
        return keys ^ keys_of(batch.version[:1] if one else batch.version)

    def _who(self, batch: Batch) -> Keys:
        """A key (rows,) of the id, and of the row where one id stands for several; 0: no id."""
        if self._ids is None or batch.id is None:
            return np.zeros(batch.rows, dtype=np.uint64)
        ids = keys_of(batch.id)
        if batch.row is None:
            return ids
        return np.where(ids != 0, mixed(ids, keys_of(batch.row).view(np.int64)), ids)

    def _marked(
        self, rows: Keyed, at: Ints, firsts: Keyed, flags: Mapping[str, Bools]
    ) -> tuple[Bools, Bools]:
        """Rows (rows,) that were delivered again, and those of a burst; marks go into `flags`.

        Their first ones are counted before them, as if they came only now.
        """
        every = firsts.and_then(rows, at)
        groups = Grouping.of(every.keys)
        again = self._delivered_again(every, groups)
        burst = self._crowds.aside(every.keys, every.times, groups) & ~again
        marks = np.zeros((4, len(rows.keys)), dtype=np.bool_)
        for mark, found in zip(marks, (
            _came(self._soon, every, SLOT, groups), _came(self._hourly, every, HOUR, groups),
            again, burst,
        ), strict=True):  # fmt: skip
            mark[at] = found[len(firsts.keys) :]
        flags[SOON][:], flags[HOURLY][:] = marks[:2]
        return marks[2], marks[3]

    def _delivered_again(self, rows: Keyed, groups: Grouping) -> Bools:
        """Rows with an id and inputs that came before."""
        if self._ids is None:
            return np.zeros(len(rows.keys), dtype=np.bool_)
        alike = groups if groups.all_different else None
        times = self._ids.times(mixed(rows.keys, rows.who.view(np.int64)), alike)
        again: Bools = (times > 1) & (rows.who != 0)
        return again

    def _beyond(self, batch: Batch, times: Floats) -> Bools:
        """Rows of entities that have more than their share."""
        if self._heavy is None or batch.entity is None:
            return _NONE
        return self._heavy.beyond(keys_of(batch.entity), (times // HOUR).astype(np.int64))

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


def _came(seen: Seen, rows: Keyed, length: float, groups: Grouping) -> Bools:
    """Rows with the key of a row before, within one of the spans of this length."""
    spans = (rows.times // length).astype(np.int64)
    came: Bools = seen.times(mixed(rows.keys, spans), _kept(groups, spans)) > 1
    return came


def _kept(groups: Grouping, spans: Ints) -> Grouping | None:
    """The groups, if keys that are mixed with these spans of time have the same."""
    return groups if groups.all_different or spans.min() == spans.max() else None
