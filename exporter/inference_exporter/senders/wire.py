"""Protobuf by hand, as far as OTLP needs it: what the messages of traces and logs are made of."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from struct import Struct

from inference_exporter import __version__
from inference_exporter.values.spans import Attribute

SCOPE = "inference-exporter"
_NANOSECONDS = 1_000_000_000

fixed64 = Struct("<Q").pack
_double = Struct("<d").pack


def resource(attributes: Mapping[str, Attribute]) -> bytes:
    """A Resource with these attributes, as field 1."""
    return message(1, b"".join(pair(1, *one) for one in attributes.items()))


def scope() -> bytes:
    """The InstrumentationScope, as field 1: nobody should take this for an application's own."""
    return message(1, text(1, SCOPE) + text(2, __version__))


def nanoseconds(seconds: float) -> int:
    """Epoch nanoseconds, within what a fixed64 holds."""
    return max(0, round(seconds * _NANOSECONDS)) & 0xFFFFFFFFFFFFFFFF


@lru_cache(maxsize=2048, typed=True)  # models, versions, classes come again and again
def pair(field: int, name: str, value: Attribute) -> bytes:
    """A KeyValue."""
    return message(field, text(1, name) + message(2, any_value(value)))


def any_value(value: Attribute) -> bytes:
    """The inside of an AnyValue."""
    if isinstance(value, bool):
        return number(2, value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return number(3, value & 0xFFFFFFFFFFFFFFFF)
    if isinstance(value, int | float):
        return b"\x21" + _double(float(value))
    return text(1, value)


def text(field: int, value: str) -> bytes:
    """A string."""
    return message(field, value.encode("utf-8", "replace"))


def number(field: int, value: int) -> bytes:
    """A varint."""
    return _varint(field << 3) + _varint(value)


def message(field: int, data: bytes) -> bytes:
    """Bytes, or a message within a message."""
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _varint(value: int) -> bytes:
    if value <= 0x7F:
        return _BYTES[value]
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


_BYTES = [bytes((one,)) for one in range(128)]
