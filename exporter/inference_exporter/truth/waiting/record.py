"""What is kept of a prediction until its label comes: 21 bytes for a two-class model with a score.

    schema u1 | seconds u4 | milliseconds u2 | names u2 … | numbers f8 … | choices | actual u2 or f8

Choices are what `truth.choices` keeps of probabilities and rankings: nothing for most models.

Names (versions, classes, segments) are numbers into `Names`; no id, no feature is kept. A record
names its schema, so that records of an older configuration are still understood; the highest bit
of that says that the prediction is in no window.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from inference_exporter.truth.waiting.choices import choice_fields
from inference_exporter.values.batch import Floats, Ints, Scalar, category_name
from inference_exporter.values.vocabulary import LABEL_LENGTH, OVERFLOW

Records = npt.NDArray[np.void]

OUTSIDE = 0x80  # set in `schema`: the prediction is in no window, only in the totals
NAMES_LIMIT = 65_535
SEGMENTS = "segments/"  # what the names of columns of segments begin with


class Names(dict[Scalar, int]):
    """Texts as small numbers; 0 is the absent one. Beyond the limit all are one.

    >>> names = Names(limit=2)
    >>> names.codes(["1", None, 0, "x"]).tolist(), names.texts(np.array([0, 1, 2]))
    ([2, 0, 3, 1], [None, '__overflow__', '1'])
    """

    def __init__(self, limit: int, known: Iterable[str] = ()) -> None:
        super().__init__({None: 0})
        self._limit = min(limit, NAMES_LIMIT - 2)
        self._texts: list[str | None] = [None, OVERFLOW]
        self._codes: dict[str, int] = {OVERFLOW: 1}
        self.changed = False
        for name in known:
            self._learn(name)

    def codes(self, column: Sequence[Scalar]) -> Ints:
        """The numbers of a column of raw values."""
        rows = len(column)
        if bool in set(map(type, column)):  # which a dictionary cannot tell from 0 and 1
            column = [category_name(raw) if isinstance(raw, bool) else raw for raw in column]
        elif rows and column.count(column[0]) == rows:
            return np.full(rows, self[column[0]], np.int64)
        return np.fromiter(map(self.__getitem__, column), np.int64, rows)

    def __missing__(self, raw: Scalar) -> int:
        assert raw is not None  # None is there from the start
        code = self._learn(category_name(raw)[:LABEL_LENGTH])
        if len(self) < 2 * self._limit:
            self[raw] = code
        return code

    def _learn(self, name: str) -> int:
        code = self._codes.get(name)
        if code is None:
            if len(self._texts) - 2 >= self._limit:
                return 1
            code = self._codes[name] = len(self._texts)
            self._texts.append(name)
            self.changed = True
        return code

    def texts(self, codes: npt.NDArray[Any]) -> list[str | None]:
        """The names of a column of numbers."""
        return list(map(self._texts.__getitem__, codes.tolist()))

    def known(self) -> list[str]:
        """All names, in the order that `Names(known=…)` needs."""
        return [name for name in self._texts[2:] if name is not None]


class Schema(msgspec.Struct, frozen=True, array_like=True):
    """Which columns of a batch are kept: `texts` by name, `numbers` as they are."""

    texts: tuple[str, ...]
    numbers: tuple[str, ...]
    regression: bool
    scores: tuple[str, ...] = ()  # the classes of probabilities that are kept
    ranking: bool = False

    def meaning(self, name: str) -> object:
        """What a field holds: equal fields of two schemas mean the same."""
        if name == "actual":
            return self.regression, self.ranking
        return self.scores if name in ("scores", "top_class", "top_score") else ""

    @property
    def dtype(self) -> np.dtype[np.void]:
        """The record as it is on disk, without padding."""
        fields: list[Any] = [("schema", "u1"), ("seconds", "<u4"), ("millis", "<u2")]
        fields += [(name, "<u2") for name in self.texts]
        fields += [(name, "<f8") for name in self.numbers]
        fields += choice_fields(self.scores, ranking=self.ranking)
        return np.dtype([*fields, ("actual", "<f8" if self.labels_are_numbers else "<u2")])

    @property
    def label_kind(self) -> int:
        """0 if a label is a class, 1 if it is a number, 2 if it is an item of a ranking."""
        return 1 if self.regression else 2 * self.ranking

    @property
    def labels_are_numbers(self) -> bool:
        """Whether a label is a number with NaN for none, and not the number of a name."""
        return self.regression or self.ranking


def set_times(records: Records, times: Floats) -> None:
    """Write times, epoch seconds, to the millisecond; NaN and what does not fit become none."""
    usable = np.nan_to_num(np.where((times > 0) & (times < 2**32 - 1), times, 0.0))
    millis = np.floor(usable * 1000 + 1e-3).astype(np.int64)
    records["seconds"], records["millis"] = millis // 1000, millis % 1000


def times_of(records: Records) -> Floats:
    """The times as epoch seconds, NaN where there is none."""
    seconds = records["seconds"].astype(np.float64)
    times: Floats = np.where(seconds > 0, seconds + records["millis"] / 1000, np.nan)
    return times


def is_labelled(records: Records) -> npt.NDArray[np.bool_]:
    """Which records have their label."""
    actual = records["actual"]
    labelled: npt.NDArray[np.bool_]
    labelled = ~np.isnan(actual) if actual.dtype.kind == "f" else actual != 0
    return labelled


@dataclass(frozen=True)
class Codec:
    """Records as bytes and back: `schemas` were all used once, `number` is the one in force."""

    schemas: tuple[Schema, ...]
    number: int

    @cached_property
    def dtype(self) -> np.dtype[np.void]:
        """Today's record."""
        return self.schemas[self.number].dtype

    @staticmethod
    def pack(records: Records) -> list[bytes]:
        """One value per record."""
        plain = np.ascontiguousarray(records).view(f"V{records.dtype.itemsize}")
        packed: list[bytes] = plain.tolist()
        return packed

    def is_current(self, data: bytes) -> bool:
        """Whether a column of records is in today's layout."""
        return data[0] & ~OUTSIDE == self.number

    def column(self, data: bytes, rows: Ints | None = None) -> Records:
        """Records (or those rows of them) that lie side by side, all of one schema."""
        number = data[0] & ~OUTSIDE
        if number >= len(self.schemas):
            raise ValueError(f"records of schema {number}, which is not known")
        records = np.frombuffer(data, self.schemas[number].dtype)
        chosen = records.copy() if rows is None else records[rows]
        return chosen if self.is_current(data) else self._converted(chosen, self.schemas[number])

    def unpack(self, blobs: Sequence[bytes]) -> Records:
        """Records in today's layout, those of older schemas included."""
        if all(blob[0] & ~OUTSIDE == self.number for blob in blobs):
            return np.frombuffer(bytearray(b"".join(blobs)), self.dtype)
        records = np.zeros(len(blobs), self.dtype)
        for number, schema in enumerate(self.schemas):
            rows = [row for row, blob in enumerate(blobs) if blob[0] & ~OUTSIDE == number]
            if rows:
                old = np.frombuffer(b"".join(blobs[row] for row in rows), schema.dtype)
                records[rows] = self._converted(old, schema)
        return records

    def _converted(self, old: Records, schema: Schema) -> Records:
        """What both layouts have; new numbers are absent, as is a label of another kind."""
        new = np.zeros(len(old), self.dtype)
        today = self.schemas[self.number]
        for name, kind in ((name, self.dtype[name].base.kind) for name in self.dtype.names or ()):
            same = name in (old.dtype.names or ()) and old.dtype[name].base.kind == kind
            if same and schema.meaning(name) == today.meaning(name):
                new[name] = old[name]
            elif kind == "f":
                new[name] = np.nan
        new["schema"] = self.number | (old["schema"] & OUTSIDE)
        return new
