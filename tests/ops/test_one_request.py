"""One request from end to end, by its trace id: model server, exporter, Prometheus, collector.

All are real processes but the collector, which reads spans with OpenTelemetry's own messages.
"""

from __future__ import annotations

import http.server
import json
import pickle
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from exporter_process import ExporterProcess, free_port, wait_for
from inference_exporter.demo.data import train
from inference_exporter.demo.folder import STEPS

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="no Prometheus here"),
]

GOOD, BAD = "0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"
APPLICANT = {
    "age": 41, "income": 2100.5, "years_employed": 4.0, "loan_amount": 8000, "debt_ratio": 0.2,
    "open_accounts": 3, "employment": "permanent", "housing": "rent",
}  # fmt: skip
STEP = "inference_step_duration_seconds_bucket"
DURATION, FAILED = "inference_request_duration_seconds_bucket", "inference_request_failures_total"
CONFIG = """\
commit_interval: 500ms
poll_interval: 50ms
traces: {{endpoint: 'http://127.0.0.1:{port}/v1/traces', sample: 0, timestamp: start}}
events: {{file: events.jsonl}}
models:
  credit-risk:
    logs: [predictions.jsonl]
    start_at: beginning
    thresholds: {{request_duration_seconds: 0.000001}}
    fields:
      timestamp: timestamp
      id: request_id
      trace_id: trace_id
      prediction: prediction
      status: status
      latency: {{from: latency_ms, unit: ms}}
      steps: {{{steps}}}
"""
SCRAPES = """\
global: {{scrape_interval: 1s}}
scrape_configs: [{{job_name: exporter, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]
"""


class Collector(http.server.BaseHTTPRequestHandler):
    """Keeps the spans that are posted."""

    spans: list[Any]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        for group in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in group.scope_spans:
                self.spans.extend(scope.spans)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def collected(port: int) -> Iterator[list[Any]]:
    spans: list[Any] = []
    kind = type("Kept", (Collector,), {"spans": spans})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), kind)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield spans
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def process(command: Sequence[str], url: str, folder: Path) -> Iterator[str]:
    """A server that answers at that address, until the end."""
    with (folder / "servers.log").open("ab") as log:
        running = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        wait_for(lambda: _answers(url), f"{command[0]} answers", 60)
        yield url
    finally:
        running.terminate()
        running.wait(20)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.ConnectionError:
        return False


def model_server(folder: Path, port: int) -> list[str]:
    (folder / "model.pickle").write_bytes(pickle.dumps(train(2000)))
    return [
        sys.executable, "-m", "inference_exporter.demo.server", "--model=model.pickle",
        "--log=predictions.jsonl", f"--port={port}", "--failure-share=0",
    ]  # fmt: skip


def prometheus(folder: Path, port: int, exporter: int) -> list[str]:
    (folder / "prometheus.yml").write_text(SCRAPES.format(port=exporter))
    return [
        "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=tsdb",
        f"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage",
        "--log.level=error",
    ]  # fmt: skip


def ask(url: str, trace: str, features: dict[str, object]) -> int:
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    return requests.post(
        f"{url}/predict", json={"features": features}, headers=headers, timeout=20
    ).status_code


def exemplars(url: str, family: str) -> dict[str, float]:
    """Traces with their values."""
    now = time.time()
    query: dict[str, str] = {"query": family, "start": str(now - 600), "end": str(now + 60)}
    found = requests.get(f"{url}/api/v1/query_exemplars", params=query, timeout=10).json()["data"]
    return {e["labels"]["trace_id"]: float(e["value"]) for one in found for e in one["exemplars"]}


def test_a_request_is_found_everywhere_by_its_trace_id(tmp_path: Path) -> None:
    ports = [free_port() for _ in range(3)]
    steps = ", ".join(f"{one}: {{from: steps.{one}, unit: ms}}" for one in STEPS)
    (tmp_path / "config.yaml").write_text(CONFIG.format(port=ports[0], steps=steps))
    exporter = ExporterProcess(tmp_path)
    server, store = (f"http://127.0.0.1:{port}" for port in ports[1:])
    with ExitStack() as stack:
        spans = stack.enter_context(collected(ports[0]))
        stack.enter_context(process(model_server(tmp_path, ports[1]), f"{server}/health", tmp_path))
        stack.enter_context(exporter)
        stack.enter_context(
            process(prometheus(tmp_path, ports[2], exporter.port), f"{store}/-/ready", tmp_path)
        )
        assert ask(server, GOOD, APPLICANT) == 200
        assert ask(server, BAD, {**APPLICANT, "loan_amount": None}) == 422
        wait_for(lambda: len(spans) >= 2 + len(STEPS), "the spans come")
        wait_for(
            lambda: BAD in exemplars(store, FAILED), "Prometheus has the failure's exemplar", 60
        )
        durations, of_steps = exemplars(store, DURATION), exemplars(store, STEP)
    lines = {one["trace_id"]: one for one in _json_lines(tmp_path / "predictions.jsonl")}
    events = {one["trace_id"]: one for one in _json_lines(tmp_path / "events.jsonl")}
    took = lines[GOOD]["latency_ms"] / 1000

    # Prometheus
    assert durations[GOOD] == pytest.approx(took)
    assert GOOD in of_steps

    # the collector
    tree = [one for one in spans if one.trace_id.hex() == GOOD]
    (root,) = (one for one in tree if not one.parent_span_id)
    children = [one for one in tree if one.parent_span_id == root.span_id]
    assert len(tree) == 1 + len(children)
    assert {one.name: _seconds(one) for one in children} == pytest.approx(
        {name: value / 1000 for name, value in lines[GOOD]["steps"].items()}, abs=1e-6
    )
    assert _seconds(root) == pytest.approx(took, abs=1e-6)
    assert sum(map(_seconds, children)) <= _seconds(root) + 1e-6
    assert root.start_time_unix_nano == min(one.start_time_unix_nano for one in children)
    assert max(one.end_time_unix_nano for one in children) <= root.end_time_unix_nano + 1000
    (failed,) = (one for one in spans if one.trace_id.hex() == BAD)
    assert (root.status.code, failed.status.code) == (0, 2)

    # the events
    assert {trace: one["reason"] for trace, one in events.items()} == {GOOD: "slow", BAD: "error"}
    for trace, event in events.items():
        assert event["request_id"] == lines[trace]["request_id"]
        assert event["latency_seconds"] == pytest.approx(lines[trace]["latency_ms"] / 1000)


def _seconds(span: Any) -> float:
    return float(span.end_time_unix_nano - span.start_time_unix_nano) / 1e9


def _json_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
