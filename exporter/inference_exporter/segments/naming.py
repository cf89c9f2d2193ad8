"""Which segment a row is in: raw values become names, and names combinations, both with limits."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import product

import msgspec
import numpy as np

from inference_exporter.config.schema import ModelConfig, Segment
from inference_exporter.values.batch import Batch, Ints, TextColumn
from inference_exporter.values.profile import CategoricalProfile, Reference
from inference_exporter.values.ranges import range_names, ranges_of
from inference_exporter.values.vocabulary import ABSENT, OVERFLOW, OVERFLOWED, Vocabulary

_KEY = msgspec.json.Encoder()

Values = tuple[str, ...]


class Naming:
    """Names of the segments of one model.

    The histories of the timeline are called by `key`: a version with one value of every segment.
    Beyond `limits.segments` values and `limits.segment_combinations` combinations all is
    `__overflow__`.
    """

    def __init__(self, config: ModelConfig, reference: Reference | None) -> None:
        self._config = config
        self.fields = tuple(one.name for one in config.segments)
        self._known = [_known_values(one, reference) for one in config.segments]
        self._vocabularies = [
            _vocabulary(one, known, config.limits.segments)
            for one, known in zip(config.segments, self._known, strict=True)
        ]
        self._overflow = (OVERFLOW,) * len(self.fields)
        self._combinations: set[Values] = set()
        self._indexes: dict[tuple[str, Values], int] = {}
        self.keys: list[str] = []

    def named(self, batch: Batch) -> Batch:
        """The batch with names instead of raw values."""
        columns: dict[str, TextColumn] = {}
        for one, vocabulary in zip(self._config.segments, self._vocabularies, strict=True):
            raw = batch.segments[one.name]
            indexes = _ranges(raw, one.bins) if one.bins else vocabulary.indexes(raw)
            names: list[str | None] = [None, *vocabulary.names[1:]]
            columns[one.name] = [names[index] for index in indexes.tolist()]
        return replace(batch, segments=columns)

    def find(self, batch: Batch, versions: Ints | None, names: list[str]) -> Ints:
        """Indexes (rows,) into `keys`, for a batch with names."""
        codes = np.zeros(batch.rows, np.int64) if versions is None else versions
        for name, vocabulary in zip(self.fields, self._vocabularies, strict=True):
            codes = codes * len(vocabulary.names) + vocabulary.indexes(batch.segments[name])
        unique, first, inverse = np.unique(codes, return_index=True, return_inverse=True)
        found = np.empty(len(unique), np.int64)
        for at in np.argsort(first).tolist():  # limits are for those that come later
            found[at] = self._at(int(unique[at]), names)
        indexes: Ints = found[inverse]
        return indexes

    def _at(self, code: int, versions: list[str]) -> int:
        values: list[str] = []
        for vocabulary in reversed(self._vocabularies):
            code, index = divmod(code, len(vocabulary.names))
            values.insert(0, vocabulary.names[index])
        return self.index(versions[code], self._capped(tuple(values)))

    def _capped(self, values: Values) -> Values:
        if values in self._combinations:
            return values
        if len(self._combinations) >= self._config.limits.segment_combinations:
            return self._overflow
        self._combinations.add(values)
        return values

    def index(self, version: str, values: Values) -> int:
        """The index of a history in `keys`."""
        index = self._indexes.get((version, values))
        if index is None:
            index = self._indexes[version, values] = len(self.keys)
            self.keys.append(key(version, values))
        return index

    def foreseen(self) -> list[Values]:
        """All combinations, where the values are known beforehand and not too many."""
        many = int(np.prod([len(known) for known in self._known]))
        if not 0 < many <= self._config.limits.segment_combinations:
            return []
        return [self._capped(values) for values in product(*self._known)]

    def learn(self, keys: Iterable[str]) -> None:
        """Let limits hold over restarts: take up the keys of committed histories."""
        for one in keys:
            _, values = parts(one)
            if values != self._overflow and len(values) == len(self.fields):
                self._capped(values)
                for vocabulary, value in zip(self._vocabularies, values, strict=True):
                    vocabulary.learn([value])


def key(version: str, values: Values) -> str:
    """The name of a history.

    >>> parts(key("3", ("DE", "mobile")))
    ('3', ('DE', 'mobile'))
    """
    return _KEY.encode([version, *values]).decode()


def parts(name: str) -> tuple[str, Values]:
    """The version and the values in the name of a history."""
    version, *values = msgspec.json.decode(name, type=list[str])
    return version, tuple(values)


def _known_values(one: Segment, reference: Reference | None) -> Values:
    if one.bins:
        return range_names(one.bins)
    if one.values:
        return one.values
    names = {path.rpartition(".")[2] for path in one.paths}
    for name, profile in reference.features.items() if reference else ():
        if name in names and isinstance(profile, CategoricalProfile):
            return profile.categories
    return ()


def _vocabulary(one: Segment, known: Values, limit: int) -> Vocabulary:
    return Vocabulary(len(known) if one.bins or one.values else limit, known)


def _ranges(raw: TextColumn, bins: tuple[float, ...]) -> Ints:
    """Indexes into the names of a vocabulary that knows the ranges: 0 absent, 2 the first."""
    found = ranges_of(raw, bins)
    return np.where(found < 0, ABSENT, found + OVERFLOWED + 1)
