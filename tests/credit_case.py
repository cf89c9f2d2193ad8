"""A credit-scoring log with every blemish, and its counts worked out the slow and obvious way.

Nothing here uses the exporter: plain Python lists and loops, one value at a time.
"""

from __future__ import annotations

import csv
import json
import math
import random
from collections import Counter
from pathlib import Path

Sample = tuple[str, tuple[tuple[str, str], ...]]
Row = dict[str, object]

MODEL = "credit-risk"
NUMERIC = ("income", "age", "debt_ratio")
CATEGORIES = {
    "segment": (("retail", "sme", "wealth"), (0.6, 0.15, 0.25)),
    "country": (("DE", "FR", "GB", "JP", "US"), (0.2, 0.2, 0.1, 0.1, 0.4)),
}
BINS = 10
LEAST = 200


def write(folder: Path, seed: int, rows: int = 1500) -> dict[Sample, float]:
    """Write reference.csv and predictions.jsonl; returns the samples that must come out."""
    rng = random.Random(seed)
    reference = [_inputs(rng, drift=1.0) | _outputs(rng) for _ in range(900)]
    with (folder / "reference.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, fieldnames=list(reference[0]))
        table.writeheader()
        table.writerows(reference)
    lines = [_line(rng, number) for number in range(rows)]
    malformed = rng.randrange(5, 30)
    texts = [json.dumps(line) for line in lines]
    for _ in range(malformed):
        at = rng.randrange(len(texts))
        texts.insert(at, json.dumps(lines[0])[: rng.randrange(1, 60)])
    (folder / "predictions.jsonl").write_text("\n".join(texts) + "\n", encoding="utf-8")
    return _expected(reference, lines, malformed)


def _inputs(rng: random.Random, drift: float) -> Row:
    row: Row = {
        "income": round(rng.lognormvariate(10.8, 0.5) * drift, 2),
        "age": rng.randrange(18, 80),
        "debt_ratio": round(rng.betavariate(2, 5), 5),
    }
    for name, (values, weights) in CATEGORIES.items():
        row[name] = rng.choices(values, weights)[0]
    return row


def _outputs(rng: random.Random) -> Row:
    score = round(rng.random(), 6)
    actual = int(rng.random() < score)
    return {"score": score, "prediction": int(score > 0.5), "actual": actual}


def _line(rng: random.Random, number: int) -> Row:
    clock = f"{number // 60 % 60:02d}:{number % 60:02d}.{number % 1000:03d}"
    line: Row = {
        "timestamp": f"2026-11-01T10:{clock}Z",
        "request_id": f"{number:016x}",
        "model_version": rng.choices(["v3", "v4"], [4, 1])[0],
        "latency_ms": round(rng.expovariate(1 / 30), 3),
        "trace_id": f"{number + 1:032x}",
    }
    if rng.random() < 0.02:
        return line | {"status": 500}
    features = _inputs(rng, drift=1.25)
    if rng.random() < 0.04:
        del features["income"]
    if rng.random() < 0.03:
        features["age"] = None
    if rng.random() < 0.03:
        features["debt_ratio"] = rng.choice(["n/a", "", [1], {"x": 1}])
    if rng.random() < 0.03:
        features["country"] = rng.choice(["XX", "YY"])
    outputs = _outputs(rng)
    if rng.random() < 0.6:
        del outputs["actual"]
    return line | {"features": features, "status": 200} | outputs


def _expected(reference: list[Row], lines: list[Row], malformed: int) -> dict[Sample, float]:
    samples: dict[Sample, float] = {}

    def put(name: str, value: float, **labels: str) -> None:
        samples[name, tuple(sorted(labels.items()))] = value

    put("inference_exporter_lines_total", len(lines), result="ok")
    put("inference_exporter_lines_total", malformed, result="malformed")
    for version in ("v3", "v4"):
        mine = [line for line in lines if line["model_version"] == version]
        labels = {"model": MODEL, "version": version}
        for code, count in Counter(str(line["status"]) for line in mine).items():
            put("inference_requests_total", count, code=code, **labels)
        failed = sum(line["status"] == 500 for line in mine)
        put("inference_request_failures_total", failed, **labels)
        seconds = math.fsum(float(str(line["latency_ms"])) / 1000 for line in mine)
        put("inference_request_duration_seconds_count", len(mine), **labels)
        put("inference_request_duration_seconds_sum", seconds, **labels)
        made = [line for line in mine if "prediction" in line]
        for name, count in Counter(str(line["prediction"]) for line in made).items():
            put("inference_predictions_total", count, prediction=name, **labels)
        pairs = Counter(
            (str(line["prediction"]), str(line["actual"])) for line in made if "actual" in line
        )
        for (predicted, actual), count in pairs.items():
            put("inference_outcomes_total", count, predicted=predicted, actual=actual, **labels)
        put("inference_performance_samples", pairs.total(), window="1h", **labels)
        if pairs.total() >= LEAST:
            right = pairs["0", "0"] + pairs["1", "1"]
            accuracy = {"metric": "accuracy", "class": "", "window": "1h"}
            put("inference_performance", right / pairs.total(), **accuracy, **labels)
        inputs = [line["features"] for line in made]
        for feature in (*NUMERIC, *CATEGORIES):
            values = [row.get(feature) for row in inputs if isinstance(row, dict)]
            past = [row[feature] for row in reference]
            _feature(samples, feature, past, values, labels)
    return samples


def _feature(
    samples: dict[Sample, float],
    feature: str,
    past: list[object],
    values: list[object],
    labels: dict[str, str],
) -> None:
    labels = labels | {"feature": feature}

    def put(name: str, value: float, **more: str) -> None:
        samples[f"inference_feature_{name}", tuple(sorted((labels | more).items()))] = value

    numeric = feature in NUMERIC
    there = [value for value in values if value is not None]
    valid = [v for v in there if isinstance(v, int | float if numeric else str)]
    put("missing_total", len(values) - len(there))
    put("invalid_total", len(there) - len(valid))
    put("drift_samples", len(valid), window="1h")
    if numeric:
        edges = _quantiles(sorted(float(str(value)) for value in past))
        then = Counter(_bin(value, edges) for value in past)
        now = Counter(_bin(value, edges) for value in valid)
        names = [f"{number:02d}" for number in range(len(edges) + 1)]
    else:
        names = [*sorted({str(value) for value in past}), "unseen"]
        then = Counter(str(value) for value in past)
        now = Counter(str(v) if str(v) in names else "unseen" for v in valid)
    psi = 0.0
    for name in names:
        q = (then[name] + 0.5) / (len(past) + 0.5 * len(names))
        p = (now[name] + 0.5) / (len(valid) + 0.5 * len(names))
        psi += (p - q) * math.log(p / q)
        put("bin_total", now[name], bin=name)
        put("reference_ratio", q, bin=name)
    if len(valid) >= LEAST:
        put("drift", psi, statistic="psi", window="1h")


def _quantiles(ordered: list[float]) -> list[float]:
    """Deciles with linear interpolation, duplicates merged."""
    edges = []
    for decile in range(1, BINS):
        place = decile / BINS * (len(ordered) - 1)
        low = math.floor(place)
        edge = ordered[low] + (ordered[low + 1] - ordered[low]) * (place - low)
        if edge not in edges:
            edges.append(edge)
    return edges


def _bin(value: object, edges: list[float]) -> str:
    """The first bin whose upper edge is not below the value."""
    number = float(str(value))
    return f"{sum(number > edge for edge in edges):02d}"
