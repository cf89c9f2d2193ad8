"""A Prometheus that is measured: started on loopback, given rules, asked, ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import requests
from dashboards.fleet.history import wait_until_ready

from bench.sidecar import free_port, total


class Prometheus:
    """`with` starts it with what `targets` says to scrape, and ends it."""

    def __init__(self, folder: Path, targets: Sequence[object], interval: str) -> None:
        self._folder, self._targets, self._interval = folder, targets, interval
        self.url = f"http://127.0.0.1:{free_port()}"

    def __enter__(self) -> Prometheus:
        program = shutil.which("prometheus")
        if program is None:
            raise RuntimeError("prometheus is not installed")
        self._configure((), scrape=False)
        command = [
            program, f"--config.file={self._folder}/prometheus.yml",
            f"--storage.tsdb.path={self._folder}/data", "--web.enable-remote-write-receiver",
            f"--web.listen-address={self.url.removeprefix('http://')}", "--log.level=error",
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until_ready(self.url)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.wait(120)

    def use(self, rules: Sequence[Path]) -> None:
        """Scrape, with these rule files and no others, from now on."""
        self._configure(rules, scrape=True)
        self._process.send_signal(signal.SIGHUP)

    def _configure(self, rules: Sequence[Path], *, scrape: bool) -> None:
        job = {"job_name": "exporter", "static_configs": list(self._targets) if scrape else []}
        config = {
            "global": {"scrape_interval": self._interval, "evaluation_interval": "1m"},
            "rule_files": [str(path) for path in rules],
            "scrape_configs": [job],
        }
        (self._folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")

    def ask(self, query: str) -> list[Any]:
        """What an instant query finds."""
        answer = requests.post(f"{self.url}/api/v1/query", data={"query": query}, timeout=300)
        if not answer.ok:
            raise RuntimeError(f"{answer.text}: {query}")
        found: list[Any] = answer.json()["data"]["result"]
        return found

    def count(self, selector: str) -> float:
        """How many series there are now."""
        found = self.ask(f"count({selector})")
        return float(found[0]["value"][1]) if found else 0.0

    def told(self, name: str) -> float:
        """One of its own metrics, all series of it added up."""
        return total(requests.get(f"{self.url}/metrics", timeout=60).text, name)

    def cpu(self) -> float:
        """CPU seconds so far, of all threads."""
        text = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident bytes."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii").splitlines()
        return float(next(line for line in lines if line.startswith("VmRSS")).split()[1]) * 1024
