"""Lines that share an id are rows of one request, over crashes too."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from exporter_process import total
from inference_exporter import config
from inference_exporter.errors import ConfigError
from late_sidecar import NOW, LateSidecar


class SharingSidecar(LateSidecar):
    """One model whose lines share ids."""

    def _write_config(self) -> None:
        (self.folder / "config.yaml").write_text(
            "models:\n  m:\n    logs: [predictions.jsonl]\n    start_at: beginning\n"
            "    windows: [1h]\n    lines_of_request: 10s\n    task: classification\n"
            "    fields: {id: id, prediction: says, latency: took}\n"
            "    labels: {id: id, row: row, actual: actual, logs: labels.jsonl}\n"
        )

    def rows(self, which: str | None, *says: str) -> None:
        for one in says:
            self.predict({"id": which, "says": one, "took": 0.5})


def test_a_request_counts_once_and_its_rows_are_numbered(tmp_path: Path) -> None:
    sidecar = SharingSidecar(tmp_path)
    sidecar.rows("a", "A", "B")
    sidecar.rows("b", "A")
    sidecar.settle()
    sidecar.crash()
    sidecar.rows("a", "C")  # still of the first request
    sidecar.rows(None, "A", "A")  # each its own
    sidecar.label({"id": "a", "row": 2, "actual": "A"})
    page = sidecar.settle()
    assert total(page, "inference_requests_total") == 4
    assert total(page, "inference_predictions_total") == 6
    assert total(page, "inference_request_duration_seconds_sum") == pytest.approx(2.0)
    assert total(page, "inference_outcomes_total", predicted="C", actual="A") == 1


def test_ids_are_forgotten_and_so_is_their_state(tmp_path: Path) -> None:
    sidecar = SharingSidecar(tmp_path)
    for turn in range(40):
        sidecar.rows(f"r{turn}", "A")
        sidecar.settle()
    sidecar.clock.advance(30)
    sidecar.rows("r0", "A")
    page = sidecar.settle()
    assert total(page, "inference_requests_total") == 41
    kept = [key for key in sidecar.store.load() if "request_rows/seen" in key]
    assert 0 < len(kept) < 12


@pytest.mark.parametrize("seed", range(3))
def test_lines_in_any_order_with_crashes(tmp_path: Path, seed: int) -> None:
    draw = random.Random(seed)
    sidecar = SharingSidecar(tmp_path)
    recent: list[str] = []
    lines = 0
    for i in range(150):
        recent = [*recent[-3:], f"r{i}"]
        for one in (f"r{i}", *draw.sample(recent, draw.randrange(len(recent)))):
            sidecar.rows(one, "A")
            lines += 1
        if draw.random() < 0.3:
            sidecar.turn(draw.choice((0, 1)))
        if draw.random() < 0.1:
            sidecar.crash()
    page = sidecar.settle()
    assert total(page, "inference_requests_total") == 150
    assert total(page, "inference_predictions_total") == lines


def test_lines_need_something_in_common() -> None:
    with pytest.raises(ConfigError, match=r"lines_of_request: needs fields\.id"):
        config.parse("models: {m: {logs: [l], lines_of_request: 1s}}", "c.yaml")


def test_the_time_of_the_clock_decides(tmp_path: Path) -> None:
    sidecar = SharingSidecar(tmp_path)
    sidecar.rows("a", "A")
    sidecar.turn(1)
    assert sidecar.clock.now() < NOW + 10
    sidecar.clock.advance(60)
    sidecar.rows("b", "A")  # begins another generation
    sidecar.settle()
    sidecar.clock.advance(60)
    sidecar.rows("a", "A")
    page = sidecar.settle()
    assert total(page, "inference_requests_total") == 3
