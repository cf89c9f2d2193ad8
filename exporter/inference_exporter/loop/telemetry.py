"""The exporter's metrics about itself: named numbers, owned by the writer thread.

Counters are committed with everything else, so that they do not step back after a crash either.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from inference_exporter.families import FAMILIES
from inference_exporter.values.samples import Labels, Samples, SeriesSet, Snapshot

_PERSISTENT = "inference_exporter_state_persistent"


class Telemetry:
    """Counters and gauges by family and label values."""

    def __init__(self) -> None:
        self._values: dict[str, dict[Labels, float]] = {}
        self._series: dict[str, SeriesSet] = {}

    def inc(self, family: str, *labels: str, by: float = 1.0) -> None:
        """Add to a counter; `by=0` makes it exist."""
        values = self._of(family, labels)
        values[labels] += by

    def set(self, family: str, *labels: str, value: float) -> None:
        """Set a gauge."""
        self._of(family, labels)[labels] = float(value)

    def get(self, family: str, *labels: str) -> float:
        """The present value, 0 if there is none."""
        return self._values.get(family, {}).get(labels, 0.0)

    def keep_sources(self, names: Collection[str]) -> None:
        """Drop the series of sources that are no longer configured."""
        self._keep("source", names)

    def _keep(self, label: str, names: Collection[str]) -> None:
        for family, values in self._values.items():
            if FAMILIES[family].labels[:1] == (label,):
                for labels in [labels for labels in values if labels[0] not in names]:
                    del values[labels]
                    self._series.pop(family, None)

    def keep_models(self, names: Collection[str]) -> None:
        """Drop the series of models that are no longer configured."""
        self._keep("model", names)

    def samples(self) -> list[Samples]:
        """All of it, ready for a snapshot."""
        blocks = []
        for family, values in self._values.items():
            series = self._series.get(family)
            if series is None:
                series = self._series[family] = SeriesSet(FAMILIES[family], values)
            blocks.append(Samples(series, list(values.values())))
        return blocks

    def to_bytes(self) -> bytes:
        """The counters, for the committed state."""
        return msgspec.msgpack.encode(
            [
                (family, labels, value)
                for family, values in self._values.items()
                if FAMILIES[family].kind == "counter"
                for labels, value in values.items()
            ]
        )

    def restore(self, data: bytes) -> None:
        """Take up committed counters; raises ValueError if they are damaged."""
        try:
            rows = msgspec.msgpack.decode(data, type=list[tuple[str, tuple[str, ...], float]])
        except msgspec.MsgspecError as error:
            raise ValueError(f"damaged telemetry: {error}") from error
        for family, labels, value in rows:
            known = FAMILIES.get(family)
            if known and known.kind == "counter" and len(known.labels) == len(labels):
                self.inc(family, *labels, by=value)

    def _of(self, family: str, labels: Labels) -> dict[Labels, float]:
        values = self._values.setdefault(family, {})
        if labels not in values:
            assert len(labels) == len(FAMILIES[family].labels), (family, labels)
            values[labels] = 0.0
            self._series.pop(family, None)
        return values


def not_kept(held: Snapshot) -> Snapshot:
    """A page as it was, but for what it says of the state: that it is not kept at the moment."""
    warning = Telemetry()
    warning.set(_PERSISTENT, value=0.0)
    blocks = [block for block in held.blocks if block.series.family.name != _PERSISTENT]
    return Snapshot((*blocks, *warning.samples()), held.timestamp, held.facts)
