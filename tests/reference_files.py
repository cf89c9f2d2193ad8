"""Reference data in files, and the profiles of their columns."""

from __future__ import annotations

import bisect
import csv
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inference_exporter.config.schema import (
    DurationField,
    FeaturesField,
    Field,
    Fields,
    ModelConfig,
)
from inference_exporter.reference import build
from inference_exporter.values.profile import CategoricalProfile, NumericProfile, Reference

FIELDS = Fields(
    id=Field(("request_id",)),
    features=FeaturesField("object", ("features",)),
    prediction=Field(("outputs.prediction",)),
    score=Field(("score",)),
    latency=DurationField(("latency_ms",), "ms"),
    actual=Field(("actual",)),
)
MODEL = ModelConfig("credit", ("x",), fields=FIELDS)

# Ages 18 to 89 of the credit example's reference data.
AGES = (
    39, 26, 35, 36, 28, 30, 35, 36, 21, 24, 35, 31, 34, 27, 30, 35, 21, 23, 16, 41, 29, 34, 27, 25,
    30, 30, 29, 24, 28, 28, 25, 25, 26, 20, 20, 27, 29, 23, 19, 30, 29, 36, 31, 28, 34, 31, 30, 25,
    28, 20, 25, 18, 21, 36, 24, 17, 26, 21, 26, 34, 19, 28, 28, 30, 33, 26, 15, 32, 26, 32, 27, 33,
)  # fmt: skip
COUNTRIES = {"US": 768, "DE": 428, "FR": 415, "JP": 196, "GB": 193}

Rows = list[dict[str, object]]


def write_csv(path: Path, rows: Rows) -> str:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return str(path)


def write_lines(path: Path, rows: Rows) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def built(tmp_path: Path, values: Sequence[object], model: ModelConfig = MODEL) -> Reference:
    """The reference of one feature `x`, from JSON lines."""
    rows: Rows = [{"features": {"x": value}, "outputs": {"prediction": 1}} for value in values]
    return build([write_lines(tmp_path / "one.jsonl", rows)], model, now=1.0)


def numeric(reference: Reference, name: str = "x") -> NumericProfile:
    profile = reference.features[name]
    assert isinstance(profile, NumericProfile)
    return profile


def categorical(reference: Reference, name: str = "x") -> CategoricalProfile:
    profile = reference.features[name]
    assert isinstance(profile, CategoricalProfile)
    return profile


def psi(values: Sequence[float], profile: NumericProfile) -> float:
    """PSI of all values by NumPy, in the reference's bins."""
    edges = profile.edges.tolist()
    cells = Counter(bisect.bisect_left(edges, value) for value in values)
    live = np.array([cells[cell] for cell in range(len(edges) + 1)], dtype=float)
    known = profile.coarse(profile.counts)
    p = (live + 0.5) / (live.sum() + 0.5 * len(live))
    q = (known + 0.5) / (known.sum() + 0.5 * len(live))
    return float(((p - q) * np.log(p / q)).sum())


def credit_rows() -> Rows:
    """The credit example's reference data, as far as the tests need it."""
    ages = [age for age, count in enumerate(AGES, 18) for _ in range(count)]
    countries = [name for name, count in COUNTRIES.items() for _ in range(count)]
    return [
        {
            "request_id": f"r{i}", "age": age, "country": country, "score": (i % 100) / 100,
            "prediction": i % 2, "latency_ms": 3.5, "actual": i % 3 % 2,
        }
        for i, (age, country) in enumerate(zip(ages, countries, strict=True))
    ]  # fmt: skip
