"""A snapshot, asked by family and leading labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inference_exporter.families import FAMILIES
from inference_exporter.values.samples import Exemplar, Labels, Samples, Snapshot

Rows = Mapping[Labels, float]

_NOTHING: Rows = {}


class Index:
    """Finds values; reads only the families that are asked for, each once.

    Families that the snapshot does not have are empty: whether a value is there depends on the
    configuration, on the evidence and on the version of the exporter.

    Counters by segment are added up: pages speak of all rows, unless they ask for `segments`.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self._blocks: dict[str, list[Samples]] = {}
        self._segments: dict[str, list[Samples]] = {}
        self._grouped: dict[tuple[str, int], dict[Labels, dict[Labels, float]]] = {}
        for block in snapshot.blocks:
            family = block.series.family
            apart = family.segmented and "segment" in family.labels
            into = self._segments if apart else self._blocks
            into.setdefault(family.name, []).append(block)

    def rows(self, family: str, *leading: str) -> Rows:
        """Values of a counter or gauge whose first labels are these, by the labels after them."""
        key = (family, len(leading))
        if key not in self._grouped:
            self._grouped[key] = self._group(family, len(leading))
        return self._grouped[key].get(leading, _NOTHING)

    def one(self, family: str, *labels: str) -> float | None:
        """The value of one series, None if it is not there."""
        return self.rows(family, *labels).get(())

    def segments(self, family: str, *leading: str) -> Rows:
        """Values by segment: the labels after the leading ones end with `country=DE` and `DE`."""
        return {
            labels[len(leading) :]: value
            for block in self._segments.get(family, ())
            for labels, value in zip(block.series.label_sets, block.values, strict=True)
            if labels[: len(leading)] == leading
        }

    def exemplars(self, *leading: str) -> Iterator[tuple[str, Labels, Exemplar]]:
        """Exemplars whose first labels are these: the family, the labels after them, and itself."""
        for block in (one for blocks in self._blocks.values() for one in blocks if one.exemplars):
            series = block.series
            for at, exemplar in block.exemplars.items():
                labels = series.label_sets[at // series.values_per_set]
                if labels[: len(leading)] == leading:
                    yield series.family.name, labels[len(leading) :], exemplar

    def histograms(self, family: str, *leading: str) -> Mapping[Labels, tuple[float, float]]:
        """Count and sum of histograms whose first labels are these, by the labels after them."""
        found: dict[Labels, tuple[float, float]] = {}
        for block in self._blocks.get(family, ()):
            step = block.series.values_per_set
            width = _own_labels(block)
            for at, labels in enumerate(block.series.label_sets):
                if labels[: len(leading)] == leading:
                    end, key = (at + 1) * step, labels[len(leading) : width]
                    count, total = found.get(key, (0.0, 0.0))
                    found[key] = (count + block.values[end - 1], total + block.values[end - 2])
        return found

    def _group(self, family: str, leading: int) -> dict[Labels, dict[Labels, float]]:
        groups: dict[Labels, dict[Labels, float]] = {}
        for block in self._blocks.get(family, ()):
            last, width = None, _own_labels(block)
            for labels, value in zip(block.series.label_sets, block.values, strict=True):
                head = labels[:leading]
                if head != last:  # they come in runs
                    last, group = head, groups.setdefault(head, {})
                key = labels[leading:width]
                group[key] = value + group.get(key, 0.0) if width < len(labels) else value
        return groups


def _own_labels(block: Samples) -> int:
    """How many of the labels are those of the family; the others are segments."""
    family = block.series.family
    return len(FAMILIES[family.name].labels) if family.segmented else len(family.labels)
