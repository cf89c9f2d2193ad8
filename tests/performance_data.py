"""Models, predictions and labels with a known answer, and the page they make."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import numpy as np

from exporter_process import Series, parse
from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.exposition.text import render_text
from inference_exporter.model import Model
from inference_exporter.performance import ScoreSums, count_scores
from inference_exporter.performance.scores import SCORE_CELLS
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.batch import Bools, Floats
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Snapshot

NOW = 1_800_000_000.0
CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    fields: {prediction: y, score: p, actual: a}
    windows: [1h]
    min_samples: 10
"""


def model_of(extra: str = "", reference: Reference | None = None, text: str = CONFIG) -> Model:
    loaded = config.parse(text + extra, "test.yaml").models[0]
    model = make_model(loaded, reference)
    model.start(NOW)
    return model


def lines_of(rows: Sequence[Mapping[str, object]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def page_of(model: Model) -> Series:
    blocks = tuple(model.samples(NOW, EvaluationFacts()))
    return parse(render_text(Snapshot(blocks, timestamp=NOW)).decode())


def values(page: Series, family: str, *names: str) -> dict[tuple[str, ...], float]:
    """Values of a family by some of its labels."""
    return {
        tuple(dict(labels)[name] for name in names): value
        for (series, labels), value in page.items()
        if series == family
    }


def score_sums(score: Floats, positive: Bools) -> ScoreSums:
    cells = np.zeros((1, SCORE_CELLS))
    count_scores(score, positive, np.zeros(len(score), np.int64), cells)
    return ScoreSums.of(cells[0])


def rank_counts(score: Floats, positive: Bools, edges: Floats) -> Floats:
    """Rows per class and bin of the score."""
    at = np.searchsorted(edges, score)
    counts = [np.bincount(at[side], minlength=len(edges) + 1) for side in (~positive, positive)]
    return np.array(counts, dtype=np.float64)
