"""Is the reference of the same features as the log? Names on one side only, counted by feature.

The decoder of a log picks the features that the reference has and never sees others. So the first
line of every block is decoded a second time, with all its features: one line in some hundreds, a
few percent of the cost of a block, and a feature that is always there is found within seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Self

import msgspec

from inference_exporter.accumulators import CategoryBins, Layout, NumericBins
from inference_exporter.formats import Decoder
from inference_exporter.model.counting import Counting
from inference_exporter.model.part import Part, Rows, Setting
from inference_exporter.results.gauges import Gauges
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.samples import Labels, Samples
from inference_exporter.values.tally import Tally
from inference_exporter.values.vocabulary import LABEL_LENGTH, OVERFLOW

KEY = "mismatch"
NAMES = 50  # unknown features with a series of their own


class _Stored(msgspec.Struct, array_like=True):
    reference: str
    unknown: dict[str, int]


class Mismatch(Part):
    """Features of one model that only the log has, or only the reference.

    `make_sampler` makes what decodes all features of a line.
    """

    def __init__(self, make_sampler: Callable[[], Decoder]) -> None:
        self._make_sampler = make_sampler
        self._sampler: Decoder | None = None

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        if setting.make_sampler is None or not setting.config.fields.features:
            return None
        return cls(setting.make_sampler)

    def use(self, counting: Counting, now: float) -> None:  # noqa: ARG002
        """See `Part.use`. Without a reference every feature is as good as another."""
        self._counting, reference = counting, counting.reference
        self._unknown: dict[str, int] = {}
        self._changed = False
        self._sampler = None
        if reference is not None:
            self._sampler = self._make_sampler()
            self._reference = reference.fingerprint
            derived = counting.config.derived.values()
            self._known = frozenset(reference.features).union(one.source for one in derived)

    def counted(self, rows: Rows) -> None:
        """See `Part.counted`: look at the first line of a block."""
        if self._sampler is None:
            return
        block = rows.block
        line = block[: block.find(b"\n") + 1] or block
        for features in self._sampler.decode(line).batch.raw_features or ():
            for name in () if features is None else features.keys() - self._known:
                self._count(name[:LABEL_LENGTH])

    def _count(self, name: str) -> None:
        if name not in self._unknown and len(self._unknown) >= NAMES:
            name = OVERFLOW
        self._unknown[name] = self._unknown.get(name, 0) + 1
        self._changed = True

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`: sampled lines by unknown feature since the reference is in use."""
        if self._sampler is None:
            return
        name = self._counting.config.name
        counts: dict[Labels, float] = {
            (name, feature): float(n) for feature, n in self._unknown.items()
        }
        yield cache.samples("inference_feature_unknown_total", counts)
        number: dict[Labels, float] = {(name, "unknown"): float(len(counts))}
        yield cache.samples("inference_reference_schema_differences", number)

    def gauges(self, clock: float, gauges: Gauges) -> None:
        """See `Part.gauges`: features of the reference without any value in the shortest window."""
        if self._sampler is None:
            return
        layout, timeline = self._counting.layout, self._counting.timeline
        shortest = min(timeline.windows, key=lambda window: window.seconds)
        tally = layout.empty()
        for version in timeline.versions:
            tally.merge(timeline.window(version, shortest.name, clock))
        number = absent(layout, tally)
        if number is not None:
            family = gauges.setdefault("inference_reference_schema_differences", {})
            family[self._counting.config.name, "absent"] = float(number)

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        if not self._changed:
            return {}, set()
        self._changed = False
        return {KEY: msgspec.msgpack.encode(_Stored(self._reference, self._unknown))}, set()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`; what another reference did not know says nothing."""
        if KEY not in state or self._sampler is None:
            return []
        try:
            stored = msgspec.msgpack.decode(state[KEY], type=_Stored)
        except msgspec.MsgspecError as error:
            return [f"unknown features: {error}"]
        if stored.reference == self._reference:
            self._unknown = stored.unknown
        return []


def absent(layout: Layout, tally: Tally) -> int | None:
    """How many features of the reference have no value at all; None if there were no inputs."""
    found, rows = 0, 0.0
    for one in layout.dense:
        if isinstance(one, NumericBins | CategoryBins) and one.scope == "feature":
            cells = layout.cells_of(one, tally)
            counts = one.fine_counts(cells) if isinstance(one, NumericBins) else one.counts(cells)
            values = float(counts.sum()) + one.invalid(cells)
            rows = max(rows, values + one.missing(cells))
            found += values == 0.0
    return found if rows else None
