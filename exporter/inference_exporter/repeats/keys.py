"""Keys of rows: 64 bits, equal where the values are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

import numpy as np
import numpy.typing as npt

from inference_exporter import _native
from inference_exporter.values.batch import FeatureColumn, Ints, NumericColumn, TextColumn

Keys = npt.NDArray[np.uint64]
Coding = Callable[[TextColumn], tuple[Ints, int]]
"""Numbers (rows,) of values that counting gives them anyway, and the first that is of several."""

_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_HALF = np.uint64(31)


def fingerprints(
    features: Mapping[str, FeatureColumn], rows: int, codings: Mapping[str, Coding] | None = None
) -> Keys:
    """A key (rows,) of all values of each row; equal rows have equal keys.

    Of one process: text is hashed as Python does it, which differs from run to run. Where there is
    a coding, values that it takes for the same are the same: `1` and `"1"`, in one category.
    """
    if _native.MODULE is not None:
        return _natively(_native.MODULE, features, rows, codings or {})
    table: Keys = np.empty((len(features), rows), dtype=np.uint64)
    for row, (name, column) in zip(table, features.items(), strict=True):
        if isinstance(column, NumericColumn):
            row[:] = column.values.view(np.uint64)
        elif codings and name in codings:
            row[:] = _coded(column.values, codings[name])
        else:
            row[:] = hashes_of(column.values)
    table *= np.arange(1, 2 * len(table), 2, dtype=np.uint64)[:, None] * _ODD
    table ^= table >> _HALF
    return mixed(table.sum(axis=0, dtype=np.uint64), 1)


def _natively(
    module: ModuleType,
    features: Mapping[str, FeatureColumn],
    rows: int,
    codings: Mapping[str, Coding],
) -> Keys:
    """The same in C."""

    def column(name: str, one: FeatureColumn) -> tuple[object, bool]:
        if isinstance(one, NumericColumn):
            return np.ascontiguousarray(one.values), False
        if name not in codings:
            return hashes_of(one.values), False
        codes, first = codings[name](one.values)
        if len(codes) and codes.max() >= first:
            return _coded(one.values, codings[name]), False
        return codes, True

    keys: Keys = np.empty(rows, dtype=np.uint64)
    module.fingerprints(tuple(column(*one) for one in features.items()), keys)
    return keys


def _coded(column: TextColumn, coding: Coding) -> Keys:
    """Keys (rows,) of values by their numbers; of those that share one, by their hashes."""
    codes, first = coding(column)
    keys: Keys = codes.astype(np.uint64) * _MIX + _ODD  # apart from the hashes of whole numbers
    shared = np.flatnonzero(codes >= first)
    if len(shared):
        chosen = [column[row] for row in shared.tolist()]
        keys[shared] = hashes_of(chosen)
    return keys


def keys_of(column: TextColumn) -> Keys:
    """A key (rows,) of each value; 0 where there is none."""
    hashes = hashes_of(column)
    keys = mixed(hashes, 1)
    keys[hashes == _HASH_OF_NONE] = 0
    return keys


def mixed(keys: Keys, other: int | Ints) -> Keys:
    """Keys (rows,) of keys together with numbers: of a row and an hour, say."""
    more = np.atleast_1d(np.asarray(other)).astype(np.uint64)  # scalars would warn of overflow
    found = (keys + more * _ODD) * _MIX
    found ^= found >> _HALF
    return found * _ODD


def hashes_of(column: TextColumn) -> Keys:
    """Python's hash (rows,) of each value."""
    if _native.MODULE is None:
        hashes = np.fromiter(map(hash, column), np.int64, len(column))
    else:
        hashes = np.empty(len(column), np.int64)
        _native.MODULE.hashes(column, hashes)
    return hashes.view(np.uint64)


_HASH_OF_NONE = hashes_of([None])[0]
