"""OTLP requests, written by the official messages and read by our own reader."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable
from typing import Any

import msgspec
from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from inference_exporter.formats.peeling.records import otlp_logs, otlp_traces
from inference_exporter.receivers.otlp_flat import LOGS, SPANS, FlatReader, Kind
from inference_exporter.receivers.otlp_wire import WireError

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
PLAIN = st.one_of(
    TEXT.map(lambda value: AnyValue(string_value=value)),
    st.booleans().map(lambda value: AnyValue(bool_value=value)),
    st.integers(-(2**63), 2**63 - 1).map(lambda value: AnyValue(int_value=value)),
    st.floats().map(lambda value: AnyValue(double_value=value)),
    st.binary(max_size=8).map(lambda value: AnyValue(bytes_value=value)),
)
VALUES = st.recursive(
    PLAIN,
    lambda below: (
        st.lists(below, max_size=3).map(
            lambda values: AnyValue(array_value=ArrayValue(values=values))
        )
        | st.lists(st.builds(KeyValue, key=TEXT, value=below), max_size=3).map(
            lambda pairs: AnyValue(kvlist_value=KeyValueList(values=pairs))
        )
    ),
    max_leaves=6,
)
PAIRS = st.lists(st.builds(KeyValue, key=TEXT, value=VALUES), max_size=4)
RECORDS = st.builds(
    LogRecord,
    time_unix_nano=st.integers(0, 2**64 - 1),
    observed_time_unix_nano=st.integers(0, 2**64 - 1),
    severity_number=st.integers(0, 24),
    severity_text=TEXT,
    body=VALUES,
    attributes=PAIRS,
    dropped_attributes_count=st.integers(0, 2**32 - 1),
    flags=st.integers(0, 2**32 - 1),
    trace_id=st.binary(min_size=16, max_size=16),
    span_id=st.binary(min_size=8, max_size=8),
)
REQUESTS = st.builds(
    ExportLogsServiceRequest,
    resource_logs=st.lists(
        st.builds(
            ResourceLogs,
            resource=st.builds(Resource, attributes=PAIRS),
            scope_logs=st.lists(
                st.builds(ScopeLogs, log_records=st.lists(RECORDS, max_size=2)), max_size=2
            ),
            schema_url=TEXT,
        ),
        max_size=2,
    ),
)
ALL_SPANS = st.builds(
    Span,
    trace_id=st.binary(min_size=16, max_size=16),
    span_id=st.binary(min_size=8, max_size=8),
    trace_state=TEXT,
    parent_span_id=st.binary(max_size=8),
    name=TEXT,
    kind=st.integers(0, 5),
    start_time_unix_nano=st.integers(0, 2**64 - 1),
    end_time_unix_nano=st.integers(0, 2**64 - 1),
    attributes=PAIRS,
    events=st.lists(st.builds(Span.Event, name=TEXT, attributes=PAIRS), max_size=2),
    status=st.builds(Status, message=TEXT, code=st.integers(0, 2)),
)
TRACES = st.builds(
    ExportTraceServiceRequest,
    resource_spans=st.lists(
        st.builds(
            ResourceSpans,
            resource=st.builds(Resource, attributes=PAIRS),
            scope_spans=st.lists(
                st.builds(ScopeSpans, spans=st.lists(ALL_SPANS, max_size=2)), max_size=2
            ),
        ),
        max_size=2,
    ),
)


def _with_hex_ids(value: Any) -> Any:
    """The official JSON with ids in hexadecimal digits, as OTLP has them."""
    if isinstance(value, list):
        return [_with_hex_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _with_hex_ids(one) for key, one in value.items()}
    for key in ("traceId", "spanId", "parentSpanId"):
        if key in found:
            found[key] = base64.b64decode(found[key]).hex()
    return found


def _expected(request: Any, take_apart: Callable[[bytes], bytes]) -> list[Any]:
    """The records that are made of the official JSON."""
    official = _with_hex_ids(MessageToDict(request, use_integers_for_enums=True))
    line = json.dumps(official).encode() + b"\n"
    found = take_apart(line)
    return [] if found == line else [json.loads(one) for one in found.splitlines()]


def _found(request: Any, kind: Kind) -> list[Any]:
    records = FlatReader(kind).records(request.SerializeToString())
    return [json.loads(msgspec.json.encode(record)) for _, record in records]


@settings(deadline=None)
@given(REQUESTS)
def test_what_the_official_messages_write_is_read(request: ExportLogsServiceRequest) -> None:
    assert _found(request, LOGS) == _expected(request, otlp_logs)


@settings(deadline=None)
@given(TRACES)
def test_what_the_official_messages_write_of_spans_is_read(
    request: ExportTraceServiceRequest,
) -> None:
    assert _found(request, SPANS) == _expected(request, otlp_traces)


@settings(deadline=None)
@given(REQUESTS | TRACES, st.data())
def test_what_is_cut_or_spoilt_is_refused_or_read(request: Any, data: st.DataObject) -> None:
    body = bytearray(request.SerializeToString())
    for _ in range(data.draw(st.integers(0, 3))):
        if body:
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(body[: data.draw(st.integers(0, len(body)))])
    for kind in (LOGS, SPANS):
        with contextlib.suppress(WireError):
            list(FlatReader(kind).records(cut))
