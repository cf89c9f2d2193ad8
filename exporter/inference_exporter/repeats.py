"""Rows that say the same again: fingerprints of rows, and how often each was seen lately.

A client that retries sends one row two hundred times. Two hundred equal rows are one observation,
and whoever judges traffic by the number of its rows has to know. Memory is bounded: a table of a
fixed number of places, in which a new key takes the place of an old one.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from inference_exporter.values.batch import (
    Batch,
    CategoryColumn,
    FeatureColumn,
    Floats,
    Ints,
    NumericColumn,
    TextColumn,
)

Keys = npt.NDArray[np.uint64]

_PLACES = 14  # bits: 16,384 places of 16 bytes
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_HALF = np.uint64(31)


class Seen:
    """How often keys came, among the last that came.

    A place is given away when another key falls on it; then the first key counts from 1 again. So
    it never says that a key came which did not.
    """

    def __init__(self, bits: int = _PLACES) -> None:
        self._shift = np.uint64(64 - bits)
        self._keys: Keys = np.zeros(1 << bits, dtype=np.uint64)
        self._counts: Ints = np.zeros(1 << bits, dtype=np.int64)

    def times(self, keys: Keys) -> Ints:
        """For the how-manieth time each key (rows,) comes, from 1; they are remembered.

        >>> seen = Seen()
        >>> seen.times(np.array([7, 9, 7], dtype=np.uint64)).tolist()
        [1, 1, 2]
        >>> seen.times(np.array([7], dtype=np.uint64)).tolist()
        [3]
        """
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
        counts = np.diff(np.append(starts, len(keys)))
        single = ordered[starts]
        place = mixed(single, 0) >> self._shift
        known = np.where(self._keys[place] == single, self._counts[place], 0)
        self._keys[place], self._counts[place] = single, known + counts
        times: Ints = np.empty(len(keys), dtype=np.int64)
        times[order] = np.arange(1, len(keys) + 1) + np.repeat(known - starts, counts)
        return times


def fingerprints(features: Mapping[str, FeatureColumn], rows: int) -> Keys:
    """A key (rows,) of all values of each row; equal rows have equal keys.

    Of one process: text is hashed as Python does it, which differs from run to run.
    """
    numbers = [one.values for one in features.values() if isinstance(one, NumericColumn)]
    texts = [one.values for one in features.values() if isinstance(one, CategoryColumn)]
    keys: Keys = np.zeros(rows, dtype=np.uint64)
    columns = [_bits(numbers)] if numbers else []
    columns += [_hashes(column)[None, :] for column in texts]
    if columns:
        table = np.concatenate(columns)
        table *= np.arange(1, 2 * len(table), 2, dtype=np.uint64)[:, None] * _ODD
        table ^= table >> _HALF
        keys = table.sum(axis=0, dtype=np.uint64)
    return mixed(keys, 1)


def inputs_of(batch: Batch, rows: Ints) -> Batch:
    """Some rows of a batch, with nothing but their features."""
    features: dict[str, FeatureColumn] = {}
    for name, column in batch.features.items():
        invalid = None if column.invalid is None else column.invalid[rows]
        if isinstance(column, NumericColumn):
            features[name] = NumericColumn(column.values[rows], invalid)
        else:
            values = column.values
            features[name] = CategoryColumn([values[row] for row in rows.tolist()], invalid)
    inputs = None if batch.inputs is None else batch.inputs[rows]
    return Batch(len(rows), features=features, inputs=inputs)


def keys_of(column: TextColumn) -> Keys:
    """A key (rows,) of each value; 0 where there is none."""
    keys = mixed(_hashes(column), 1)
    keys[[value is None for value in column]] = 0
    return keys


def mixed(keys: Keys, other: int | Ints) -> Keys:
    """Keys (rows,) of keys together with numbers: of a row and an hour, say."""
    more = np.atleast_1d(np.asarray(other)).astype(np.uint64)  # scalars would warn of overflow
    found = (keys + more * _ODD) * _MIX
    found ^= found >> _HALF
    return found * _ODD


def _bits(columns: list[Floats]) -> Keys:
    return np.stack(columns).view(np.uint64)


def _hashes(column: TextColumn) -> Keys:
    hashes = np.fromiter(map(hash, column), np.int64, len(column))
    return hashes.view(np.uint64)
