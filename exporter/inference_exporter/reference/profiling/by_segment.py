"""A pass more over the reference data: how each segment is distributed, in the bins of all rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from inference_exporter.config.schema import ModelConfig, Segment
from inference_exporter.reference.reading.columns import names, numeric
from inference_exporter.reference.reading.roles import Block
from inference_exporter.reference.reading.segment_rows import rows_by_value
from inference_exporter.values.batch import Floats, Ints, TextColumn
from inference_exporter.values.profile import (
    OTHER,
    FeatureProfile,
    NumericProfile,
    Reference,
    by_key,
)
from inference_exporter.values.segment_profiles import SegmentProfile

LEAST = 1000  # rows of a segment whose distribution is worth comparing with
_SEEN = 10  # times as many values are counted as are kept

Cells = dict[str, Floats]  # rows by bin, by feature or output


def with_cells(reference: Reference, blocks: Iterable[Block], model: ModelConfig) -> Reference:
    """The reference with the distributions of the segments that ask for it, and have rows enough.

    Of each field the `limits.segments` most frequent values.
    """
    wanted = [one for one in model.segments if one.drift]
    profiles = by_key(reference.features, reference.outputs)
    census = _Census(wanted, profiles, _SEEN * model.limits.segments)
    for block in blocks:
        census.add(block)
    found = {field: dict(known) for field, known in reference.segments.items()}
    for one in wanted:
        for value, cells in census.frequent(one.name, model.limits.segments):
            of_field = found.setdefault(one.name, {})
            of_field[value] = replace(of_field.get(value, SegmentProfile(0)), cells=cells)
    return replace(reference, segments={f: dict(sorted(k.items())) for f, k in found.items()})


class _Census:
    """Rows by field, value, and bin of every feature and output."""

    def __init__(
        self, wanted: list[Segment], profiles: dict[str, FeatureProfile], limit: int
    ) -> None:
        self._wanted, self._profiles, self._limit = wanted, profiles, limit
        self._rows: dict[str, Counter[str]] = {one.name: Counter() for one in wanted}
        self._cells: dict[tuple[str, str], Cells] = {}

    def add(self, block: Block) -> None:
        """Take in a block."""
        places = {
            key: _places(profile, column)
            for key, profile in self._profiles.items()
            if (column := _column(block, key)) is not None
        }
        for one in self._wanted:
            for value, rows in rows_by_value(one, block.segments.get(one.name, ())):
                known = self._rows[one.name]
                if value in known or len(known) < self._limit:
                    known[value] += len(rows)
                    self._add((one.name, value), rows, places)

    def _add(self, segment: tuple[str, str], rows: Ints, places: dict[str, Ints]) -> None:
        cells = self._cells.setdefault(segment, {})
        for key, at in places.items():
            size = len(self._profiles[key].bins)
            mine = at[rows]
            counts = np.bincount(mine[mine >= 0], minlength=size)
            cells[key] = cells.get(key, np.zeros(size)) + counts

    def frequent(self, field: str, limit: int) -> Iterator[tuple[str, Cells]]:
        """The values with most rows, and enough of them."""
        ranked = sorted(self._rows[field].items(), key=lambda pair: (-pair[1], pair[0]))
        for value, rows in ranked[:limit]:
            if rows >= LEAST:
                yield value, self._cells[field, value]


def _column(block: Block, key: str) -> TextColumn | None:
    scope, _, name = key.partition("/")
    if scope == "feature":
        return block.features.get(name)
    return {"score": block.score, "prediction": block.prediction}.get(name)


def _places(profile: FeatureProfile, column: TextColumn) -> Ints:
    """The bin of each row, (rows,); -1 where it has no usable value."""
    if isinstance(profile, NumericProfile):
        values = numeric(column).values
        return np.where(np.isnan(values), -1, np.searchsorted(profile.edges, values))
    listed = {name: at for at, name in enumerate(profile.categories)}
    bins = profile.bins
    unseen = len(bins) - 1
    other = bins.index(OTHER) if profile.known_others else unseen
    known = {name: listed.get(name, other) for name in (*listed, *profile.known_others)}
    found = [-1 if name is None else known.get(name, unseen) for name in names(column)]
    return np.array(found, dtype=np.int64)
