r"""Lines that hold many records of their own: each becomes a line. `RECORDS` is the table.

OpenTelemetry's file exporter and its HTTP protocol have many log records in one object, with their
resource; attributes are lists of typed pairs. A record becomes

    {"time": …, "severity": …, "body": …, "attributes": {…}, "resource": {…}, "trace_id": …, …}
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


def otlp_logs(block: bytes) -> bytes:
    """The log records of OTLP/JSON; what is none stays as it is."""
    return b"".join(_records(line) for line in block.splitlines(keepends=True))


def _records(line: bytes) -> bytes:
    if b'"resourceLogs"' not in line:
        return line
    try:
        groups = _decode(line)["resourceLogs"]
        return b"".join(_encode(record) + b"\n" for record in _of(groups))
    except _BAD:
        return line


def _of(groups: Any) -> Iterator[dict[str, Any]]:
    for group in groups:
        resource = _mapping((group.get("resource") or {}).get("attributes"))
        for scope in group.get("scopeLogs", ()):
            for record in scope.get("logRecords", ()):
                yield _record(record, resource)


def _record(record: Mapping[str, Any], resource: Mapping[str, Any]) -> dict[str, Any]:
    time = record.get("timeUnixNano") or record.get("observedTimeUnixNano")
    return {
        "time": int(time) if time else None,
        "severity": record.get("severityText") or record.get("severityNumber"),
        "body": _value(record.get("body")),
        "attributes": _mapping(record.get("attributes")),
        "resource": resource,
        "trace_id": (record.get("traceId") or "").lower() or None,
        "span_id": (record.get("spanId") or "").lower() or None,
    }


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


RECORDS: Mapping[str, Callable[[bytes], bytes]] = {"otlp-logs": otlp_logs}
