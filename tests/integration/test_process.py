"""The real process as those who run it see it: signals, reloads, restarts."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from exporter_process import Series, free_port, total, wait_for
from followed_log import Log, Watched
from inference_exporter.app import Application, Options
from inference_exporter.clock import SystemClock

pytestmark = pytest.mark.server

CONFIG = """\
commit_interval: 200ms
poll_interval: 20ms
models:
  m:
    logs: [predictions.jsonl]
    start_at: beginning
    fields: {prediction: line}
"""
SECOND = """\
  second:
    logs: [second.jsonl]
    start_at: beginning
    fields: {prediction: line}
"""
DRIFT = """\
commit_interval: 200ms
poll_interval: 20ms
models:
  m:
    logs: [predictions.jsonl]
    start_at: beginning
    fields: {timestamp: at, features: f, prediction: line}
    reference: {warmup: 50}
    windows: [10m]
    min_samples: 10
"""


def configure(folder: Path, text: str = CONFIG) -> None:
    (folder / "config.yaml").write_text(text, encoding="utf-8")


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "predictions.jsonl")


@pytest.fixture
def exporter(tmp_path: Path) -> Iterator[Watched]:
    configure(tmp_path)
    with Watched(tmp_path) as exporter:
        yield exporter


def select(page: Series, name: str, label: str) -> dict[str, float]:
    """The samples of one name by one of their labels."""
    return {
        dict(labels)[label]: value for (sample, labels), value in page.items() if sample == name
    }


# -- signals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_end_commits_everything_that_was_read(
    number: signal.Signals, tmp_path: Path, log: Log
) -> None:
    configure(tmp_path, CONFIG.replace("200ms", "1h"))
    with Watched(tmp_path) as exporter:
        log.write("a", "b", "c")
        log.write_bytes(b"not a prediction\n")
        wait_for(lambda: "line not understood" in exporter.log(), "it has read them")
        assert exporter.lines() == 0  # read but not committed: not on the page
        assert exporter.stop(number) == 0
        assert "stopped: everything read is committed" in exporter.log()
        log.path.unlink()  # what is counted now comes from the committed state alone
        exporter.start()
        exporter.has_counted("a", "b", "c")
        assert exporter.lines("malformed") == 1


def test_a_long_pause_between_two_looks_holds_up_neither_a_reload_nor_the_end(
    tmp_path: Path, log: Log
) -> None:
    configure(tmp_path, CONFIG.replace("20ms", "1m"))
    log.write("a")
    with Watched(tmp_path) as exporter:
        exporter.has_counted("a")
        log.write("b")
        started = time.monotonic()
        by_request(exporter)
        exporter.has_counted("a", "b")
        assert exporter.stop() == 0
        assert time.monotonic() - started < 10


# -- reload ----------------------------------------------------------------------------------------


def by_signal(exporter: Watched) -> None:
    exporter.send(signal.SIGHUP)


def by_request(exporter: Watched) -> None:
    answer = requests.post(f"http://127.0.0.1:{exporter.port}/-/reload", timeout=30)
    assert answer.text == "configuration reloaded\n"
    assert answer.status_code == 200


@pytest.fixture(params=[by_signal, by_request])
def reload(request: pytest.FixtureRequest) -> Callable[[Watched], None]:
    how: Callable[[Watched], None] = request.param
    return how


def test_a_reload_keeps_offsets_and_counters_and_adds_a_model(
    exporter: Watched, log: Log, tmp_path: Path, reload: Callable[[Watched], None]
) -> None:
    log.write("a", "b")
    exporter.has_counted("a", "b")
    log.write_bytes(b'{"line": "c')
    Log(tmp_path / "second.jsonl").write("x", "y")
    configure(tmp_path, CONFIG + SECOND)
    reload(exporter)
    exporter.has_counted("a", "b", "x", "y")
    log.write_bytes(b'"}\n')
    exporter.has_counted("a", "b", "c", "x", "y")
    lines = select(exporter.page(), "inference_exporter_lines_total", "source")
    assert lines.keys() == {"m", "second"}
    assert exporter.own("lines_total", source="second", result="ok") == 2


def test_a_reload_that_removes_a_model_removes_its_series_and_a_later_one_goes_on_with_it(
    tmp_path: Path, log: Log
) -> None:
    configure(tmp_path, CONFIG + SECOND)
    second = Log(tmp_path / "second.jsonl")
    log.write("a")
    second.write("x")
    with Watched(tmp_path) as exporter:
        exporter.has_counted("a", "x")
        configure(tmp_path)
        by_request(exporter)
        exporter.has_counted("a")
        assert '"second"' not in exporter.get("/metrics").text
        second.write("y")
        configure(tmp_path, CONFIG + SECOND)
        by_request(exporter)
        exporter.has_counted("a", "x", "y")


def test_a_bad_configuration_leaves_the_old_one_in_force(
    exporter: Watched, log: Log, tmp_path: Path
) -> None:
    log.write("a")
    exporter.has_counted("a")
    assert exporter.own("config_last_reload_successful") == 1
    loaded = exporter.own("config_last_reload_success_timestamp_seconds")
    configure(tmp_path, CONFIG + "    windosw: [1h]\n")
    answer = requests.post(f"http://127.0.0.1:{exporter.port}/-/reload", timeout=30)
    assert answer.status_code == 500
    assert answer.text == (
        "configuration not reloaded, the old one stays in force:\n"
        "config.yaml: models.m.windosw: unknown key; did you mean windows?\n"
    )
    assert exporter.own("config_last_reload_successful") == 0
    assert exporter.own("config_last_reload_success_timestamp_seconds") == loaded
    log.write("b")
    exporter.has_counted("a", "b")
    assert exporter.is_ready()
    configure(tmp_path)
    by_request(exporter)
    assert exporter.own("config_last_reload_successful") == 1
    assert exporter.own("config_last_reload_success_timestamp_seconds") > loaded
    log.write("c")
    exporter.has_counted("a", "b", "c")


def test_a_signal_to_reload_a_bad_configuration_says_why_in_the_log(
    exporter: Watched, log: Log, tmp_path: Path
) -> None:
    log.write("a")
    exporter.has_counted("a")
    configure(tmp_path, "models: {m: {logs: [x.jsonl], format: xml}}")
    by_signal(exporter)
    exporter.waits_for("config_last_reload_successful", 0)
    assert (
        "models.m.format: expected one of json, logfmt, regex, csv, python, or a preset, got 'xml'"
        in exporter.log()
    )
    log.write("b")
    exporter.has_counted("a", "b")


# -- windows and references ------------------------------------------------------------------------


def prediction(x: float, line: str = "a") -> bytes:
    return json.dumps({"at": time.time(), "f": {"x": x}, "line": line}).encode() + b"\n"


@pytest.fixture
def drifting(tmp_path: Path, log: Log) -> Iterator[Watched]:
    """An exporter with a frozen warm-up reference and 80 predictions in its window."""
    configure(tmp_path, DRIFT)
    with Watched(tmp_path) as exporter:
        for i in range(80):
            log.write_bytes(prediction(i % 10))
        wait_for(lambda: exporter.lines() == 80, "it has read them")
        assert drift_samples(exporter) == {"10m": 30}
        assert feature_bins(exporter) == 30
        assert not total(exporter.page(), "inference_reference_warmup_remaining")
        yield exporter


def drift_samples(exporter: Watched) -> dict[str, float]:
    return select(exporter.page(), "inference_feature_drift_samples", "window")


def feature_bins(exporter: Watched) -> float:
    return total(exporter.page(), "inference_feature_bin_total", feature="x")


def fingerprint(exporter: Watched) -> str:
    (found,) = select(exporter.page(), "inference_reference_info", "reference")
    return found


@pytest.mark.parametrize("crash", [False, True])
def test_a_restart_keeps_windows_and_the_frozen_reference(drifting: Watched, crash: bool) -> None:
    before, drift = fingerprint(drifting), "inference_feature_drift"
    values = select(drifting.page(), drift, "statistic")
    assert values.keys() >= {"psi", "ks", "wasserstein"}
    drifting.kill() if crash else drifting.stop()
    drifting.start()
    assert drift_samples(drifting) == {"10m": 30}
    assert feature_bins(drifting) == 30
    assert fingerprint(drifting) == before
    assert select(drifting.page(), drift, "statistic") == values


def test_a_reload_with_other_windows_keeps_the_counters_and_those_windows_that_stay(
    drifting: Watched, log: Log, tmp_path: Path
) -> None:
    configure(tmp_path, DRIFT.replace("[10m]", "[10m, 20m]"))
    by_request(drifting)
    assert drift_samples(drifting) == {"10m": 30, "20m": 0}
    assert feature_bins(drifting) == 30
    log.write_bytes(prediction(1))
    wait_for(lambda: drifting.lines() == 81, "it has read it")
    assert drift_samples(drifting) == {"10m": 31, "20m": 1}
    configure(tmp_path, DRIFT.replace("[10m]", "[20m]"))
    by_request(drifting)
    assert drift_samples(drifting) == {"20m": 1}
    assert feature_bins(drifting) == 31


def test_a_reload_with_another_reference_counts_in_its_bins_and_keeps_the_rest(
    drifting: Watched, log: Log, tmp_path: Path
) -> None:
    before = fingerprint(drifting)
    saved = tmp_path / "state" / "references" / "m.json"
    other = tmp_path / "other.json"
    other.write_bytes(saved.read_bytes())
    configure(tmp_path, DRIFT.replace("{warmup: 50}", "other.json"))
    by_request(drifting)
    assert (fingerprint(drifting), feature_bins(drifting)) == (before, 30)  # the same bins
    configure(tmp_path, DRIFT.replace("{warmup: 50}", "{warmup: 20}"))
    by_request(drifting)
    assert total(drifting.page(), "inference_reference_warmup_remaining") == 20
    assert drifting.lines() == total(drifting.page(), "inference_requests_total") == 80
    for x in range(25):
        log.write_bytes(prediction(100 + x))
    wait_for(lambda: drifting.lines() == 105, "it has read them")
    assert fingerprint(drifting) != before
    assert feature_bins(drifting) == 5
    assert total(drifting.page(), "inference_requests_total") == 105


# -- readiness -------------------------------------------------------------------------------------


class Gate(SystemClock):
    """A clock that keeps whoever asks waiting while it is closed."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.opened.set()

    def now(self) -> float:
        assert self.opened.wait(30)
        return super().now()


def test_it_is_ready_once_it_has_looked_at_the_logs(tmp_path: Path, log: Log) -> None:
    configure(tmp_path, CONFIG.replace("predictions.jsonl", str(log.path)))
    log.write("a")
    port, gate = free_port(), Gate()
    app = Application(
        Options(str(tmp_path / "config.yaml"), str(tmp_path / "state"), f"127.0.0.1:{port}"), gate
    )
    gate.opened.clear()
    loop = threading.Thread(target=app.run)
    loop.start()
    try:

        def get(path: str) -> requests.Response | None:
            try:
                return requests.get(f"http://127.0.0.1:{port}{path}", timeout=10)
            except requests.ConnectionError:
                return None

        healthy = wait_for(lambda: get("/-/healthy"), "it listens")
        before = get("/-/ready")
        assert before is not None
        assert (healthy.status_code, before.status_code) == (200, 503)
        assert "the first look at the logs is not done" in before.text
        gate.opened.set()
        wait_for(lambda: (found := get("/-/ready")) and found.ok, "it is ready")
        page = get("/metrics")
        assert page is not None
        assert 'inference_exporter_lines_total{source="m",result="ok"} 1.0' in page.text
    finally:
        gate.opened.set()
        app.stop()
        loop.join(15)
    assert not loop.is_alive()
