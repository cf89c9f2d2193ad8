"""`kill -9` while clients post: what was acknowledged is counted, and what is sent again once."""

from __future__ import annotations

import gzip
import json
import random
import threading
from pathlib import Path

import pytest
import requests

from exporter_process import ExporterProcess, total, wait_for

KILLS = 10
CONFIG = """\
commit_interval: 500ms
poll_interval: 50ms
models:
  iris:
    receive: [cloudevents]
    format: kserve
    windows: [10m]
    task: classification
  churn:
    receive: [predictions]
    task: classification
    fields: {id: id, features: features, prediction: prediction, latency: {from: ms, unit: ms}}
  score:
    receive: [otlp-traces]
    format: otlp-traces
    fields: {steps: {lookup: {from: duration, unit: ns, when: {name: lookup}}}}
"""


class Client(threading.Thread):
    """Posts until it is told to stop; what is not acknowledged is sent again, as it should be."""

    def __init__(self, port: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._url, self._rng = f"http://127.0.0.1:{port}", random.Random(seed)
        self._name = f"c{seed}"
        self.stopping = threading.Event()
        self.pairs = self.rows = self.asked = self.batches = self.traces = 0

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            self._pair(f"{self._name}-{number}")
            self._batch(f"{self._name}-{number}")
            self._trace(number)

    def _pair(self, one: str) -> None:
        rows = self._rng.randint(1, 3)
        self._event(one, "request", {"instances": [[5.1, 3.5, 1.4, 0.2]] * rows})
        self.asked += 1
        if self._rng.random() < 0.9:
            self._event(one, "response", {"predictions": [1] * rows})
            self.pairs += 1
            self.rows += rows

    def _event(self, one: str, kind: str, data: object) -> None:
        headers = {
            "content-type": "application/json", "ce-specversion": "1.0", "ce-id": one,
            "ce-type": f"org.kubeflow.serving.inference.{kind}", "ce-source": "test",
            "ce-time": "2026-11-20T10:00:00Z", "ce-inferenceservicename": "iris",
        }  # fmt: skip
        self._post("/cloudevents", json.dumps(data).encode(), headers)

    def _batch(self, one: str) -> None:
        rows = [{"id": f"{one}-{i}", "features": {"a": i}, "prediction": "x", "ms": 2}
                for i in range(5)]  # fmt: skip
        body = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode())
        headers = {
            "content-type": "application/x-ndjson", "content-encoding": "gzip",
            "idempotency-key": one,
        }  # fmt: skip
        self._post("/api/v1/predictions", body, headers)
        self.batches += 1

    def _trace(self, number: int) -> None:
        """A request of 20 ms with a step of 5 ms; the step arrives before the request."""
        trace = f"{self._name}{number}".encode().hex().rjust(32, "0")
        for name, parent, took in (("lookup", "a" * 16, 5), ("POST /score", "", 20)):
            span = {
                "traceId": trace, "spanId": f"{took:016x}", "parentSpanId": parent, "name": name,
                "startTimeUnixNano": str(10**18), "endTimeUnixNano": str(10**18 + took * 10**6),
            }  # fmt: skip
            body = {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}
            headers = {"content-type": "application/json"}
            self._post("/v1/traces", json.dumps(body).encode(), headers)
        self.traces += 1

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> None:
        while True:
            try:
                answer = requests.post(self._url + path, body, headers=headers, timeout=10)
                if answer.status_code in (200, 202):
                    if self._rng.random() < 0.05:  # as if the answer had been lost
                        continue
                    return
                assert answer.status_code in (429, 503), answer.text
            except requests.RequestException:
                pass  # it is being killed
            _pause.wait(0.02)


_pause = threading.Event()  # never set: a bounded wait


@pytest.mark.server
def test_what_was_acknowledged_is_counted_once_whenever_it_is_killed(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    exporter, rng = ExporterProcess(tmp_path), random.Random(7)
    exporter.start()
    clients = [Client(exporter.port, seed) for seed in range(3)]
    for client in clients:
        client.start()
    before: dict[str, float] = {}
    try:
        for _ in range(KILLS):
            _pause.wait(rng.uniform(0.3, 1.5))
            exporter.kill()
            exporter.start()
            page = exporter.page()
            for (name, labels), value in page.items():
                if name.endswith("_total") and "lines" not in name:
                    key = f"{name}{labels}"
                    assert value >= before.get(key, 0.0), key
                    before[key] = value
    finally:
        for client in clients:
            client.stopping.set()
        for client in clients:
            client.join(30)
    exporter.kill()
    with exporter:
        wait_for(exporter.has_caught_up, "the exporter has read everything", 60)
        page = exporter.page()
    pairs, rows = sum(one.pairs for one in clients), sum(one.rows for one in clients)
    asked, batches = sum(one.asked for one in clients), sum(one.batches for one in clients)
    assert pairs > 100
    assert total(page, "inference_pairs_total", result="answered") == pairs
    waiting = total(page, "inference_pairs_waiting")
    unanswered = total(page, "inference_pairs_total", result="unanswered")
    assert waiting + unanswered == asked - pairs
    assert total(page, "inference_predictions_total", model="iris") == rows
    assert total(page, "inference_predictions_total", model="churn") == 5 * batches
    assert total(page, "inference_request_duration_seconds_count", model="churn") == 5 * batches
    traces = sum(one.traces for one in clients)
    assert total(page, "inference_requests_total", model="score") == traces
    took = total(page, "inference_request_duration_seconds_sum", model="score")
    assert took == pytest.approx(0.02 * traces)
    assert total(page, "inference_step_duration_seconds_count", model="score") == traces
    assert "state not used" not in exporter.log()


@pytest.mark.server
def test_only_what_is_configured_is_received(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    with ExporterProcess(tmp_path) as exporter:
        url = f"http://127.0.0.1:{exporter.port}"
        answer = requests.post(f"{url}/v1/logs", b"{}", timeout=10)
        assert answer.status_code == 404
        headers = {"content-encoding": "br"}
        answer = requests.post(f"{url}/api/v1/predictions", b"x", headers=headers, timeout=10)
        assert answer.status_code == 415
        assert "expected gzip or deflate" in answer.text
        bomb = gzip.compress(b" " * (64 << 20))
        headers = {"content-encoding": "gzip"}
        for path in ("/api/v1/predictions", "/api/v1/labels"):
            answer = requests.post(url + path, bomb, headers=headers, timeout=10)
            assert answer.status_code == 413
        answer = requests.post(f"{url}/api/v1/predictions", b"{", timeout=10)
        assert answer.status_code == 400
        assert "not JSON" in answer.text
