"""The population is what its description says, and the model is worth watching."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from inference_exporter.demo.data import (
    CATEGORICAL,
    FEATURES,
    NUMERIC,
    POSITIVE,
    Model,
    Population,
    decide,
    train,
    write_reference,
)

ROWS = 4000


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(train(rows=2000))


def test_same_part_and_seed_draw_the_same_people() -> None:
    assert Population("live", 7).draw(20) == Population("live", 7).draw(20)


def test_training_reference_and_live_are_different_people() -> None:
    training, reference, live = (
        {tuple(one.features.values()) for one in Population(part).draw(300)}
        for part in ("training", "reference", "live")
    )
    assert training.isdisjoint(reference)
    assert training.isdisjoint(live)
    assert reference.isdisjoint(live)


def test_a_person_has_every_feature_in_its_kind() -> None:
    for person in Population("live").draw(200):
        assert tuple(person.features) == FEATURES
        assert all(isinstance(person.features[name], str) for name in CATEGORICAL)
        assert all(isinstance(person.features[name], int | float | None) for name in NUMERIC)


def test_distributions_are_as_described() -> None:
    people = Population("reference").draw(ROWS)
    age = np.array([one.features["age"] for one in people], dtype=float)
    years = [one.features["years_employed"] for one in people]
    assert age.mean() == pytest.approx(41, abs=1)
    assert 0.01 < years.count(None) / ROWS < 0.03
    defaults = sum(one.actual == POSITIVE for one in people) / ROWS
    assert 0.25 < defaults < 0.4


def test_nobody_has_worked_since_childhood() -> None:
    for person in Population("live").draw(ROWS):
        age, years = person.features["age"], person.features["years_employed"]
        assert years is None or float(years) <= float(age or 0) - 18


def test_model_beats_always_saying_the_commoner_class(model: Model) -> None:
    people = Population("live").draw(ROWS)
    scores = model.scores(model.prepare([one.features for one in people]))
    right = sum(decide(s) == one.actual for s, one in zip(scores, people, strict=True))
    commoner = sum(one.actual != POSITIVE for one in people)
    assert right > commoner + 0.04 * ROWS


def test_a_larger_income_makes_the_model_overlook_defaults(model: Model) -> None:
    people = [one for one in Population("live").draw(ROWS) if one.actual == POSITIVE]

    def found(factor: float) -> int:
        rows = [{**p.features, "income": float(p.features["income"] or 0) * factor} for p in people]
        return sum(decide(score) == POSITIVE for score in model.scores(model.prepare(rows)))

    assert found(1.3) < 0.9 * found(1.0)


@pytest.mark.parametrize(
    "odd", [{}, {"age": None}, {"age": "n/a"}, {"age": True}, {"housing": "boat"}, {"housing": 3}]
)
def test_model_answers_whatever_is_missing_or_odd(model: Model, odd: dict[str, object]) -> None:
    score = model.scores(model.prepare([odd]))[0]
    assert 0.0 < score < 1.0


def test_reference_is_a_table_with_features_outputs_and_outcomes(
    model: Model, tmp_path: Path
) -> None:
    file = tmp_path / "reference.csv"
    write_reference(file, model, rows=50)
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 50
    assert tuple(rows[0]) == (*FEATURES, "prediction", "score", "actual")
    assert all(decide(float(row["score"])) == row["prediction"] for row in rows)
