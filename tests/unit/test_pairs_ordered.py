"""Requests and responses without an id: joined by their order, where that is sound."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from exporter_process import total
from inference_exporter import config
from inference_exporter.cli import main
from inference_exporter.errors import ConfigError
from inference_exporter.pairs import Half, OrderedHalves
from late_sidecar import NOW, LateSidecar


class OrderedSidecar(LateSidecar):
    """One model whose log has requests and responses with nothing in common."""

    def _write_config(self) -> None:
        (self.folder / "config.yaml").write_text(
            "models:\n  m:\n    logs: [predictions.jsonl]\n    start_at: beginning\n"
            "    pairs: {by: order, request: {kind: ask}, response: {kind: answer}, within: 60s}\n"
            "    task: classification\n    windows: [1h]\n"
            "    fields: {features: {from: request.x, names: auto}, prediction: response.says,\n"
            "      latency: {from: response.at, since: request.at}, version: request.number}\n"
        )

    def ask(self, number: int = 0) -> None:
        self.predict({"kind": "ask", "x": 1, "at": NOW, "number": f"v{number}"})

    def answer(self, says: str = "A") -> None:
        self.predict({"kind": "answer", "says": says, "at": NOW + 0.5})

    def results(self) -> dict[str, int]:  # type: ignore[override]
        return dict(self.counts("inference_pairs_total", "result"))


def test_a_response_is_that_of_the_request_before_it(tmp_path: Path) -> None:
    sidecar = OrderedSidecar(tmp_path)
    for number in range(3):
        sidecar.ask(number)
        sidecar.settle()
        sidecar.crash()  # the open request is in the state
        sidecar.answer("ABC"[number])
    page = sidecar.settle()
    assert sidecar.results() == {"answered": 3}
    for number in range(3):
        version = f"v{number}"
        assert total(page, "inference_predictions_total", prediction="ABC"[number],
                     version=version) == 1  # fmt: skip
    assert total(page, "inference_request_duration_seconds_sum") == pytest.approx(1.5)


def test_requests_that_overlap_are_not_joined_until_none_is_open(tmp_path: Path) -> None:
    sidecar = OrderedSidecar(tmp_path)
    sidecar.ask()
    sidecar.settle()
    sidecar.ask()
    sidecar.settle()  # what was committed as clear is ambiguous now
    sidecar.crash()
    for _ in range(2):
        sidecar.answer()
    sidecar.ask()
    sidecar.answer("B")
    page = sidecar.settle()
    assert sidecar.results() == {"answered": 1, "ambiguous": 2}
    assert total(page, "inference_predictions_total") == 1
    assert total(page, "inference_predictions_total", prediction="B") == 1
    assert not [key for key in sidecar.store.load() if "/pairs/half/" in key]


def test_a_request_without_a_response_is_given_up(tmp_path: Path) -> None:
    sidecar = OrderedSidecar(tmp_path)
    sidecar.ask()
    sidecar.settle()
    sidecar.clock.advance(61)
    sidecar.settle()
    sidecar.answer("late")
    sidecar.ask()  # is never answered, and makes those behind it ambiguous …
    for _ in range(2):
        sidecar.ask()
        sidecar.answer()
    sidecar.settle()
    assert sidecar.results() == {"unanswered": 1, "unasked": 1, "ambiguous": 2}
    sidecar.clock.advance(61)  # … until its own time is over
    sidecar.settle()
    sidecar.ask()
    sidecar.answer("B")
    page = sidecar.settle()
    assert sidecar.results() == {"unanswered": 1, "unasked": 1, "ambiguous": 3, "answered": 1}
    assert total(page, "inference_predictions_total", prediction="B") == 1


@pytest.mark.parametrize("seed", range(3))
def test_no_prediction_is_joined_with_the_request_of_another(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    sidecar = OrderedSidecar(tmp_path)
    open_requests: list[int] = []
    clear = answers = 0
    overlapped = False
    for number in range(120):
        sidecar.ask(number % 15)
        open_requests.append(number % 15)
        overlapped = overlapped or len(open_requests) > 1
        while open_requests and draw.random() < 0.8:
            which = open_requests.pop(draw.randrange(len(open_requests)))
            sidecar.answer(f"v{which}")
            answers += 1
            clear += not overlapped
            overlapped = overlapped and bool(open_requests)
        if draw.random() < 0.3:
            sidecar.turn(draw.choice((0, 0.1)))
        if draw.random() < 0.1:
            sidecar.crash()
    while open_requests:
        sidecar.answer(f"v{open_requests.pop()}")
        answers += 1
        clear += not overlapped
        overlapped = overlapped and bool(open_requests)
    page = sidecar.settle()
    assert sidecar.results() == {"answered": clear, "ambiguous": answers - clear}
    joined = {
        (dict(labels)["version"], dict(labels)["prediction"])
        for (family, labels), value in page.items()
        if family == "inference_predictions_total" and value
    }
    assert joined
    assert all(version == prediction for version, prediction in joined)


def test_open_requests_are_bounded() -> None:
    halves = OrderedHalves(within=60.0, limit=3)
    for _ in range(50):
        halves.meet(Half("request", "", b"{}"), 0.0)
    assert (len(halves), halves.counts["ambiguous"]) == (3, 47)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("{logs: [a, b], pairs: {by: order, request: {k: a}}}", "order is that of one file"),
        ("{logs: ['*.log'], pairs: {by: order, request: {k: a}}}", "order is that of one file"),
        ("{logs: [a], pairs: {by: order, request: {k: a}, rows: true}}", "pairs.rows: does not go"),
        ("{logs: [a], pairs: {request: {k: a}}}", "pairs.id: missing"),
    ],
)
def test_where_order_says_nothing_it_cannot_be_configured(model: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said.replace(".", r"\.")):
        config.parse(f"models: {{m: {model}}}", "c.yaml")


def _log(folder: Path, kinds: str) -> Path:
    lines = [
        {"kind": "request", "body": {"instances": [{"x": 1}, {"x": 2}]}}
        if kind == "q"
        else {"kind": "response", "status": 200, "body": {"predictions": ["A", "B"]}}
        for kind in kinds
    ]
    log = folder / f"{kinds}.jsonl"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return log


def test_init_joins_by_order_where_the_lines_make_it_plain(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "config.yaml"
    assert main(["init", str(_log(tmp_path, "qaqaqa")), f"--output={output}"]) == 0
    assert "by: order" in output.read_text()
    assert "are not joined" in output.read_text()
    assert main(["once", f"--config.file={output}"]) == 0
    assert 'prediction="A"} 3.0' in capsys.readouterr().out
    sample = _log(tmp_path, "qaqqaaqa")
    assert main(["check", f"--config.file={output}", f"--sample={sample}"]) == 0
    said = capsys.readouterr().out
    assert "2 requests with the response behind them, 2 ambiguous" in said
    assert "warning: requests overlap" in said


@pytest.mark.parametrize("kinds", ["qqaa", "aqaq"])
def test_init_says_where_nothing_tells_which_belong_together(tmp_path: Path, kinds: str) -> None:
    output = tmp_path / "config.yaml"
    assert main(["init", str(_log(tmp_path, kinds)), f"--output={output}"]) == 0
    assert "by: order" not in output.read_text()
    assert "log an id with both" in output.read_text()


def test_init_does_not_join_files_by_order(tmp_path: Path) -> None:
    output = tmp_path / "config.yaml"
    logs = [str(_log(tmp_path, "qa")), str(_log(tmp_path, "qaqa"))]
    assert main(["init", *logs, f"--output={output}"]) == 0
    assert "by: order" not in output.read_text()
