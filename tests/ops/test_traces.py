"""From a log line to the span at a collector and to the exemplar on the page, by one trace id."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from exporter_process import ExporterProcess, free_port, total, wait_for

CONFIG = """\
commit_interval: 500ms
poll_interval: 50ms
traces: {{endpoint: 'http://127.0.0.1:{port}/v1/traces', headers: {{x-team: risk}}, sample: 0}}
models:
  credit:
    logs: [log.jsonl]
    start_at: beginning
    fields:
      timestamp: ts
      id: id
      trace_id: trace
      prediction: p
      status: code
      latency: {{from: ms, unit: ms}}
      steps: {{lookup: {{from: lookup, unit: ms}}, inference: {{from: model, unit: ms}}}}
"""


class Collector(http.server.BaseHTTPRequestHandler):
    """Keeps the spans that are posted."""

    spans: list[Any]
    headers_seen: list[str | None]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in group.scope_spans:
                self.spans.extend(scope.spans)
        self.headers_seen.append(self.headers["x-team"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def collector(port: int) -> Iterator[type[Collector]]:
    kind = type("Kept", (Collector,), {"spans": [], "headers_seen": []})
    with serving(port, kind):
        yield kind


@contextmanager
def serving(port: int, kind: type[http.server.BaseHTTPRequestHandler]) -> Iterator[None]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), kind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def lines(count: int, **more: Any) -> str:
    now = time.time()
    records = [
        {"ts": now, "id": f"q{i}", "trace": f"{i + 1:032x}", "p": "a", "code": 200, "ms": 10,
         "lookup": 6, "model": 3} | more
        for i in range(count)
    ]  # fmt: skip
    return "".join(json.dumps(record) + "\n" for record in records)


def sent(exporter: ExporterProcess) -> float:
    return total(exporter.page(), "inference_exporter_spans_total", result="sent")


@pytest.mark.server
def test_a_failed_request_is_a_span_with_its_steps_and_an_exemplar(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "config.yaml").write_text(CONFIG.format(port=port))
    (tmp_path / "log.jsonl").write_text(lines(20))
    with collector(port) as kept, ExporterProcess(tmp_path) as exporter:
        with (tmp_path / "log.jsonl").open("a") as log:
            log.write(lines(1, id="bad", trace="0af7651916cd43dd8448eb211c80319c", code=500, ms=70))
        found = wait_for(lambda: kept.spans, "a span comes")
        with (tmp_path / "log.jsonl").open("a") as log:
            log.write(lines(1))  # a quiet model commits once a minute
        wait_for(lambda: sent(exporter) == 3, "what was sent is counted")
        page = exporter.page()
        url = f"http://127.0.0.1:{exporter.port}/metrics"
        accept = {"Accept": "application/openmetrics-text;version=1.0.0"}
        metrics = requests.get(url, headers=accept, timeout=10).text
    assert kept.headers_seen == ["risk"]
    request, lookup, inference = found
    assert {one.trace_id.hex() for one in found} == {"0af7651916cd43dd8448eb211c80319c"}
    assert lookup.parent_span_id == inference.parent_span_id == request.span_id
    assert request.status.code == 2
    took = [round((one.end_time_unix_nano - one.start_time_unix_nano) / 1e6) for one in found]
    assert took == [70, 6, 3]
    assert inference.start_time_unix_nano == lookup.end_time_unix_nano
    assert 'trace_id="0af7651916cd43dd8448eb211c80319c"' in metrics
    assert total(page, "inference_requests_total", code="500") == 1


@pytest.mark.server
def test_a_dead_collector_changes_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.format(port=free_port()))
    (tmp_path / "log.jsonl").write_text(lines(8000, code=500))
    with ExporterProcess(tmp_path) as exporter:
        wait_for(exporter.has_caught_up, "the log is read")
        page = exporter.page()
        assert total(page, "inference_requests_total", code="500") == 8000
    assert exporter.log().count("spans cannot be sent") == 1


EVENTS = """\
events:
  file: events.jsonl
  loki: {{endpoint: 'http://127.0.0.1:{port}/loki/api/v1/push'}}
"""


class Loki(http.server.BaseHTTPRequestHandler):
    """Keeps what is pushed."""

    pushed: list[Any]

    def do_POST(self) -> None:
        self.pushed.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.server
def test_a_failed_request_is_an_event_in_the_log_in_a_file_and_in_loki(tmp_path: Path) -> None:
    port, loki = free_port(), free_port()
    text = CONFIG.format(port=port) + EVENTS.format(port=loki)
    (tmp_path / "config.yaml").write_text(text)
    (tmp_path / "log.jsonl").write_text(
        lines(1, code=500, trace="0af7651916cd43dd8448eb211c80319c")
    )
    kind: Any = type("Kept", (Loki,), {"pushed": []})
    with (
        serving(loki, kind),
        collector(port) as kept,
        ExporterProcess(tmp_path, "--log.format=json") as exporter,
    ):
        wait_for(lambda: kind.pushed, "the event is pushed")
        span = wait_for(lambda: kept.spans, "a span comes")[0]
        requests.post(f"http://127.0.0.1:{exporter.port}/-/reload", timeout=20)
        path = tmp_path / "events.jsonl"
        wait_for(lambda: "reload" in path.read_text(), "the reload is told")
    event, reload = map(json.loads, path.read_text().splitlines())
    assert (event["event"], event["reason"], event["request_id"]) == ("prediction", "error", "q0")
    assert event["trace_id"] == span.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert reload["event"] == "reload"
    (stream,) = kind.pushed[0]["streams"]
    assert stream["stream"]["model"] == "credit"
    assert json.loads(stream["values"][0][1]) == event
    logged = [json.loads(line) for line in exporter.log().splitlines()]
    told = [one for one in logged if one["logger"] == "inference_exporter.events"]
    assert [one["event"] for one in told] == ["prediction", "reload"]
    assert told[0]["trace_id"] == event["trace_id"]
