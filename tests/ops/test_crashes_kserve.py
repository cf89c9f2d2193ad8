"""KServe's payload logger through `kill -9`: drift, latency and errors are those of what was sent.

Events are the bytes that KServe's agent sends: binary mode, headers as Go's `net/http` writes them
and times as its CloudEvents SDK does. The agent posts once; whoever stands in for it here posts the
same bytes again until it is answered with 200.
"""

from __future__ import annotations

import json
import random
import socket
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from exporter_process import ExporterProcess, Series, total, wait_for
from inference_exporter.config.schema import FeaturesField, Field, Fields, ModelConfig
from inference_exporter.reference import build, save
from reference_files import numeric, psi, write_lines

KILLS = 10
NAMES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
CONFIG = """\
commit_interval: 500ms
poll_interval: 50ms
models:
  iris:
    receive: [cloudevents]
    format: kserve
    task: classification
    reference: reference.json
    windows: [1h]
    pairs: {within: WITHIN}
    fields: {features: {names: [sepal_length, sepal_width, petal_length, petal_width]}}
"""
EVENT = """\
POST /cloudevents HTTP/1.1\r
Host: 127.0.0.1:PORT\r
User-Agent: Go-http-client/1.1\r
Content-Length: LENGTH\r
Ce-Component: predictor\r
Ce-Endpoint: \r
Ce-Id: ID\r
Ce-Inferenceservicename: iris\r
Ce-Metadata: {}\r
Ce-Namespace: default\r
Ce-Source: http://localhost:9081/\r
Ce-Specversion: 1.0\r
Ce-Time: TIME\r
Ce-Type: org.kubeflow.serving.inference.KIND\r
Content-Type: application/json\r
Traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00\r
Accept-Encoding: gzip\r
\r
"""
_pause = threading.Event()  # never set: a bounded wait


def nanoseconds(value: int) -> str:
    """A time as Go's RFC3339Nano has it: without zeros at its end."""
    seconds, rest = divmod(value, 10**9)
    fraction = f".{rest:09}".rstrip("0").rstrip(".")
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


class Agent(threading.Thread):
    """Requests of a model and what it answered, one after the other, until it is told to stop."""

    def __init__(self, port: int, seed: int) -> None:
        super().__init__(daemon=True)
        self._port, self._rng, self._seed = port, random.Random(seed), seed
        self.stopping = threading.Event()
        self.rows: list[list[float]] = []
        self.predicted: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.failed = 0

    def run(self) -> None:
        number = 0
        while not self.stopping.is_set():
            number += 1
            self._request(f"00000000-0000-4000-8000-{self._seed:04}{number:08}")

    def _request(self, one: str) -> None:
        """Every tenth request fails: then there is no second event."""
        rows = [[self._rng.gauss(0.3 * place, 1) for place in range(len(NAMES))]
                for _ in range(self._rng.randint(1, 4))]  # fmt: skip
        begun = int(datetime.now(UTC).timestamp() * 1e6) * 1000
        self._send("request", one, begun, {"instances": rows})
        self.rows += rows
        if self._rng.random() < 0.1:
            self.failed += 1
            return
        took = self._rng.randrange(1, 900) * 10**6 + 300_000  # on no edge of a bucket
        classes = [self._rng.randrange(3) for _ in rows]
        self._send("response", one, begun + took, {"predictions": classes})
        self.predicted.update(map(str, classes))
        self.latencies.append(took / 1e9)

    def _send(self, kind: str, one: str, when: int, data: object) -> None:
        body = json.dumps(data).encode()
        known = {"PORT": str(self._port), "LENGTH": str(len(body)), "ID": one, "KIND": kind,
                 "TIME": nanoseconds(when)}  # fmt: skip
        head = EVENT
        for name, value in known.items():
            head = head.replace(name, value)
        while not self._posted(head.encode() + body):
            _pause.wait(0.02)

    def _posted(self, event: bytes) -> bool:
        """Whether it was answered with 200; one answer of twenty is lost."""
        try:
            with socket.create_connection(("127.0.0.1", self._port), 10) as connection:
                connection.sendall(event)
                answer = connection.recv(4096)
        except OSError:
            return False  # it is being killed
        assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 503 ")) or not answer, answer
        return answer.startswith(b"HTTP/1.1 200 ") and self._rng.random() > 0.05


def configure(folder: Path, within: str) -> None:
    (folder / "config.yaml").write_text(CONFIG.replace("WITHIN", within), encoding="utf-8")


@pytest.mark.server
def test_drift_latency_and_errors_of_kserve_are_those_of_what_was_sent(tmp_path: Path) -> None:
    rng = random.Random(5)
    known = [{"features": {name: rng.gauss(0, 1) for name in NAMES}, "prediction": rng.randrange(3)}
             for _ in range(3000)]  # fmt: skip
    fields = Fields(features=FeaturesField("object", ("features",)),
                    prediction=Field(("prediction",)))  # fmt: skip
    model = ModelConfig("iris", ("x",), fields=fields)
    reference = build([write_lines(tmp_path / "known.jsonl", known)], model, now=1.0)
    save(reference, str(tmp_path / "reference.json"))
    configure(tmp_path, "10m")
    exporter = ExporterProcess(tmp_path)
    exporter.start()
    agents = [Agent(exporter.port, seed) for seed in range(3)]
    for agent in agents:
        agent.start()
    try:
        for _ in range(KILLS):
            _pause.wait(rng.uniform(0.2, 0.8))
            exporter.kill()
            exporter.start()
    finally:
        for agent in agents:
            agent.stopping.set()
        for agent in agents:
            agent.join(30)
    exporter.kill()
    configure(tmp_path, "1s")  # what failed is known as soon as everything is read
    with exporter:
        wait_for(exporter.has_caught_up, "the exporter has read everything", 60)
        wait_for(lambda: not total(exporter.page(), "inference_pairs_waiting"), "no half waits")
        page = exporter.page()
    failed = sum(agent.failed for agent in agents)
    latencies = [one for agent in agents for one in agent.latencies]
    assert len(latencies) > 100
    assert total(page, "inference_requests_total") == len(latencies) + failed
    assert total(page, "inference_requests_total", code="answered") == len(latencies)
    assert total(page, "inference_request_failures_total") == failed
    assert latency_buckets(page) == {
        edge: sum(one <= edge for one in latencies) for edge in latency_buckets(page)
    }
    took = total(page, "inference_request_duration_seconds_sum")
    assert took == pytest.approx(sum(latencies))
    for name, number in sum((agent.predicted for agent in agents), Counter()).items():
        assert total(page, "inference_predictions_total", prediction=name) == number
    rows = [row for agent in agents for row in agent.rows]
    for place, name in enumerate(NAMES):
        found = total(page, "inference_feature_drift", feature=name, statistic="psi")
        expected = psi([row[place] for row in rows], numeric(reference, name))
        assert found == pytest.approx(expected, rel=1e-9), name
        assert total(page, "inference_feature_drift_samples", feature=name) == len(rows)


def latency_buckets(page: Series) -> dict[float, float]:
    """Requests that took no longer, by the edges of the histogram."""
    return {
        float(dict(labels)["le"]): value
        for (name, labels), value in page.items()
        if name == "inference_request_duration_seconds_bucket"
    }
