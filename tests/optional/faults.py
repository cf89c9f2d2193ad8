"""Faults that take minutes to try, and a minute of the soak; `make faults` runs them.

The quick ones are in tests/ops/test_faults.py.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from exporter_process import ExporterProcess, total, wait_for
from followed_log import Log, Watched, lines

pytestmark = pytest.mark.server

MEMORY = (
    134e6  # bytes that no one can take from the process: what a control group counts as its own
)
ROWS = 1_000_000
FEW = """\
commit_interval: 200ms
poll_interval: 20ms
models: {m: {logs: [predictions.jsonl], start_at: beginning, fields: {prediction: line}}}
"""
MANY = """\
models:
  m:
    logs: [predictions.jsonl]
    start_at: beginning
    task: classification
    reference: {warmup: 5000}
    windows: [10m, 24h]
    segments: [country]
    fields: {timestamp: ts, id: id, version: version, features: features, prediction: p}
    labels: {id: id, actual: actual, logs: labels.jsonl}
"""


def test_a_million_texts_10_000_versions_and_1_000_segments_fit_in_128_mb(tmp_path: Path) -> None:
    draw, now = random.Random(1).random, time.time()
    (tmp_path / "config.yaml").write_text(MANY, encoding="utf-8")
    with (
        (tmp_path / "predictions.jsonl").open("w", encoding="ascii") as predictions,
        (tmp_path / "labels.jsonl").open("w", encoding="ascii") as labels,
    ):
        for n in range(ROWS):
            predictions.write(
                f'{{"ts":{now - draw() * 600:.3f},"id":"r{n}","version":"v{n % 10_000}",'
                f'"country":"c{n % 1000}","p":"class{n % 2}",'
                f'"features":{{"x":{draw():.4f},"word":"word-{n}","plan":"{n % 30}"}}}}\n'
            )
            if n % 3 == 0:
                labels.write(f'{{"id":"r{n}","actual":"class{n % 2}"}}\n')
    exporter = ExporterProcess(tmp_path)
    exporter.start(ready=False)
    most = 0.0
    deadline = time.monotonic() + 900
    try:
        wait_for(exporter.is_ready, "it is ready", 120)
        while total(exporter.page(), "inference_labels_total", result="matched") < ROWS // 3:
            assert time.monotonic() < deadline
            most = max(most, _anonymous(exporter.pid))
            time.sleep(0.2)
        assert total(exporter.page(), "inference_requests_total") == ROWS
        assert exporter.stop() == 0
    finally:
        exporter.__exit__(None, None, None)
    assert most < MEMORY


def _anonymous(pid: int) -> float:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in text.splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024.0


def test_two_hundred_reloads_under_load(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(FEW, encoding="utf-8")
    log, stopping, written = Log(tmp_path / "predictions.jsonl"), threading.Event(), 0

    def write() -> None:
        nonlocal written
        while not stopping.wait(0.01):
            log.write(*["a"] * 50)
            written += 50

    with Watched(tmp_path) as exporter:
        writer = threading.Thread(target=write)
        writer.start()
        memory = []
        try:
            for _ in range(200):
                answer = requests.post(f"http://127.0.0.1:{exporter.port}/-/reload", timeout=60)
                assert answer.status_code == 200
                memory.append(_anonymous(exporter.pid))
        finally:
            stopping.set()
            writer.join()
        wait_for(lambda: exporter.lines() >= written, "everything is read", 60)
        assert exporter.counted() == {"a": written}
        assert max(memory[150:]) < max(memory[:100]) + 4e6


def test_a_process_that_is_stopped_for_a_minute_while_logs_are_rotated(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(FEW, encoding="utf-8")
    log = Log(tmp_path / "predictions.jsonl")
    with Watched(tmp_path) as exporter:
        log.write("a")
        exporter.has_counted("a")
        exporter.send(signal.SIGSTOP)
        for number, name in enumerate("bcdef"):
            log.write_bytes(lines(name))
            log.path.rename(f"{log.path}.{number}")
            log = Log(log.path)
            time.sleep(12)
        exporter.send(signal.SIGCONT)
        exporter.has_counted(*"abcdef")


def test_a_stop_while_two_gigabytes_are_caught_up_with_takes_less_than_five_seconds(
    tmp_path: Path,
) -> None:
    (tmp_path / "config.yaml").write_text(FEW, encoding="utf-8")
    line, written = b'{"line": "a", "note": "%b"}\n' % (b"x" * 500), 0
    with (tmp_path / "predictions.jsonl").open("wb") as log:
        while log.tell() < 2 << 30:
            log.write(line * 1000)
            written += 1000
    with Watched(tmp_path) as exporter:
        started = time.monotonic()
        assert exporter.stop() == 0
        assert time.monotonic() - started < 5
        exporter.start()
        wait_for(lambda: exporter.lines() >= written, "everything is read", 900)
        assert exporter.lines() == written


def test_a_minute_of_the_soak() -> None:
    arguments = ("--minutes", "1", "--rate", "2000", "--kills", "3", "--reload", "15")
    command = [sys.executable, "-m", "soak", *arguments]
    root = Path(__file__).parents[2]
    path = {"PYTHONPATH": f"{root / 'tests'}:{root / 'exporter'}"}
    done = subprocess.run(command, env=path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
