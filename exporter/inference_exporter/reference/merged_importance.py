"""Importance of features in all parts together: sums of their cells, where the cells are the same.

Numbers need the same edges (`--edges-from`, or profiles of the same bins); categories are added by
name. A feature that a part does not have is without a value in all of its rows. Where one feature
does not add up there is no importance at all: shares of some features would not be comparable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from inference_exporter.reference.files.shard import Shard
from inference_exporter.reference.profiling.association import ByName, by_cell
from inference_exporter.values.importance import Cells, Importance, added, without_value
from inference_exporter.values.profile import CategoricalProfile, FeatureProfile, NumericProfile


def merged_importance(
    parts: Sequence[Shard], profiles: Mapping[str, FeatureProfile]
) -> Importance | None:
    """In the cells of the merged profiles; None if it does not add up."""
    found = []
    for part in parts:
        known = part.reference.importance
        cells = None if known is None else _cells(part, known, profiles)
        if known is None or cells is None:
            return None
        found.append(replace(known, cells=cells))
    return added(found)


def _cells(
    part: Shard, known: Importance, profiles: Mapping[str, FeatureProfile]
) -> dict[str, Cells] | None:
    cells = {}
    for name, merged in profiles.items():
        own = part.reference.features.get(name)
        if own is None or not own.samples:
            cells[name] = without_value(known, len(merged.bins))
            continue
        found = _in_bins(part, own, merged, known.cells[name], name)
        if found is None:
            return None
        cells[name] = found
    return cells


def _in_bins(
    part: Shard, own: FeatureProfile, merged: FeatureProfile, cells: Cells, name: str
) -> Cells | None:
    if isinstance(own, NumericProfile) and isinstance(merged, NumericProfile):
        return cells if np.array_equal(own.edges, merged.edges) else None
    if isinstance(own, CategoricalProfile) and isinstance(merged, CategoricalProfile):
        return _by_category(part, own, merged, cells, name)
    return None


def _by_category(
    part: Shard, own: CategoricalProfile, merged: CategoricalProfile, cells: Cells, name: str
) -> Cells | None:
    rows, sums = cells
    named: ByName | None = part.scores.get(name)
    if named is None and own.known_others:
        return None
    if named is None:
        pairs = zip(rows.tolist(), sums.tolist(), strict=True)
        named = dict(zip(own.categories, pairs, strict=False))
    beyond = (
        float(rows[:-1].sum()) - sum(count for count, _ in named.values()),
        float(sums[:-1].sum()) - sum(total for _, total in named.values()),
    )
    found = by_cell(merged, named, beyond)
    return np.append(found[0], rows[-1]), np.append(found[1], sums[-1])
