r"""Lines that hold many records of their own: each becomes a line. `RECORDS` is the table.

OpenTelemetry's file exporter and its HTTP protocol have many log records in one object, with their
resource; attributes are lists of typed pairs. A record becomes

    {"time": …, "severity": …, "body": …, "attributes": {…}, "resource": {…}, "trace_id": …, …}

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
    "triton-traces": triton_traces,
}
