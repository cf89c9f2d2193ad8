"""Requests and responses that are lines of their own, joined before anything else is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Self

import msgspec

from inference_exporter.config.schema import ModelConfig, PairsConfig
from inference_exporter.model.part import Part, Rewritten, Setting
from inference_exporter.pairs import HalfReader, waiting_of
from inference_exporter.results.series_cache import SeriesCache
from inference_exporter.values.samples import Labels, Samples


class PairsPart(Part):
    """The halves of one model's predictions."""

    leftovers = ("pairs/",)

    def __init__(self, config: ModelConfig, pairs: PairsConfig) -> None:
        self._name = config.name
        self._reader = HalfReader(config)
        self._halves = waiting_of(pairs)

    @classmethod
    def of(cls, setting: Setting) -> Self | None:
        """See `Part.of`."""
        pairs = setting.config.pairs
        return None if pairs is None else cls(setting.config, pairs)

    def rewritten(self, block: bytes, now: float) -> Rewritten:
        """See `Part.rewritten`: whole pairs in the place of halves."""
        halves, read = self._reader.read(block)
        lines = [self._halves.meet(half, now) for half in halves]
        lines.append(self._halves.whole(now))
        return Rewritten(b"".join(lines), read)

    def overdue(self, now: float) -> bytes:
        """See `Part.overdue`: requests that nobody answered, and responses to none."""
        return self._halves.overdue(now)

    def is_due(self, now: float) -> bool:
        """See `Part.is_due`."""
        return self._halves.is_due(now)

    def samples(self, clock: float, cache: SeriesCache) -> Iterator[Samples]:  # noqa: ARG002
        """See `Part.samples`."""
        counts = self._halves.counts
        results: dict[Labels, float] = {(self._name, one): float(n) for one, n in counts.items()}
        yield cache.samples("inference_pairs_total", results)
        waiting: dict[Labels, float] = {(self._name,): float(len(self._halves))}
        yield cache.samples("inference_pairs_waiting", waiting)

    def take_changes(self) -> tuple[dict[str, bytes], set[str]]:
        """See `Part.take_changes`."""
        return self._halves.take_changes()

    def restore(self, state: Mapping[str, bytes], now: float) -> list[str]:  # noqa: ARG002
        """See `Part.restore`."""
        try:
            self._halves.restore(state)
        except (ValueError, msgspec.MsgspecError) as error:
            return [f"halves of pairs: {error}"]
        return []
