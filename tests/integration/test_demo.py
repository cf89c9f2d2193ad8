"""The demo as a person runs it: real processes, real HTTP, real signals. Loopback only, bounded."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

import inference_exporter

pytestmark = pytest.mark.server

_PATIENCE = 60.0  # seconds for anything; a machine under load is slow
_REQUESTS = 300
_SOURCE_ROOT = Path(inference_exporter.__file__).parents[1]


class RunningDemo:
    """A demo in a process of its own, and what it has said."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.folder = folder / "demo"
        self._output = folder / "output.txt"
        command = [sys.executable, "-m", "inference_exporter.demo", f"--folder={self.folder}"]
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONPATH": str(_SOURCE_ROOT)},
                cwd=folder,
            )

    @property
    def output(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def wait_for(self, what: str, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _PATIENCE
        while not condition():
            assert self.process.poll() is None, self.output
            assert time.monotonic() < deadline, f"no {what}:\n{self.output}"
            time.sleep(0.1)

    def wait_until_started(self) -> None:
        self.wait_for("start", lambda: "Ctrl-C ends all of it" in self.output)

    def address(self, pattern: str) -> str:
        found = re.search(pattern, self.output)
        assert found is not None, self.output
        return found[1]

    def get(self, url: str) -> str:
        with requests.Session() as session:
            session.trust_env = False
            response = session.get(url, timeout=10)
        response.raise_for_status()
        return response.text

    def end(self, wish: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(wish)
        return self.process.wait(_PATIENCE)

    def logged(self) -> list[dict[str, object]]:
        files = self.folder.glob("predictions.jsonl*")
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., RunningDemo]]:
    started: list[RunningDemo] = []

    def start(*arguments: str) -> RunningDemo:
        started.append(RunningDemo(tmp_path, *arguments))
        return started[-1]

    yield start
    for demo in started:
        demo.end()


def totals(page: str, name: str, label: str) -> dict[str, float]:
    """Values of a metric above 0, added up by one of its labels: there are segments."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == name and sample.value:
                found[sample.labels[label]] = found.get(sample.labels[label], 0.0) + sample.value
    return found


def count(lines: list[dict[str, object]], key: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for line in lines:
        if key in line:
            found[str(line[key])] = found.get(str(line[key]), 0.0) + 1
    return found


def ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_every_logged_line_is_counted_and_the_drift_is_seen(
    start: Callable[..., RunningDemo],
) -> None:
    demo = start(
        f"--requests={_REQUESTS}", "--rate=25", "--drift-after=5", "--log-bytes=60000",
        "--no-prometheus",
    )  # fmt: skip
    demo.wait_until_started()
    metrics = demo.address(r"(http://127\.0\.0\.1:\d+/metrics)")
    health = demo.address(r"(http://127\.0\.0\.1:\d+)/predict") + "/health"
    demo.wait_for("end of the traffic", lambda: "the rest runs on" in demo.output)
    logged = int(json.loads(demo.get(health))["lines_logged"])

    def read() -> dict[str, float]:
        return totals(demo.get(metrics), "inference_exporter_lines_total", "result")

    demo.wait_for("equal counts", lambda: sum(read().values()) >= logged)
    page, lines = demo.get(metrics), demo.logged()
    assert logged == len(lines) == _REQUESTS
    assert read() == {"ok": _REQUESTS}
    assert totals(page, "inference_requests_total", "code") == count(lines, "status")
    assert totals(page, "inference_predictions_total", "prediction") == count(lines, "prediction")
    rotated = totals(page, "inference_exporter_files_rotated_total", "source")
    assert rotated == {"credit-risk": len(list(demo.folder.glob("predictions.jsonl.*")))}
    outcomes = sum(1 for line in lines if "actual" in line and "prediction" in line)
    assert _sum(page, "inference_outcomes_total") == outcomes
    psi = _psi(page)
    assert psi["income"] > 0.1
    assert psi["income"] == max(psi.values())
    assert demo.end() == 0
    assert f"logged {_REQUESTS} lines, the exporter counted {_REQUESTS}" in demo.output


def _sum(page: str, name: str) -> float:
    families = text_string_to_metric_families(page)
    return sum(sample.value for one in families for sample in one.samples if sample.name == name)


def _psi(page: str) -> dict[str, float]:
    return {
        sample.labels["feature"]: sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "inference_feature_drift"
        and (sample.labels["statistic"], sample.labels["window"]) == ("psi", "2m")
    }


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM])
def test_when_asked_to_end_nothing_is_left_running(
    start: Callable[..., RunningDemo], wish: signal.Signals
) -> None:
    demo = start()
    demo.wait_until_started()
    assert demo.end(wish) == 0
    pids = [int(pid) for pid in re.findall(r"\(process (\d+)\) ended", demo.output)]
    assert len(pids) >= 3
    assert all(ended(pid) for pid in pids)
    order = re.findall(r"(\S+) \(process", demo.output)
    assert order[:3] == ["traffic", "server", "exporter"]
    assert f"The files are still there: {demo.folder}" in demo.output


def test_when_a_child_dies_it_is_named_and_the_rest_is_ended(
    start: Callable[..., RunningDemo],
) -> None:
    demo = start("--no-prometheus")
    demo.wait_until_started()
    os.kill(_child(demo, "inference_exporter.demo.server"), signal.SIGKILL)
    assert demo.process.wait(_PATIENCE) == 1
    assert "model server was ended by signal 9" in demo.output
    pids = [int(pid) for pid in re.findall(r"\(process (\d+)\)", demo.output)]
    assert all(ended(pid) for pid in pids)


def _child(demo: RunningDemo, module: str) -> int:
    """The demo's own child that runs the module, and no other process."""
    tasks = Path(f"/proc/{demo.process.pid}/task")
    children = (pid for task in tasks.iterdir() for pid in (task / "children").read_text().split())
    return next(int(pid) for pid in children if module in Path(f"/proc/{pid}/cmdline").read_text())


def test_it_ends_by_itself_after_the_duration(start: Callable[..., RunningDemo]) -> None:
    demo = start("--duration=3", "--no-prometheus")
    assert demo.process.wait(_PATIENCE) == 0
    assert "3 seconds are over." in demo.output
