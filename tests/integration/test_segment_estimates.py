"""Estimates by segment: of one that is harder than its scores say, and of one that moves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from exporter_process import Series, parse
from inference_exporter.assembly import make_model
from inference_exporter.config import load
from inference_exporter.config.schema import ModelConfig
from inference_exporter.exposition.text import render_text
from inference_exporter.reference import build, dumps, loads
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Snapshot
from sidecar import NOW

CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    positive_class: 1
    windows: [24h]
    lateness: 24h
    fields: {timestamp: t, features: x, prediction: p, score: s, actual: y}
    segments: {country: {from: country, estimates: true}, device: device}
    reference: {warmup: 100000}
"""
FAMILY = "inference_performance_estimate"
Table = dict[str, np.ndarray]


def drawn(rows: int, seed: int, low: float = 0.0) -> dict[str, Table]:
    """Scores of DE come true; those of IT half as far from 1/2. `low`: more scores near 1/2."""
    draw, made = np.random.default_rng(seed), {}
    for country, scale in (("DE", 1.0), ("IT", 0.5)):
        score = np.where(draw.random(rows) < low, draw.uniform(0.4, 0.6, rows), draw.random(rows))
        truth = draw.random(rows) < 0.5 + scale * (score - 0.5)
        made[country] = {"s": np.round(score, 4), "p": score > 0.5, "y": truth}
    return made


def lines(tables: dict[str, Table], *, labelled: bool, seed: int = 1) -> bytes:
    draw, made = np.random.default_rng(seed), []
    for country, table in tables.items():
        for s, p, y in zip(*(table[name].tolist() for name in "spy"), strict=True):
            row = {"t": NOW - float(draw.uniform(1, 80_000)), "x": {"a": 1.0}, "p": int(p), "s": s,
                   "country": country, "device": "web"}  # fmt: skip
            made.append(json.dumps(row | ({"y": int(y)} if labelled else {})))
    draw.shuffle(made)
    return "\n".join(made).encode() + b"\n"


def config(folder: Path) -> ModelConfig:
    path = folder / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    return load(str(path)).models[0]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    folder = tmp_path_factory.mktemp("reference")
    path = folder / "good.jsonl"
    path.write_bytes(lines(drawn(5000, 1), labelled=True))
    return build([str(path)], config(folder), now=NOW)


def page(folder: Path, known: Reference, tables: dict[str, Table]) -> Series:
    model = make_model(config(folder), known)
    for piece in model.pieces(lines(tables, labelled=False)):
        model.take(piece, NOW)
    blocks = tuple(model.samples(NOW, EvaluationFacts()))
    return parse(render_text(Snapshot(blocks)).decode())


def of(found: Series, country: str, metric: str, end: str = "") -> float:
    (value,) = [
        value for (name, labels), value in found.items()
        if name == FAMILY + end and dict(labels).get("segment") == f"country={country}"
        and dict(labels)["metric"] == metric
    ]  # fmt: skip
    return value


def test_the_bias_is_what_the_calibration_of_all_says_less_what_came_out(known: Reference) -> None:
    calibration = known.calibration
    assert calibration is not None
    for country, table in drawn(5000, 1).items():
        profile = known.segments["country"][country]
        p = calibration.probability(table["s"])
        expected = np.where(table["p"], p, 1 - p).mean()
        right = (table["p"] == table["y"]).mean()
        off, error = profile.estimate_bias["accuracy"]
        assert off == pytest.approx(expected - right, abs=1e-9)
        assert 0.8 < error / np.sqrt((p * (1 - p)).mean() / len(p)) < 1.6
    biases = [known.segments["country"][one].estimate_bias["accuracy"][0] for one in ("DE", "IT")]
    assert biases[0] < -0.04 < 0.04 < biases[1]
    assert not known.segments["device"]["web"].estimate_bias  # nobody asked
    again = loads(dumps(known)).segments["country"]["IT"].estimate_bias
    assert again == known.segments["country"]["IT"].estimate_bias


def test_a_segment_is_estimated_as_it_is_and_not_as_all_are(
    tmp_path: Path, known: Reference
) -> None:
    tables = drawn(4000, 2)
    found = page(tmp_path, known, tables)
    for country, table in tables.items():
        right = float((table["p"] == table["y"]).mean())
        assert of(found, country, "accuracy", "_lower") < right
        assert right < of(found, country, "accuracy", "_upper")
        assert of(found, country, "accuracy") == pytest.approx(right, abs=0.03)
    whole = [value for (name, labels), value in found.items()
             if name == FAMILY and "segment" not in dict(labels)
             and dict(labels)["metric"] == "accuracy"]  # fmt: skip
    assert len(whole) == 1
    assert of(found, "IT", "accuracy") < whole[0] - 0.05 < whole[0] + 0.05
    assert of(found, "DE", "accuracy") > whole[0] + 0.05
    assert not [labels for name, labels in found if name == FAMILY
                and dict(labels).get("segment", "").startswith("device")]  # fmt: skip


def test_a_segment_whose_scores_move_to_the_middle_is_expected_to_fall(
    tmp_path: Path, known: Reference
) -> None:
    tables = drawn(4000, 3) | {"DE": drawn(4000, 4, low=0.7)["DE"]}
    before, now = page(tmp_path, known, drawn(4000, 2)), page(tmp_path, known, tables)
    assert of(now, "DE", "accuracy") < of(before, "DE", "accuracy") - 0.08
    assert of(now, "IT", "accuracy") == pytest.approx(of(before, "IT", "accuracy"), abs=0.02)


def test_intervals_hold_the_outcome_of_segments_where_inputs_are_as_they_were(
    tmp_path: Path, known: Reference
) -> None:
    held = {metric: 0 for metric in ("accuracy", "precision", "recall", "f1", "brier_score")}
    trials = 20
    for seed in range(trials):
        tables = drawn(500, 100 + seed)
        found = page(tmp_path, known, tables)
        for country, table in tables.items():
            p, y = table["p"], table["y"]
            hits = float((p & y).sum())
            truth = {
                "accuracy": float((p == y).mean()),
                "precision": hits / float(p.sum()),
                "recall": hits / float(y.sum()),
                "f1": 2 * hits / float(p.sum() + y.sum()),
                "brier_score": float(((table["s"] - y) ** 2).mean()),
            }
            for metric, value in truth.items():
                ends = (of(found, country, metric, f"_{end}") for end in ("lower", "upper"))
                lower, upper = ends
                held[metric] += lower <= value <= upper
    assert min(held.values()) >= 0.85 * 2 * trials, held


def test_a_reference_without_bias_and_few_rows_give_no_estimate(
    tmp_path: Path, known: Reference
) -> None:
    found = page(tmp_path, known, drawn(150, 5))
    assert not [labels for name, labels in found if name == FAMILY and "segment" in dict(labels)]
    file = json.loads(dumps(known))
    for one in file["segments"]["country"].values():
        del one["estimate_bias"]
    found = page(tmp_path, loads(json.dumps(file).encode()), drawn(1000, 5))
    assert not [labels for name, labels in found if name == FAMILY and "segment" in dict(labels)]
