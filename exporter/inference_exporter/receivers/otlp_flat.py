"""Log records and spans of OTLP's protobuf as flat records, in one pass over the bytes.

The same as `formats.peeling.records` makes of OTLP's JSON; a test holds it against the official
messages. Lengths of one byte are read where they stand, names of attributes are remembered, and
everything less common goes the general way, field by field (`otlp_wire`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from struct import Struct, error
from typing import Any

import msgspec

from inference_exporter.formats.peeling.records import log_record, plain, span
from inference_exporter.receivers.otlp_wire import (
    DEPTH,
    LOG_FIELDS,
    SPAN_FIELDS,
    Messages,
    WireError,
    any_value,
    fields,
    named_number,
)

_Object = dict[str, Any]
_double = Struct("<d").unpack_from
_encode = msgspec.json.Encoder().encode

_NAMES = 4096  # of attributes that are remembered
_ONE_BYTE = 0x80  # a length below it is one byte long
# Tags of fields: the number and how long the value is.
_KEY, _VALUE, _ENTRY = 0x0A, 0x12, 0x0A
_STRING, _BOOL, _INT, _DOUBLE, _LIST = 0x0A, 0x10, 0x18, 0x21, 0x32
_DOUBLE_BYTES = 9


@dataclass(frozen=True, slots=True)
class Kind:
    """A signal: its fields, the number of its attributes, and what a record of it is."""

    fields: dict[int, tuple[str, Callable[[Any], Any]]]
    attributes: int
    record: Callable[[_Object], _Object]


LOGS = Kind(LOG_FIELDS, 6, log_record)
SPANS = Kind(SPAN_FIELDS, 9, span)


class FlatReader:
    """Reads requests of one signal. Names of attributes are kept from one to the next."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._tag = kind.attributes << 3 | 2
        self._names: dict[bytes, str] = {}

    def records(self, body: bytes) -> Iterator[tuple[_Object, _Object]]:
        """(attributes of the resource, record) of every entry; WireError if it is no request."""
        try:
            yield from self._groups(body)
        except (IndexError, error) as problem:
            raise WireError("it ends in the middle of a field") from problem

    def _groups(self, body: bytes) -> Iterator[tuple[_Object, _Object]]:
        every = Messages().every
        for group in every(body, 1):
            resource: _Object = {}
            for message in every(group, 1):
                for pair in every(message, 1):
                    self._pair(bytes(pair), 0, len(pair), resource, DEPTH)
            raw = msgspec.Raw(_encode(resource))
            for scope in every(group, 2):
                for entry in every(scope, 2):
                    yield resource, self._record(bytes(entry)) | {"resource": raw}

    def _record(self, data: bytes) -> _Object:
        """One LogRecord or Span."""
        found: _Object = {}
        attributes: _Object = {}
        at, end, tag = 0, len(data), self._tag
        while at < end:
            if data[at] == tag and data[at + 1] < _ONE_BYTE:
                stop = at + 2 + data[at + 1]
                if stop > end:
                    raise IndexError
                self._pair(data, at + 2, stop, attributes, DEPTH)
                at = stop
                continue
            stop = _next(data, at)
            if stop > end:
                raise IndexError
            for number, value in fields(data[at:stop]):
                if number == self.kind.attributes:
                    self._pair(bytes(value), 0, len(value), attributes, DEPTH)
                elif number in self.kind.fields:
                    name, read = self.kind.fields[number]
                    found[name] = read(value)
            at = stop
        record = self.kind.record(found)
        record["attributes"] = attributes
        return record

    def _pair(self, data: bytes, at: int, end: int, into: _Object, depth: int) -> None:
        """One KeyValue, between two places."""
        if end - at > 2 and data[at] == _KEY and data[at + 1] < _ONE_BYTE:
            middle = at + 2 + data[at + 1]
            if (
                middle + 1 < end
                and data[middle] == _VALUE
                and data[middle + 1] < _ONE_BYTE
                and middle + 2 + data[middle + 1] == end
            ):
                name = self._name(data[at + 2 : middle])
                into[name] = self._value(data, middle + 2, end, depth)
                return
        name, value = "", None
        for number, part in fields(data[at:end]):
            if number == 1:
                name = self._name(bytes(part))
            elif number == 2:
                value = self._value(bytes(part), 0, len(part), depth)
        into[name] = value

    def _name(self, raw: bytes) -> str:
        found = self._names.get(raw)
        if found is None:
            if len(self._names) >= _NAMES:
                self._names.clear()
            found = self._names[raw] = raw.decode("utf-8", "replace")
        return found

    def _value(self, data: bytes, at: int, end: int, depth: int) -> Any:
        """One AnyValue, between two places."""
        if not depth:
            raise WireError("nested too deeply")
        if at == end:
            return None
        tag, size = data[at], end - at
        if tag == _DOUBLE and size == _DOUBLE_BYTES:
            (number,) = _double(data, at + 1)
            return number if number - number == 0 else named_number(number)
        if tag == _STRING and data[at + 1] == size - 2 < _ONE_BYTE:
            return data[at + 2 : end].decode("utf-8", "replace")
        if size == 2 and tag in (_INT, _BOOL) and data[at + 1] < _ONE_BYTE:
            return data[at + 1] if tag == _INT else data[at + 1] != 0
        if tag == _LIST and data[at + 1] == size - 2 < _ONE_BYTE:
            return self._mapping(data, at + 2, end, depth - 1)
        return plain(any_value(data[at:end], depth))

    def _mapping(self, data: bytes, at: int, end: int, depth: int) -> _Object:
        """One KeyValueList, between two places."""
        found: _Object = {}
        while at < end:
            if data[at] != _ENTRY or data[at + 1] >= _ONE_BYTE:
                for number, pair in fields(data[at:end]):
                    if number == 1:
                        self._pair(bytes(pair), 0, len(pair), found, depth)
                return found
            stop = at + 2 + data[at + 1]
            if stop > end:
                raise IndexError
            self._pair(data, at + 2, stop, found, depth)
            at = stop
        return found


def _next(data: bytes, at: int) -> int:
    """Where the field that begins here ends."""
    kind = data[at] & 7
    at = _after_varint(data, at)
    if kind == 0:
        return _after_varint(data, at)
    if kind == 1:
        return at + 8
    if kind == 5:
        return at + 4
    if kind != 2:
        raise WireError(f"a field of kind {kind}")
    length = shift = 0
    while True:
        byte = data[at]
        at += 1
        length |= (byte & 0x7F) << shift
        if byte < _ONE_BYTE:
            return at + length
        shift += 7


def _after_varint(data: bytes, at: int) -> int:
    while data[at] >= _ONE_BYTE:
        at += 1
    return at + 1
