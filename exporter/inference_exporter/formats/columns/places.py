"""Texts of which few are asked for: a column that knows where in the block of lines they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import overload

from inference_exporter.values.batch import Floats

_LONGEST = 65536  # as in `_native/leaves.c`


@dataclass(frozen=True, slots=True, eq=False)
class Places(Sequence[object]):
    """Raw scalars of rows, made of the bytes of `block` when somebody asks.

    `places` (rows,) are start * 65536 + length of a text in ASCII, NaN where there is none; `odd`
    are the raw values by row that are something else.

    >>> import numpy as np
    >>> list(Places(b'{"a": "xyz"}', np.array([7 * 65536 + 3, np.nan, np.nan]), {2: 5}))
    ['xyz', None, 5]
    """

    block: bytes
    places: Floats
    odd: Mapping[int, object]

    def __len__(self) -> int:
        return len(self.places)

    def __iter__(self) -> Iterator[object]:
        return (self[row] for row in range(len(self.places)))

    @overload
    def __getitem__(self, row: int) -> object: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[object]: ...
    def __getitem__(self, row: int | slice) -> object:
        if isinstance(row, slice):
            return list(self)[row]
        place = float(self.places[row])
        if place != place:  # NaN
            return self.odd.get(row % len(self.places))
        start, length = divmod(int(place), _LONGEST)
        return str(self.block[start : start + length], "ascii")
