"""Columns of probability vectors and of ranked lists: what counts as one, for every format.

Lists and objects that all look alike, as they do in a log, are read in one go; only what is odd is
read one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from zlib import crc32

import msgspec
import numpy as np

from inference_exporter.values.batch import (
    RANKS,
    Bools,
    ClassScores,
    Floats,
    Ints,
    RankedItems,
    Scalar,
    TextColumn,
    category_name,
)

TOLERANCE = 0.01  # of the sum: three decimals of 20 classes are off by that at most
_ROUNDED = 1e-6  # below it the sum is off by single precision, and nothing is divided
_decode = msgspec.json.Decoder().decode
_BAD = (msgspec.MsgspecError, UnicodeError, RecursionError)


class ScoresReader:
    """Reads the probabilities of `classes`; `delimiter` is between those in a text.

    >>> found = ScoresReader(("a", "b")).read([[0.25, 0.75], {"b": 1}, "0.5|0.5", None, [0.5]])
    >>> found.values
    array([[0.25, 0.75], [0. , 1. ], [0.5 , 0.5 ], [ nan, nan], [ nan, nan]])
    >>> found.invalid
    array([False, False, False, False,  True])
    """

    def __init__(self, classes: tuple[str, ...], delimiter: str = "|") -> None:
        self._classes, self._delimiter = classes, delimiter
        self._size = len(classes)
        self._get: Callable[[Mapping[str, object]], tuple[object, ...]] = itemgetter(*classes)
        self._at = {name: at for at, name in enumerate(classes)}

    def read(self, raw: Sequence[object]) -> ClassScores:
        """The column; what is present and no such vector is invalid."""
        present = np.fromiter((one is not None for one in raw), np.bool_, len(raw))
        values = np.full((len(raw), self._size), np.nan)
        if not present.any():
            return ClassScores(self._classes, values)
        cells = raw if present.all() else [one for one in raw if one is not None]
        table, good = normalised(self._table(cells))
        table[~good] = np.nan
        values[present] = table
        invalid = present.copy()
        invalid[present] = ~good
        return ClassScores(self._classes, values, invalid if invalid.any() else None)

    def _table(self, cells: Sequence[object]) -> Floats:
        cells = parsed(cells, self._delimiter)
        kinds = set(map(type, cells))
        try:
            if kinds == {list} and set(map(len, cells)) == {self._size}:  # type: ignore[arg-type]
                return self._numbers(chain.from_iterable(cells), len(cells))  # type: ignore[arg-type]
            if kinds == {dict}:
                rows = map(self._get, cells)  # type: ignore[arg-type]
                return self._numbers(chain.from_iterable(rows), len(cells))
        except (KeyError, ValueError, TypeError, OverflowError):
            pass
        return np.array([self._one(cell) for cell in cells]).reshape(-1, self._size)

    def _numbers(self, values: chain[object], rows: int) -> Floats:
        table = np.fromiter(values, np.float64, rows * self._size)
        return table.reshape(rows, self._size)

    def _one(self, cell: object) -> Floats:
        """A vector that is not like its neighbours; NaN if it is none."""
        nothing = np.full(self._size, np.nan)
        try:
            if isinstance(cell, dict):
                found = np.zeros(self._size)
                for name, value in cell.items():
                    at = self._at.get(category_name(name))
                    if at is not None:
                        found[at] = np.nan if value is None else value
                return found
            if isinstance(cell, list) and len(cell) == self._size:
                return np.fromiter(cell, np.float64, self._size)
        except (ValueError, TypeError, OverflowError):
            pass
        return nothing


def normalised(table: Floats) -> tuple[Floats, Bools]:
    """Rows that sum to 1, and which rows are usable: finite, not negative, with a sum near 1.

    >>> table, good = normalised(np.array([[0.5, 0.502], [0.5, 0.6], [1.5, -0.5]]))
    >>> table[0].sum(), good
    (np.float64(1.0), array([ True, False, False]))
    """
    with np.errstate(all="ignore"):
        sums = table.sum(axis=1)
        good: Bools = (table >= 0).all(axis=1) & (np.abs(sums - 1) <= TOLERANCE)
        off = good & (np.abs(sums - 1) > _ROUNDED)
        if off.any():
            table[off] /= sums[off, None]
    return table, good


class RankingReader:
    """Reads ranked lists; `delimiter` is between the items of a text."""

    def __init__(self, delimiter: str = "|") -> None:
        self._delimiter = delimiter

    def read(self, raw: Sequence[object]) -> tuple[RankedItems, TextColumn]:
        """The lists, and the first item of each as it was logged (None where there is none)."""
        cells = parsed(raw, self._delimiter)
        listed = np.fromiter((_is_ranking(one) for one in cells), np.bool_, len(cells))
        lists: list[list[Scalar]] = [
            one[:RANKS] if good else []  # type: ignore[index]
            for one, good in zip(cells, listed.tolist(), strict=True)
        ]
        lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        items = np.zeros((len(lists), RANKS), np.int64)
        items[np.arange(RANKS) < lengths[:, None]] = item_codes(list(chain.from_iterable(lists)))
        invalid = ~listed & np.fromiter((one is not None for one in cells), np.bool_, len(cells))
        first = [one[0] if one else None for one in lists]
        return RankedItems(items, listed, invalid if invalid.any() else None), first


def _is_ranking(cell: object) -> bool:
    """A list of scalars with at least one of them."""
    if not isinstance(cell, list) or not cell:
        return False
    return set(map(type, cell[:RANKS])) <= {str, int, float, bool}


def parsed(cells: Sequence[object], delimiter: str) -> Sequence[object]:
    """The column with lists and objects in the place of texts that hold them."""
    if str not in set(map(type, cells)):
        return cells
    return [_parsed(one, delimiter) if isinstance(one, str) else one for one in cells]


def _parsed(text: str, delimiter: str) -> object:
    if text.lstrip()[:1] in ("[", "{"):
        try:
            return _decode(text)
        except _BAD:
            return False  # present, and neither a list nor an object
    return [entry.strip() for entry in text.split(delimiter if delimiter.strip() else None)]


def item_codes(column: TextColumn) -> Ints:
    """Numbers of names, the same in every process: 32 bits, 0 for None.

    Two of ten items of a list have the same number with a probability of 1e-8.

    >>> codes = item_codes(["film-7", 1, "1", None])
    >>> codes[1] == codes[2], codes[3]
    (np.True_, np.int64(0))
    """
    return np.fromiter(map(_code, column), np.int64, len(column))


@lru_cache(maxsize=1 << 16, typed=True)
def _code(value: Scalar) -> int:
    if value is None:
        return 0
    return crc32(category_name(value).encode("utf-8", "surrogatepass")) or 1


def actual_ranks(scores: ClassScores, actual: Ints) -> Ints:
    """Rank (rows,) of the class that turned out, 1 the most probable; `actual` its column.

    Of equally probable classes the one with the earlier column ranks first, as for `argmax`: the
    class at rank 1 is the predicted one. (scikit-learn's `top_k_accuracy_score` puts the later one
    first, and its `ndcg_score` takes the mean of all orders.)

    >>> actual_ranks(ClassScores(("a", "b", "c"), np.array([[0.4, 0.2, 0.4]] * 3)), np.arange(3))
    array([1, 3, 2])
    """
    own = np.take_along_axis(scores.values, actual[:, None], axis=1)
    before = np.arange(len(scores.classes)) < actual[:, None]
    ahead = (scores.values > own) | ((scores.values == own) & before)
    found: Ints = ahead.sum(axis=1) + 1
    return found


def listed_ranks(ranking: RankedItems, actual: Ints) -> Ints:
    """Rank (rows,) of the item with that number, `RANKS` + 1 where it is not among the first."""
    hit = ranking.items == actual[:, None]
    found: Ints = np.where(hit.any(axis=1), hit.argmax(axis=1), RANKS) + 1
    return found
