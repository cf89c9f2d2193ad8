"""Names for raw values, with a limit: the one guard against labels without bound.

A `Vocabulary` is a dict from raw scalar to index, so that a whole column is looked up in C
(`map(vocabulary.__getitem__, column)`); only a value that was never seen costs Python. Beyond the
limit new values get the index of `__overflow__` and are not remembered: memory does not grow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from inference_exporter import _native
from inference_exporter.values.batch import Ints, Scalar, TextColumn, category_name

OVERFLOW = "__overflow__"  # where a label value goes once its label has reached its limit
ABSENT = 0  # index of an absent value
OVERFLOWED = 1  # index of a value beyond the limit
_BYTE = 256
LABEL_LENGTH = 128  # characters of a label value; longer names are cut


def looked_up(lookup: Callable[[Scalar], int], column: TextColumn, largest: int) -> Ints:
    """The numbers of all values of a column, shape (rows,); all are at most `largest`.

    >>> looked_up({"a": 1, "b": 2}.__getitem__, ["b", "a"], 2)
    array([2, 1])
    """
    if _native.MODULE is not None:
        codes = np.empty(len(column), np.int64)
        _native.MODULE.codes(column, lookup, codes)
        return codes
    found = list(map(lookup, column))
    if largest < _BYTE:  # a third faster than NumPy's reading of a list
        return np.frombuffer(bytes(found), np.uint8).astype(np.int64)
    return np.fromiter(found, np.int64, len(found))


class Vocabulary(dict[Scalar, int]):
    """Raw scalar -> index of its name; learns up to `limit` names.

    >>> vocabulary = Vocabulary(limit=2)
    >>> vocabulary.indexes(["a", "b", "c", None, "a"]).tolist()
    [2, 3, 1, 0, 2]
    >>> vocabulary.names
    ['', '__overflow__', 'a', 'b']
    """

    def __init__(self, limit: int, known: Iterable[str] = (), absent: str = "") -> None:
        super().__init__({None: ABSENT})
        self.names = [absent, OVERFLOW]
        self._limit = limit
        self._column: TextColumn | None = None
        self._indexes: Ints = np.empty(0, dtype=np.int64)
        self._uniform = True  # the last column had one value, as versions mostly have
        self._index_of_name = {OVERFLOW: OVERFLOWED, "": ABSENT, absent: ABSENT}
        self.learn(known)

    def learn(self, names: Iterable[str]) -> None:
        """Take up names that are known beforehand; they count towards the limit."""
        for name in names:
            self._intern(name)

    def indexes(self, column: TextColumn) -> Ints:
        """Indexes of all values of a column, shape (rows,). Not to be changed by the caller."""
        if column is not self._column:  # several accumulators ask about one column
            self._indexes = self._look_up(column)
            self._column = column
        return self._indexes

    def _look_up(self, column: TextColumn) -> Ints:
        rows = len(column)
        if self._uniform and rows and column.count(column[0]) == rows:
            return np.full(rows, self[column[0]], dtype=np.int64)
        indexes = looked_up(self.__getitem__, column, self._limit + OVERFLOWED)
        self._uniform = not rows or bool((indexes == indexes[0]).all())
        return indexes

    def __missing__(self, raw: Scalar) -> int:
        assert raw is not None  # None is in the dict from the start
        name = category_name(raw)[:LABEL_LENGTH]
        index = self._intern(name)
        # Raw spellings of one name (1, 1.0, "1") are few; the bound is for adversaries.
        if index != OVERFLOWED and len(self) < 8 * self._limit:
            self[raw] = index
        return index

    def _intern(self, name: str) -> int:
        index = self._index_of_name.get(name)
        if index is None:
            if len(self.names) - 2 >= self._limit:
                return OVERFLOWED
            index = self._index_of_name[name] = len(self.names)
            self.names.append(name)
        return index
