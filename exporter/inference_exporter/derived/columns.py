r"""Columns of text and vectors to columns of numbers.

`length` is characters, `tokens` words (runs of letters, digits and underscores), and
`out_of_vocabulary` the share of words, regardless of case, that are not in the vocabulary: missing
for a text without words. `centroid_distance` is :math:`\lVert x - c \rVert` for the mean c of the
reference's vectors; a vector is a list of numbers, or its text. Anything else that is present is
invalid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from inference_exporter.config.derived import WORD
from inference_exporter.config.schema import Derived
from inference_exporter.values.batch import (
    Batch,
    CategoryColumn,
    FeatureColumn,
    Floats,
    NumericColumn,
)

_INVALID = math.inf  # marks a value that cannot be used, until it is set aside
_vector = msgspec.json.Decoder(list[float])


class Deriver:
    """Makes the derived features of a model; `centroids` are the reference's, by name."""

    def __init__(
        self, derived: Mapping[str, Derived], centroids: Mapping[str, Floats] | None = None
    ) -> None:
        known = centroids or {}
        self._derived = {
            name: one
            for name, one in derived.items()
            if one.kind != "centroid_distance" or name in known
        }
        self._centroids = known
        self.sources = frozenset(one.source for one in derived.values())
        self.vectors = frozenset(
            one.source for one in derived.values() if one.kind == "centroid_distance"
        )

    def source_of(self, name: str) -> str:
        """The feature that a derived one is made of."""
        return self._derived[name].source

    def columns(self, raw: Mapping[str, Sequence[object]], rows: int) -> dict[str, NumericColumn]:
        """The derived features of some rows, from the columns they are made of."""
        return {
            name: self._column(name, one, raw.get(one.source), rows)
            for name, one in self._derived.items()
        }

    def _column(
        self, name: str, one: Derived, column: Sequence[object] | None, rows: int
    ) -> NumericColumn:
        if column is None:
            return NumericColumn(np.full(rows, np.nan))
        if one.kind == "centroid_distance":
            centroid = self._centroids[name]
            values = np.array([_distance(value, centroid) for value in column])
        else:
            values = np.array([_number(value, one) for value in column], dtype=np.float64)
        invalid = np.isinf(values)
        values[invalid] = np.nan
        return NumericColumn(values, invalid if invalid.any() else None)


def with_derived(batch: Batch, deriver: Deriver) -> Batch:
    """The batch with derived features instead of what they are made of."""
    raw = {n: c.values for n, c in batch.features.items() if isinstance(c, CategoryColumn)}
    features: dict[str, FeatureColumn] = {
        name: column for name, column in batch.features.items() if name not in deriver.sources
    }
    for name, column in deriver.columns(raw, batch.rows).items():
        source = batch.features.get(deriver.source_of(name))
        features[name] = _refused(column, source)
    return replace(batch, features=features)


def _refused(column: NumericColumn, source: FeatureColumn | None) -> NumericColumn:
    """Invalid is also what the source could not be read as."""
    if source is None or source.invalid is None:
        return column
    invalid = source.invalid if column.invalid is None else source.invalid | column.invalid
    return NumericColumn(column.values, invalid)


def _number(value: object, one: Derived) -> float:
    if value is None:
        return math.nan
    if not isinstance(value, str):
        return _INVALID
    if one.kind == "length":
        return float(len(value))
    words = WORD.findall(value)
    if one.kind == "tokens":
        return float(len(words))
    if not words:
        return math.nan
    return sum(word.casefold() not in one.words for word in words) / len(words)


def _distance(value: object, centroid: Floats) -> float:
    if value is None:
        return math.nan
    found = vector(value)
    if found is None or len(found) != len(centroid):
        return _INVALID
    with np.errstate(over="ignore"):
        return float(np.linalg.norm(found - centroid))


def vector(value: object) -> Floats | None:
    """A list of finite numbers, or its text; None for anything else."""
    try:
        if isinstance(value, str):
            value = _vector.decode(value)
        if not isinstance(value, list):
            return None
        found = np.array(value, dtype=np.float64)
    except (ValueError, TypeError, OverflowError, msgspec.MsgspecError):
        return None
    return found if found.ndim == 1 and np.isfinite(found).all() else None
