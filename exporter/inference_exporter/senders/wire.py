"""What the messages of OTLP's traces and logs have in common, in protobuf."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from inference_exporter import __version__
from inference_exporter.values.spans import Attribute
from inference_exporter.values.wire import message, number, real, text, varint

SCOPE = "inference-exporter"
_NANOSECONDS = 1_000_000_000


def resource(attributes: Mapping[str, Attribute]) -> bytes:
    """A Resource with these attributes, as field 1."""
    return message(1, b"".join(pair(1, *one) for one in attributes.items()))


def scope() -> bytes:
    """The InstrumentationScope, as field 1: nobody should take this for an application's own."""
    return message(1, text(1, SCOPE) + text(2, __version__))


def nanoseconds(seconds: float) -> int:
    """Epoch nanoseconds, within what a fixed64 holds."""
    return max(0, round(seconds * _NANOSECONDS)) & 0xFFFFFFFFFFFFFFFF


def pair(field: int, name: str, value: Attribute) -> bytes:
    """A KeyValue."""
    inside = any_value(value)
    return message(field, _key(name) + varint(len(inside)) + inside)


@lru_cache(maxsize=2048)  # names come again and again
def _key(name: str) -> bytes:
    """The key, and the tag of the value behind it."""
    return text(1, name) + b"\x12"


def any_value(value: Attribute) -> bytes:
    """The inside of an AnyValue."""
    if isinstance(value, str):
        return text(1, value)
    if isinstance(value, bool):
        return number(2, value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return number(3, value & 0xFFFFFFFFFFFFFFFF)
    return real(4, float(value))
