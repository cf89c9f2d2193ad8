"""Lines, values and files as nobody would want them: each has a defined outcome on the page."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exporter_process import Series, total
from inference_exporter.cli import main
from reference_files import write_lines
from sidecar import NOW, Sidecar, line

MODEL = """\
fields:
  timestamp: at
  id: id
  version: version
  features: features
  prediction: prediction
  score: score
  latency: {from: latency_ms, unit: ms}
  status: status
  actual: actual
"""
CONFIG = "models:\n  m:\n    logs: [log.jsonl]\n"
Make = Callable[[str], Sidecar]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[Sidecar] = []

    def one(model: str = MODEL) -> Sidecar:
        made.append(Sidecar(tmp_path, model))
        return made[-1]

    yield one
    for sidecar in made:
        sidecar.pipeline.close()


@pytest.fixture
def sidecar(make: Make) -> Sidecar:
    return make(MODEL)


def own(page: Series, name: str, **labels: str) -> float:
    return total(page, f"inference_exporter_{name}", **labels)


def by(page: Series, name: str, label: str) -> dict[str, float]:
    """Values above 0 of one name by one of its labels."""
    return {
        dict(labels)[label]: value
        for (sample, labels), value in page.items()
        if sample == name and value
    }


# -- configurations: exit code and message ---------------------------------------------------------

MEND = "next: mend it, then: inference-exporter check --config.file=config.yaml"
BAD_CONFIGS = {
    "not YAML": (
        "models: [",
        "not YAML: line 1, column 10: expected the node content, but found '<stream end>'",
    ),
    "a wrong type": (
        CONFIG + "    windows: 5\n",
        "models.m.windows: expected a window such as 15m, 1h or 1d, got 5",
    ),
    "an unknown key": (
        CONFIG + "    windosw: [1h]\n",
        "models.m.windosw: unknown key; did you mean windows?",
    ),
    "an unknown format": (
        CONFIG + "    format: xml\n",
        "models.m.format: expected one of json, logfmt, regex, csv, python, or a preset, got 'xml'",
    ),
    "a pattern that does not compile": (
        CONFIG + "    format: regex\n    pattern: '(?P<a>x'\n",
        "models.m.pattern: expected a regular expression (missing ), unterminated subpattern at "
        "position 0), got '(?P<a>x'",
    ),
    "two problems": (
        CONFIG + "    format: xml\n    start: end\n",
        "models.m.start: unknown key; did you mean start_at?\n"
        "config.yaml: models.m.format: expected one of json, logfmt, regex, csv, python, or a "
        "preset, got 'xml'",
    ),
}


@pytest.mark.parametrize("name", BAD_CONFIGS)
@pytest.mark.parametrize("command", ["check", "once", "run"])
def test_a_bad_configuration_ends_every_command_with_the_same_words(
    name: str,
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text, message = BAD_CONFIGS[name]
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert main([command]) == 2
    said = f"inference-exporter: config.yaml: {message}\n{MEND}\n"
    assert capsys.readouterr() == ("", said)
    assert not (tmp_path / "data").exists()  # nothing was begun


@pytest.mark.parametrize("command", ["check", "once", "run"])
def test_a_missing_configuration_is_named(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([command, "--config.file=none.yaml"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.splitlines()[0]) == ("", "inference-exporter: none.yaml: no such file")


# -- references ------------------------------------------------------------------------------------


def _of_another_model(text: str) -> str:
    return text.replace('"model": "m"', '"model": "fraud"')


def _of_a_newer_version(text: str) -> str:
    return text.replace('"format_version": 1', '"format_version": 2')


def _with_other_bins(text: str) -> str:
    return re.sub(r'"edges": \[[^,]+', '"edges": [0.5', text, count=1)


def _with_another_fingerprint(text: str) -> str:
    return text.replace('"fingerprint": "a6e79398"', '"fingerprint": "00000000"')


def _cut(text: str) -> str:
    return text[: len(text) // 2]


BAD_REFERENCES: dict[str, tuple[Callable[[str], str], str]] = {
    "of another model": (_of_another_model, "is the reference of model 'fraud', wanted is 'm'"),
    "of a newer version": (
        _of_a_newer_version,
        "has format version 2, this program reads up to 1; upgrade it, or build the profile with "
        "this version",
    ),
    "with other bins": (
        _with_other_bins,
        "is damaged: x: edges must ascend, and be among fine_edges",
    ),
    "with another fingerprint": (
        _with_another_fingerprint,
        "is damaged: its bins have the fingerprint a6e79398, the file says 00000000",
    ),
    "cut off": (_cut, "is not JSON: Input data was truncated"),
    "empty": (lambda _: "", "is not JSON: Input data was truncated"),
    "of something else": (
        lambda _: "{}",
        "is not a reference profile; make one with `reference build`",
    ),
}


@pytest.fixture
def reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reference made by the command line, in a folder with a configuration that names it."""
    monkeypatch.chdir(tmp_path)
    fields = "    fields: {features: f, prediction: p}\n"
    (tmp_path / "config.yaml").write_text(CONFIG + fields, encoding="utf-8")
    write_lines(tmp_path / "table.jsonl", [{"f": {"x": i % 7}, "p": i % 2} for i in range(100)])
    assert main(["reference", "build", "table.jsonl", "--output=reference.json"]) == 0
    text = CONFIG + fields + "    reference: reference.json\n"
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "reference.json"


@pytest.mark.parametrize("name", BAD_REFERENCES)
@pytest.mark.parametrize("command", ["check", "run"])
def test_a_reference_that_cannot_be_used_is_named(
    name: str, command: str, reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil, message = BAD_REFERENCES[name]
    before = reference.read_text(encoding="utf-8")
    after = spoil(before)
    assert before != after
    reference.write_text(after, encoding="utf-8")
    capsys.readouterr()
    assert main([command]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(
        f"inference-exporter: config.yaml: models.m.reference: reference.json: {message}"
    )
    assert err.splitlines()[1:] == [MEND]


def test_a_missing_reference_is_named_with_the_way_to_make_it(
    reference: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check"]) == 0
    reference.unlink()
    capsys.readouterr()
    assert main(["check"]) == 2
    assert capsys.readouterr().err == (
        "inference-exporter: config.yaml: models.m.reference: reference.json: cannot be read: "
        f"No such file or directory; make it with `reference build`\n{MEND}\n"
    )


# -- labels without bound --------------------------------------------------------------------------


def _rss() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * 4096


@pytest.mark.slow
def test_a_million_classes_cost_neither_series_nor_memory(sidecar: Sidecar) -> None:
    def some(start: int, count: int) -> Iterator[bytes]:
        for i in range(start, start + count):
            yield b'{"prediction": "class-%d", "actual": "class-%d", "status": "s%d"}\n' % (i, i, i)

    sidecar.reads(*some(0, 100_000))
    series, memory = own(sidecar.page(), "series"), _rss()
    sidecar.reads(*some(100_000, 900_000))
    assert _rss() - memory < 30e6
    page = sidecar.page()
    assert own(page, "series") == series < 500
    assert own(page, "lines_total", result="ok") == 1_000_000
    classes = by(page, "inference_predictions_total", "prediction")
    assert len(classes) == 51
    assert classes["class-0"] == 1
    assert classes["__overflow__"] == 1_000_000 - 50
    assert total(page, "inference_outcomes_total") == 1_000_000
    codes = by(page, "inference_requests_total", "code")
    assert (len(codes), codes["__overflow__"]) == (51, 1_000_000 - 50)
    for family in ("predictions_total", "requests_total", "outcomes_total"):
        assert own(page, "series_dropped_total", family=f"inference_{family}") == 1_000_000 - 50


def test_ten_thousand_versions_share_the_series_of_one_more(sidecar: Sidecar) -> None:
    sidecar.reads(*(line(version=i, prediction=0, latency_ms=5) for i in range(10_000)))
    page = sidecar.page()
    versions = by(page, "inference_requests_total", "version")
    assert versions == {**{str(i): 1.0 for i in range(20)}, "__overflow__": 9_980.0}
    assert total(page, "inference_request_duration_seconds_count") == 10_000
    assert own(page, "series_dropped_total", family="inference_requests_total") == 9_980
    assert own(page, "series") == len(page) < 5000


# -- time ------------------------------------------------------------------------------------------

WINDOWED = MODEL + "reference: {warmup: 10}\nmin_samples: 5\nwindows: [1h]\n"


def predictions(at: float | str | None, count: int = 1) -> list[bytes]:
    return [line(at=at, features={"x": i % 3}, prediction=i % 2) for i in range(count)]


def in_window(page: Series) -> float:
    return total(page, "inference_feature_drift_samples", feature="x", window="1h")


@pytest.fixture
def windowed(make: Make) -> Sidecar:
    sidecar = make(WINDOWED)
    sidecar.reads(*predictions(NOW, 10))
    assert total(sidecar.page(), "inference_reference_warmup_remaining") == 0
    return sidecar


def test_times_far_from_now_are_counted_but_enter_no_window(windowed: Sidecar) -> None:
    windowed.reads(*predictions(NOW, 20))
    before = windowed.page()
    assert in_window(before) == 20
    windowed.reads(
        *predictions("1970-01-01T00:00:00Z", 3),
        *predictions(0, 2),
        *predictions("2099-12-31T23:59:59Z", 4),
        *predictions("yesterday", 1),
        *predictions(None, 2),
        *predictions(1e300, 1),
    )
    page = windowed.page()
    assert own(page, "late_events_total") == 5
    assert own(page, "future_events_total") == 4
    assert own(page, "untimed_events_total") == 4
    assert by(page, "inference_exporter_invalid_values_total", "field") == {"timestamp": 2}
    assert total(page, "inference_requests_total") == 43
    assert total(page, "inference_feature_bin_total", feature="x") == 33
    assert in_window(page) == 20
    newest = "inference_last_prediction_timestamp_seconds"
    assert total(page, newest) == NOW
    drift = "inference_feature_drift"
    assert by(page, drift, "statistic") == by(before, drift, "statistic")


def test_a_clock_that_steps_back_loses_no_line_and_no_window(windowed: Sidecar) -> None:
    windowed.reads(*predictions(windowed.clock.now(), 20))
    windowed.clock.step(-1800)
    before = windowed.page()
    windowed.reads(*predictions(windowed.clock.now(), 7))
    page = windowed.page()
    assert in_window(page) == 27
    assert total(page, "inference_requests_total") == 37
    assert own(page, "late_events_total") == own(page, "future_events_total") == 0
    assert own(page, "lag_seconds") >= 0
    falling = {
        key for key, value in before.items() if key[0].endswith("_total") and page[key] < value
    }
    assert falling == set()


def test_windows_empty_when_nothing_comes(windowed: Sidecar) -> None:
    windowed.reads(*predictions(windowed.clock.now(), 20))
    windowed.clock.advance(2 * 3600)
    windowed.reads()
    page = windowed.page()
    assert in_window(page) == 0
    assert by(page, "inference_feature_drift", "statistic") == {}
    assert total(page, "inference_feature_bin_total", feature="x") == 20


# -- values ----------------------------------------------------------------------------------------


def test_lines_with_the_same_id_count_each(sidecar: Sidecar) -> None:
    sidecar.reads(*[line(id="r1", prediction="a", status=200)] * 3)
    assert by(sidecar.page(), "inference_predictions_total", "prediction") == {"a": 3}


def test_nan_and_infinity_are_invalid_values_of_a_line_that_counts(sidecar: Sidecar) -> None:
    sidecar.reads(
        b'{"prediction": "a", "score": NaN, "latency_ms": Infinity}\n',
        b'{"prediction": "a", "score": -Infinity, "latency_ms": 4}\n',
    )
    page = sidecar.page()
    assert own(page, "lines_total", result="ok") == 2
    assert by(page, "inference_exporter_invalid_values_total", "field") == {
        "score": 2, "latency": 1,
    }  # fmt: skip
    assert total(page, "inference_request_duration_seconds_count") == 1
    assert not any(math.isnan(value) or math.isinf(value) for value in page.values())


def test_labels_that_are_not_utf8_are_replaced_and_the_page_stays_valid(sidecar: Sidecar) -> None:
    sidecar.reads(
        b'{"prediction": "\xff\xfe", "version": "v\xc3"}\n',
        b'{"prediction": "\\ud800", "version": "v\xc3"}\n',
        line(prediction="größer ✓", version="v1"),
    )
    page = sidecar.page()
    assert by(page, "inference_requests_total", "version") == {"v\ufffd": 2, "v1": 1}
    classes = by(page, "inference_predictions_total", "prediction")
    assert {"\ufffd\ufffd", "größer ✓"} < classes.keys()
    assert sum(classes.values()) == 3


def test_quotes_backslashes_and_newlines_in_labels_come_back_as_they_were(
    sidecar: Sidecar,
) -> None:
    odd = 'a"b\\c\nd{}=,# \t'
    sidecar.reads(line(prediction=odd, version='"', status="\\"))
    page = sidecar.page()
    assert by(page, "inference_predictions_total", "prediction") == {odd: 1}
    assert by(page, "inference_requests_total", "version") == {'"': 1}
    assert by(page, "inference_requests_total", "code") == {"\\": 1}


def test_an_empty_log_shows_what_is_known_beforehand_at_0(make: Make) -> None:
    sidecar = make(MODEL.replace("  version: version\n", ""))
    sidecar.reads()
    page = sidecar.page()
    assert own(page, "source_up") == 1
    count = ("inference_request_duration_seconds_count", (("model", "m"), ("version", "")))
    assert page[count] == 0
    assert own(page, "lines_total") == 0
    assert total(page, "inference_exporter_state_persistent") == 0


def test_a_log_of_bad_lines_only_counts_them_by_reason(
    sidecar: Sidecar, caplog: pytest.LogCaptureFixture
) -> None:
    sidecar.reads(b"secret x\n", b'{"prediction":\n', b"[1]\n", b"null\n", b"\n", b" \r\n")
    page = sidecar.page()
    assert by(page, "inference_exporter_lines_total", "result") == {"malformed": 4, "empty": 2}
    assert total(page, "inference_requests_total") == 0
    assert caplog.messages == [
        "m: line not understood (not a JSON object: no { in the line): xxxxxx x"
    ]


def test_huge_integers_are_numbers_where_they_fit_and_invalid_where_not(sidecar: Sidecar) -> None:
    sidecar.reads(
        line(at=10**40, prediction=1, status=10**40),
        line(at=NOW, prediction=10**400, score=10**400, latency_ms=10**30),
    )
    page = sidecar.page()
    assert own(page, "lines_total", result="ok") == 2
    assert by(page, "inference_exporter_invalid_values_total", "field") == {
        "timestamp": 1, "score": 1,
    }  # fmt: skip
    assert by(page, "inference_predictions_total", "prediction") == {"1": 1, f"{10**127}": 1}
    assert by(page, "inference_requests_total", "code") == {"unknown": 1, f"{10**40}": 1}
    assert total(page, "inference_request_duration_seconds_sum") == 1e27


def test_a_version_that_is_an_object_is_invalid_and_the_line_has_none(sidecar: Sidecar) -> None:
    sidecar.reads(*(line(version=bad, prediction="a") for bad in ({"a": 1}, [1])))
    page = sidecar.page()
    assert by(page, "inference_requests_total", "version") == {"": 2}
    assert by(page, "inference_exporter_invalid_values_total", "field") == {"version": 2}


def test_a_status_may_be_text(sidecar: Sidecar) -> None:
    sidecar.reads(*(line(status=s) for s in ("ok", "200", 200, "ERROR", "503", None, "", {"a": 1})))
    page = sidecar.page()
    assert by(page, "inference_requests_total", "code") == {
        "ok": 1, "200": 2, "ERROR": 1, "503": 1, "unknown": 3,
    }  # fmt: skip
    assert total(page, "inference_request_failures_total") == 2
    assert by(page, "inference_exporter_invalid_values_total", "field") == {"status": 1}


def test_features_may_be_empty_missing_or_of_the_wrong_type(windowed: Sidecar) -> None:
    odd: list[object] = [{}, {"x": None}, None, [1], "x", {"x": "abc"}, {"x": 10**400}, {"x": "2"}]
    windowed.reads(*(line(at=NOW, prediction=1, features=one) for one in odd))
    page = windowed.page()
    assert own(page, "lines_total", result="ok") == 10 + len(odd)
    assert by(page, "inference_exporter_invalid_values_total", "field") == {"features": 2}
    # {}, null in it, and null for it: a prediction was made, so its inputs are missing.
    assert total(page, "inference_feature_missing_total", feature="x") == 3
    # A value where the object should be makes every feature of that line invalid.
    assert total(page, "inference_feature_invalid_total", feature="x") == 4
    assert total(page, "inference_feature_bin_total", feature="x") == 1


def test_a_negative_latency_is_invalid(sidecar: Sidecar) -> None:
    sidecar.reads(*(line(latency_ms=one) for one in (-5, -0.001, 0, "7", "slow")))
    page = sidecar.page()
    assert total(page, "inference_request_duration_seconds_count") == 2
    assert total(page, "inference_request_duration_seconds_sum") == 0.007
    assert by(page, "inference_exporter_invalid_values_total", "field") == {"latency": 3}
