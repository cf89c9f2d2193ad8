"""What the options that look at whole rows cost per prediction, beside plain counting.

One model with numeric features, JSON lines, blocks of 256 KiB: best of three runs, one process.

    python bench/rows_as_a_whole.py
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from inference_exporter.assembly import load_all, make_model
from inference_exporter.reference import build, save

_NOW = 1_800_000_000.0
_BLOCK = 1 << 18
_OPTIONS = {
    "nothing": "",
    "`boundary`": "boundary: {}",
    "`multivariate`": "multivariate: true",
    "`multivariate`, a value in 20 missing": "multivariate: true",
    "`multivariate`, `similar_inputs`": "multivariate: true, similar_inputs: 100",
    "`concept_drift`, labels on the same lines": "concept_drift: {}",
}
_HEAD = (
    "fields: {timestamp: at, features: features, prediction: prediction, score: score,"
    " actual: actual, latency: latency}"
)


def _lines(rows: int, features: int, *, missing: bool) -> list[bytes]:
    rng = np.random.default_rng(5)
    table = rng.normal(size=(rows, 1)) + rng.normal(size=(rows, features))
    holes = rng.random(table.shape) < (0.05 if missing else 0.0)
    lines = []
    for row, gone in zip(table.round(6).tolist(), holes.tolist(), strict=True):
        pairs = {
            f"f{i}": None if no else v for i, (v, no) in enumerate(zip(row, gone, strict=True))
        }
        record = {
            "at": _NOW, "features": pairs, "prediction": "yes", "score": 0.3, "actual": "no",
            "latency": 0.02,
        }  # fmt: skip
        lines.append(json.dumps(record).encode() + b"\n")
    return lines


def _microseconds(folder: Path, option: str, lines: list[bytes]) -> float:
    config = folder / "config.yaml"
    text = f"models: {{m: {{logs: [x], {_HEAD}, reference: r.json, {option or 'windows: [1h]'}}}}}"
    config.write_text(text.replace("reference: r.json, ", ""))
    model = load_all(str(config))[0].models[0]
    data = folder / "data.jsonl"
    data.write_bytes(b"".join(lines[:5000]))
    save(build([str(data)], model, now=_NOW), str(folder / "r.json"))
    config.write_text(text)
    loaded, references = load_all(str(config))
    whole = b"".join(lines)
    best = float("inf")
    for _ in range(3):
        counting = make_model(loaded.models[0], references["m"])
        started = time.process_time()
        at = 0
        while at < len(whole):
            end = whole.rfind(b"\n", at, at + _BLOCK) + 1
            counting.take(whole[at:end], _NOW)
            at = end
        best = min(best, time.process_time() - started)
    return best / len(lines) * 1e6


def main() -> None:
    sizes = (10, 50)
    print(f"| with | {' | '.join(f'µs a prediction, {n} features' for n in sizes)} |")
    print("|---" * (len(sizes) + 1) + "|")
    for name, option in _OPTIONS.items():
        cells = []
        for size in sizes:
            lines = _lines(20_000, size, missing="missing" in name)
            with tempfile.TemporaryDirectory() as folder:
                cells.append(f"{_microseconds(Path(folder), option, lines):.1f}")
        print(f"| {name} | {' | '.join(cells)} |")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
