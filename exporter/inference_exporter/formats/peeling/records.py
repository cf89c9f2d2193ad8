r"""Lines that hold many records of their own: each becomes a line. `RECORDS` is the table.

OpenTelemetry's file exporter and its HTTP protocol have many log records, or spans, in one object
with their resource; attributes are lists of typed pairs. A log record becomes

    {"time": …, "severity": …, "body": …, "attributes": {…}, "resource": {…}, "trace_id": …, …}

and a span

    {"name": …, "time": …, "start": …, "duration": …, "request": true, "status": "OK", …}

with times and durations in nanoseconds. `request` is true for a span that is a whole request here:
one without a parent, or of the kind server or consumer, whose parent is another service's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode
_BAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, AttributeError, TypeError,
        ValueError, KeyError)  # fmt: skip
_DEPTH = 32

KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
_STATUS = ("UNSET", "OK", "ERROR")
_ENTRIES = ("server", "consumer")

_Object = Mapping[str, Any]


def otlp_logs(block: bytes) -> bytes:
    """The log records of OTLP/JSON; what is none stays as it is."""
    return _each(block, ("resourceLogs", "scopeLogs", "logRecords"), _log_record)


def otlp_traces(block: bytes) -> bytes:
    """The spans of OTLP/JSON; what is none stays as it is."""
    return _each(block, ("resourceSpans", "scopeSpans", "spans"), _span)


def _each(
    block: bytes, keys: tuple[str, str, str], read: Callable[[_Object], dict[str, Any]]
) -> bytes:
    name = f'"{keys[0]}"'.encode()
    return b"".join(
        _taken_apart(line, keys, read) if name in line else line
        for line in block.splitlines(keepends=True)
    )


def _taken_apart(
    line: bytes, keys: tuple[str, str, str], read: Callable[[_Object], dict[str, Any]]
) -> bytes:
    try:
        found = _decode(line[max(line.find(b"{"), 0) :])
        own = {key: value for key, value in found.items() if key.startswith("$")}
        records = _of(found[keys[0]], keys[1], keys[2], read)
        return b"".join(_encode(own | record) + b"\n" for record in records)
    except _BAD:
        return line


def _of(
    groups: Any, scopes: str, entries: str, read: Callable[[_Object], dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    for group in groups:
        resource = _mapping((group.get("resource") or {}).get("attributes"))
        for scope in group.get(scopes, ()):
            for entry in scope.get(entries, ()):
                yield read(entry) | {"resource": resource}


def _log_record(record: _Object) -> dict[str, Any]:
    time = record.get("timeUnixNano") or record.get("observedTimeUnixNano")
    return {
        "time": int(time) if time else None,
        "severity": record.get("severityText") or record.get("severityNumber"),
        "body": _value(record.get("body")),
        "attributes": _mapping(record.get("attributes")),
        "trace_id": (record.get("traceId") or "").lower() or None,
        "span_id": (record.get("spanId") or "").lower() or None,
    }


def _span(span: _Object) -> dict[str, Any]:
    start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
    kind = _named(span.get("kind", 0), KINDS, "SPAN_KIND_").lower()
    parent = (span.get("parentSpanId") or "").lower() or None
    return {
        "name": span["name"],
        "time": end,
        "start": start,
        "duration": end - start,
        "kind": kind,
        "request": parent is None or kind in _ENTRIES,
        "status": _named((span.get("status") or {}).get("code", 0), _STATUS, "STATUS_CODE_"),
        "attributes": _mapping(span.get("attributes")),
        "trace_id": span["traceId"].lower(),
        "span_id": span["spanId"].lower(),
        "parent_span_id": parent,
    }


def _named(code: Any, names: tuple[str, ...], prefix: str) -> str:
    """The name of an enumeration's value, which JSON has as a number or by its long name."""
    if isinstance(code, str):
        return code.removeprefix(prefix)
    return names[code] if 0 <= code < len(names) else names[0]


def _mapping(pairs: Any, depth: int = _DEPTH) -> dict[str, Any]:
    return {pair["key"]: _value(pair.get("value"), depth) for pair in pairs or ()}


def _value(value: Any, depth: int = _DEPTH) -> Any:
    """An AnyValue as plain JSON."""
    if not isinstance(value, dict) or not depth:
        return None
    for kind, one in value.items():
        if kind == "intValue":
            return int(one)
        if kind == "arrayValue":
            return [_value(entry, depth - 1) for entry in one.get("values", ())]
        if kind == "kvlistValue":
            return _mapping(one.get("values"), depth - 1)
        return one
    return None


RECORDS: Mapping[str, Callable[[bytes], bytes]] = {
    "otlp-logs": otlp_logs, "otlp-traces": otlp_traces,
}  # fmt: skip
