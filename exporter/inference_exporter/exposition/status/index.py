"""A snapshot, asked by family and leading labels."""

from __future__ import annotations

from collections.abc import Mapping

from inference_exporter.samples import Labels, Samples, Snapshot

Rows = Mapping[Labels, float]

_NOTHING: Rows = {}


class Index:
    """Finds values; reads only the families that are asked for, each once.

    Families that the snapshot does not have are empty: whether a value is there depends on the
    configuration, on the evidence and on the version of the exporter.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._blocks: dict[str, list[Samples]] = {}
        self._grouped: dict[tuple[str, int], dict[Labels, dict[Labels, float]]] = {}
        for block in snapshot.blocks:
            self._blocks.setdefault(block.series.family.name, []).append(block)

    def rows(self, family: str, *leading: str) -> Rows:
        """Values of a counter or gauge whose first labels are these, by the labels after them."""
        key = (family, len(leading))
        if key not in self._grouped:
            self._grouped[key] = self._group(family, len(leading))
        return self._grouped[key].get(leading, _NOTHING)

    def one(self, family: str, *labels: str) -> float | None:
        """The value of one series, None if it is not there."""
        return self.rows(family, *labels).get(())

    def histograms(self, family: str, *leading: str) -> Mapping[Labels, tuple[float, float]]:
        """Count and sum of histograms whose first labels are these, by the labels after them."""
        found: dict[Labels, tuple[float, float]] = {}
        for block in self._blocks.get(family, ()):
            step = block.series.values_per_set
            for at, labels in enumerate(block.series.label_sets):
                if labels[: len(leading)] == leading:
                    end = (at + 1) * step
                    found[labels[len(leading) :]] = (block.values[end - 1], block.values[end - 2])
        return found

    def _group(self, family: str, leading: int) -> dict[Labels, dict[Labels, float]]:
        groups: dict[Labels, dict[Labels, float]] = {}
        for block in self._blocks.get(family, ()):
            last: Labels | None = None
            for labels, value in zip(block.series.label_sets, block.values, strict=True):
                head = labels[:leading]
                if head != last:  # they come in runs
                    last, group = head, groups.setdefault(head, {})
                group[labels[leading:]] = value
        return groups
