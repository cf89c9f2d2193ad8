"""The logger of `client/`: bounded, never in the way, and it says what it lost."""

from __future__ import annotations

import errno
import json
import logging
import os
import pickle
import sys
import threading
import time
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from client_log import ROOT, python, records
from inference_log import PredictionLog
from inference_log.files import File


def log_in(folder: Path, **options: Any) -> PredictionLog:
    return PredictionLog(folder / "logs" / "predictions.jsonl", **options)


def test_a_full_queue_drops_what_comes_on_top_and_says_how_many(tmp_path: Path) -> None:
    log = log_in(tmp_path, queue=100, interval=60)
    for i in range(250):
        log.write({"age": i}, 1)
    log.write([{"age": 1}] * 7, [1] * 7)
    log.close()
    assert [one["features"]["age"] for one in records(tmp_path)] == list(range(100))
    (lost,) = records(tmp_path, "dropped")
    assert (lost["reason"], lost["dropped"]) == ("queue_full", 157)


def test_threads_lose_nothing_between_them(tmp_path: Path) -> None:
    log = log_in(tmp_path, queue=100_000, interval=0.001)

    def work(worker: int) -> None:
        for i in range(1000):
            log.write({"worker": worker}, i)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close(timeout=60)
    found = records(tmp_path)
    for worker in range(8):
        mine = [o["prediction"] for o in found if o["features"]["worker"] == worker]
        assert mine == list(range(1000))


def test_a_disk_that_refuses_for_a_while_costs_nothing_and_for_long_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write, full = os.write, threading.Event()

    def limited(descriptor: int, data: bytes) -> int:
        if full.is_set():
            raise OSError(errno.ENOSPC, "no space left on device")
        return write(descriptor, data[:50])  # and never more than a part of a line

    monkeypatch.setattr("inference_log.files.os.write", limited)
    log = log_in(tmp_path, queue=50, interval=60)
    log.write({"age": 0}, 1)
    full.set()
    assert not log.flush()
    for i in range(1, 80):
        log.write({"age": i}, 1)  # a batch was taken out of the queue, 50 more wait
    assert not log.flush()
    assert "cannot be written, trying again" in caplog.text
    assert len(caplog.records) == 1  # not one for every attempt
    full.clear()
    assert log.flush()
    log.close()
    assert [one["features"]["age"] for one in records(tmp_path)] == list(range(51))
    (lost,) = records(tmp_path, "dropped")
    assert lost["dropped"] == 29


def test_a_folder_that_cannot_be_made_breaks_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "logs").write_text("a file, not a folder")
    log = log_in(tmp_path, interval=60)
    log.write({"age": 1}, 1)
    assert not log.flush()
    (tmp_path / "logs").unlink()
    log.close()
    assert len(records(tmp_path)) == 1


def test_the_caller_never_waits_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, write = threading.Event(), os.write

    def slow(descriptor: int, data: bytes) -> int:
        release.wait(30)
        return write(descriptor, data)

    monkeypatch.setattr("inference_log.files.os.write", slow)
    log = log_in(tmp_path, queue=20_000, interval=0.001)
    taken = []
    begin = time.monotonic()
    for i in range(10_000):
        before = time.thread_time()
        log.write({"age": i}, 1)
        taken.append(time.thread_time() - before)
    assert time.monotonic() - begin < 20  # s; a single wait for the disk is 30
    assert sorted(taken)[9900] < 0.001  # s of this thread
    release.set()
    log.close()
    assert len(records(tmp_path)) == 10_000


def test_a_prediction_that_makes_no_line_is_counted_and_others_are_written(tmp_path: Path) -> None:
    log = log_in(tmp_path)
    log.write({"age": 1}, 1)
    log.write({"age": 1}, 1, steps=3)  # type: ignore[arg-type]
    log.write({"text": "x" * (1 << 20)}, 1)
    log.write({"age": 2}, 1, latency="soon")  # type: ignore[arg-type]
    log.close()
    assert [one["features"] for one in records(tmp_path)] == [{"age": 1}, {"age": 2}]
    lost = {one["reason"]: one["dropped"] for one in records(tmp_path, "dropped")}
    assert lost == {"error": 1, "line_too_long": 1}


def test_files_are_rotated_and_the_oldest_goes(tmp_path: Path) -> None:
    log = log_in(tmp_path, max_bytes=10_000, backups=2)
    for i in range(1000):
        log.write({"age": i}, 1)
        if i % 20 == 0:
            log.flush()
    log.close()
    files = sorted(path.name for path in (tmp_path / "logs").iterdir())
    assert files == ["predictions.jsonl", "predictions.jsonl.1", "predictions.jsonl.2"]
    assert all(path.stat().st_size <= 10_000 for path in (tmp_path / "logs").iterdir())
    ages = [json.loads(line)["features"]["age"] for name in reversed(files)
            for line in (tmp_path / "logs" / name).read_bytes().splitlines()]  # fmt: skip
    assert ages == list(range(ages[0], 1000))


def test_a_file_that_others_rotate_is_opened_anew(tmp_path: Path) -> None:
    log, path = log_in(tmp_path), tmp_path / "logs" / "predictions.jsonl"
    log.write({"age": 1}, 1)
    log.flush()
    path.rename(path.with_name("predictions.jsonl-20261120"))
    log.write({"age": 2}, 1)
    log.close()
    assert json.loads(path.read_bytes())["features"] == {"age": 2}


def test_two_that_write_one_path_have_a_file_each(tmp_path: Path) -> None:
    one, two = (File(tmp_path / "p.jsonl", 1000, 1) for _ in range(2))
    one.write(b"1\n")
    two.write(b"2\n")
    assert (one.path.name, two.path.name) == ("p.jsonl", "p-2.jsonl")
    one.close()
    three = File(tmp_path / "p.jsonl", 1000, 1)
    three.write(b"3\n")
    assert (tmp_path / "p.jsonl").read_bytes() == b"1\n3\n"
    two.close()
    three.close()


def test_ids_of_trace_and_span_are_taken_where_opentelemetry_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = SimpleNamespace(is_valid=True, trace_id=255, span_id=10)
    module: Any = ModuleType("opentelemetry.trace")
    module.get_current_span = lambda: SimpleNamespace(get_span_context=lambda: context)
    log = log_in(tmp_path)
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", module)
    log.write({"age": 1}, 1)
    context.is_valid = False
    log.write({"age": 2}, 1)
    log.close()
    first, second = records(tmp_path)
    assert (first["trace_id"], first["span_id"]) == ("0" * 30 + "ff", "0" * 15 + "a")
    assert "trace_id" not in second


def test_what_is_written_as_a_process_ends_by_itself_is_there(tmp_path: Path) -> None:
    python(tmp_path, "from inference_log import PredictionLog\n"
           "log = PredictionLog('logs/predictions.jsonl')\nlog.write({'age': 1}, 1)")  # fmt: skip
    assert len(records(tmp_path)) == 1


def test_a_log_is_pickled_as_its_settings(tmp_path: Path) -> None:
    with log_in(tmp_path, model="m", redact=["iban"]) as log:
        copy = pickle.loads(pickle.dumps(log))
    with copy:
        copy.write({"age": 1, "iban": "DE"}, 1)
    (one,) = records(tmp_path)
    assert (one["model"], one["features"]) == ("m", {"age": 1})


def test_a_sample_is_a_share() -> None:
    with pytest.raises(ValueError, match="above 0 and up to 1, got 0"):
        PredictionLog("p.jsonl", sample=0)


@settings(deadline=None, max_examples=200)
@given(
    st.dictionaries(st.text(), st.one_of(st.floats(), st.text(), st.binary(), st.datetimes())),
    st.one_of(st.none(), st.lists(st.floats()), st.text(), st.decimals(), st.integers()),
    st.one_of(st.none(), st.text(), st.integers()),
    st.one_of(st.none(), st.floats()),
)
def test_whatever_is_written_is_a_line(
    features: Any, prediction: Any, given_id: Any, latency: Any
) -> None:
    log = PredictionLog("never-written.jsonl", interval=60)
    log._writer.put = lambda record, rows=1: lines.append(log._lines(record))  # type: ignore[method-assign]
    lines: list[bytes] = []
    log.write(features, prediction, score=prediction, id=given_id, latency=latency)
    assert [line.count(b"\n") for line in lines] == [1]
    assert json.loads(lines[0])["kind"] == "prediction"
    assert not log._writer._dropped


def test_warnings_of_the_logger_are_no_predictions(tmp_path: Path) -> None:
    from inference_log.handler import PredictionHandler

    log = log_in(tmp_path)
    PredictionHandler(log).emit(logging.makeLogRecord({"msg": "predictions were not logged"}))
    log.close()
    assert not (tmp_path / "logs").exists()


def test_the_client_needs_nothing_and_is_typed() -> None:
    assert (ROOT / "client" / "inference_log" / "py.typed").exists()
    script = (
        "import sys, inference_log.asgi, inference_log.wsgi, inference_log.handler\n"
        "import inference_log.sklearn\n"
        "print([name for name in ('numpy', 'pandas', 'sklearn') if name in sys.modules])"
    )
    assert python(ROOT, script).stdout.strip() == "[]"
