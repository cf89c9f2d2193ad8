"""Blocks of a snapshot, gathered by family: the formats want each family in one piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inference_exporter.families import FAMILIES, Family
from inference_exporter.values.samples import Samples, Snapshot

_ORDER = {name: position for position, name in enumerate(FAMILIES)}


def by_family(snapshot: Snapshot) -> Iterator[tuple[Family, Sequence[Samples]]]:
    """Families that have samples, in the order of `FAMILIES`, each with all its blocks."""
    groups: dict[str, list[Samples]] = {}
    for block in snapshot.blocks:
        if len(block.values):
            groups.setdefault(block.series.family.name, []).append(block)
    for name in sorted(groups, key=lambda name: _ORDER.get(name, len(_ORDER))):
        yield groups[name][0].series.family, groups[name]


def duplicates(snapshot: Snapshot) -> list[str]:
    """Series that are on the page more than once; there should be none.

    One set cannot hold a label set twice (`SeriesSet` refuses it), two sets of a family can.
    """
    seen: set[str] = set()
    twice: list[str] = []
    for block in snapshot.blocks:
        twice += [prefix.rstrip() for prefix in block.series.prefixes if prefix in seen]
        seen.update(block.series.prefixes)
    return twice
