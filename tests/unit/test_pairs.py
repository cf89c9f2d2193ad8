"""Requests and responses that are lines of their own become one prediction, each once."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter_process import Series, total
from inference_exporter import config
from inference_exporter.cli import main
from inference_exporter.errors import ConfigError
from inference_exporter.pairs import Half, WaitingHalves
from late_sidecar import NOW, LateSidecar

PAIRS = """\
pairs: {id: id, request: {type: ask}, response: {type: answer}, within: 60s, max_waiting: 1000}
    decode: {request.data: rows, response.data: rows}
    explode: [request.data, response.data]"""
FIELDS = "{timestamp: request.at, version: request.version, prediction: response.data, \
status: {from: pair, ok: answered}, latency: {from: response.at, since: request.at}, \
features: {from: request.data, names: auto}, id: request.id}"


class PairSidecar(LateSidecar):
    """One model whose log has requests and responses."""

    def _write_config(self) -> None:
        text = (
            "models:\n  m:\n    logs: [predictions.jsonl]\n    start_at: beginning\n"
            f"    windows: [1h]\n    {PAIRS}\n    fields: {FIELDS}\n"
            "    labels: {id: id, actual: actual, logs: labels.jsonl}\n    task: classification\n"
        )
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")


def ask(which: str, at: float, rows: int = 1) -> dict[str, object]:
    data = {"instances": [[float(i), "x"] for i in range(rows)]}
    return {"id": which, "type": "ask", "at": at, "version": "v", "data": data}


def answer(which: str, at: float, rows: int = 1, says: str = "A") -> dict[str, object]:
    return {"id": which, "type": "answer", "at": at, "data": {"predictions": [says] * rows}}


def results(page: Series) -> dict[str, float]:
    names = ("answered", "unanswered", "unasked", "duplicate")
    return {name: total(page, "inference_pairs_total", result=name) for name in names}


def test_a_request_and_its_response_are_one_prediction(tmp_path: Path) -> None:
    sidecar = PairSidecar(tmp_path)
    sidecar.predict(ask("a", NOW, rows=3), answer("b", NOW + 1), ask("b", NOW))
    sidecar.settle()
    page = sidecar.page()
    assert total(page, "inference_requests_total") == 1
    assert total(page, "inference_pairs_waiting") == 1
    sidecar.predict(answer("a", NOW + 0.25, rows=3), {"type": "other"})
    sidecar.settle()
    page = sidecar.page()
    assert total(page, "inference_predictions_total", prediction="A") == 4
    assert total(page, "inference_requests_total", code="answered") == 2
    assert total(page, "inference_request_duration_seconds_sum") == pytest.approx(1.25)
    assert total(page, "inference_request_duration_seconds_count") == 2
    assert total(page, "inference_exporter_lines_total", source="m", result="half") == 4
    assert total(page, "inference_exporter_lines_total", source="m", result="filtered") == 1
    assert results(page) == {"answered": 2, "unanswered": 0, "unasked": 0, "duplicate": 0}


def test_a_request_without_a_response_is_a_failure_once_its_time_is_over(tmp_path: Path) -> None:
    sidecar = PairSidecar(tmp_path)
    sidecar.predict(ask("a", NOW), answer("b", NOW))
    sidecar.settle()
    sidecar.clock.seconds = NOW + 61
    sidecar.crash()  # the halves are in the state
    sidecar.settle()
    page = sidecar.page()
    assert results(page) == {"answered": 0, "unanswered": 1, "unasked": 1, "duplicate": 0}
    assert total(page, "inference_requests_total", code="unanswered") == 1
    assert total(page, "inference_request_failures_total") == 2
    sidecar.predict(answer("a", NOW + 62))  # too late: it was counted
    sidecar.settle()
    assert results(sidecar.page())["duplicate"] == 1
    assert total(sidecar.page(), "inference_requests_total") == 2


def test_lines_that_come_twice_count_once(tmp_path: Path) -> None:
    sidecar = PairSidecar(tmp_path)
    sidecar.predict(ask("a", NOW), ask("a", NOW), answer("a", NOW + 1), answer("a", NOW + 1))
    sidecar.settle()
    sidecar.crash()
    sidecar.predict(ask("a", NOW))
    sidecar.settle()
    page = sidecar.page()
    assert results(page) == {"answered": 1, "unanswered": 0, "unasked": 0, "duplicate": 3}
    assert total(page, "inference_predictions_total") == 1


def test_late_labels_find_the_rows_of_a_pair(tmp_path: Path) -> None:
    sidecar = PairSidecar(tmp_path)
    sidecar.predict(ask("a", NOW), answer("a", NOW + 1))
    sidecar.label({"id": "a", "actual": "B"})
    sidecar.settle()
    assert total(sidecar.page(), "inference_outcomes_total", predicted="A", actual="B") == 1


@pytest.mark.parametrize("seed", range(4))
def test_any_order_with_crashes_counts_what_was_written(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    sidecar = PairSidecar(tmp_path)
    expected: Counter[str] = Counter()
    rows = 0
    for line in _lines(draw, expected):
        if line.get("type") == "ask":
            rows += 1
        sidecar.predict(line)
        if draw.random() < 0.2:
            sidecar.turn(draw.choice((0, 5)))
        if draw.random() < 0.05:
            sidecar.crash()
    sidecar.settle()
    sidecar.clock.seconds += 120
    sidecar.settle()
    page = sidecar.page()
    assert results(page) == dict(expected) | {"duplicate": expected["duplicate"]}
    whole = expected["answered"]
    assert total(page, "inference_predictions_total") == whole + expected["unasked"]
    assert total(page, "inference_requests_total", code="answered") == whole
    assert total(page, "inference_requests_total", code="unanswered") == expected["unanswered"]


def _lines(draw: random.Random, expected: Counter[str]) -> Iterator[dict[str, object]]:
    waiting: list[dict[str, object]] = []
    for i in range(150):
        halves = [ask(f"r{i}", NOW + i / 100), answer(f"r{i}", NOW + i / 100 + 0.05)]
        draw.shuffle(halves)
        kind = draw.choices(["answered", "unanswered", "unasked"], [8, 1, 1])[0]
        expected[kind] += 1
        wanted = {"unanswered": "ask", "unasked": "answer"}.get(kind)
        halves = [half for half in halves if wanted in (None, half["type"])]
        if draw.random() < 0.1:
            halves.append(draw.choice(halves))
            expected["duplicate"] += 1
        waiting += halves
        draw.shuffle(waiting)
        while len(waiting) > 10:
            yield waiting.pop()
    yield from waiting


def test_the_oldest_is_given_up_when_too_many_wait() -> None:
    halves = WaitingHalves(within=60.0, limit=2)
    lines = [halves.meet(Half("request", str(i), b"{}"), 0.0) for i in range(4)]
    assert lines[:2] == [b"", b""]
    assert all(b'"pair":"unanswered"' in line for line in lines[2:])
    assert (len(halves), halves.counts["unanswered"]) == (2, 2)


def test_state_is_flat_and_what_is_done_is_forgotten() -> None:
    halves = WaitingHalves(within=60.0, limit=100)
    keys: set[str] = set()
    for i in range(500):
        halves.meet(Half("request", str(i), b"{}"), float(i))
        puts, gone = halves.take_changes()
        keys = (keys | puts.keys()) - gone
        halves.meet(Half("response", str(i), b"{}"), float(i))
        halves.overdue(float(i))
        puts, gone = halves.take_changes()
        keys = (keys | puts.keys()) - gone
        assert len(keys) < 70
    assert halves.counts["answered"] == 500


def test_once_closes_the_books(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.yaml").write_text(
        f"models:\n  m:\n    logs: [log.jsonl]\n    {PAIRS}\n    fields: {FIELDS}\n"
    )
    lines = [ask("a", NOW), answer("a", NOW + 1), ask("b", NOW)]
    (tmp_path / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert main(["once", f"--config.file={tmp_path / 'config.yaml'}"]) == 0
    page = capsys.readouterr().out
    assert 'inference_pairs_total{model="m",result="unanswered"} 1.0' in page
    assert 'inference_requests_total{model="m",version="v",code="unanswered"} 1.0' in page


def test_a_half_without_an_id_is_malformed(tmp_path: Path) -> None:
    sidecar = PairSidecar(tmp_path)
    sidecar.predict({"type": "ask"}, {"type": "ask", "id": {}})
    sidecar.settle()
    lines = "inference_exporter_lines_total"
    assert total(sidecar.page(), lines, source="m", result="malformed") == 2


def test_the_halves_must_be_told_apart() -> None:
    with pytest.raises(ConfigError, match=r"pairs.request: missing; expected it, or response"):
        config.parse("models: {m: {logs: [l], pairs: {id: id}}}", "c.yaml")
