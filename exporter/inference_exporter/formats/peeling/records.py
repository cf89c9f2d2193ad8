r"""Lines that hold many records of their own: each becomes a line. `RECORDS` is the table.

OpenTelemetry's file exporter and its HTTP protocol have many log records, or spans, in one object
with their resource; attributes are lists of typed pairs. A log record becomes

    {"time": …, "severity": …, "body": …, "attributes": {…}, "resource": {…}, "trace_id": …, …}

and a span

    {"name": …, "time": …, "start": …, "duration": …, "request": true, "status": "OK", …}

with times and durations in nanoseconds. `request` is true for a span that is a whole request here:
one without a parent, or of the kind server or consumer, whose parent is another service's.

Triton's trace file is one array of records, several of which are of one request. The file may have
no end: Triton writes it when it stops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from inference_exporter.formats.peeling.arrays import expand_arrays

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode
_BAD = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, AttributeError, TypeError,
        ValueError, KeyError)  # fmt: skip
_DEPTH = 32
_OF_TRACE = ("model_name", "model_version", "request_id", "parent_id")

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


def triton_traces(block: bytes) -> bytes:
    r"""The traces of Triton: several records with one id, each with other points in time.

    >>> triton_traces(b'[{"id":1,"model_name":"m"},{"id":1,"timestamps":[{"name":"A","ns":5}]}\n')
    b'{"id":1,"model_name":"m","timestamps":{"A":0}}\n'

    The points are nanoseconds since the first of the trace: those since the machine was started are
    too large to be subtracted as floats.
    """
    traces: dict[Any, dict[str, Any]] = {}
    others = []
    for line in expand_arrays(block, closed=False).splitlines(keepends=True):
        try:
            _add(_decode(line), traces)
        except _BAD:
            others.append(line)
    return b"".join([*(_encode(_since_first(one)) + b"\n" for one in traces.values()), *others])


def _since_first(trace: dict[str, Any]) -> dict[str, Any]:
    points = trace.get("timestamps", {})
    numbers = {name: ns for name, ns in points.items() if ns.__class__ is int}
    first = min(numbers.values(), default=0)
    return trace | {"timestamps": {name: ns - first for name, ns in numbers.items()}}


def _add(record: dict[str, Any], traces: dict[Any, dict[str, Any]]) -> None:
    """A record of a trace: what it is of, some points in time, or a tensor."""
    points = {str(point["name"]): point["ns"] for point in record.pop("timestamps", ())}
    trace = traces.setdefault(record["id"], {"id": record["id"]})
    trace |= {key: record[key] for key in _OF_TRACE if key in record}
    if points:
        trace["timestamps"] = points | trace.get("timestamps", {})


RECORDS: Mapping[str, Callable[[bytes], bytes]] = {
    "otlp-logs": otlp_logs,
    "otlp-traces": otlp_traces,
    "triton-traces": triton_traces,
}
