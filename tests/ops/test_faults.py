"""Faults around a running exporter: nothing is lost or counted twice, and what is wrong is said."""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from exporter_process import total, wait_for
from followed_log import Log, Watched, lines
from inference_exporter.app import Application, Options
from inference_exporter.clock import SystemClock

pytestmark = pytest.mark.server

CONFIG = """\
commit_interval: 200ms
poll_interval: 20ms
rotate_grace: {grace}
models:
  m:
    logs: ["{logs}"]
    start_at: beginning
    fields: {{prediction: line}}
"""
# A file system of its own for the state: small, and mounted where nobody else sees it.
OWN_DISK = (
    "unshare", "--user", "--map-root-user", "--mount",
    "sh", "-c", 'mkdir -p state && mount -t tmpfs -o size=400k none state && exec "$@"', "sh",
)  # fmt: skip
DAY = 86_400.0


def configure(folder: Path, logs: str = "predictions.jsonl", grace: str = "30s") -> None:
    text = CONFIG.format(logs=logs, grace=grace)
    (folder / "config.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "predictions.jsonl")


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Watched]:
    configure(tmp_path)
    with Watched(tmp_path) as exporter:
        yield exporter


# -- the state's disk ------------------------------------------------------------------------------


@pytest.fixture
def own_disk(tmp_path: Path) -> Iterator[Watched]:
    """An exporter whose state is on a file system of 400 kB."""
    if subprocess.run(
        [*OWN_DISK, "true"], cwd=tmp_path, capture_output=True, check=False
    ).returncode:
        pytest.skip("this system lets nobody mount a file system of their own")
    configure(tmp_path)
    with Watched(tmp_path, under=OWN_DISK) as exporter:
        yield exporter


def inside(exporter: Watched, command: str) -> None:
    """A shell command in the folder of the exporter, with the file systems that it sees."""
    enter = ("nsenter", f"--target={exporter.pid}", "--user", "--mount", "--preserve-credentials")
    shell = ("sh", "-c", f'cd "$1" && mountpoint -q state && {command}', "sh")
    subprocess.run([*enter, *shell, str(exporter.folder)], check=True, capture_output=True)


def test_a_full_disk_holds_up_nothing_and_loses_nothing_once_it_has_room(
    own_disk: Watched, log: Log
) -> None:
    log.write("a")
    own_disk.has_counted("a")
    inside(own_disk, "(head -c 1M /dev/zero >state/filler || true)")
    log.write("b")
    own_disk.waits_for("state_persistent", 0)
    assert "is not kept: database or disk is full" in own_disk.log()
    own_disk.has_counted("a", "b")  # after some commits that failed
    assert own_disk.own("state_commit_failures_total") > 1
    assert own_disk.is_ready()
    inside(own_disk, "rm state/filler")
    own_disk.waits_for("state_persistent", 1)
    assert "is kept again" in own_disk.log()
    log.write("c")
    own_disk.has_counted("a", "b", "c")
    assert own_disk.log().count("is not kept") == 1


def test_state_that_is_removed_is_missed_at_once_and_counting_goes_on(
    exporter: Watched, log: Log
) -> None:
    log.write("a")
    exporter.has_counted("a")
    shutil.rmtree(exporter.folder / "state")
    log.write("b")
    exporter.waits_for("state_persistent", 0)
    exporter.has_counted("a", "b")
    assert "the database was removed; a restart makes a new one" in exporter.log()
    assert exporter.stop() == 0
    assert "stopped" in exporter.log()


# -- files -----------------------------------------------------------------------------------------


def test_a_thousand_files_are_read_with_64_descriptors(tmp_path: Path) -> None:
    configure(tmp_path, "logs/*.jsonl")
    (tmp_path / "logs").mkdir()
    files = [tmp_path / "logs" / f"{number}.jsonl" for number in range(1000)]
    for number, path in enumerate(files):
        path.write_bytes(b'{"line": "a", "number": %d}\n' % number)
    with Watched(tmp_path, under=("prlimit", "--nofile=64")) as exporter:
        wait_for(lambda: exporter.lines() == 1000, "all files are read")
        for path in files:
            with path.open("ab") as file:
                file.write(lines("b"))
        wait_for(lambda: exporter.lines() >= 2000, "what was added is read")
        assert exporter.own("files_watched") == 1000
        assert exporter.own("files_unreadable") == 0
        assert exporter.own("file_open_errors_total") == 0
        assert exporter.stop() == 0
        exporter.start()
        assert exporter.counted() == {"a": 1000, "b": 1000}
        assert "Traceback" not in exporter.log()


@pytest.mark.parametrize("moved", [True, False], ids=["the same files", "copies"])
def test_a_volume_that_goes_and_comes_back_is_read_on_where_it_was(
    tmp_path: Path, moved: bool
) -> None:
    configure(tmp_path, "volume/*.jsonl", grace="500ms")
    volume, away = tmp_path / "volume", tmp_path / "away"
    volume.mkdir()
    log = Log(volume / "predictions.jsonl")
    with Watched(tmp_path) as exporter:
        log.write(*"abc")
        exporter.has_counted(*"abc")
        volume.rename(away)
        exporter.waits_for("source_up", 0)
        exporter.waits_for("files_open", 0)  # the grace is over
        log.write("d")
        if moved:
            away.rename(volume)
        else:
            shutil.copytree(away, volume)
        exporter.has_counted(*"abcd")
        exporter.waits_for("source_up", 1)
        with (volume / "predictions.jsonl").open("ab") as file:
            file.write(lines("e"))
        exporter.has_counted(*"abcde")


# -- time ------------------------------------------------------------------------------------------


def test_a_process_that_was_stopped_goes_on_where_it_was(log: Log, exporter: Watched) -> None:
    log.write("a")
    exporter.has_counted("a")
    exporter.send(signal.SIGSTOP)
    log.write("b")
    log.rename()
    new = Log(log.path)
    new.write("c")
    threading.Event().wait(3)
    exporter.send(signal.SIGCONT)
    exporter.has_counted("a", "b", "c")
    new.write("d")
    exporter.has_counted("a", "b", "c", "d")
    assert "level=warn" not in exporter.log()


class Jumping(SystemClock):
    """A wall clock that somebody sets; intervals go on."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


class InProcess(Watched):
    """The sidecar in a thread of ours, so that its clock can be set."""

    def __init__(self, folder: Path, clock: Jumping) -> None:
        super().__init__(folder)
        self._clock = clock

    def start(self, *, ready: bool = True) -> None:
        options = Options(
            str(self.folder / "config.yaml"), str(self.folder / "state"), f"127.0.0.1:{self.port}"
        )
        self.app = Application(options, self._clock)
        self._loop = threading.Thread(target=self.app.run)
        self._loop.start()
        if ready:
            wait_for(self.is_ready, "the exporter is ready")

    def is_ready(self) -> bool:
        try:
            return self.get("/-/ready").status_code == 200
        except requests.ConnectionError:
            return False

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.app.stop()
        self._loop.join(15)
        return int(self._loop.is_alive())

    def log(self) -> str:
        return ""

    def __exit__(self, *_: object) -> None:
        self.stop()


@pytest.mark.parametrize("jump", [DAY, -DAY], ids=["ahead", "back"])
def test_a_clock_that_jumps_a_day_loses_nothing_and_repeats_nothing(
    tmp_path: Path, jump: float, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Jumping()
    configure(tmp_path, str(tmp_path / "predictions.jsonl"))
    log = Log(tmp_path / "predictions.jsonl")
    with InProcess(tmp_path, clock) as exporter:
        log.write("a")
        exporter.has_counted("a")
        clock.ahead = jump
        log.write("b")
        exporter.has_counted("a", "b")
        log.rename()
        new = Log(log.path)
        new.write("c")
        exporter.has_counted("a", "b", "c")
        exporter.stop()
        new.write("d")
        exporter.start()
        exporter.has_counted(*"abcd")
        clock.ahead = 0.0
        new.copytruncate("e")
        exporter.has_counted(*"abcde")
    assert not [one for one in caplog.records if one.levelname in ("WARNING", "ERROR")]


# -- load ------------------------------------------------------------------------------------------


def test_reloads_under_load_lose_nothing_and_leave_nothing_open(
    exporter: Watched, log: Log
) -> None:
    stopping, written = threading.Event(), 0

    def write() -> None:
        nonlocal written
        while not stopping.wait(0.005):
            log.write(*["a"] * 50)
            written += 50

    writer = threading.Thread(target=write)
    writer.start()
    try:
        url, descriptors = f"http://127.0.0.1:{exporter.port}/-/reload", set()
        for _ in range(20):
            assert requests.post(url, timeout=30).status_code == 200
            descriptors.add(len(list(Path(f"/proc/{exporter.pid}/fd").iterdir())))
    finally:
        stopping.set()
        writer.join()
    wait_for(lambda: exporter.lines() >= written, "everything is read")
    assert exporter.counted() == {"a": written}
    assert max(descriptors) - min(descriptors) <= 2
    assert total(exporter.page(), "inference_exporter_state_load_errors_total") == 0


def test_what_a_reload_replaces_is_given_back(tmp_path: Path) -> None:
    configure(tmp_path, str(tmp_path / "predictions.jsonl"))
    url = "http://127.0.0.1:{}/-/reload"
    with InProcess(tmp_path, Jumping()) as exporter:
        replaced = [weakref.ref(exporter.app.pipeline)]
        for _ in range(3):
            assert requests.post(url.format(exporter.port), timeout=30).status_code == 200
            replaced.append(weakref.ref(exporter.app.pipeline))
        assert [one() is None for one in replaced[:2]] == [True, True]
        assert replaced[-1]() is exporter.app.pipeline


def test_what_is_not_read_yet_when_it_has_to_stop_is_read_after_the_next_start(
    tmp_path: Path,
) -> None:
    models, each = range(4), 1_000_000  # lines: two turns of reading
    wanted = "".join(
        f"  m{n}: {{logs: [{n}.jsonl], start_at: beginning, fields: {{prediction: line}}}}\n"
        for n in models
    )
    (tmp_path / "config.yaml").write_text(f"poll_interval: 20ms\nmodels:\n{wanted}")
    for n in models:
        (tmp_path / f"{n}.jsonl").write_bytes(lines("a") * each)
    with Watched(tmp_path) as exporter:
        assert exporter.lines() < each * len(models)
        assert exporter.stop() == 0
        exporter.start()
        wait_for(lambda: exporter.lines() >= each * len(models), "everything is read", 120)
        assert exporter.lines() == each * len(models)


# -- upgrades --------------------------------------------------------------------------------------

KEPT = sorted((Path(__file__).parents[1] / "golden" / "state").glob("*.tar.gz"))


@pytest.mark.parametrize("kept", KEPT, ids=[path.name.split(".")[0] for path in KEPT])
def test_state_of_an_earlier_version_is_taken_up_without_a_loss(tmp_path: Path, kept: Path) -> None:
    """In each archive: 150 predictions, labels of 60, and the state of who had read them."""
    shutil.unpack_archive(kept, tmp_path, filter="data")
    with Watched(tmp_path) as exporter:
        before = exporter.page()
        assert exporter.own("state_load_errors_total") == 0
        assert total(before, "inference_requests_total") == 150
        assert total(before, "inference_requests_total", country="DE") == 75
        assert total(before, "inference_outcomes_total") == 60
        assert total(before, "inference_predictions_awaiting_label") == 90
        assert total(before, "inference_feature_bin_total", feature="x") == 50  # after the warm-up
        with (tmp_path / "predictions.jsonl").open("rb") as log:
            last = log.readlines()[-1]
        with (tmp_path / "predictions.jsonl").open("ab") as log:
            log.write(last.replace(b'"r149"', b'"r150"'))
        with (tmp_path / "labels.jsonl").open("ab") as log:
            log.write(b'{"id": "r60", "actual": "yes"}\n{"id": "r150", "actual": "no"}\n')
        wait_for(
            lambda: total(exporter.page(), "inference_outcomes_total") == 62, "labels are joined"
        )
        assert total(exporter.page(), "inference_requests_total") == 151
    assert "level=error" not in exporter.log()
