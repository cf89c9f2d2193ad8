"""How far long work is: on a terminal, in a pipe, and in the log of a sidecar that catches up."""

from __future__ import annotations

import io
import logging
from pathlib import Path

import pytest

from inference_exporter.assembly import read_once
from inference_exporter.cli.terminal import Progress
from inference_exporter.clock import ManualClock
from inference_exporter.loop.catching_up import MUCH, CatchingUp
from inference_exporter.values.status_facts import FileState, SourceState

CONFIG = "models: {m: {logs: [log.jsonl], fields: {prediction: p}}}\n"
MEGA = 1_000_000


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_has_rate_and_time_left_after_a_second_and_goes_away() -> None:
    clock, terminal = ManualClock(), Terminal()
    with Progress(terminal, clock.monotonic) as progress:
        progress.show(MEGA, 100 * MEGA)
        assert terminal.getvalue() == ""
        clock.advance(2.0)
        progress.show(20 * MEGA, 100 * MEGA)
        assert " 20 %  20 MB  10.0 MB/s  8 s left" in terminal.getvalue()
    assert terminal.getvalue().endswith("\r\x1b[K")


def test_without_a_terminal_it_is_a_line_of_the_log_every_ten_seconds(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, pipe = ManualClock(), io.StringIO()
    with caplog.at_level(logging.INFO), Progress(pipe, clock.monotonic) as progress:
        for second in range(1, 25):
            clock.advance(1.0)
            progress.show(second * MEGA, 40 * MEGA)
    assert pipe.getvalue() == ""
    assert caplog.messages == [
        " 25 %  10 MB  1.0 MB/s  30 s left",
        " 50 %  20 MB  1.0 MB/s  20 s left",
    ]


def test_reading_a_log_once_tells_of_all_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    text = '{"p": 1}\n' * 300_000
    (tmp_path / "log.jsonl").write_text(text, encoding="utf-8")
    told: list[tuple[int, int]] = []
    read_once(str(tmp_path / "config.yaml"), tell=lambda *one: told.append(one))
    assert {total for _, total in told} == {len(text)}
    done = [one for one, _ in told]
    assert done == sorted(done)
    assert done[-1] == len(text)


def _source(read: int, size: int) -> tuple[SourceState, ...]:
    return (SourceState("m", (FileState("a.log", read, size),)),)


def test_a_sidecar_that_catches_up_says_how_long_it_takes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    behind, size = CatchingUp(), MUCH + 400 * MEGA
    with caplog.at_level(logging.INFO):
        behind.look(_source(size - 10, size), 0.0)  # as always
        behind.look(_source(0, size), 5.0)
        behind.look(_source(100 * MEGA, size), 10.0)
        behind.look(_source(200 * MEGA, size), 15.0)
        behind.look(_source(size - 10, size), 25.0)
        behind.look(_source(size, size), 30.0)
    assert caplog.messages == [
        "m: 467 MB to catch up with",
        "m: 267 MB to catch up with, about 13 s to go",
        "m: caught up, 467 MB in 20 s",
    ]


def test_a_sidecar_that_falls_behind_says_so(caplog: pytest.LogCaptureFixture) -> None:
    behind = CatchingUp()
    with caplog.at_level(logging.INFO):
        behind.look(_source(0, 2 * MUCH), 0.0)
        behind.look(_source(MUCH, 4 * MUCH), 10.0)
    assert caplog.messages[-1] == "m: 201 MB to catch up with, it does not get less"
