"""A model with every capability there is, in two states: after its reference, and warming up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from inference_exporter.clock import ManualClock
from inference_exporter.exposition.published import Published
from inference_exporter.exposition.text import render_text
from inference_exporter.loop.pipeline import Pipeline
from inference_exporter.loop.telemetry import Telemetry
from inference_exporter.state import Store
from sidecar import feeds_of

NOW = 1_800_000_000.0
ROWS = 900
CONFIG = """\
models:
  whole:
    logs: [log.jsonl]
    start_at: beginning
    task: classification
    fields:
      timestamp: at
      id: id
      version: version
      features: features
      prediction: prediction
      score: score
      latency: seconds
      trace_id: trace
    windows: [1h, 24h]
    min_samples: 20
    reference: {reference}
    multivariate: true
    similar_inputs: 2
    boundary: {{score: 0.5, margin: 0.05}}
    derived: {{words: {{from: prompt, as: tokens}}}}
    segments: [features.country]
    concept_drift: {{}}
    labels: {{logs: labels.jsonl, timestamp: at, id: id, actual: actual}}
"""
REFERENCE = Path(__file__).parent / "golden" / "state" / "parts" / "file" / "reference.json"
REFERENCES = {"file": "reference.json", "warmup": "{warmup: 2000}"}


def write_files(folder: Path, kind: str) -> None:
    """The configuration, the logs, and the reference if it comes from a file."""
    (folder / "config.yaml").write_text(CONFIG.format(reference=REFERENCES[kind]))
    (folder / "log.jsonl").write_text("".join(_lines(_predictions(ROWS, 1, shift=0.4))))
    (folder / "labels.jsonl").write_text("".join(_lines(_labels(ROWS, 1))))
    if kind == "file":
        shutil.copy(REFERENCE, folder / "reference.json")


def page(folder: Path, *, read: bool) -> list[str]:
    """The page of a sidecar on that folder, in order; `read`: what is in the logs, committed."""
    clock, published = ManualClock(NOW), Published()
    store = Store.open(str(folder / "state"), clock.now())
    pipeline = Pipeline(
        feeds_of(folder / "config.yaml"),
        store=store,
        publish=published.publish,
        telemetry=Telemetry(),
        clock=clock,
    )
    pipeline.restore()
    if read:
        while pipeline.turn():
            clock.advance(1)
        pipeline.commit()
    else:
        pipeline.publish()
    pipeline.close()
    store.close()
    assert published.snapshot is not None
    text = render_text(published.snapshot).decode()
    own = [line for line in text.splitlines() if line.startswith("inference_")]
    return sorted(line for line in own if not line.startswith("inference_exporter_"))


def _lines(records: Iterator[dict[str, object]]) -> list[str]:
    return [json.dumps(record) + "\n" for record in records]


def _predictions(rows: int, seed: int, shift: float) -> Iterator[dict[str, object]]:
    draw = np.random.default_rng(seed)
    for row in range(rows):
        income, age = draw.normal(shift), draw.normal()
        score = 1 / (1 + np.exp(-income))
        features: dict[str, object] = {
            "income": 0.25 if row % 9 == 0 else round(income, 6),
            "age": 0.5 if row % 9 == 0 else round(age, 6),
            "country": ("DE", "FR", "ES")[row % 3],
            "prompt": "word " * (row % 7),
        }
        if seed == 1 and row % 5 == 0:
            features["extra"] = 1.0
        yield {
            "at": NOW - 1200 + row, "id": f"{row}", "version": f"v{row % 2}",
            "features": features, "prediction": int(score > 0.5), "score": round(score, 6),
            "seconds": round(0.01 + 0.001 * (row % 50), 6), "trace": f"{row:032x}",
        }  # fmt: skip


def _labels(rows: int, seed: int) -> Iterator[dict[str, object]]:
    draw = np.random.default_rng(seed + 10)
    for row in range(0, rows, 2):
        yield {"at": NOW - 600, "id": f"{row}", "actual": int(draw.random() > 0.5)}
