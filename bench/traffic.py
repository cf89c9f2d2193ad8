"""Prediction logs, reference tables and configurations, the same ones in every run.

A line of the standard shape (6 numeric and 2 categorical features) has about 350 bytes:

    {"timestamp": "2026-11-01T10:00:00.005Z", "request_id": "…", "model_version": "7", "features":
    {"income": 48211.73, …, "country": "FR"}, "prediction": 1, "score": 0.7312, "latency_ms":
    12.207, "status": 200}
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench import child
from inference_exporter.values.batch import Floats

SEED = 20261101
START = 1_793_527_200.0  # 2026-11-01T10:00:00Z
MODEL = "credit-risk"
_BLOCK = 10_000
_COUNTRIES = ("DE", "FR", "GB", "JP", "US", "ES", "IT", "NL", "PL", "SE", "BR", "IN")


@dataclass(frozen=True, slots=True)
class Shape:
    """Which columns a log has."""

    numeric: tuple[str, ...] = (
        "annual_income", "age", "debt_ratio", "loan_amount", "months_employed", "utilisation",
    )  # fmt: skip
    categorical: tuple[str, ...] = ("segment", "country")
    versions: tuple[str, ...] = ("7",)


STANDARD = Shape()


def wide(features: int, versions: int = 1) -> Shape:
    """A shape with that many features, one in five of them categorical."""
    names = [f"feature_{number:02d}" for number in range(features)]
    cut = features - features // 5
    numbers = tuple(str(number + 1) for number in range(versions))
    return Shape(tuple(names[:cut]), tuple(names[cut:]), numbers)


@dataclass(slots=True)
class Written:
    """What is in a log: for checking that a program has counted all of it."""

    lines: int = 0
    size: int = 0
    malformed: int = 0
    latency_ms: float = 0.0
    by_status: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Writer:
    """Makes lines from seeded random numbers.

    Event times go from `start` in steps of `step` seconds. With `blemished`, one line in a hundred
    has a null feature and one in a thousand is cut off.
    """

    shape: Shape = STANDARD
    start: float = START
    step: float = 0.005
    blemished: bool = False
    written: Written = field(default_factory=Written)
    random: np.random.Generator = field(default_factory=lambda: np.random.default_rng(SEED))

    def lines(self, count: int) -> list[bytes]:
        """The next lines."""
        columns = self._columns(count)
        text = _template(self.shape)
        lines = [(text % row).encode() for row in zip(*columns, strict=True)]
        if self.blemished:
            for at in np.flatnonzero(self.random.random(count) < 0.001).tolist():
                lines[at] = lines[at][:150] + b"\n"
                self.written.malformed += 1
        self.written.lines += count
        self.written.size += sum(map(len, lines))
        return lines

    def write(self, path: Path, count: int) -> None:
        """Add lines to a file."""
        with path.open("ab") as file:
            for first in range(0, count, _BLOCK):
                file.writelines(self.lines(min(_BLOCK, count - first)))

    def _columns(self, count: int) -> list[list[object]]:
        draw, shape = self.random, self.shape
        first = self.written.lines
        times = self.start + np.arange(first, first + count) * self.step
        stamps = np.datetime_as_string((times * 1000).astype("int64").astype("datetime64[ms]"))
        features = _features(draw, shape, count)
        if self.blemished:
            for at in np.flatnonzero(draw.random(count) < 0.01).tolist():
                features[0][at] = "null"
        score = draw.beta(2, 3, count).round(4)
        latency = (draw.gamma(3, 8, count) + 0.5).round(3)
        status = np.where(draw.random(count) < 0.995, 200, 500)
        self.written.latency_ms += float(latency.sum())
        self.written.by_status.update(map(str, status.tolist()))
        return [
            stamps.tolist(),
            draw.integers(0, 1 << 62, count).tolist(),
            [shape.versions[number % len(shape.versions)] for number in range(count)],
            *features,
            (score > 0.5).astype(int).tolist(),
            score.tolist(),
            latency.tolist(),
            status.tolist(),
        ]


def _features(draw: np.random.Generator, shape: Shape, count: int) -> list[list[object]]:
    columns: list[list[object]] = []
    for index in range(len(shape.numeric)):
        columns.append(_numeric(draw, index, count).tolist())
    for index in range(len(shape.categorical)):
        names = ("retail", "sme", "wealth") if index % 2 == 0 else _COUNTRIES
        columns.append([names[number] for number in draw.integers(0, len(names), count).tolist()])
    return columns


def _numeric(draw: np.random.Generator, index: int, count: int) -> Floats:
    """Values with at most four decimals: none is written with an exponent."""
    kind = index % 3
    if kind == 0:
        return np.asarray(draw.lognormal(10.8, 0.5, count).round(2))
    if kind == 1:
        return np.asarray(draw.integers(18, 80, count), np.float64)
    return np.asarray(draw.beta(2, 5, count).round(4))


def _template(shape: Shape) -> str:
    numeric = [f'"{name}": %s' for name in shape.numeric]
    categorical = [f'"{name}": "%s"' for name in shape.categorical]
    return (
        '{"timestamp": "%sZ", "request_id": "%016x", "model_version": "%s", "features": {'
        + ", ".join(numeric + categorical)
        + '}, "prediction": %d, "score": %s, "latency_ms": %s, "status": %d}\n'
    )


def configuration(logs: str = "predictions.jsonl", **settings: object) -> str:
    """A configuration that uses every field of the lines; `settings` are top-level keys.

    JSON is YAML too.
    """
    model: dict[str, object] = {
        "logs": [logs],
        "start_at": "beginning",
        "fields": {
            "timestamp": "timestamp",
            "id": "request_id",
            "version": "model_version",
            "features": "features",
            "prediction": "prediction",
            "score": "score",
            "latency": {"from": "latency_ms", "unit": "ms"},
            "status": "status",
        },
        "reference": "reference.json",
    }
    for key in ("windows", "limits", "min_samples"):
        if key in settings:
            model[key] = settings.pop(key)
    return json.dumps({"models": {MODEL: model}, **settings}, indent=1)


def prepare(
    folder: Path, shape: Shape = STANDARD, logs: str = "predictions.jsonl", **settings: object
) -> None:
    """Write config.yaml, and reference.json built by the exporter from 10,000 rows."""
    text = configuration(logs, **settings)
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    with (folder / "reference.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*shape.numeric, *shape.categorical, "score", "prediction"])
        table.writerows(_reference(shape, 10_000))
    child.run(
        child.exporter("reference", "build", "reference.csv", "--output=reference.json"), folder
    )


def _reference(shape: Shape, rows: int) -> Iterator[tuple[object, ...]]:
    draw = np.random.default_rng(SEED + 1)
    columns = _features(draw, shape, rows)
    score = draw.beta(2, 3, rows).round(4)
    return zip(*columns, score.tolist(), (score > 0.5).astype(int).tolist(), strict=True)
