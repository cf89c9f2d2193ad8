"""The wire format of OTLP's protobuf messages, and which field is what.

Varints, fixed numbers and length-delimited fields are read; fields that are not known are passed
over, as protobuf wants it. Values have the shape of OTLP's JSON. The numbers are those of
opentelemetry-proto 1.x, in `opentelemetry/proto/` the files
`{collector/logs,collector/trace,logs,trace,common,resource}/v1`.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator
from typing import Any

DEPTH = 32  # levels of values inside values
FIELDS = 1_000_000  # of the messages around the entries of a request; an empty one is two bytes
_Known = dict[int, tuple[str, Callable[[Any], Any]]]
"""What a field is called and how it is read, by its number."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """The bytes are no such message."""


class Messages:
    """The messages of one request, down to its entries; WireError where they are too many."""

    def __init__(self) -> None:
        self._left = FIELDS

    def every(self, data: Any, wanted: int) -> Iterator[Any]:
        """The values of all fields of that number."""
        for number, value in fields(data):
            self._left -= 1
            if self._left < 0:
                raise WireError(f"more than {FIELDS} fields")
            if number == wanted:
                yield value


def _status(data: Any) -> dict[str, Any]:
    known: _Known = {2: ("message", _text), 3: ("code", _number)}
    return {known[n][0]: known[n][1](value) for n, value in fields(data) if n in known}


def _pair(data: Any, depth: int = DEPTH) -> dict[str, Any]:
    found: dict[str, Any] = {"key": "", "value": {}}
    for number, value in fields(data):
        if number == 1:
            found["key"] = _text(value)
        elif number == 2:
            found["value"] = any_value(value, depth)
    return found


def any_value(data: Any, depth: int = DEPTH) -> dict[str, Any]:
    """An AnyValue in the shape of OTLP's JSON."""
    if not depth:
        raise WireError("nested too deeply")
    found: dict[str, Any] = {}
    for number, value in fields(data):
        if number in _ANY:
            name, read = _ANY[number]
            found = {name: read(value)}
        elif number == 5:
            found = {
                "arrayValue": {
                    "values": [any_value(v, depth - 1) for n, v in fields(value) if n == 1]
                }
            }
        elif number == 6:
            found = {
                "kvlistValue": {"values": [_pair(v, depth - 1) for n, v in fields(value) if n == 1]}
            }
    return found


def _text(value: Any) -> str:
    if not isinstance(value, bytes | memoryview):
        raise WireError("expected a text")
    return bytes(value).decode("utf-8", "replace")


def _hex(value: Any) -> str:
    return _raw(value).hex()


def _base64(value: Any) -> str:
    return base64.b64encode(_raw(value)).decode()


def _raw(value: Any) -> bytes:
    if not isinstance(value, bytes | memoryview):
        raise WireError("expected bytes")
    return bytes(value)


def _number(value: Any) -> int:
    if not isinstance(value, int):
        raise WireError("expected a number")
    return value


def _nanoseconds(value: Any) -> str:
    return str(_number(value))


def _signed(value: Any) -> str:
    number = _number(value)
    return str(number - (1 << 64) if number >> 63 else number)


def named_number(number: float) -> str:
    """A number that is none, or infinite, as protobuf's JSON writes it."""
    if number != number:  # NaN
        return "NaN"
    return "Infinity" if number > 0 else "-Infinity"


def _double(value: Any) -> float | str:
    (number,) = struct.unpack("<d", struct.pack("<Q", _number(value)))
    return float(number) if number - number == 0 else named_number(number)


LOG_FIELDS: _Known = {
    1: ("timeUnixNano", _nanoseconds),
    2: ("severityNumber", _number),
    3: ("severityText", _text),
    5: ("body", any_value),
    9: ("traceId", _hex),
    10: ("spanId", _hex),
    11: ("observedTimeUnixNano", _nanoseconds),
    12: ("eventName", _text),
}
SPAN_FIELDS: _Known = {
    1: ("traceId", _hex),
    2: ("spanId", _hex),
    4: ("parentSpanId", _hex),
    5: ("name", _text),
    6: ("kind", _number),
    7: ("startTimeUnixNano", _nanoseconds),
    8: ("endTimeUnixNano", _nanoseconds),
    15: ("status", _status),
    16: ("flags", _number),
}
_ANY: _Known = {
    1: ("stringValue", _text),
    2: ("boolValue", lambda value: bool(_number(value))),
    3: ("intValue", _signed),
    4: ("doubleValue", _double),
    7: ("bytesValue", _base64),
}


def fields(data: Any) -> Iterator[tuple[int, Any]]:
    """(number, value) of every field: an int for numbers, a memoryview for the rest."""
    if not isinstance(data, bytes | memoryview):
        raise WireError("expected a message")
    view = memoryview(data)
    at, end = 0, len(view)
    while at < end:
        key, at = _varint(view, at)
        kind, number = key & 7, key >> 3
        if kind == _VARINT:
            value: Any
            value, at = _varint(view, at)
        elif kind == _BYTES:
            length, at = _varint(view, at)
            value, at = view[at : at + length], at + length
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
            value, at = int.from_bytes(view[at : at + size], "little"), at + size
        else:
            raise WireError(f"a field of kind {kind}")
        if at > end:
            raise WireError("it ends in the middle of a field")
        yield number, value


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    try:
        while True:
            byte = view[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & 0xFFFFFFFFFFFFFFFF, at
            shift += 7
            if shift > 63:
                raise WireError("a number that is too long")
    except IndexError:
        raise WireError("it ends in the middle of a number") from None
