"""Windows against a week before and the month of last year, against a list of what was counted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from inference_exporter import assembly
from inference_exporter import config as configuration
from inference_exporter.model import Model
from inference_exporter.reference import build, save
from inference_exporter.results.evaluate import EvaluationFacts

HOUR, WEEK = 3600.0, 168
START = datetime(2026, 3, 2, tzinfo=UTC).timestamp()  # a Monday
CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    fields: {timestamp: ts, features: features}
    reference: reference.json
    windows: [1h]
    compare: [previous_week, same_month_last_year]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    rng = np.random.default_rng(1)
    rows = [json.dumps({"features": {"a": round(x, 4)}}) for x in rng.normal(size=5000).tolist()]
    (folder / "data.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")
    model = configuration.load(str(folder / "config.yaml")).models[0]
    save(build([str(folder / "data.jsonl")], model, now=0.0), str(folder / "reference.json"))
    return folder


def make(folder: Path) -> Model:
    config, references = assembly.load_all(str(folder / "config.yaml"))
    return assembly.make_model(config.models[0], references["m"])


def play(model: Model, begin: float, mean: float, seed: int, size: int = 300) -> np.ndarray:
    """An hour of rows, read when it is over and decided; the values."""
    values = np.round(np.random.default_rng(seed).normal(mean, 1, size), 4)
    lines = "".join(
        json.dumps({"ts": begin + k * HOUR / size, "features": {"a": x}}) + "\n"
        for k, x in enumerate(values.tolist())
    )
    model.take(lines.encode(), begin + HOUR)
    model.settle(None, begin + HOUR + 600)
    return values


def compared(model: Model, now: float) -> dict[str, float]:
    return {
        labels[-1]: value
        for one in model.samples(now, EvaluationFacts())
        if one.series.family.name == "inference_feature_drift_compared"
        for labels, value in zip(one.series.label_sets, one.values, strict=True)
    }


def psi(model: Model, now: np.ndarray, then: np.ndarray) -> float:
    reference = model.counting.reference
    assert reference is not None
    edges = reference.features["a"].edges  # type: ignore[union-attr]
    p, q = (
        (np.bincount(np.searchsorted(edges, x), minlength=len(edges) + 1) + 0.5)
        / (len(x) + 0.5 * (len(edges) + 1))
        for x in (now, then)
    )
    return float(((p - q) * np.log(p / q)).sum())


def test_the_same_hour_a_week_before(folder: Path) -> None:
    model = make(folder)
    then = play(model, START, 0.0, 1)
    play(model, START + HOUR, 2.0, 2)
    assert compared(model, START + 2 * HOUR + 600) == {}
    now = play(model, START + WEEK * HOUR, 0.5, 3)
    found = compared(model, START + (WEEK + 1) * HOUR + 600)
    assert found == {"previous_week": pytest.approx(psi(model, now, then), rel=1e-6)}
    play(model, START + (WEEK + 5) * HOUR, 0.5, 4)
    assert compared(model, START + (WEEK + 6) * HOUR + 600) == {}, "no such hour a week before"


def test_the_month_of_last_year_over_restarts(folder: Path) -> None:
    model, values = make(folder), []
    state: dict[str, bytes] = {}
    for hour in range(3):
        values.append(play(model, START + hour * HOUR, 0.2, 10 + hour))
        puts, deletes = model.take_changes()
        state = {key: one for key, one in (state | puts).items() if key not in deletes}
        model = make(folder)
        assert model.restore(state, START + (hour + 1) * HOUR) == []
    year = datetime(2027, 3, 20, tzinfo=UTC).timestamp()
    now = play(model, year, 0.9, 20)
    found = compared(model, year + HOUR + 600)
    wanted = psi(model, now, np.concatenate(values))
    assert found == {"same_month_last_year": pytest.approx(wanted, rel=1e-6)}


def test_what_is_kept_is_bounded_and_too_few_rows_say_nothing(folder: Path) -> None:
    model = make(folder)
    for hour in range(0, 24 * 30, 8):
        play(model, START + hour * HOUR, 0.0, hour, size=40)
    puts, _ = model.take_changes()
    assert len(puts["earlier/1h"]) < 10_000
    assert compared(model, START + 24 * 30 * HOUR + 600) == {}


def test_damaged_counts_are_a_sentence(folder: Path) -> None:
    (problem,) = make(folder).restore({"earlier/1h": b"x"}, START)
    assert problem.startswith("earlier/1h: damaged counts of earlier windows")
