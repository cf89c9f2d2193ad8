"""Point masses and constant features in a decision, by themselves and through a whole model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

from inference_exporter import assembly
from inference_exporter.accumulators import NumericBins
from inference_exporter.accumulators.cell_table import MISSING, STRANGE, Cells
from inference_exporter.cli import main
from inference_exporter.decisions.points import (
    KINDS,
    Masses,
    Points,
    below_and_above,
    exceeding,
    look,
)
from inference_exporter.model import DecisionsPart, Model
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.profile import NumericProfile

HOUR = 3600.0
START = 1_793_527_200.0
Change = Callable[[np.random.Generator, dict[str, object]], None]
CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    fields: {timestamp: at, features: features}
    reference: reference.json
    windows: [1h]
"""


def test_the_chance_of_a_cell_is_scipys_conditional_binomial() -> None:
    for k, c, n, m in ((5, 0, 200, 20_000), (50, 200, 1_000, 20_000), (9, 1, 300, 500)):
        wanted = binom.sf(k - 1, k + c, n / (n + m))
        found = exceeding(np.array([k]), np.array([c]), np.array([n]), np.array([m]))
        assert found[0] == pytest.approx(wanted, rel=1e-9)


def cells(features: int) -> Cells:
    """Features of 100 cells of a number, 200 rows in each."""
    edges = np.linspace(0.01, 0.99, 99)
    profile = NumericProfile(
        edges[9::10], edges, np.full(100, 200.0), edges, 0.0, 1.0, 0.5, 0.3
    )  # fmt: skip
    bins = [NumericBins("feature", f"f{at}", profile, "r") for at in range(features)]
    starts = np.cumsum([0, *(one.cells for one in bins)])
    slices = {one.key: slice(int(s), int(s) + one.cells) for one, s in zip(bins, starts)}  # noqa: B905
    return Cells(bins, slices)


def drawn(table: Cells, random: np.random.Generator, rows: int, shares: np.ndarray) -> np.ndarray:
    """Rows of all features that follow these shares of the cells of values."""
    live = np.zeros(table.shape)
    live[:, : table.values] = random.multinomial(rows, shares, table.shape[0])
    return live


@pytest.mark.parametrize("place", [MISSING, STRANGE, 50])
def test_five_percent_at_one_place_are_found(place: int) -> None:
    table, random = cells(20), np.random.default_rng(1)
    live = drawn(table, random, 950, np.full(table.values, 1 / table.values))
    live[:, place] += 50
    found = look(table, live, np.ones(20))
    assert (found.p_value < 1e-9).all()
    assert found.excess == pytest.approx(0.05, abs=0.02)
    kind = {MISSING: "missing", STRANGE: "strange", 50: "one_value"}[place]
    assert [KINDS[int(one)] for one in found.kind] == [kind] * 20


def test_chance_and_a_shift_make_no_point_mass() -> None:
    table, random = cells(100), np.random.default_rng(2)
    position = np.linspace(-1.0, 1.0, table.values)
    for slope in (0.0, 0.5, 0.9):
        shares = (1.0 + slope * position) / table.values
        p_values = [
            look(table, drawn(table, random, 1_000, shares), np.ones(100)).p_value
            for _ in range(40)
        ]
        assert np.min(p_values) > 1e-5, "of 4,000 windows; the level is one in 5 million"


def test_rows_that_are_worth_one_are_no_point_mass() -> None:
    table, random = cells(3), np.random.default_rng(3)
    live = drawn(table, random, 950, np.full(table.values, 1 / table.values))
    live[:, MISSING] += 50
    assert (look(table, live, np.full(3, 20.0)).p_value == 1.0).all()


def test_a_point_mass_is_over_when_it_is_small_or_chance() -> None:
    masses, least = Masses.fresh(1), np.array([0.02])

    def decided(excess: float, p_value: float) -> bool:
        points = Points(np.array([p_value]), np.array([excess]), np.zeros(1), np.array([500.0]))
        masses.decide(points, points.p_value, 1e-6, least)
        return bool(masses.found[0])

    assert not decided(0.015, 1e-9), "too small"
    assert not decided(0.05, 1e-3), "not sure"
    assert decided(0.05, 1e-9)
    assert decided(0.015, 1e-3)
    assert not decided(0.005, 1e-9)


def test_rows_beside_the_one_value_are_tested_exactly() -> None:
    known = np.array([[0.0, 10_000.0, 0.0], [5_000.0, 5_000.0, 0.0]])
    live = np.array([[3.0, 990.0, 7.0], [500.0, 500.0, 0.0]])
    found = below_and_above(live, known, np.ones(2))
    assert found[0] == pytest.approx((1_000 / 11_000) ** 10)
    assert np.isnan(found[1])


def lines(seed: int, begin: float, rows: int, change: Change | None = None) -> bytes:
    """An hour of rows."""
    random, out = np.random.default_rng(seed), []
    for row in range(rows):
        features: dict[str, object] = {
            "amount": round(float(random.lognormal(3, 1)), 4),
            "fee": 2.5,
            "country": str(random.choice(["DE", "ES", "FR"], p=[0.6, 0.1, 0.3])),
        }
        if change is not None:
            change(random, features)
        out.append(json.dumps({"at": begin + HOUR * row / rows, "features": features}) + "\n")
    return "".join(out).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("points")
    (folder / "config.yaml").write_text(CONFIG)
    (folder / "reference.jsonl").write_bytes(lines(0, START, 20_000))
    command = ["reference", "build", str(folder / "reference.jsonl")]
    where = [f"--config.file={folder / 'config.yaml'}"]
    assert main([*command, *where, f"--output={folder / 'reference.json'}"]) == 0
    return folder


def make(folder: Path) -> Model:
    """The model, at its first hour."""
    config, references = assembly.load_all(str(folder / "config.yaml"))
    return assembly.make_model(config.models[0], references["m"])


def page(model: Model, now: float, family: str) -> dict[tuple[str, ...], float]:
    """Values by the labels after model and version."""
    return {
        labels[2:]: value
        for block in model.samples(now, EvaluationFacts())
        if block.series.family.name == family
        for labels, value in zip(block.series.label_sets, block.values, strict=True)
    }


def _some(share: float, name: str, value: object) -> Change:
    def change(random: np.random.Generator, features: dict[str, object]) -> None:
        if random.random() < share:
            features[name] = value

    return change


def _renamed(random: np.random.Generator, features: dict[str, object]) -> None:
    if features["country"] == "ES" and random.random() < 0.5:
        features["country"] = "es"


@pytest.mark.parametrize("rows", [300, 1_000])
@pytest.mark.parametrize(
    ("change", "found"),
    [
        (_some(0.05, "amount", None), ("amount", "missing")),
        (_some(0.05, "amount", -1), ("amount", "strange")),
        (_some(0.05, "amount", "n/a"), ("amount", "invalid")),
        (_renamed, ("country", "strange")),
        (_some(0.05, "fee", 3.5), ("fee", "strange")),
        (None, None),
    ],
)  # fmt: skip
def test_five_percent_are_found_in_the_first_full_hour(
    folder: Path, rows: int, change: Change, found: tuple[str, str] | None
) -> None:
    model, now = make(folder), START
    for hour in range(3):
        block = lines(hour + 1, now, rows, change if hour == 2 else None)
        now += HOUR
        model.take(block, now)
        list(model.samples(now + 300.0, EvaluationFacts()))
    states = page(model, now + 300.0, "inference_feature_point_mass_state")
    wanted = {(name, "1h"): float(found is not None and name == found[0])
              for name in ("amount", "fee", "country")}  # fmt: skip
    assert states == wanted
    ratios = page(model, now + 300.0, "inference_feature_point_mass_ratio")
    assert {key[:2] for key in ratios} == ({found} if found else set())
    assert all(value == pytest.approx(0.05, abs=0.025) for value in ratios.values())
    drifted = page(model, now + 300.0, "inference_feature_drift_state")
    assert drifted["fee", "1h"] == float(found == ("fee", "strange")), "a constant can drift"


def test_point_masses_and_their_counts_survive_a_restart(folder: Path) -> None:
    model, now, state = make(folder), START, {}
    change = _some(0.05, "amount", None)
    for hour in range(2):
        model.take(lines(hour + 1, now, 300, change), now + HOUR)
        now += HOUR
    list(model.samples(now, EvaluationFacts()))
    puts, _ = model.take_changes()
    state.update(puts)
    again = make(folder)
    assert again.restore(state, now) == []
    for one in (model, again):
        assert page(one, now + 300.0, "inference_feature_point_mass_state")["amount", "1h"] == 1.0
    puts, _ = again.take_changes()
    last = make(folder)
    assert last.restore(state | puts, now) == []
    assert page(last, now + 300.0, "inference_feature_point_mass_ratio") == page(
        again, now + 300.0, "inference_feature_point_mass_ratio"
    )


def test_rows_delivered_again_are_counted_and_left_out_of_decisions(
    folder: Path, tmp_path: Path
) -> None:
    config = CONFIG.replace("fields: {", "fields: {id: id, ")
    (tmp_path / "config.yaml").write_text(config)
    (tmp_path / "reference.json").write_text((folder / "reference.json").read_text())
    text = lines(1, START, 300).decode().splitlines()
    records = [json.loads(line) | {"id": f"{at}"} for at, line in enumerate(text)]
    records += records[:40]  # at least once
    records += [record | {"id": "another"} for record in records[:2]]
    block = "".join(json.dumps(record) + "\n" for record in records).encode()
    model = make(tmp_path)
    model.take(block, START + HOUR)
    found = {
        labels: value
        for samples in model.samples(START + HOUR, EvaluationFacts())
        if samples.series.family.name == "inference_rows_set_aside_total"
        for labels, value in zip(samples.series.label_sets, samples.values, strict=True)
    }
    assert found == {("m", "equal_rows"): 0.0, ("m", "repeated_id"): 40.0}
    part = model.part(DecisionsPart)
    assert part is not None
    (track,) = part.decisions.tracks.values()
    (table,) = track.tables.values()
    assert (table.sum(axis=1) == 302).all()
    puts, _ = model.take_changes()
    again = make(tmp_path)
    assert again.restore(puts, START + HOUR) == []
    assert again.take_changes()[0].keys() & {"repeats"} == set()


def test_who_asks_makes_the_design_effect_and_the_heavy_are_cut(
    folder: Path, tmp_path: Path
) -> None:
    config = CONFIG.replace("fields: {", "fields: {entity: who, ")
    (tmp_path / "config.yaml").write_text(config)
    (tmp_path / "reference.json").write_text((folder / "reference.json").read_text())
    text = lines(1, START, 360).decode().splitlines()
    records = [json.loads(line) | {"who": f"c{at % 60}"} for at, line in enumerate(text)]
    for record in records[300:]:
        record["who"] = "heavy"  # 60 rows, 20 of them may count
    model = make(tmp_path)
    for start in (0, 120, 240):
        block = "".join(json.dumps(one) + "\n" for one in records[start : start + 120]).encode()
        model.take(block, START + HOUR)
    part = model.part(DecisionsPart)
    assert part is not None
    (track,) = part.decisions.tracks.values()
    (sums,) = track.entities.values()
    assert sums[0] == 320.0
    exact = 60 * 5**2 + 20**2
    assert 0.95 * exact <= sums[1] <= exact  # a little less where two fall on one place
    puts, _ = model.take_changes()
    again = make(tmp_path)
    assert again.restore(puts, START + HOUR) == []
    kept = again.part(DecisionsPart)
    assert kept is not None
    (track,) = kept.decisions.tracks.values()
    (number,) = track.waiting
    assert track.entities_of(number) == pytest.approx(sums[1] / 320)
    list(model.samples(START + HOUR + 300.0, EvaluationFacts()))
    effect = page(model, START + HOUR + 300.0, "inference_feature_drift_design_effect")
    assert effect["amount", "1h"] >= sums[1] / 320
