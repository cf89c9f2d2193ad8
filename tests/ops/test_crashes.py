"""`kill -9` under load and rotation, as a real Prometheus sees it: exact, and never a step back."""

from __future__ import annotations

import json
import random
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

import pytest
import requests

from exporter_process import ExporterProcess, child, free_port, wait_for

KILLS = 22
CONFIG = """\
commit_interval: 700ms
poll_interval: 50ms
models:
  credit:
    logs: [logs/predictions.jsonl]
    start_at: beginning
    fields:
      timestamp: timestamp
      version: version
      features: features
      prediction: prediction
      latency: {from: latency_ms, unit: ms}
      status: status
      actual: actual
    reference: {warmup: 1000}
    windows: [10m]
    segments: {kind: features.c}
"""
PROMETHEUS = """\
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: exporter
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Writer(threading.Thread):
    """A model server's log: bursts of lines, partial writes, rotation by rename or copytruncate."""

    def __init__(self, folder: Path, seed: int) -> None:
        super().__init__(daemon=True)
        folder.mkdir()
        self.path = folder / "predictions.jsonl"
        self.lines = self.failed = self.rotations = 0
        self.kinds = Counter[str]()
        self._rng = random.Random(seed)
        self._stopping = threading.Event()

    def run(self) -> None:
        log = self.path.open("ab", buffering=0)
        while not self._stopping.wait(self._rng.uniform(0.001, 0.02)):
            data = b"".join(self._line() for _ in range(self._rng.randrange(1, 60)))
            cut = self._rng.randrange(len(data))
            log.write(data[:cut])
            self._stopping.wait(0.002)
            log.write(data[cut:])
            if self._rng.random() < 0.02:
                log = self._rotate(log)
        log.close()

    def _rotate(self, log: FileIO) -> FileIO:
        self.rotations += 1
        rotated = self.path.with_name(f"{self.path.name}.{self.rotations}")
        if self._rng.random() < 0.3:
            shutil.copyfile(self.path, rotated)
            self.path.open("wb").close()
            return log
        log.close()
        self.path.rename(rotated)
        return self.path.open("ab", buffering=0)

    def _line(self) -> bytes:
        rng = self._rng
        self.lines += 1
        failed = rng.random() < 0.05
        self.failed += failed
        kind = rng.choice("abc")
        self.kinds[kind] += 1
        return (
            json.dumps(
                {
                    "timestamp": f"2026-11-01T10:00:{self.lines % 60:02d}.{self.lines % 1000:03d}Z",
                    "number": self.lines,
                    "version": rng.choice(["v1", "v2"]),
                    "features": {"x": rng.gauss(0, 1), "c": kind},
                    "prediction": rng.randrange(2),
                    "actual": rng.randrange(2),
                    "latency_ms": rng.expovariate(0.1),
                    "status": 500 if failed else 200,
                }
            ).encode()
            + b"\n"
        )

    def stop(self) -> None:
        self._stopping.set()
        self.join()


class Prometheus:
    """Questions to a running Prometheus."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self._url}/-/ready", timeout=5).ok
        except requests.ConnectionError:
            return False

    def query(self, promql: str) -> list[dict[str, object]]:
        answer = requests.get(f"{self._url}/api/v1/query", {"query": promql}, timeout=30).json()
        assert answer["status"] == "success", answer
        return list(answer["data"]["result"])

    def value(self, promql: str) -> float | None:
        result = self.query(promql)
        return float(result[0]["value"][1]) if result else None  # type: ignore[index]


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[tuple[Prometheus, int]]:
    """A Prometheus that scrapes a port of ours every second."""
    folder = tmp_path / "prometheus"
    folder.mkdir()
    port, target = free_port(), free_port()
    config = folder / "prometheus.yml"
    config.write_text(PROMETHEUS.format(port=target), encoding="utf-8")
    command = [
        "prometheus", f"--config.file={config}", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with child(command, folder, "prometheus"):
        server = Prometheus(port)
        wait_for(server.is_ready, "Prometheus is ready")
        yield server, target


@pytest.mark.server
def test_counters_in_prometheus_survive_crashes_exactly(
    tmp_path: Path, prometheus: tuple[Prometheus, int]
) -> None:
    server, port = prometheus
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    writer = Writer(tmp_path / "logs", seed=20)
    rng = random.Random(21)
    exporter = ExporterProcess(tmp_path, port=port)
    pause = threading.Event()
    exporter.start()  # what was rotated away before the first start ever is nobody's business
    writer.start()
    try:
        for _ in range(KILLS):
            pause.wait(rng.uniform(0.05, 2.5))
            exporter.kill()
            exporter.start(ready=rng.random() < 0.8)  # sometimes it dies while it is starting
        exporter.kill()
    finally:
        writer.stop()
    assert writer.rotations > KILLS
    with exporter:
        wait_for(exporter.has_caught_up, "the exporter has read everything", 60)
        assert exporter.lines() == writer.lines
        total = 'sum(inference_exporter_lines_total{result="ok"})'
        wait_for(lambda: server.value(total) == writer.lines, "Prometheus has seen them", 20)
        # Before it stops: the scrape after that makes every series stale.
        assert server.value("sum(inference_requests_total)") == writer.lines
        assert server.value("sum(inference_request_failures_total)") == writer.failed
        assert server.value("sum(inference_request_duration_seconds_count)") == writer.lines
        assert server.value("sum(inference_outcomes_total)") == writer.lines
        for kind, lines in writer.kinds.items():
            of_kind = f'sum(inference_requests_total{{kind="{kind}"}})'
            assert server.value(of_kind) == lines
    counters = '{job="exporter",__name__=~".+_(total|count|bucket|sum)"}'
    samples = server.query(f"{counters}[1h]")
    assert len(samples) > 50
    for name in {series["metric"]["__name__"] for series in samples}:  # type: ignore[index]
        assert server.query(f"resets({name}[1h]) > 0") == []
    for series in samples:
        values = [float(value) for _, value in series["values"]]  # type: ignore[attr-defined]
        assert values == sorted(values), series["metric"]
    assert "state not used" not in exporter.log()
