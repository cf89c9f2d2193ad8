"""Exemplars against a slow plain model of their law, row by row."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.model import Model
from inference_exporter.reference import build
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.profile import NumericProfile, Reference
from inference_exporter.values.samples import Exemplar
from two_decoders import built, python_decoder

NOW = 1795168800.0
BOUNDS = (0.01, 0.02, 0.05, 1.0)
CONFIG = """\
models:
  m:
    logs: [l]
    task: classification
    latency_buckets: [0.01, 0.02, 0.05, 1]
    boundary: {score: 0.5, margin: 0.05}
    fields:
      {timestamp: ts, version: v, trace_id: trace, prediction: p, score: s, status: code, actual: a,
       latency: {from: ms, unit: ms}, steps: {lookup: {from: lookup, unit: ms}}}
"""
(MODEL,) = config.parse(CONFIG, "c.yaml").models

Row = dict[str, Any]
Found = dict[tuple[str, tuple[str, ...], int], Exemplar]
"""By family, labels after the model's name and bucket."""


def rows(draw: random.Random, count: int) -> list[Row]:
    """Rows with ties, failures, two versions, and what is missing of each kind."""
    return [
        {
            "ts": NOW - draw.randrange(50), "v": draw.choice("12"), "p": draw.choice("ab"),
            "a": draw.choice(["a", "b", None]), "code": draw.choice([200] * 9 + [500]),
            "s": draw.choice([None, 0.0, 0.52, *(round(draw.random(), 2) for _ in range(5))]),
            "ms": draw.choice([None, 10.0, 1000.0, draw.randrange(1, 3000) / 2]),
            "lookup": draw.choice([None, 20.0, draw.randrange(1, 100)]),
            "trace": draw.choice(["-", None, "0" * 32, f"{draw.getrandbits(128):032X}",
                                  f"{draw.getrandbits(128):032x}", "q\u00e9", 17]),
        }
        for _ in range(count)
    ]  # fmt: skip


def expected_trace(raw: object) -> str | None:
    text = "" if raw is None else str(raw)
    return None if text in ("", "-", "0" * 32) else text.lower()


def cells(row: Row, edges: list[float]) -> Iterator[tuple[str, tuple[str, ...], int, float]]:
    """Family, labels, the bucket, the number, of everything that a row may be an example of."""
    v, seconds = row["v"], None if row["ms"] is None else row["ms"] / 1000
    if seconds is not None:
        yield "inference_request_duration_seconds", (v,), bucket(BOUNDS, seconds), seconds
    if row["lookup"] is not None:
        step = row["lookup"] / 1000
        yield "inference_step_duration_seconds", (v, "lookup"), bucket(BOUNDS, step), step
    if row["s"] is not None:
        at = f"{bucket(edges, row['s']):02d}"
        yield "inference_output_bin_total", (v, "score", at), 0, row["s"]
        if abs(row["s"] - 0.5) <= 0.05:
            yield "inference_boundary_predictions_total", (v,), 0, 1.0
    if row["code"] == 500:
        yield "inference_request_failures_total", (v,), 0, 1.0
    if row["a"] not in (None, row["p"]):
        yield "inference_outcomes_total", (v, row["p"], row["a"]), 0, 1.0


def bucket(bounds: Any, value: float) -> int:
    return sum(bound < value for bound in bounds)


def plainly(rounds: list[list[list[Row]]], edges: list[float]) -> Found:
    """Of equal ranks the last of a block, and what stood there before the block."""
    found: Found = {}
    for blocks in rounds:
        best: dict[Any, float] = {}
        for lines in blocks:
            before = dict(best)
            for row in lines:
                trace = expected_trace(row["trace"])
                for family, labels, at, number in cells(row, edges) if trace else ():
                    seconds = number if "duration" in family else (row["ms"] or 0.0) / 1000
                    rank = seconds + 1e9 * (row["code"] == 500)
                    key = (family, labels, at)
                    if rank > before.get(key, -1.0) and rank >= best.get(key, -1.0):
                        best[key] = rank
                        found[key] = Exemplar(str(trace), number, row["ts"])
    return found


def shown(model: Model) -> Found:
    found: Found = {}
    for block in model.samples(NOW, EvaluationFacts()):
        family = block.series.family.name
        for at, one in block.exemplars.items():
            which, place = divmod(at, block.series.values_per_set)
            labels = block.series.label_sets[which][1:]
            if family == "inference_output_bin_total":
                labels = (labels[0], *(x for x in labels[1:] if x != model.reference))
            found[family, labels, place] = one
    return found


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    path = tmp_path_factory.mktemp("reference") / "rows.jsonl"
    lines = [json.dumps({"s": i / 400, "p": "ab"[i % 2], "a": "a"}) for i in range(400)]
    path.write_text("\n".join(lines))
    return build([str(path)], MODEL, now=1.0)


@pytest.mark.parametrize("decoder", [pytest.param("native", marks=built), "python"])
def test_they_are_those_of_a_plain_model(reference: Reference, decoder: str) -> None:
    draw = random.Random(decoder)
    score = reference.outputs["score"]
    assert isinstance(score, NumericProfile)
    edges = list(score.edges)
    model = make_model(MODEL, reference)
    if decoder == "python":
        model._decoder = python_decoder(MODEL, {})
    rounds: list[list[list[Row]]] = []
    for _ in range(4):
        blocks = [rows(draw, draw.choice([1, 3, 60])) for _ in range(3)]
        for block in blocks:
            model.take("".join(json.dumps(row) + "\n" for row in block).encode(), NOW)
        rounds.append(blocks)
        assert shown(model) == plainly(rounds, edges)
        model.settle(None, NOW)
