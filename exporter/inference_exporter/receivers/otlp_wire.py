"""OTLP's protobuf messages of logs and traces, read into the shape of its JSON.

A reader of the wire format (varints, fixed numbers, length-delimited fields) and, for every
message, which field is what. Fields that are not known are passed over, as protobuf wants it. The
numbers are those of opentelemetry-proto 1.x, in `opentelemetry/proto/` the files
`{collector/logs,collector/trace,logs,trace,common,resource}/v1`.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Callable, Iterator
from typing import Any

DEPTH = 32  # levels of values inside values
_Known = dict[int, tuple[str, Callable[[Any], Any]]]
"""What a field is called and how it is read, by its number."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """The bytes are no such message."""


def logs_request(data: bytes) -> dict[str, Any]:
    """An ExportLogsServiceRequest."""
    return {"resourceLogs": [_group(v, "scopeLogs", "logRecords", _log) for v in _all(data, 1)]}


def traces_request(data: bytes) -> dict[str, Any]:
    """An ExportTraceServiceRequest."""
    return {"resourceSpans": [_group(v, "scopeSpans", "spans", _span) for v in _all(data, 1)]}


def _all(data: Any, wanted: int) -> list[Any]:
    return [value for number, value in _fields(data) if number == wanted]


def _group(
    data: Any, scopes: str, entries: str, read: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """ResourceLogs or ResourceSpans, which have the same build."""
    found: dict[str, Any] = {"resource": {}, scopes: []}
    for number, value in _fields(data):
        if number == 1:
            found["resource"] = {"attributes": [_pair(one) for one in _all(value, 1)]}
        elif number == 2:
            found[scopes].append({entries: [read(one) for one in _all(value, 2)]})
    return found


def _log(data: Any) -> dict[str, Any]:
    return _entry(data, 6, _RECORD)


def _span(data: Any) -> dict[str, Any]:
    return _entry(data, 9, _SPAN)


def _entry(data: Any, attributes: int, known: _Known) -> dict[str, Any]:
    found: dict[str, Any] = {"attributes": []}
    for number, value in _fields(data):
        if number == attributes:
            found["attributes"].append(_pair(value))
        elif number in known:
            name, read = known[number]
            found[name] = read(value)
    return found


def _status(data: Any) -> dict[str, Any]:
    known: _Known = {2: ("message", _text), 3: ("code", _number)}
    return {known[n][0]: known[n][1](value) for n, value in _fields(data) if n in known}


def _pair(data: Any, depth: int = DEPTH) -> dict[str, Any]:
    found: dict[str, Any] = {"key": "", "value": {}}
    for number, value in _fields(data):
        if number == 1:
            found["key"] = _text(value)
        elif number == 2:
            found["value"] = _any(value, depth)
    return found


def _any(data: Any, depth: int = DEPTH) -> dict[str, Any]:
    if not depth:
        raise WireError("nested too deeply")
    found: dict[str, Any] = {}
    for number, value in _fields(data):
        if number in _ANY:
            name, read = _ANY[number]
            found = {name: read(value)}
        elif number == 5:
            found = {
                "arrayValue": {"values": [_any(v, depth - 1) for n, v in _fields(value) if n == 1]}
            }
        elif number == 6:
            found = {
                "kvlistValue": {
                    "values": [_pair(v, depth - 1) for n, v in _fields(value) if n == 1]
                }
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


def _double(value: Any) -> float | str:
    (number,) = struct.unpack("<d", struct.pack("<Q", _number(value)))
    return float(number) if number - number == 0 else str(float(number))


_RECORD: _Known = {
    1: ("timeUnixNano", _nanoseconds),
    2: ("severityNumber", _number),
    3: ("severityText", _text),
    5: ("body", _any),
    9: ("traceId", _hex),
    10: ("spanId", _hex),
    11: ("observedTimeUnixNano", _nanoseconds),
    12: ("eventName", _text),
}
_SPAN: _Known = {
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


def _fields(data: Any) -> Iterator[tuple[int, Any]]:
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
