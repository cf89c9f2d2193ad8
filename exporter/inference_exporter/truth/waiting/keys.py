"""Identities of predictions as 64-bit integers: what is kept instead of ids of any length.

An id is hashed together with the row in its request. Two of n pending ids collide with probability
n² / 2⁶⁵ (3e-6 for 10 million), and a label meets a wrong prediction with n / 2⁶⁴. The function
never changes: hashes are kept on disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from inference_exporter.values.batch import Ints, Scalar, category_name

_Words = npt.NDArray[np.uint64]

_WIDE = 64  # bytes; longer ids are shortened by a cryptographic hash first
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # splitmix64's increment, and its two multipliers
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def keys_of(ids: Sequence[Scalar], rows: Sequence[Scalar] | None = None) -> Ints:
    """Keys (n,) of the ids, none of which may be None; a row that is None is row 0.

    >>> one, same, other = keys_of(["a-1", "a-1", "a-1"], [None, 0, 1]).tolist()
    >>> one == same, one == other
    (True, False)
    >>> keys_of([7]).tolist() == keys_of(["7"]).tolist()
    True
    """
    keys = _hash(_texts(ids))
    if rows is not None and any(row not in (None, 0, "0") for row in rows):
        names = [b"" if name == b"0" else name for name in _texts(rows)]
        keys = np.where([bool(name) for name in names], _mix(keys ^ _hash(names)), keys)
    return keys.view(np.int64)


def _texts(values: Sequence[Scalar]) -> list[bytes]:
    try:
        texts = [value.encode() for value in values]  # type: ignore[union-attr]  # mostly they are
    except (AttributeError, UnicodeEncodeError):
        texts = [
            category_name("" if value is None else value).encode("utf-8", "surrogatepass")
            for value in values
        ]
    if max(map(len, texts), default=0) <= _WIDE:
        return texts
    return [
        text if len(text) <= _WIDE else hashlib.blake2b(text, digest_size=32).digest()
        for text in texts
    ]


def _hash(texts: Sequence[bytes]) -> _Words:
    """splitmix64 over the words of each text, all texts at once; the length goes in first."""
    count = len(texts)
    lengths = np.fromiter(map(len, texts), np.uint64, count)
    width = max(8, -(-int(lengths.max(initial=1)) // 8) * 8)
    words = np.array(texts, dtype=f"S{width}").view("<u8").reshape(count, width // 8)
    keys = _mix(lengths + _GOLDEN)
    for column in range(width // 8):
        inside = lengths > np.uint64(8 * column)  # what other ids of the block are does not count
        keys = np.where(inside, _mix((keys ^ words[:, column]) + _GOLDEN), keys)
    return keys


def _mix(values: _Words) -> _Words:
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    mixed: _Words = values ^ (values >> np.uint64(31))
    return mixed
