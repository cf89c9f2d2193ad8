"""The real exporter as a child process, for tests that are about processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Self, TypeVar

import requests
from prometheus_client.parser import text_string_to_metric_families

T = TypeVar("T")
Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]

_ROOT = Path(__file__).parent.parent


def free_port() -> int:
    """A port on loopback that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], T | None], what: str, seconds: float = 60.0) -> T:
    """Poll until the condition gives something; fail with `what` otherwise."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        _pause.wait(0.02)


_pause = threading.Event()  # never set: a bounded wait between two looks


def parse(text: str) -> Series:
    """Samples of a page by name and labels."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(page: Series, name: str, **labels: str) -> float:
    """Sum of the samples of that name whose labels include these."""
    return sum(
        value
        for (sample, pairs), value in page.items()
        if sample == name and labels.items() <= dict(pairs).items()
    )


class ExporterProcess:
    """`inference-exporter run` in a folder that has a config.yaml."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        port: int | None = None,
        under: Sequence[str] = (),
        stdin: int | IO[bytes] | None = None,
    ) -> None:
        self.folder, self.port = folder, port or free_port()
        self._arguments, self._under, self._stdin = arguments, under, stdin
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, ready: bool = True) -> None:
        """Start it, and wait until it says that it is ready."""
        command = [
            *self._under, sys.executable, "-m", "inference_exporter", "run",
            "--config.file=config.yaml",
            f"--web.listen-address=127.0.0.1:{self.port}", "--storage.path=state",
            *self._arguments,
        ]  # fmt: skip
        environment = os.environ | {"PYTHONPATH": str(_ROOT / "exporter")}
        with (self.folder / "exporter.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=self._stdin,
                stdout=log,
                stderr=log,
                env=environment,
            )
        if ready:
            wait_for(self.is_ready, "the exporter is ready")

    def is_ready(self) -> bool:
        """What `/-/ready` says; fails if the process has ended."""
        assert self._process is not None
        assert self._process.poll() is None, self.log()
        try:
            return self.get("/-/ready").status_code == 200
        except requests.ConnectionError:
            return False

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def wait(self, seconds: float = 15) -> int:
        """Wait until it has ended by itself; its exit code."""
        assert self._process is not None
        return self._process.wait(seconds)

    def get(self, path: str) -> requests.Response:
        """A request to it."""
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=10)

    def page(self) -> Series:
        """Its metrics."""
        return parse(self.get("/metrics").text)

    def lines(self, result: str = "ok") -> float:
        """How many lines it has published as read."""
        return total(self.page(), "inference_exporter_lines_total", result=result)

    def has_caught_up(self) -> bool:
        """Whether nothing was left to read and nothing new came between two commits."""
        before, after = self.page(), None
        commits = total(before, "inference_exporter_state_commits_total")
        if total(before, "inference_exporter_lag_bytes"):
            return False
        read = total(before, "inference_exporter_bytes_read_total")
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            after = self.page()
            if total(after, "inference_exporter_bytes_read_total") != read:
                return False
            if total(after, "inference_exporter_state_commits_total") > commits + 1:
                return True
            _pause.wait(0.1)
        return after is not None

    def kill(self) -> None:
        """`kill -9`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; returns its exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(15)

    def rss_bytes(self) -> int:
        """Peak resident memory so far."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def log(self) -> str:
        """What it said."""
        return (self.folder / "exporter.log").read_text(encoding="utf-8")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()


@contextmanager
def child(command: list[str], folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Another server as a child process; ended by its pid, its output in `<name>.log`."""
    with (folder / f"{name}.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
