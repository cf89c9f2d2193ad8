"""The record of decisions of a real process: `kill -9`, and a disk that is really full."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from exporter_process import ExporterProcess, total, wait_for
from inference_exporter.record import Decided, read
from inference_exporter.record.again import agrees
from recorded import CONFIG, prepare, rows_of

pytestmark = pytest.mark.server

KILLS = 4
SECONDS = CONFIG.replace("models:", "commit_interval: 100ms\npoll_interval: 20ms\nmodels:", 1)
SECONDS = SECONDS.replace("[1h]", "[1s]").replace("min_samples: 100", "min_samples: 20")
DECISIONS = "inference_drift_decisions_total"


class Traffic(threading.Thread):
    """Lines of now, a hundred or more a second, until it is stopped."""

    def __init__(self, path: Path) -> None:
        super().__init__(daemon=True)
        self._path, self._ended = path, threading.Event()

    def run(self) -> None:
        rows = rows_of(3, 100_000)
        with self._path.open("ab", buffering=0) as log:
            while not self._ended.wait(0.05):
                lines = ({"at": time.time(), **next(rows)} for _ in range(10))
                log.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def stop(self) -> None:
        self._ended.set()
        self.join()


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[ExporterProcess]:
    prepare(tmp_path)
    (tmp_path / "config.yaml").write_text(SECONDS, encoding="utf-8")
    traffic = Traffic(tmp_path / "log.jsonl")
    traffic.start()
    exporter = ExporterProcess(tmp_path)
    try:
        begin(exporter)
        yield exporter
    finally:
        exporter.kill()
        traffic.stop()


def begin(exporter: ExporterProcess) -> None:
    """Start it; on a busy machine that takes a while."""
    exporter.start(ready=False)
    wait_for(exporter.is_ready, "the exporter is ready", 90)


def recorded(exporter: ExporterProcess) -> list[Decided]:
    lines = read(exporter.folder / "state")
    found = list(lines)
    assert not lines.unreadable
    return found


def decided(exporter: ExporterProcess) -> float:
    return total(exporter.page(), DECISIONS)


def more_decided(exporter: ExporterProcess, before: float) -> None:
    """Wait until two more windows are decided on."""
    wait_for(lambda: decided(exporter) > before + 8, "two more windows are decided on", 60)


def test_kills_lose_no_line_and_write_none_twice(exporter: ExporterProcess) -> None:
    rng, before = random.Random(5), 0.0
    for _ in range(KILLS):
        more_decided(exporter, before)
        exporter.send(signal.SIGHUP)
        threading.Event().wait(rng.uniform(0.0, 0.5))
        seen = decided(exporter)
        exporter.kill()
        begin(exporter)
        before = decided(exporter)
        assert before >= seen, "the counter of decisions stepped back"
    more_decided(exporter, before)
    assert exporter.stop() == 0
    lines = recorded(exporter)
    keys = Counter((line.name, line.end) for line in lines)
    assert set(keys.values()) == {1}
    assert len({name for name, _ in keys}) == 4
    assert all(agrees(line) for line in lines)
    begin(exporter)
    page = exporter.page()
    assert total(page, DECISIONS) - len(recorded(exporter)) in (-4, 0, 4), "one may be new"
    assert total(page, "inference_exporter_record_lines_total", result="dropped") == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB in the place of the folder of the record."""
    folder = tmp_path / "state" / "decisions"
    folder.mkdir(parents=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)],
        check=False, capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a disk")
def test_a_disk_that_is_full_makes_lines_wait_until_there_is_room(
    small_disk: Path, exporter: ExporterProcess
) -> None:
    with suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while True:
            filler.write(bytes(4096))
    waiting, errors = (
        f"inference_exporter_record_{one}" for one in ("waiting_bytes", "errors_total")
    )
    wait_for(lambda: total(exporter.page(), errors) > 0, "a line cannot be written", 60)
    assert total(exporter.page(), waiting) > 0
    assert total(exporter.page(), "inference_exporter_state_persistent") == 1
    assert "No space left on device" in exporter.log()
    exporter.kill()
    (small_disk / "filler").unlink()
    begin(exporter)
    more_decided(exporter, decided(exporter))
    wait_for(lambda: total(exporter.page(), waiting) == 0, "all lines are written", 60)
    assert exporter.stop() == 0
    keys = Counter((line.name, line.end) for line in recorded(exporter))
    assert set(keys.values()) == {1}
    assert len(keys) >= 8
