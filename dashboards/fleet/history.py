"""A Prometheus with the history of the fleet: made hour by hour, then served as any other."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import requests
from dashboards.fleet.exporters import Exporter, prepare
from dashboards.fleet.remote import Writer
from dashboards.fleet.rules import Rules
from dashboards.fleet.scenarios import EVERY, HOURS, SCENARIOS

_HOUR = 3600.0


@contextmanager
def prometheus(folder: Path, port: int) -> Iterator[tuple[str, int]]:
    """A server that takes what is written to it; its address, and the id of its process."""
    program = shutil.which("prometheus")
    if program is None:
        raise RuntimeError("prometheus is not installed")
    folder.mkdir(parents=True, exist_ok=True)
    config = {"global": {"scrape_interval": f"{EVERY}m"}, "scrape_configs": []}
    (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
    command = [
        program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}", "--web.enable-remote-write-receiver",
        "--storage.tsdb.retention.time=30d", "--log.level=warn",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(url := f"http://127.0.0.1:{port}")
        yield url, process.pid
    finally:
        process.terminate()
        process.wait(60)


def wait_until_ready(url: str) -> None:
    """Until the Prometheus there answers. RuntimeError after half a minute."""
    for _ in range(150):
        try:
            if requests.get(f"{url}/-/ready", timeout=5).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.2)
    raise RuntimeError("Prometheus did not start")


def fill(url: str, folder: Path, names: Sequence[str], begin: float, hours: int = HOURS) -> None:
    """Run exporters of these scenarios from `begin` on, and the rules after them."""
    exporters: list[Exporter] = []
    for name in names:
        prepare(SCENARIOS[name], folder / name, begin)
        exporters += [
            Exporter(SCENARIOS[name], folder / name, number, begin)
            for number in range(SCENARIOS[name].simulated)
        ]
    writer = Writer(url)
    rules = Rules(url, writer)
    for hour in range(hours):
        first, count = begin + hour * _HOUR, 60 // EVERY
        shown = first + 60 * EVERY * (1 + np.arange(count))  # what was read until then
        for exporter in exporters:
            for chunk in exporter.pages(count):
                writer.write(chunk, (shown * 1000).astype(np.int64))
        rules.evaluate(first + 60, 60)
        print(f"hour {hour + 1} of {hours}: {writer.samples:,} samples", flush=True)
