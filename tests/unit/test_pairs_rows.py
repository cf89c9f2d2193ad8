"""Requests of several lines, joined with the lines of an access log that has its own format."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path

import pytest

from exporter_process import total
from inference_exporter import config
from inference_exporter.cli import main
from inference_exporter.errors import ConfigError
from inference_exporter.pairs import GatheredHalves, Half
from late_sidecar import NOW, LateSidecar

PAIRS = """\
pairs:
      id: {from: id, as: {hex: 16}}
      rows: true
      within: 60s
      max_waiting: 1000
      response: {path: {unless: /health}}
      response_lines:
        format: regex
        pattern: '^(?P<path>/\\S+) (?P<span>\\S+) (?P<status>\\d+) (?P<ms>[\\d.]+)ms$'
        id: span
    explode: [request]"""
FIELDS = "{id: id, version: {const: v}, timestamp: request.at, prediction: request.says, \
latency: {from: response.ms, unit: ms}, status: {from: [response.status, pair], ok: ['200']}, \
features: {from: request, rest: true, exclude: [id]}}"


class RowsSidecar(LateSidecar):
    """One model whose rows are in one log, and its requests in another."""

    def _write_config(self) -> None:
        (self.folder / "config.yaml").write_text(
            "models:\n  m:\n    logs: [predictions.jsonl, access.log]\n    start_at: beginning\n"
            f"    windows: [1h]\n    {PAIRS}\n    fields: {FIELDS}\n    task: classification\n"
            "    labels: {id: id, row: row, actual: actual, logs: labels.jsonl}\n"
        )

    def rows(self, which: int, *says: str) -> None:
        self.predict(*({"id": which, "at": NOW, "says": one, "x": i} for i, one in enumerate(says)))

    def access(self, which: int, status: int = 200, path: str = "/predict") -> None:
        with (self.folder / "access.log").open("a") as log:
            log.write(f"{path} {which:016x} {status} 250.0ms\n")

    def pairs(self) -> Counter[str]:
        return self.counts("inference_pairs_total", "result")


def test_rows_and_the_access_line_are_one_request(tmp_path: Path) -> None:
    sidecar = RowsSidecar(tmp_path)
    sidecar.rows(10, "A", "B", "A")
    sidecar.access(10)
    sidecar.access(11, 500)  # it failed before it was predicted
    sidecar.access(12, path="/health")
    with (tmp_path / "access.log").open("a") as log:
        log.write("Server started\n")
    sidecar.label({"id": f"{10:016x}", "row": 1, "actual": "A"})
    sidecar.settle()
    sidecar.clock.advance(61)
    page = sidecar.settle()
    assert total(page, "inference_requests_total") == 2
    assert total(page, "inference_requests_total", code="500") == 1
    assert total(page, "inference_predictions_total", prediction="A") == 2
    assert total(page, "inference_request_duration_seconds_count") == 2
    assert total(page, "inference_request_duration_seconds_sum") == pytest.approx(0.5)
    assert total(page, "inference_outcomes_total", predicted="B", actual="A") == 1
    assert sidecar.pairs() == {"answered": 1, "unasked": 1}
    lines = sidecar.counts("inference_exporter_lines_total", "source", "result")
    assert (lines["m/half"], lines["m/filtered"], lines["m/unmatched"]) == (5, 1, 1)


def test_a_row_that_comes_while_the_request_settles_is_part_of_it(tmp_path: Path) -> None:
    sidecar = RowsSidecar(tmp_path)
    sidecar.access(1)
    sidecar.turn(5)
    sidecar.rows(1, "A")
    sidecar.turn(1)
    sidecar.rows(1, "B")
    sidecar.turn(1)
    sidecar.crash()
    sidecar.settle()
    sidecar.rows(1, "C")  # too late
    sidecar.settle()
    page = sidecar.settle()
    assert total(page, "inference_predictions_total") == 2
    assert total(page, "inference_requests_total") == 1
    assert sidecar.pairs() == {"answered": 1, "duplicate": 1}


@pytest.mark.parametrize("seed", range(4))
def test_every_row_and_request_counts_once_over_crashes(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    sidecar = RowsSidecar(tmp_path)
    expected: Counter[str] = Counter()
    rows = 0
    for which in range(1, 80):
        kind = draw.choices(["answered", "unanswered", "unasked"], [8, 1, 1])[0]
        expected[kind] += 1
        size = 0 if kind == "unasked" else draw.choice((1, 1, 2, 5))
        rows += size
        for _ in range(size):
            sidecar.rows(which, "A")
            if draw.random() < 0.1:
                sidecar.turn(0)
            if draw.random() < 0.05:
                sidecar.crash()
        if kind != "unanswered":
            sidecar.access(which)
        if draw.random() < 0.3:
            sidecar.turn(draw.choice((0, 5)))
        if draw.random() < 0.05:
            sidecar.crash()
    sidecar.settle()
    sidecar.clock.advance(120)
    page = sidecar.settle()
    assert total(page, "inference_predictions_total") == rows
    assert total(page, "inference_requests_total") == 79
    assert sidecar.pairs() == expected
    assert total(page, "inference_pairs_waiting") == 0


def test_lines_that_wait_are_bounded_and_what_is_whole_leaves_first() -> None:
    halves = GatheredHalves(within=60.0, limit=4, settle=2.0)
    for half in (Half("request", "a", b"{}"), Half("request", "b", b"{}")):
        assert halves.meet(half, 0.0) == b""
    assert halves.meet(Half("response", "b", b"{}"), 0.0) == b""
    assert halves.meet(Half("request", "b", b'{"x":1}'), 0.0) == b""
    line = halves.meet(Half("request", "c", b"{}"), 0.0)
    assert json.loads(line) == {
        "pair": "answered", "id": "b", "request": [{}, {"x": 1}], "response": {}
    }  # fmt: skip
    for i in range(100):
        halves.meet(Half("request", f"d{i}", b"{}"), 0.0)
        assert len(halves) <= 4
    assert halves.counts["unanswered"] == 98
    puts, _ = halves.take_changes()
    assert len(puts) == 4 + 2  # those that wait, the counts, one chunk of ids


def test_once_joins_more_requests_than_may_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RowsSidecar(tmp_path)
    settings = (tmp_path / "config.yaml").read_text().replace("1000", "20000")
    (tmp_path / "config.yaml").write_text(settings)
    rows = [json.dumps({"id": i, "says": "A", "x": x}) for i in range(12_000) for x in (1, 2)]
    (tmp_path / "predictions.jsonl").write_text("\n".join(rows) + "\n")
    lines = [f"/predict {i:016x} 200 250.0ms\n" for i in range(12_000)]
    (tmp_path / "access.log").write_text("".join(lines))
    assert main(["once", f"--config.file={tmp_path / 'config.yaml'}"]) == 0
    page = capsys.readouterr().out
    assert 'inference_pairs_total{model="m",result="answered"} 12000.0' in page
    assert 'inference_predictions_total{model="m",version="v",prediction="A"} 24000.0' in page


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ("{id: id, response_lines: {format: csv}}", "response_lines.format: expected one of regex"),
        ("{id: id, response_lines: {format: regex}}", "response_lines.pattern: missing"),
        ("{id: id, response_lines: {format: regex, pattern: '(?P<a>.)', id: b}}", "no group is"),
        ("{id: id, response_lines: {format: kserve}}", "a preset of lines that are regex or"),
        ("{id: id, response_lines: {format: logfmt}}", "response_lines.id: missing"),
        ("{id: id, request: {a: b}, settle: 1s}", "settle: belongs to rows: true"),
        (
            "{id: id, request_lines: {format: logfmt, id: a},"
            " response_lines: {format: logfmt, id: a}}",
            "one side is JSON",
        ),
    ],
)
def test_a_side_that_cannot_be_read_is_said(pairs: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        config.parse(f"models: {{m: {{logs: [l], pairs: {pairs}}}}}", "c.yaml")


def test_a_request_may_be_the_side_that_is_no_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "log").write_text('got=7 age=41\n{"id": "7", "says": "A"}\n')
    (tmp_path / "config.yaml").write_text(
        "models: {m: {logs: [log], pairs: {id: id, request_lines: {format: logfmt, id: got}},"
        " fields: {features: {from: request, rest: true, exclude: [got]},"
        " prediction: response.says}}}\n"
    )
    assert main(["once", f"--config.file={tmp_path / 'config.yaml'}"]) == 0
    assert 'prediction="A"} 1.0' in capsys.readouterr().out
