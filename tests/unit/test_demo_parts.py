"""The parts around the story: folder, addresses, words, processes, command line."""

from __future__ import annotations

import argparse
import io
import shlex
import sys
from pathlib import Path

import pytest

from inference_exporter import config
from inference_exporter.demo import guide, prometheus, run
from inference_exporter.demo.console import Console
from inference_exporter.demo.folder import MARKER, WorkFolder
from inference_exporter.demo.options import add_arguments
from inference_exporter.demo.processes import ChildDiedError, Children, free_port, last_lines
from inference_exporter.demo.watch import Reading, parse
from inference_exporter.errors import UsageError

PAGE = """\
# TYPE inference_requests_total counter
inference_requests_total{code="200"} 40
inference_requests_total{code="500"} 2
# TYPE inference_exporter_lines_total counter
inference_exporter_lines_total{result="ok"} 42
inference_exporter_lines_total{result="malformed"} 1
# TYPE inference_feature_drift gauge
inference_feature_drift{feature="age",statistic="psi",window="2m"} 0.9
inference_feature_drift{feature="income",statistic="js",window="2m"} 0.8
inference_feature_drift{feature="income",statistic="psi",window="15m"} 0.7
inference_feature_drift{feature="income",statistic="psi",window="2m"} 0.125
# TYPE inference_performance gauge
inference_performance{metric="accuracy",class="",window="2m",segment="age=>50",age=">50"} 0.9
inference_performance{metric="accuracy",class="",window="2m"} 0.75
inference_performance{metric="recall",class="macro",window="2m"} 0.6
inference_performance{metric="recall",class="default",window="2m"} 0.5
"""


def parsed(line: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return parser.parse_args(shlex.split(line))


# -- the folder -----------------------------------------------------------------------------------


def test_config_it_writes_is_valid(tmp_path: Path) -> None:
    folder = WorkFolder(str(tmp_path / "demo"))
    folder.open()
    (model,) = config.load(str(folder.config)).models
    folder.close()
    assert model.logs == (str(folder.predictions),)
    assert set(model.fields.steps) == {"feature_lookup", "preprocess", "inference", "postprocess"}


def test_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(UsageError, match="choose another --folder"):
        WorkFolder(str(tmp_path)).open()
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be used"):
        WorkFolder(str(tmp_path / "file")).open()


def test_earlier_run_is_cleared_and_own_files_stay(tmp_path: Path) -> None:
    (tmp_path / MARKER).write_text("")
    for name in ("predictions.jsonl", "predictions.jsonl.1", "my-notes.txt"):
        (tmp_path / name).write_text("old")
    folder = WorkFolder(str(tmp_path))
    folder.open()
    folder.close()
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {MARKER, "my-notes.txt", "config.yaml", "logs"}


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    first = WorkFolder(str(tmp_path))
    first.open()
    with pytest.raises(UsageError, match="another demo is running"):
        WorkFolder(str(tmp_path)).open()
    first.close()


# -- what the exporter says -----------------------------------------------------------------------


def test_reading_takes_the_right_series() -> None:
    reading = parse(PAGE)
    assert reading == Reading(requests=42, lines=43, psi=0.125, recall=0.5, accuracy=0.75)
    assert reading.describe() == (
        "42 requests | income PSI 0.125 (drift!, limit 0.1) | accuracy 0.75 | "
        "recall of defaults 0.50 [last 2m]"
    )


def test_what_is_not_known_yet_is_not_made_up() -> None:
    assert parse("").describe() == ("0 requests | income: too few values for a PSI yet [last 2m]")


# -- words and addresses --------------------------------------------------------------------------


def test_pages_without_prometheus_are_those_of_the_exporter() -> None:
    assert len(list(guide.pages("http://127.0.0.1:9469", "", ""))) == 2


def test_queries_are_escaped_in_addresses() -> None:
    pages = list(guide.pages("http://e", "http://p", "http://p/alerts"))
    assert pages[-1].endswith("http://p/alerts")
    assert "g0.expr=inference_feature_drift%7Bstatistic%3D%22psi%22" in pages[2]
    assert all(page.count(" http") == 1 for page in pages)


@pytest.mark.parametrize(
    ("drift_after", "labels", "said"),
    [
        (180.0, 0.5, "What falls is the recall"),
        (180.0, 0.0, "No outcome is known here"),
        (1e9, 0.5, "Nothing drifts this time"),
    ],
)
def test_words_fit_what_will_happen(drift_after: float, labels: float, said: str) -> None:
    words = " ".join(guide.what_to_watch(drift_after, 0.0, labels).split())
    assert said in words


def test_scrape_config_names_only_what_is_there(tmp_path: Path) -> None:
    bare = prometheus.configuration(9469, None, None)
    assert "127.0.0.1:9469" in bare
    assert "rule_files" not in bare
    assert "alerting" not in bare
    (tmp_path / "drift.rules.yaml").write_text("groups: []")
    full = prometheus.configuration(9469, 9093, tmp_path)
    assert "drift.rules.yaml" in full
    assert "127.0.0.1:9093" in full


def test_rules_are_looked_for_where_the_demo_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("inference_exporter.__file__", str(tmp_path / "lib" / "pkg" / "a.py"))
    assert prometheus.find_rules() is None
    (tmp_path / "alert_rules").mkdir()
    (tmp_path / "alert_rules" / "drift.rules.yaml").write_text("groups: []")
    assert prometheus.find_rules() == tmp_path / "alert_rules"


# -- processes ------------------------------------------------------------------------------------


def test_a_taken_port_is_replaced_by_a_free_one() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port


def test_a_dead_child_is_named_with_its_last_words(tmp_path: Path) -> None:
    children = Children(tmp_path)
    child = children.start("model server", [sys.executable, "-c", "raise SystemExit('ouch')"])
    child.process.wait()
    with pytest.raises(ChildDiedError, match=r"(?s)model server ended with exit code 1.*ouch"):
        children.check()


@pytest.mark.parametrize(("may_end", "dies"), [(True, False), (False, True)])
def test_ending_well_is_a_mishap_unless_expected(tmp_path: Path, may_end: bool, dies: bool) -> None:
    children = Children(tmp_path)
    child = children.start("traffic", [sys.executable, "-c", ""], may_end=may_end)
    child.process.wait()
    if dies:
        with pytest.raises(ChildDiedError):
            child.check()
    else:
        child.check()
    assert [how for _, how in children.stop(["traffic"])] == ["had ended"]


def test_children_are_ended_by_pid_in_order(tmp_path: Path) -> None:
    children = Children(tmp_path)
    wait = [sys.executable, "-c", "import signal; signal.pause()"]
    started = [children.start(name, wait) for name in ("a", "b")]
    ended = list(children.stop(["b", "absent", "a"]))
    assert ended == [(started[1], "ended"), (started[0], "ended")]
    assert list(children) == []


def test_last_lines_of_a_file_that_is_not_there_are_none(tmp_path: Path) -> None:
    assert last_lines(tmp_path / "absent.log") == ""


# -- the terminal ---------------------------------------------------------------------------------


def test_console_falls_silent_when_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    console = Console()
    monkeypatch.setattr(sys, "stdout", Closed())
    console.step("first")
    assert console.closed
    console.say("not even tried")


def test_defaults_are_three_quiet_minutes_at_twenty_a_second() -> None:
    options = parsed("")
    assert (options.rate, options.drift_after, options.labels) == (20.0, 180.0, 0.5)
    assert options.duration is None
    assert options.prometheus


@pytest.mark.parametrize(
    "line", ["--rate=0", "--rate=500", "--labels=2", "--drift-after=-1", "--requests=x"]
)
def test_senseless_arguments_are_refused(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        parsed(line)
    assert "expected" in capsys.readouterr().err


def test_without_scikit_learn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'inference-exporter\[demo\]'"):
        run.main(parsed(""))
