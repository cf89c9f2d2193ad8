"""What can go wrong around a running exporter: disks, permissions, other processes, huge lines."""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from exporter_process import wait_for
from followed_log import Log, Watched, lines

pytestmark = pytest.mark.server

CONFIG = """\
commit_interval: 200ms
poll_interval: 20ms
models:
  m:
    logs: [{logs}]
    start_at: {start_at}
    fields: {{prediction: line}}
"""
# Root may read everything, until it gives up these capabilities; then permissions are for it too.
RESTRICTED = (
    ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
)
ENDLESS = resource.RLIM_INFINITY


def configure(folder: Path, logs: str = "predictions.jsonl", start_at: str = "beginning") -> None:
    text = CONFIG.format(logs=logs, start_at=start_at)
    (folder / "config.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "predictions.jsonl")


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Watched]:
    configure(tmp_path)
    with Watched(tmp_path, under=RESTRICTED) as exporter:
        yield exporter


# -- other processes -------------------------------------------------------------------------------


def test_a_second_exporter_on_the_same_state_is_refused(exporter: Watched, log: Log) -> None:
    log.write("a")
    exporter.has_counted("a")
    second = Watched(exporter.folder)
    second.start(ready=False)
    assert second.wait() == 1
    assert (
        "inference-exporter: the state folder state is in use by another inference-exporter; "
        "stop that one, or give each its own folder with --storage.path\n"
    ) in exporter.log()
    assert "Traceback" not in exporter.log()
    log.write("b")
    exporter.has_counted("a", "b")


def test_a_port_that_is_taken_is_named(tmp_path: Path, log: Log) -> None:
    configure(tmp_path)
    log.write("a")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = int(other.getsockname()[1])
        exporter = Watched(tmp_path, port=port)
        exporter.start(ready=False)
        assert exporter.wait() == 1
    assert exporter.log() == (
        f"inference-exporter: cannot listen on 127.0.0.1:{port}: Address already in use; "
        "another process listens there, choose --web.listen-address\n"
    )
    with exporter:
        exporter.has_counted("a")


def test_clients_that_do_not_read_or_never_finish_asking_hold_up_nobody(
    exporter: Watched, log: Log
) -> None:
    with ExitStack() as clients:
        for number in range(30):
            client = clients.enter_context(
                socket.create_connection(("127.0.0.1", exporter.port), 5)
            )
            request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n"
            client.sendall(request if number % 2 else request + b"\r\n")
        log.write("a", "b")
        exporter.has_counted("a", "b")
        assert exporter.is_ready()


# -- the state folder ------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", ["below a file", "read-only"])
def test_without_a_state_folder_it_starts_at_the_end_and_says_so(
    tmp_path: Path, log: Log, trouble: str
) -> None:
    configure(tmp_path)
    if trouble == "read-only":
        (tmp_path / "state").mkdir(mode=0o500)
    else:
        (tmp_path / "state").write_text("a file")
    log.write("a")
    with Watched(tmp_path, under=RESTRICTED) as exporter:
        assert "no lasting state, so reading starts at the end" in exporter.log()
        log.write("b")
        exporter.has_counted("b")
        assert exporter.own("state_persistent") == 0
        assert exporter.own("state_commit_failures_total") > 0
        exporter.send(signal.SIGHUP)
        wait_for(lambda: "configuration reloaded" in exporter.log(), "it has reloaded")
        log.write("c")
        exporter.has_counted("b", "c")
        assert exporter.stop() == 0
        log.write("d")
        exporter.start()
        log.write("e")
        exporter.has_counted("e")
    assert "Traceback" not in exporter.log()


def test_a_state_folder_that_becomes_writable_is_used(tmp_path: Path, log: Log) -> None:
    configure(tmp_path)
    state = tmp_path / "state"
    state.mkdir(mode=0o500)
    with Watched(tmp_path, under=RESTRICTED) as exporter:
        log.write("a")
        exporter.has_counted("a")
        state.chmod(0o700)
        exporter.waits_for("state_persistent", 1)
        exporter.kill()
        log.write("b")
        exporter.start()
        exporter.has_counted("a", "b")


@pytest.mark.parametrize("content", [b"", b"\0" * 8192, b"no database at all " * 500])
def test_a_damaged_database_is_moved_aside_and_the_log_goes_on_at_its_end(
    exporter: Watched, log: Log, content: bytes
) -> None:
    log.write("a")
    exporter.has_counted("a")
    exporter.kill()
    state = exporter.folder / "state"
    for name in ("state.sqlite-wal", "state.sqlite-shm"):
        (state / name).unlink(missing_ok=True)
    (state / "state.sqlite").write_bytes(content)
    log.write("b")
    exporter.start()
    log.write("c")
    exporter.has_counted("c")
    assert exporter.own("state_load_errors_total") == 1
    assert exporter.own("state_persistent") == 1
    (aside,) = state.glob("state.sqlite.corrupt-*")
    assert aside.read_bytes() == content
    exporter.send(signal.SIGHUP)
    wait_for(lambda: "configuration reloaded" in exporter.log(), "it has reloaded")
    exporter.stop()
    exporter.start()
    exporter.has_counted("c")
    assert exporter.own("state_load_errors_total") == 1


def test_a_full_disk_stops_neither_counting_nor_the_page_and_ends_without_a_loss(
    exporter: Watched, log: Log
) -> None:
    log.write("a")
    exporter.has_counted("a")
    resource.prlimit(exporter.pid, resource.RLIMIT_FSIZE, (1, ENDLESS))
    log.write("b")
    exporter.waits_for("state_persistent", 0)
    exporter.has_counted("a", "b")  # held back for some commits, but not for ever
    assert exporter.own("state_commit_failures_total") >= 1
    loaded = exporter.own("config_last_reload_success_timestamp_seconds")
    exporter.send(signal.SIGHUP)
    wait_for(
        lambda: exporter.own("config_last_reload_success_timestamp_seconds") > loaded,
        "it has reloaded",
    )
    exporter.has_counted("a", "b")
    resource.prlimit(exporter.pid, resource.RLIMIT_FSIZE, (ENDLESS, ENDLESS))
    exporter.waits_for("state_persistent", 1)
    failures = exporter.own("state_commit_failures_total")
    exporter.kill()
    log.write("c")
    exporter.start()
    exporter.has_counted("a", "b", "c")
    assert exporter.own("state_commit_failures_total") == failures


# -- the logs --------------------------------------------------------------------------------------


def test_a_folder_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    configure(tmp_path, "logs/today/predictions.jsonl", start_at="end")
    with Watched(tmp_path) as exporter:
        assert exporter.own("source_up") == 0
        assert exporter.own("files_watched") == 0
        (tmp_path / "logs" / "today").mkdir(parents=True)
        Log(tmp_path / "logs" / "today" / "predictions.jsonl").write("a", "b")
        exporter.has_counted("a", "b")
        assert exporter.own("source_up") == 1
        assert exporter.own("files_watched") == 1


def test_a_file_that_may_not_be_read_is_retried_until_it_may(tmp_path: Path, log: Log) -> None:
    configure(tmp_path)
    log.write("a")
    log.path.chmod(0)
    with Watched(tmp_path, under=RESTRICTED) as exporter:
        exporter.waits_for("files_unreadable", 1)
        assert exporter.own("source_up") == 0
        assert exporter.own("file_open_errors_total", reason="permission") >= 1
        assert f"{log.path} cannot be read (permission); trying again until it can" in (
            exporter.log()
        )
        assert exporter.is_ready()
        log.path.chmod(0o644)
        exporter.has_counted("a")
        exporter.waits_for("files_unreadable", 0)
        assert exporter.own("source_up") == 1


def test_permission_denied_after_a_rotation_loses_nothing(exporter: Watched, log: Log) -> None:
    log.write("a")
    exporter.has_counted("a")
    log.rename()
    new = Log(log.path)
    new.path.chmod(0)
    new.write("b")
    log.write("late")
    exporter.waits_for("files_unreadable", 1)
    exporter.has_counted("a", "late")
    new.path.chmod(0o644)
    exporter.has_counted("a", "late", "b")


def test_a_log_that_is_deleted_is_read_to_its_end(exporter: Watched, log: Log) -> None:
    log.write("a")
    exporter.has_counted("a")
    log.write("b")
    log.path.unlink()
    exporter.has_counted("a", "b")
    exporter.waits_for("source_up", 0)
    assert exporter.own("files_watched") == 0
    assert exporter.own("files_rotated_total") == 1
    assert exporter.is_ready()


def test_a_line_of_100_mb_costs_no_memory_and_not_its_neighbours(
    exporter: Watched, log: Log
) -> None:
    log.write("before")
    exporter.has_counted("before")
    for _ in range(100):
        log.write_bytes(b"x" * 1_000_000)
    exporter.waits_for("lines_too_long_total", 1)
    wait_for(lambda: exporter.own("bytes_read_total") > 1e8, "it has read all of it")
    exporter.stop()
    exporter.start()  # in the middle of it
    log.write_bytes(b"x\n" + lines("after"))
    exporter.has_counted("before", "after")
    assert exporter.own("lines_too_long_total") == exporter.lines("too_long") == 1
    assert exporter.own("lag_bytes") == 0
    assert exporter.rss_bytes() < 150e6
