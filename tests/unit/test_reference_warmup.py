"""A reference from the first predictions."""

from __future__ import annotations

import numpy as np
import pytest

from inference_exporter.config.schema import (
    FeaturesField,
    Field,
    Fields,
    ModelConfig,
    Warmup,
)
from inference_exporter.reference import WarmupBuilder, dumps
from inference_exporter.values.batch import Batch, NumericColumn
from inference_exporter.values.profile import CategoricalProfile, NumericProfile

MODEL = ModelConfig(
    "m",
    ("x",),
    fields=Fields(features=FeaturesField("object", ("f",)), prediction=Field(("p",))),
    reference=Warmup(10_000),
)


def batch(start: int, rows: int) -> Batch:
    return Batch(
        rows=rows,
        prediction=[i % 2 for i in range(start, start + rows)],
        actual=[i % 3 % 2 for i in range(start, start + rows)],
        score=NumericColumn(np.array([i % 100 / 100 for i in range(start, start + rows)])),
        raw_features=[{"a": i * 0.5, "b": f"c{i % 3}"} for i in range(start, start + rows)],
    )


def test_it_profiles_what_it_collected() -> None:
    builder = WarmupBuilder(MODEL)
    for start in range(0, 1000, 100):
        builder.add(batch(start, 100))
    reference = builder.build(now=5.0)
    assert (builder.rows, reference.rows, reference.source) == (1000, 1000, "warm-up")
    assert isinstance(reference.features["a"], NumericProfile)
    assert isinstance(reference.features["b"], CategoricalProfile)
    assert list(reference.outputs) == ["score", "prediction"]
    assert reference.performance_samples == 1000


def test_it_stops_at_the_rows_wanted() -> None:
    builder = WarmupBuilder(MODEL)
    for start in range(0, 12_000, 3000):
        builder.add(batch(start, 3000))
    assert builder.rows == 10_000
    assert builder.build(1.0).rows == 10_000


@pytest.mark.parametrize("before", [0, 7, 4096, 9000])
def test_it_goes_on_after_a_restart_as_if_nothing_had_happened(before: int) -> None:
    builder, whole = WarmupBuilder(MODEL), WarmupBuilder(MODEL)
    builder.add(batch(0, before))
    assert builder.changed == (before > 0)
    restored = WarmupBuilder.from_bytes(MODEL, builder.to_bytes())
    assert not builder.changed
    assert (restored.rows, restored.changed) == (before, False)
    restored.add(batch(before, 500))
    whole.add(batch(0, before + 500))
    assert dumps(restored.build(1.0)) == dumps(whole.build(1.0))


def test_rows_without_inputs_are_not_kept() -> None:
    builder = WarmupBuilder(MODEL)
    builder.add(
        Batch(
            rows=3,
            raw_features=[{"a": 1.0}, None, None],
            prediction=[1, 2, None],
            inputs=np.array([True, True, False]),
        )
    )
    reference = builder.build(1.0)
    assert (builder.rows, reference.features["a"].missing, reference.classes) == (2, 1, ("1", "2"))


def test_odd_values_survive() -> None:
    builder = WarmupBuilder(MODEL)
    odd: list[dict[str, object]] = [
        {"a": 2**70},
        {"a": float("nan")},
        {"a": [1]},
        {"a": None},
        {"a": -(2**70)},
    ]
    builder.add(Batch(rows=5, raw_features=odd, prediction=[2**70, True, None, "x", 1.5]))
    reference = WarmupBuilder.from_bytes(MODEL, builder.to_bytes()).build(1.0)
    profile = reference.features["a"]
    assert isinstance(profile, CategoricalProfile | NumericProfile)
    assert (profile.missing, profile.invalid) == (1, 2)
    assert str(2**70) in reference.classes


def test_memory_is_bounded_whatever_the_config_says() -> None:
    model = ModelConfig("m", ("x",), fields=MODEL.fields, reference=Warmup(10**9))
    assert WarmupBuilder(model)._limit == 100_000


@pytest.mark.parametrize(
    "data", [b"", b"\x93\x01\x05\x90", b"\x93\x02\x00\x90", b"\x93\x01\x01\x91\xc4\x01x"]
)
def test_damaged_state_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"damaged|version"):
        WarmupBuilder.from_bytes(MODEL, data)
