"""Broken features through a whole model: lines in, a page out, over a restart."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inference_exporter import assembly
from inference_exporter.cli import main
from inference_exporter.clock import ManualClock
from inference_exporter.model import Model
from inference_exporter.results.evaluate import EvaluationFacts

START = 1_793_527_200.0
FAMILY = "inference_feature_broken"
CONFIG = """\
models:
  credit:
    logs: [log.jsonl]
    fields: {{timestamp: at, version: version, features: features}}
    reference: reference.json
    windows: [{windows}]
"""


def lines(seed: int, rows: int, begin: float, *, text: bool = False) -> bytes:
    """A minute of rows; with `text` the amount is no number any more."""
    draw, out = np.random.default_rng(seed), []
    for row in range(rows):
        amount = round(float(draw.lognormal(3, 1)), 6)
        features = {
            "amount": f"{amount} EUR" if text else amount,
            "age": int(draw.integers(18, 90)),
            "country": str(draw.choice(["DE", "FR", "ES"])),
        }
        at = begin + 60.0 * row / rows
        out.append(json.dumps({"at": at, "version": "v1", "features": features}) + "\n")
    return "".join(out).encode()


@pytest.fixture(params=["1h", "24h", "15m", "100m"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A configuration whose panes are a minute, longer, and shorter."""
    (tmp_path / "config.yaml").write_text(CONFIG.format(windows=request.param))
    (tmp_path / "reference.jsonl").write_bytes(lines(0, 5_000, START))
    command = ["reference", "build", str(tmp_path / "reference.jsonl")]
    where = [f"--config.file={tmp_path / 'config.yaml'}"]
    assert main([*command, *where, f"--output={tmp_path / 'reference.json'}"]) == 0
    return tmp_path


def make(folder: Path, *, event_time: bool = False) -> Model:
    """The model."""
    config, references = assembly.load_all(str(folder / "config.yaml"))
    return assembly.make_model(config.models[0], references["credit"], event_time=event_time)


def page(model: Model, now: float, family: str = FAMILY) -> dict[tuple[str, ...], float]:
    """Values by the labels after model and version."""
    return {
        labels[2:]: value
        for block in model.samples(now, EvaluationFacts())
        if block.series.family.name == family
        for labels, value in zip(block.series.label_sets, block.values, strict=True)
    }


def broken(model: Model, now: float) -> set[tuple[str, ...]]:
    """What is broken."""
    return {labels for labels, value in page(model, now).items() if value}


def test_a_changed_type_is_found_in_minutes_and_kept_over_a_restart(folder: Path) -> None:
    model, clock = make(folder), ManualClock(START)
    model.start(clock.now())
    state: dict[str, bytes] = {}

    def minute(number: int, *, text: bool = False) -> None:
        block = lines(number, 10, clock.now(), text=text)
        clock.advance(60.0)
        model.take(block, clock.now() - 0.5)
        list(model.samples(clock.now() - 0.5, EvaluationFacts()))
        puts, deletes = model.take_changes()
        for key in deletes:
            state.pop(key, None)
        state.update(puts)

    for number in range(1, 11):
        minute(number)
    assert broken(model, clock.now()) == set()
    assert len(page(model, clock.now())) == 3 * 4, "three features, four kinds each"
    for number in range(11, 13):
        minute(number, text=True)
    assert broken(model, clock.now()) == {("amount", "invalid")}
    shares = page(model, clock.now(), "inference_feature_broken_ratio")
    assert set(shares) == {("amount", "invalid")}
    model = make(folder)
    assert model.restore(state, clock.now()) == []
    assert broken(model, clock.now()) == {("amount", "invalid")}
    for number in range(13, 20):
        minute(number)
    assert broken(model, clock.now()) == set()
    clock.advance(3_700)
    assert page(model, clock.now()) == {}, "an hour without rows: nothing is known"
    _, deletes = model.take_changes()
    assert any(key.startswith("broken/") for key in deletes)


def test_a_log_read_after_the_fact_says_what_was_broken_at_its_end(folder: Path) -> None:
    model = make(folder, event_time=True)
    for minute in range(12):
        block = lines(minute, 10, START + 60.0 * minute, text=minute >= 9)
        model.take(block, START + 1e6)
    assert broken(model, START + 1e6) == {("amount", "invalid")}


def test_a_model_with_a_boundary_is_watched_too(folder: Path) -> None:
    """Whatever else is worked out of rows, what was worked out before it stays."""
    config = folder / "config.yaml"
    config.write_text(
        config.read_text().replace("features: features", "features: features, score: score")
        + "    boundary: {score: 0.5, margin: 0.1}\n"
    )
    model = make(folder, event_time=True)
    for minute in range(12):
        block = lines(minute, 10, START + 60.0 * minute, text=minute >= 9)
        model.take(block.replace(b'"features"', b'"score": 0.5, "features"'), START + 1e6)
    assert broken(model, START + 1e6) == {("amount", "invalid")}


def test_old_rows_of_a_log_that_is_caught_up_with_say_nothing(folder: Path) -> None:
    model = make(folder)
    model.take(lines(1, 50, START, text=True), START + 1_800.0)
    assert broken(model, START + 1_800.0) == set()


def test_without_a_reference_nothing_is_watched(tmp_path: Path) -> None:
    text = CONFIG.format(windows="1h").replace("    reference: reference.json\n", "")
    (tmp_path / "config.yaml").write_text(text)
    config, _ = assembly.load_all(str(tmp_path / "config.yaml"))
    model = assembly.make_model(config.models[0], None)
    model.take(lines(1, 50, START), START + 60.0)
    assert page(model, START + 60.0) == {}
