"""What finer latency buckets cost an exporter, against 14: `python -m bench.latency_cost`.

A model of 50 features and three steps with a warm-up reference; both ways take turns, the least CPU
time of all rounds counts.
"""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable, Iterator, Mapping

import numpy as np

from inference_exporter import config
from inference_exporter.assembly import make_model
from inference_exporter.exposition.protobuf import render_protobuf
from inference_exporter.exposition.text import render_text
from inference_exporter.model import Model
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.samples import Snapshot

_NOW, _ROWS, _ROUNDS = 1.8e9, 20_000, 7
_FEATURES = [f"f{number}" for number in range(50)]
_STEPS = {"lookup": 0.2, "inference": 0.5, "render": 0.1}  # shares of the whole
_FORMER = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
_WAYS = {"14 buckets": {"latency_buckets": _FORMER}, "default": {}}


def _model(more: Mapping[str, object]) -> Model:
    fields = {
        "timestamp": "t", "prediction": "y", "score": "p", "features": "f", "latency": "s",
        "steps": {name: f"steps.{name}" for name in _STEPS},
    }  # fmt: skip
    one = {"logs": ["x"], "reference": {"warmup": 2000}, "fields": fields, **more}
    (parsed,) = config.parse(json.dumps({"models": {"m": one}}), "bench.yaml").models
    model = make_model(parsed, None)
    model.start(_NOW)
    return model


def _lines(rows: int, span: float) -> bytes:
    draw = np.random.default_rng(0)
    seconds, times = draw.lognormal(-3.5, 0.8, rows), np.linspace(_NOW - span, _NOW, rows)
    inputs = draw.normal(size=(rows, len(_FEATURES))).round(4).tolist()
    return b"".join(
        json.dumps({
            "t": float(times[row]), "y": "ab"[row % 2], "p": row % 100 / 100,
            "f": dict(zip(_FEATURES, inputs[row], strict=True)), "s": float(seconds[row]),
            "steps": {name: share * float(seconds[row]) for name, share in _STEPS.items()},
        }).encode() + b"\n"
        for row in range(rows)
    )  # fmt: skip


def _snapshot(model: Model) -> Snapshot:
    return Snapshot(tuple(model.samples(_NOW, EvaluationFacts())), _NOW)


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return (time.process_time() - started) * 1000


def _round(model: Model, lines: bytes) -> Iterator[tuple[str, float]]:
    """Milliseconds of CPU by what was done."""
    yield "read", _milliseconds(lambda: model.take(lines, _NOW))
    page = _snapshot(model)  # evaluates what was read
    yield "publish", _milliseconds(lambda: _snapshot(model))
    yield "text", _milliseconds(lambda: render_text(page))
    yield "protobuf", _milliseconds(lambda: render_protobuf(page))


def _tell(name: str, model: Model, least: Mapping[str, float]) -> None:
    page, puts = _snapshot(model), model.timeline.take_changes(everything=True)[0]
    text, wire = render_text(page), render_protobuf(page)
    sizes = {"text": text, "gzip": gzip.compress(text, 1), "protobuf": wire}
    print(f"{name}: {len(page)} series, state {sum(map(len, puts.values())) / 1e6:.2f} MB")
    print("  kB:", {kind: round(len(one) / 1000) for kind, one in sizes.items()})
    print("  ms:", {kind: round(one, 2) for kind, one in least.items()})


def main() -> None:
    """Both ways in turns."""
    lines, models = _lines(_ROWS, 86_000), {name: _model(more) for name, more in _WAYS.items()}
    least: dict[str, dict[str, float]] = {name: {} for name in models}
    for _ in range(_ROUNDS):
        for name, model in models.items():
            for kind, spent in _round(model, lines):
                least[name][kind] = min(spent, least[name].get(kind, spent))
    for name, model in models.items():
        _tell(name, model, least[name])


if __name__ == "__main__":
    main()
