"""What is known of importance in a profile's file: sums of the score by cell of each feature."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec
import numpy as np

from inference_exporter.values.importance import Importance
from inference_exporter.values.profile import FeatureProfile


class _Cells(msgspec.Struct, forbid_unknown_fields=True):
    rows: list[float]
    sums: list[float]


class ImportanceState(msgspec.Struct, forbid_unknown_fields=True):
    """Sums as JSON; the last of `rows` and `sums` is of rows without a usable value."""

    target: str
    centre: float
    rows: float
    total: float
    squares: float
    features: dict[str, _Cells]

    @classmethod
    def of(cls, one: Importance | None) -> ImportanceState | msgspec.UnsetType:
        """To be written."""
        if one is None:
            return msgspec.UNSET
        cells = {
            name: _Cells(rows.tolist(), sums.tolist()) for name, (rows, sums) in one.cells.items()
        }
        return cls(one.target, one.centre, one.rows, one.total, one.squares, cells)


def importance_of(
    state: ImportanceState | msgspec.UnsetType, profiles: Mapping[str, FeatureProfile]
) -> Importance | None:
    """As it was written; ValueError if that cannot be."""
    if isinstance(state, msgspec.UnsetType):
        return None
    if state.features.keys() != profiles.keys():
        raise ValueError("is damaged: importance: it has other features than the profile")
    cells = {}
    for name, one in state.features.items():
        rows, sums = np.array(one.rows, np.float64), np.array(one.sums, np.float64)
        fits = len(rows) == len(sums) == len(profiles[name].bins) + 1
        if not fits or not np.isfinite(sums).all() or (rows < 0).any():
            raise ValueError(f"is damaged: importance: {name}: its sums do not fit its bins")
        cells[name] = (rows, sums)
    numbers = (state.centre, state.rows, state.total, state.squares)
    if not all(map(math.isfinite, numbers)) or state.rows < 0:
        raise ValueError("is damaged: importance: its sums are no numbers")
    return Importance(state.target, *numbers, cells)
