"""The cases in which mtail 3.0.9 loses lines, and those it gets right, with the real process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter_process import wait_for
from followed_log import Log, Watched, lines

pytestmark = pytest.mark.server

CONFIG = """\
commit_interval: 200ms
poll_interval: 20ms
rotate_grace: 2s
models:
  m:
    logs: [{logs}]
    start_at: {start_at}
    fields: {{prediction: line}}
"""


def configure(folder: Path, logs: str = "predictions.jsonl", start_at: str = "beginning") -> None:
    text = CONFIG.format(logs=logs, start_at=start_at)
    (folder / "config.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Watched]:
    configure(tmp_path)
    with Watched(tmp_path) as exporter:
        yield exporter


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "predictions.jsonl")


def finally_exactly(exporter: Watched, log: Log, *names: str) -> None:
    """These lines, each once; and still so behind one more line and a restart."""
    exporter.has_counted(*names)
    log.write("last")
    exporter.has_counted(*names, "last")
    assert exporter.stop() == 0
    exporter.start()
    assert exporter.counted() == Counter([*names, "last"])
    assert exporter.lines() == len(names) + 1


# -- the eight in which mtail loses lines ----------------------------------------------------------


def test_lines_written_while_it_is_down_are_counted(exporter: Watched, log: Log) -> None:
    log.write("before")
    exporter.has_counted("before")
    assert exporter.stop() == 0
    log.write("down")
    exporter.start()
    finally_exactly(exporter, log, "before", "down")


def test_a_new_file_that_a_glob_finds_is_read_from_its_first_line(tmp_path: Path) -> None:
    configure(tmp_path, "predictions*.jsonl", start_at="end")
    log = Log(tmp_path / "predictions.jsonl")
    with Watched(tmp_path) as exporter:
        log.write("a")
        exporter.has_counted("a")
        Log(tmp_path / "predictions-2.jsonl").write("b", "c")
        finally_exactly(exporter, log, "a", "b", "c")


def test_a_late_line_to_the_renamed_file_is_counted(exporter: Watched, log: Log) -> None:
    log.write("a")
    exporter.has_counted("a")
    log.rename()
    new = Log(log.path)
    new.write("b")
    log.write("late")
    finally_exactly(exporter, new, "a", "b", "late")


def test_a_new_file_that_comes_late_and_a_late_line_are_counted(
    exporter: Watched, log: Log
) -> None:
    log.write("a", "b")
    exporter.has_counted("a", "b")
    log.rename()
    exporter.waits_for("source_up", 0)
    log.write("late")
    exporter.has_counted("a", "b", "late")
    new = Log(log.path)
    new.write("c", "d")
    finally_exactly(exporter, new, "a", "b", "late", "c", "d")


def test_a_partial_line_at_rename_is_counted_when_it_is_completed(
    exporter: Watched, log: Log
) -> None:
    whole = lines("partial")
    log.write("a")
    log.write_bytes(whole[:9])
    exporter.has_counted("a")
    log.rename()
    new = Log(log.path)
    new.write("b")
    exporter.has_counted("a", "b")
    log.write_bytes(whole[9:])
    finally_exactly(exporter, new, "a", "b", "partial")


def test_a_line_at_rename_that_never_gets_its_newline_is_counted_after_the_grace(
    exporter: Watched, log: Log
) -> None:
    log.write("a")
    log.write_bytes(lines("open")[:-1])
    exporter.has_counted("a")
    log.rename()
    new = Log(log.path)
    new.write("b")
    exporter.has_counted("a", "b")
    exporter.has_counted("a", "b", "open")
    assert exporter.own("partial_lines_flushed_total") == 1
    finally_exactly(exporter, new, "a", "b", "open")


def test_copytruncate_grown_beyond_the_old_size_loses_nothing(exporter: Watched, log: Log) -> None:
    log.write(*"abcde")
    exporter.has_counted(*"abcde")
    log.copytruncate(*"ABCDEFGH")
    finally_exactly(exporter, log, *"abcdeABCDEFGH")


def test_copytruncate_grown_to_the_same_size_loses_nothing(exporter: Watched, log: Log) -> None:
    log.write(*"abcde")
    exporter.has_counted(*"abcde")
    log.copytruncate(*"ABCDE")
    finally_exactly(exporter, log, *"abcdeABCDE")


def test_a_file_deleted_and_created_again_is_read_whole(exporter: Watched, log: Log) -> None:
    log.write("a")
    exporter.has_counted("a")
    log.path.unlink()
    new = Log(log.path)
    new.write("b")
    exporter.has_counted("a", "b")
    new.write("c")
    finally_exactly(exporter, new, "a", "b", "c")


# -- those that mtail gets right too ---------------------------------------------------------------


def test_rotation_by_rename(exporter: Watched, log: Log) -> None:
    log.write("a", "b")
    exporter.has_counted("a", "b")
    log.rename()
    new = Log(log.path)
    new.write("c")
    finally_exactly(exporter, new, "a", "b", "c")


def test_a_symlink_that_is_given_another_target(tmp_path: Path) -> None:
    configure(tmp_path)
    first, second = Log(tmp_path / "one.jsonl"), Log(tmp_path / "two.jsonl")
    link = tmp_path / "predictions.jsonl"
    link.symlink_to("one.jsonl")
    first.write("a")
    with Watched(tmp_path) as exporter:
        exporter.has_counted("a")
        (tmp_path / "new").symlink_to("two.jsonl")
        (tmp_path / "new").rename(link)
        second.write("b")
        finally_exactly(exporter, second, "a", "b")


def test_copytruncate_to_a_smaller_size(exporter: Watched, log: Log) -> None:
    log.write(*"abcde")
    exporter.has_counted(*"abcde")
    log.copytruncate("A")
    finally_exactly(exporter, log, *"abcdeA")


def test_a_partial_line_completed_later(exporter: Watched, log: Log) -> None:
    whole = lines("partial")
    log.write("a")
    log.write_bytes(whole[:5])
    exporter.has_counted("a")
    log.write_bytes(whole[5:] + lines("b"))
    finally_exactly(exporter, log, "a", "partial", "b")


# -- the standard input ----------------------------------------------------------------------------


def test_run_counts_what_is_piped_to_it_and_serves_on_after_its_end(tmp_path: Path) -> None:
    configure(tmp_path, '"-"')
    reading, writing = os.pipe()
    with Watched(tmp_path, stdin=reading) as exporter:
        os.close(reading)
        with os.fdopen(writing, "wb", buffering=0) as pipe:
            pipe.write(lines("a", "b"))
            exporter.has_counted("a", "b")
            pipe.write(lines("c") + b'{"line": ')
            exporter.has_counted("a", "b", "c")
            assert exporter.own("source_up") == 1
            pipe.write(b'"d"}\n')
            exporter.has_counted(*"abcd")
        exporter.waits_for("source_up", 0)
        assert exporter.counted() == Counter("abcd")
        assert exporter.stop() == 0


def test_once_reads_the_standard_input_to_its_end_however_slow_the_writer_is(
    tmp_path: Path,
) -> None:
    configure(tmp_path, '"-"')
    command = [sys.executable, "-m", "inference_exporter", "once"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as once:
        assert once.stdin is not None
        assert once.stdout is not None
        wait_for(lambda: _waits_for_input(once.pid), "it has read what there was")
        once.stdin.write(lines("a"))
        once.stdin.flush()
        wait_for(lambda: _waits_for_input(once.pid), "it has read what there was")
        once.stdin.write(lines("b") + lines("c")[:-1])
        once.stdin.close()
        page = once.stdout.read().decode()
    assert once.returncode == 0
    assert 'inference_exporter_lines_total{source="m",result="ok"} 3.0' in page
    assert 'inference_exporter_partial_lines_flushed_total{source="m"} 1.0' in page


def _waits_for_input(pid: int) -> bool:
    """Whether the main thread sleeps in a select on something."""
    wait = Path(f"/proc/{pid}/wchan").read_text(encoding="ascii")
    return "poll" in wait or "select" in wait
