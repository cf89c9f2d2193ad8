"""`inference-exporter run` as a child process on loopback, with its CPU time and its pages."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bench import child

_TICKS = os.sysconf("SC_CLK_TCK")
TEXT = "text/plain;version=0.0.4"
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
PROTOBUF = (
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
)


def free_port() -> int:
    """A port on loopback that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(port: int, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """One request on a new connection: status and body as it came over the wire."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def total(page: str, name: str, label: str = "") -> float:
    """Sum of the samples of that name whose labels contain this text."""
    return sum(
        float(line.rpartition(" ")[2])
        for line in page.splitlines()
        if line.startswith((f"{name}{{", f"{name} ")) and label in line
    )


def wait_for(condition: Callable[[], bool], what: str, pause: float, seconds: float = 120) -> None:
    """Look again and again until it is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not within {seconds:g} s: {what}")
        time.sleep(pause)


class Sidecar:
    """The exporter in a folder that has a config.yaml; `with` starts it and ends it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.seconds_to_ready = 0.0
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Sidecar:
        command = child.exporter(
            "run", "--config.file=config.yaml", "--storage.path=state",
            f"--web.listen-address=127.0.0.1:{self.port}",
        )  # fmt: skip
        with (self.folder / "exporter.log").open("ab") as log:
            started = time.monotonic()
            self._process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, env=child.environment()
            )
        try:
            wait_for(self.is_ready, "the exporter is ready", pause=0.002)
        except BaseException:
            self.stop()
            raise
        self.seconds_to_ready = time.monotonic() - started
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def is_ready(self) -> bool:
        """What `/-/ready` says."""
        if self._process is None or self._process.poll() is not None:
            raise RuntimeError((self.folder / "exporter.log").read_text(encoding="utf-8"))
        try:
            return get(self.port, "/-/ready")[0] == 200
        except OSError:
            return False

    def page(self) -> str:
        """Its metrics."""
        return get(self.port, "/metrics", {"Accept": TEXT})[1].decode()

    def lines(self) -> float:
        """How many lines it has published as read."""
        return total(self.page(), "inference_exporter_lines_total", 'result="ok"')

    def wait_for_lines(self, lines: int) -> None:
        """Wait until so many lines are published."""
        wait_for(lambda: self.lines() >= lines, f"{lines} lines are published", pause=0.2)

    def cpu_seconds(self) -> float:
        """User and system time so far, to a hundredth of a second."""
        assert self._process is not None
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(") ")[2].split()[11:13]
        return (int(user) + int(system)) / _TICKS

    def memory(self, key: str = "VmHWM") -> int:
        """Peak resident memory so far in bytes; `VmRSS` is the present one."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith(key))
        return int(line.split()[1]) * 1024

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
