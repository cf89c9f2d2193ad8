"""Protobuf by hand: what every message is made of. Field numbers are those of whoever calls."""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct

fixed64 = Struct("<Q").pack
double = Struct("<d").pack


def text(field: int, value: str) -> bytes:
    """A string."""
    return message(field, value.encode("utf-8", "replace"))


def number(field: int, value: int) -> bytes:
    """A varint."""
    return varint(field << 3) + varint(value)


def real(field: int, value: float) -> bytes:
    """A double."""
    return varint(field << 3 | 1) + double(value)


def message(field: int, data: bytes) -> bytes:
    """Bytes, or a message within a message."""
    size = len(data)
    head = _MESSAGES.get((field, size)) or varint(field << 3 | 2) + varint(size)
    return head + data


def signed(value: int) -> int:
    """An int as `sint32` and `sint64` write it.

    >>> [signed(one) for one in (0, -1, 1, -2)]
    [0, 1, 2, 3]
    """
    return value << 1 if value >= 0 else (-value << 1) - 1


def packed(field: int, values: Iterable[int]) -> bytes:
    """Varints of a repeated field, without a tag each."""
    return message(field, b"".join(map(varint, values)))


def varint(value: int) -> bytes:
    r"""A number of 0 and more, seven bits a byte.

    >>> varint(300)
    b'\xac\x02'
    """
    if value <= 0x7F:
        return _BYTES[value]
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


_BYTES = [bytes((one,)) for one in range(128)]
_MESSAGES = {
    (field, size): bytes((field << 3 | 2, size)) for field in range(1, 16) for size in range(128)
}
