"""OTLP requests, written by the official messages and read by our own reader."""

from __future__ import annotations

import base64
from typing import Any

from google.protobuf.json_format import MessageToDict
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from inference_exporter.receivers.otlp_wire import logs_request, traces_request

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
SPANS = st.builds(
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
                st.builds(ScopeSpans, spans=st.lists(SPANS, max_size=2)), max_size=2
            ),
        ),
        max_size=2,
    ),
)
_LEFT_OUT = ("droppedAttributesCount", "flags", "schemaUrl", "events", "traceState")


def _meant(value: Any) -> Any:
    """The official JSON without what is left out, ids in hexadecimal digits as OTLP has them."""
    if isinstance(value, list):
        return [_meant(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _meant(one) for key, one in value.items() if key not in _LEFT_OUT}
    for key in ("traceId", "spanId", "parentSpanId"):
        if key in found:
            found[key] = base64.b64decode(found[key]).hex()
    return found


def _without_empty(value: Any) -> Any:
    """Empty lists, texts and objects are as good as absent; so is a number that is 0."""
    if isinstance(value, list):
        return [_without_empty(one) for one in value]
    if not isinstance(value, dict):
        return value
    kept = {key: _without_empty(one) for key, one in value.items()}
    return {
        key: one for key, one in kept.items() if one not in ("", [], {}, 0, "0") or one is False
    }


@settings(deadline=None)
@given(REQUESTS)
def test_what_the_official_messages_write_is_read(request: ExportLogsServiceRequest) -> None:
    official = MessageToDict(request, use_integers_for_enums=True)
    found = logs_request(request.SerializeToString())
    assert repr(_sorted(_without_empty(found))) == repr(_sorted(_without_empty(_meant(official))))


@settings(deadline=None)
@given(TRACES)
def test_what_the_official_messages_write_of_spans_is_read(
    request: ExportTraceServiceRequest,
) -> None:
    official = MessageToDict(request, use_integers_for_enums=True)
    found = traces_request(request.SerializeToString())
    assert repr(_sorted(_without_empty(found))) == repr(_sorted(_without_empty(_meant(official))))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_sorted(one) for one in value]
    return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(str(value), value)
