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
    return _each(block, ("resourceLogs", "scopeLogs", "logRecords"), log_record)


def otlp_traces(block: bytes) -> bytes:
    """The spans of OTLP/JSON; what is none stays as it is."""
    return _each(block, ("resourceSpans", "scopeSpans", "spans"), span)


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
        resource = mapping((group.get("resource") or {}).get("attributes"))
        for scope in group.get(scopes, ()):
            for entry in scope.get(entries, ()):
                yield read(entry) | {"resource": resource}


def log_record(record: _Object) -> dict[str, Any]:
    """The record of an entry of `logRecords`."""
    time = record.get("timeUnixNano") or record.get("observedTimeUnixNano")
    return {
        "time": int(time) if time else None,
        "severity": record.get("severityText") or record.get("severityNumber"),
        "body": plain(record.get("body")),
        "attributes": mapping(record.get("attributes")),
        "trace_id": (record.get("traceId") or "").lower() or None,
        "span_id": (record.get("spanId") or "").lower() or None,
    }


def span(entry: _Object) -> dict[str, Any]:
    """The record of an entry of `spans`. One that lacks a time has no duration."""
    start, end = (int(entry.get(f"{name}TimeUnixNano") or 0) for name in ("start", "end"))
    kind = _named(entry.get("kind", 0), KINDS, "SPAN_KIND_").lower()
    parent = (entry.get("parentSpanId") or "").lower() or None
    return {
        "name": entry.get("name") or "",
        "time": end or None,
        "start": start or None,
        "duration": end - start if start and end else None,
        "kind": kind,
        "request": parent is None or kind in _ENTRIES,
        "status": _named((entry.get("status") or {}).get("code", 0), _STATUS, "STATUS_CODE_"),
        "attributes": mapping(entry.get("attributes")),
        "trace_id": (entry.get("traceId") or "").lower() or None,
        "span_id": (entry.get("spanId") or "").lower() or None,
        "parent_span_id": parent,
    }


def _named(code: Any, names: tuple[str, ...], prefix: str) -> str:
    """The name of an enumeration's value, which JSON has as a number or by its long name."""
    if isinstance(code, str):
        return code.removeprefix(prefix)
    return names[code] if 0 <= code < len(names) else names[0]


def mapping(pairs: Any, depth: int = _DEPTH) -> dict[str, Any]:
    """Attributes as an object."""
    return {pair.get("key", ""): plain(pair.get("value"), depth) for pair in pairs or ()}


def plain(value: Any, depth: int = _DEPTH) -> Any:
    """An AnyValue as plain JSON."""
    if not isinstance(value, dict) or not depth:
        return None
    for kind, one in value.items():
        if kind == "intValue":
            return int(one)
        if kind == "arrayValue":
            return [plain(entry, depth - 1) for entry in one.get("values", ())]
        if kind == "kvlistValue":
            return mapping(one.get("values"), depth - 1)
        return one
    return None


RECORDS: Mapping[str, Callable[[bytes], bytes]] = {
    "otlp-logs": otlp_logs, "otlp-traces": otlp_traces,
}  # fmt: skip
