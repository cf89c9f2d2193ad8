"""Probabilities of many classes: lines a second through one model, with a label on every line.

`python -m bench.choices` prints a table of the best of three runs, by the number of classes and by
how the probabilities are written. No log and no state: decoding and counting alone, in one thread.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import numpy as np

from inference_exporter import config
from inference_exporter.assembly import make_model

_ROWS, _BLOCK, _RUNS = 20_000, 500, 3
_NOW = 1_800_000_000.0
_CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    windows: [1h, 24h]
    limits: {{classes: {classes}}}
    fields: {{prediction: y, actual: a{scores}}}
"""
_FORMS: dict[str, Callable[[list[str], list[float]], object]] = {
    "none": lambda _names, _row: None,
    "list": lambda _names, row: row,
    "object": lambda names, row: dict(zip(names, row, strict=True)),
    "text": lambda _names, row: "|".join(map(str, row)),
}


def lines_per_second(classes: int, form: str) -> float:
    """The rate of one way of writing probabilities."""
    names = [f"c{at}" for at in range(classes)]
    listed = f", scores: {{from: p, classes: [{', '.join(names)}]}}" if form != "none" else ""
    text = _CONFIG.format(classes=classes, scores=listed)
    model = make_model(config.parse(text, "bench.yaml").models[0], None)
    random = np.random.default_rng(classes)
    table = random.dirichlet(np.full(classes, 0.3), _ROWS)
    labels = random.integers(0, classes, _ROWS).tolist()
    lines = []
    for row, best, label in zip(table.tolist(), table.argmax(axis=1), labels, strict=True):
        found = _FORMS[form](names, [round(value, 6) for value in row])
        lines.append(json.dumps({"y": names[best], "a": names[label], "p": found}).encode() + b"\n")
    blocks = [b"".join(lines[at : at + _BLOCK]) for at in range(0, _ROWS, _BLOCK)]
    best_time = float("inf")
    for _ in range(_RUNS):
        started = time.perf_counter()
        for block in blocks:
            model.take(block, _NOW)
        best_time = min(best_time, time.perf_counter() - started)
    return _ROWS / best_time


def main() -> None:
    """Print the table."""
    sys.stdout.write(f"{'classes':>8}{''.join(f'{form:>12}' for form in _FORMS)}\n")
    for classes in (2, 3, 10, 50):
        rates = "".join(f"{lines_per_second(classes, form):12,.0f}" for form in _FORMS)
        sys.stdout.write(f"{classes:>8}{rates}\n")


if __name__ == "__main__":
    main()
