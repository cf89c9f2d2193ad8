"""What is pushed becomes lines on disk, each event once, before it is acknowledged."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inference_exporter.config.models import RECEIVED
from inference_exporter.config.schema import ModelConfig
from inference_exporter.exposition.posts import Post, Reply
from inference_exporter.receivers import RECEIVERS, Receivers, folder_of
from inference_exporter.receivers.otlp_flat import LOGS, FlatReader
from inference_exporter.receivers.otlp_wire import WireError
from inference_exporter.receivers.records import RefusedPost
from inference_exporter.receivers.spool import SEGMENT_BYTES, Spool, SpoolFullError

JSON = {"content-type": "application/json"}


def records(kind: str, body: Any, headers: dict[str, str], *models: str) -> list[Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = RECEIVERS[kind].records(Post(data, headers), models or ("m",))
    return [(one.model, _object(one.value)) for one in found]


def lines(kind: str, body: Any, headers: dict[str, str], *models: str) -> list[Any]:
    """What is written, without the time of arrival."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    found = RECEIVERS[kind].records(Post(data, headers), models or ("m",))
    written = [(one.model, json.loads(one.line(1.5))) for one in found]
    assert {line.pop("$received") for _, line in written} <= {1.5}
    return written


def _object(value: dict[str, Any] | bytes) -> Any:
    return json.loads(value) if isinstance(value, bytes) else value


def refused(kind: str, body: bytes, headers: dict[str, str], *models: str) -> tuple[int, str]:
    with pytest.raises(RefusedPost) as raised:
        list(RECEIVERS[kind].records(Post(body, headers), models or ("m",)))
    return raised.value.status, raised.value.text


def test_what_can_be_configured_is_what_there_is() -> None:
    assert tuple(RECEIVERS) == RECEIVED


@pytest.mark.parametrize(
    "body",
    [
        b'[{"a": 1}, {"a": 2}]',
        b'{"a": 1}\n{"a": 2}\n',
        b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2}',
        b'[\n {"a": 1},\n {"a": 2}\n]',
    ],
)
def test_predictions_in_every_form(body: bytes) -> None:
    assert records("predictions", body, JSON) == [("m", {"a": 1}), ("m", {"a": 2})]


def test_one_prediction_over_several_lines() -> None:
    assert records("predictions", b'{\n "a": 1\n}', JSON) == [("m", {"a": 1})]
    assert records("predictions", b" ", JSON) == []


@pytest.mark.parametrize(
    ("body", "headers", "status", "text"),
    [
        (b"{", JSON, 400, "not JSON"),
        (b"[5]", JSON, 400, "record 0: expected a JSON object"),
        (b'{"a": 1}\n{"a": NaN}', JSON, 400, "record 1: not JSON"),
        (b"{}", {"content-type": "image/png"}, 415, "image/png"),
        (b'{"a":' * 100_000, JSON, 400, "not JSON"),
    ],
)
def test_predictions_that_cannot_be_taken(
    body: bytes, headers: dict[str, str], status: int, text: str
) -> None:
    got, said = refused("predictions", body, headers)
    assert got == status
    assert text in said


def test_a_record_names_its_model_where_several_are_received() -> None:
    body = [{"model": "a", "x": 1}, {"model": "b", "x": 2}]
    found = records("predictions", body, JSON, "a", "b")
    assert [model for model, _ in found] == ["a", "b"]
    assert refused("predictions", b'{"x": 1}', JSON, "a", "b")[1].endswith("name one of a, b")
    assert "no model 'c'" in refused("predictions", b'{"model": "c"}', JSON, "a", "b")[1]


KSERVE = {
    "content-type": "application/json", "ce-specversion": "1.0", "ce-id": "7f1c",
    "ce-type": "org.kubeflow.serving.inference.request", "ce-source": "http://localhost:9081/",
    "ce-time": "2026-11-20T10:00:00.1Z", "ce-inferenceservicename": "iris",
}  # fmt: skip
BODY = {"instances": [[6.8, 2.8]]}
EVENT = {
    "specversion": "1.0", "id": "7f1c", "type": "org.kubeflow.serving.inference.request",
    "source": "http://localhost:9081/", "time": "2026-11-20T10:00:00.1Z",
    "inferenceservicename": "iris", "data": BODY,
}  # fmt: skip


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BODY, KSERVE),
        (EVENT, {"content-type": "application/cloudevents+json; charset=utf-8"}),
        ([EVENT], {"content-type": "application/cloudevents-batch+json"}),
        (
            {key: value for key, value in EVENT.items() if key != "data"}
            | {"data_base64": base64.b64encode(json.dumps(BODY).encode()).decode()},
            {"content-type": "application/cloudevents+json"},
        ),
    ],
    ids=["binary", "structured", "batch", "base64"],
)
def test_an_event_in_every_mode(body: Any, headers: dict[str, str]) -> None:
    assert records("cloudevents", body, headers) == [("m", EVENT)]
    assert records("cloudevents", body, headers, "iris", "other") == [("iris", EVENT)]


def test_events_that_cannot_be_taken() -> None:
    assert refused("cloudevents", b"{}", JSON)[0] == 400
    structured = {"content-type": "application/cloudevents+json"}
    assert "without an id" in refused("cloudevents", b'{"type": "t"}', structured)[1]
    assert (
        "no model 'iris'" in refused("cloudevents", json.dumps(BODY).encode(), KSERVE, "a", "b")[1]
    )


def test_an_image_is_an_event_without_data() -> None:
    headers = KSERVE | {"content-type": "application/octet-stream"}
    ((_, event),) = records("cloudevents", b"\x89PNG\xff", headers)
    assert event["data"] is None


def varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def message(number: int, data: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(data)) + data


def pair(key: str, value: bytes) -> bytes:
    return message(1, key.encode()) + message(2, value)


OBJECTS = st.lists(
    st.dictionaries(
        st.sampled_from(["a", "model", "é", "$received", "$event", ""]),
        st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
        | st.lists(st.dictionaries(st.text(max_size=2), st.booleans()), max_size=2),
        max_size=4,
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(deadline=None)
@given(OBJECTS, st.sampled_from([",", " , "]), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_however_objects_are_written_they_are_the_same(
    objects: list[dict[str, Any]], comma: str, end: str
) -> None:
    by_line = end.join(json.dumps(one, separators=(comma, ":")) for one in objects)
    found = lines("predictions", by_line.encode(), {"content-type": "application/x-ndjson"})
    expected = [("m", {k: v for k, v in one.items() if k != "$received"}) for one in objects]
    assert [(m, {k: v for k, v in o.items() if k != "$received"}) for m, o in found] == expected
    assert lines("predictions", objects, JSON) == found


@settings(deadline=None)
@given(OBJECTS, st.data())
def test_what_is_no_json_is_refused_by_lines_too(
    objects: list[dict[str, Any]], data: st.DataObject
) -> None:
    body = bytearray("\n".join(json.dumps(one) for one in objects).encode())
    for _ in range(2):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(RefusedPost):
        for _, line in records("predictions", bytes(body), JSON):
            assert isinstance(line, dict)


MANY = 100_001
ENTRIES = message(1, message(2, b"\x12\x00" * MANY))  # log records or spans, all empty
EVENTS = "application/cloudevents-batch+json"
LOG_RECORDS = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[%s]}]}]}'


@pytest.mark.parametrize(
    ("kind", "body", "content_type"),
    [
        ("predictions", b"{}\n" * MANY, "application/x-ndjson"),
        ("predictions", b"{}" + b"\n" * MANY + b"{}", "application/x-ndjson"),
        ("predictions", b"[" + b"{}," * MANY + b"{}]", "application/json"),
        ("predictions", b"[" + b"[]," * 1_000_000 + b"[]]", "application/json"),
        ("cloudevents", b"[" + b'{"id":"1"},' * MANY + b"{}]", EVENTS),
        ("cloudevents", b"[" + b"[]," * 1_000_000 + b"[]]", "application/json"),
        ("otlp-logs", ENTRIES, "application/x-protobuf"),
        ("otlp-traces", ENTRIES, "application/x-protobuf"),
        ("otlp-logs", LOG_RECORDS % (b"{}," * MANY + b"{}"), "application/json"),
    ],
)
def test_small_records_in_great_numbers_are_refused_before_they_take_memory(
    kind: str, body: bytes, content_type: str
) -> None:
    headers = {"content-type": content_type, "ce-id": "1", "ce-type": "t"}
    status, text = refused(kind, body, headers)
    assert status == 413
    assert "send less at once" in text


@pytest.mark.parametrize("many", [b"\x0a\x00" * 1_000_001, message(1, b"\x12\x00" * 1_000_001)])
def test_messages_around_no_records_in_great_numbers_are_refused(many: bytes) -> None:
    status, text = refused("otlp-logs", many, {"content-type": "application/x-protobuf"})
    assert (status, "more than 1000000 fields" in text) == (400, True)


def test_log_records_as_protobuf_and_as_json() -> None:
    text = message(1, b"prediction")
    attributes = [
        pair("score", b"\x21" + bytes.fromhex("9a9999999999e93f")),  # double 0.8
        pair("age", b"\x18" + varint((1 << 64) - 41)),  # int -41
        pair("ok", b"\x10\x01"),
        pair("tags", message(5, message(1, message(1, b"a")) + message(1, b"\x18\x02"))),
        pair("more", message(6, message(1, pair("k", message(1, b"v"))))),
    ]
    record = (
        b"\x09" + (1795168800 * 10**9).to_bytes(8, "little") + message(5, text)
        + b"".join(message(6, one) for one in attributes)
        + message(9, bytes(range(16))) + message(10, bytes(range(8))) + b"\x45\x01\x00\x00\x00"
    )  # fmt: skip
    resource = message(1, message(1, pair("service.name", message(1, b"churn"))))
    body = message(1, resource + message(2, message(2, record)))
    expected = {
        "resourceLogs": [
            {
                "resource": {
                    "attributes": [{"key": "service.name", "value": {"stringValue": "churn"}}]
                },
                "scopeLogs": [{"logRecords": [{
                    "attributes": [
                        {"key": "score", "value": {"doubleValue": 0.8}},
                        {"key": "age", "value": {"intValue": "-41"}},
                        {"key": "ok", "value": {"boolValue": True}},
                        {"key": "tags", "value": {"arrayValue": {
                            "values": [{"stringValue": "a"}, {"intValue": "2"}]}}},
                        {"key": "more", "value": {"kvlistValue": {
                            "values": [{"key": "k", "value": {"stringValue": "v"}}]}}},
                    ],
                    "timeUnixNano": "1795168800000000000",
                    "body": {"stringValue": "prediction"},
                    "traceId": "000102030405060708090a0b0c0d0e0f",
                    "spanId": "0001020304050607",
                }]}],
            }
        ]
    }  # fmt: skip
    flat = {
        "time": 1795168800 * 10**9, "severity": None, "body": "prediction",
        "attributes": {"score": 0.8, "age": -41, "ok": True, "tags": ["a", 2], "more": {"k": "v"}},
        "trace_id": "000102030405060708090a0b0c0d0e0f", "span_id": "0001020304050607",
        "resource": {"service.name": "churn"},
    }  # fmt: skip
    protobuf = {"content-type": "application/x-protobuf"}
    assert lines("otlp-logs", body, protobuf, "churn", "b") == [("churn", flat)]
    assert lines("otlp-logs", expected, JSON) == [("m", flat)]


def test_a_log_record_that_is_sent_again_is_the_same_event_where_it_has_an_id() -> None:
    def record(uid: str | None) -> dict[str, Any]:
        value = {"key": "log.record.uid", "value": {"stringValue": uid}}
        return {"body": {"stringValue": "x"}, "attributes": [value] if uid is not None else []}

    given = [record(uid) for uid in ("01J9", "01J9", "01JA", "", None)]
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": given}]}]}).encode()
    as_json = RECEIVERS["otlp-logs"].records(Post(body, JSON), ("m",))
    first, again, other, *without = (one.event for one in as_json)
    assert first == again != other
    assert without == ["", ""]
    attribute = message(6, pair("log.record.uid", message(1, b"01J9")))
    packed = message(1, message(2, message(2, attribute)))
    protobuf = {"content-type": "application/x-protobuf"}
    (as_protobuf,) = RECEIVERS["otlp-logs"].records(Post(packed, protobuf), ("m",))
    assert as_protobuf.event == first


def test_a_span_that_is_sent_again_is_the_same_event() -> None:
    span = {"traceId": "AB" * 16, "spanId": "CD" * 8, "name": "predict",
            "startTimeUnixNano": "5", "endTimeUnixNano": "8"}  # fmt: skip
    body = {"resourceSpans": [{"scopeSpans": [{"spans": [span, span, {**span, "spanId": "ee"}]}]}]}
    found = list(RECEIVERS["otlp-traces"].records(Post(json.dumps(body).encode(), JSON), ("m",)))
    events = [record.event for record in found]
    assert events[0] == events[1] != events[2]
    assert json.loads(found[0].line(1.0))["duration"] == 3


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_stop_the_reader_of_protobuf(body: bytes) -> None:
    with contextlib.suppress(WireError):
        list(FlatReader(LOGS).records(body))


@settings(deadline=None)
@given(
    st.sampled_from(sorted(RECEIVERS)),
    st.binary(max_size=60) | st.sampled_from([b"{}", b"[]", b"[[]]", b'{"resourceLogs": [5]}']),
    st.sampled_from(["application/json", "application/cloudevents+json", "text/plain", ""]),
)
def test_no_body_stops_a_receiver(kind: str, body: bytes, content_type: str) -> None:
    post = Post(body, {"content-type": content_type, "ce-id": "1", "ce-type": "t"})
    with contextlib.suppress(RefusedPost):
        for record in RECEIVERS[kind].records(post, ("m",)):
            assert record.line(0.0).endswith(b"\n")


# -- the spool -------------------------------------------------------------------------------


def lines_in(folder: Path) -> list[Any]:
    text = b"".join(path.read_bytes() for path in sorted(folder.glob("*.jsonl")))
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def receivers(tmp_path: Path) -> Any:
    one = Receivers(str(tmp_path), lambda: 1.5)
    one.configure([ModelConfig("m", (), receive=("predictions", "cloudevents"))])
    yield one
    one.close()


def post(one: Receivers, kind: str, body: Any, headers: dict[str, str] = JSON) -> Reply:
    data = json.dumps(body).encode()
    return one.take(kind, RECEIVERS[kind], Post(data, headers)).result(10)


def test_what_is_acknowledged_is_on_disk(tmp_path: Path, receivers: Receivers) -> None:
    assert post(receivers, "predictions", [{"a": 1}, {"a": 2}]).status == 202
    assert lines_in(folder_of(str(tmp_path), "m")) == [
        {"$received": 1.5, "a": 1},
        {"$received": 1.5, "a": 2},
    ]
    assert receivers.take_counts()["m", "accepted"] == 2


def test_what_nobody_asked_for_is_not_found(receivers: Receivers) -> None:
    reply = post(receivers, "otlp-logs", {})
    assert reply.status == 404
    assert b"receive: [otlp-logs]" in reply.body


def test_an_event_counts_once_over_restarts(tmp_path: Path, receivers: Receivers) -> None:
    assert [post(receivers, "cloudevents", BODY, KSERVE).status for _ in range(3)] == [200] * 3
    again = Receivers(str(tmp_path), lambda: 2.5)
    again.configure([ModelConfig("m", (), receive=("cloudevents", "predictions"))])
    post(again, "cloudevents", BODY, KSERVE)
    post(again, "cloudevents", BODY, KSERVE | {"ce-id": "other"})
    keyed = JSON | {"idempotency-key": "batch-1"}
    for _ in range(2):
        post(again, "predictions", [{"a": 1}, {"a": 2}], keyed)
    again.close()
    assert len(lines_in(folder_of(str(tmp_path), "m"))) == 4
    assert receivers.take_counts()["m", "repeated"] == 2
    assert again.take_counts()["m", "repeated"] == 3


def test_a_line_that_a_crash_cut_off_was_never_acknowledged(tmp_path: Path) -> None:
    folder = folder_of(str(tmp_path), "m")
    folder.mkdir(parents=True)
    (folder / "00000003.jsonl").write_bytes(b'{"$received":1.0,"a":1}\n{"$received":1.0,"a')
    spool = Spool(folder)
    spool.write([b'{"$received":2.0,"a":2}\n'])
    spool.close()
    assert [one["a"] for one in lines_in(folder)] == [1, 2]
    assert sorted(path.name for path in folder.iterdir()) == ["00000003.jsonl", "00000004.jsonl"]


def test_a_full_spool_refuses_and_goes_on_when_it_was_read(tmp_path: Path) -> None:
    line = b'{"$received":1.0,"a":"' + b"x" * (SEGMENT_BYTES // 4) + b'"}\n'
    spool = Spool(tmp_path, limit=3 * SEGMENT_BYTES)
    for _ in range(11):
        spool.write([line])
    with pytest.raises(SpoolFullError):
        spool.write([line] * 4)
    files = sorted(tmp_path.glob("*.jsonl"))
    read = [(str(path), path.stat().st_size) for path in files]
    spool.tidy(read)  # what is read is committed next …
    assert sorted(tmp_path.glob("*.jsonl")) == files
    spool.tidy(read)  # … and then it can go, but for the newest that is complete
    assert sorted(tmp_path.glob("*.jsonl")) == files[-2:]
    spool.write([line] * 4)
    spool.close()


def test_a_disk_that_refuses_is_answered_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receivers: Receivers
) -> None:
    def full(_fd: int, _data: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("inference_exporter.receivers.spool._write_all", full)
        reply = post(receivers, "predictions", {"a": 1})
    assert (reply.status, reply.retry_after) == (503, 5)
    assert post(receivers, "predictions", {"a": 2}).status == 202
    assert [one["a"] for one in lines_in(folder_of(str(tmp_path), "m"))] == [2]
    assert receivers.take_counts()["m", "failed"] == 1


def test_nothing_is_written_where_the_disk_has_no_room_for_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = Spool(tmp_path)
    spool.write([b'{"$received":1.0,"a":1}\n'])
    full = os.statvfs_result((4096, 4096, 10, 0, 16, 0, 0, 0, 0, 255))  # 16 blocks are SPARE_BYTES
    with monkeypatch.context() as patch:
        patch.setattr(os, "fstatvfs", lambda _fd: full)
        with pytest.raises(OSError, match="No space left"):
            spool.write([b'{"$received":1.0,"a":2}\n'])
    spool.write([b'{"$received":1.0,"a":3}\n'])
    spool.close()
    assert [one["a"] for one in lines_in(tmp_path)] == [1, 3]


def test_what_cannot_be_taken_back_ends_its_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    spool = Spool(tmp_path)
    spool.write([b'{"$received":1.0,"a":1}\n'])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", refuse)
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(OSError, match="Input/output"):
            spool.write([b'{"$received":1.0,"a":2}\n'])
    spool.write([b'{"$received":1.0,"a":3}\n'])
    spool.close()
    assert [path.stem for path in sorted(tmp_path.iterdir())] == ["00000001", "00000002"]
    assert [one["a"] for one in lines_in(tmp_path)] == [1, 2, 3]  # 2 may count: it was in flight


def test_a_disk_that_stays_full_is_complained_about_once(
    monkeypatch: pytest.MonkeyPatch, receivers: Receivers, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_fd: int, _data: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("inference_exporter.receivers.spool._write_all", full)
    assert {post(receivers, "predictions", {"a": i}).status for i in range(20)} == {503}
    assert caplog.text.count("cannot be written") == 1


def test_many_clients_at_once(tmp_path: Path, receivers: Receivers) -> None:
    def send(client: int) -> None:
        for i in range(50):
            assert post(receivers, "predictions", {"n": client * 50 + i}).status == 202

    threads = [threading.Thread(target=send, args=(client,)) for client in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = sorted(one["n"] for one in lines_in(folder_of(str(tmp_path), "m")))
    assert found == list(range(400))
