"""Drift by segment: each against its own rows of the reference, whatever the mix of all is."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from exporter_process import Series
from inference_exporter.assembly import load_all
from inference_exporter.config import parse
from inference_exporter.config.schema import ModelConfig
from inference_exporter.decisions import level_of
from inference_exporter.decisions.evidence import weigh
from inference_exporter.decisions.memory import Memory
from inference_exporter.errors import ConfigError, ProfileError
from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.status import StatusPages
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.reference import build, build_shard, dumps, load, loads, merge, save
from inference_exporter.values.profile import CategoricalProfile, NumericProfile, Reference
from late_sidecar import LateSidecar
from sidecar import Sidecar

MODEL = """\
min_samples: 200
windows: [1h]
lateness: 1h
fields: {timestamp: t, id: id, features: x, prediction: p, score: s}
segments: {country: {from: country, drift: true}, device: device}
"""
HOUR = 3600
STATE = "inference_segment_feature_drift_state"
OUTPUT = "inference_segment_output_drift_state"


def row(draw: random.Random, at: float, country: str, age: float) -> dict[str, object]:
    score = round(draw.random(), 4)
    return {"t": at, "id": f"{at}", "x": {"age": age, "plan": draw.choice(["a", "b"])},
            "p": int(score > 0.5), "s": score, "country": country, "device": "web"}  # fmt: skip


def traffic(
    means: dict[str, float], shares: dict[str, float], start: float, rows: int, seed: int
) -> bytes:
    """An hour of people of each country, of these ages, in these shares."""
    draw = random.Random(seed)
    made = []
    for number in range(rows):
        country = draw.choices([*shares], [*shares.values()])[0]
        at = start + HOUR * number / rows
        made.append(json.dumps(row(draw, at, country, round(draw.gauss(means[country], 5), 2))))
    return "\n".join(made).encode() + b"\n"


USUAL = {"DE": 30.0, "IT": 60.0}
EVEN = {"DE": 1.0, "IT": 1.0}


def model(folder: Path, text: str = MODEL) -> ModelConfig:
    path = folder / "model.yaml"
    lines = "".join(f"    {one}\n" for one in text.strip().splitlines())
    path.write_text("models:\n  m:\n    logs: [log.jsonl]\n" + lines, encoding="utf-8")
    return load_all(str(path))[0].models[0]


def reference(folder: Path, seed: int = 1, rows: int = 8000) -> Reference:
    path = folder / "good.jsonl"
    path.write_bytes(traffic(USUAL, EVEN, 0.0, rows, seed))
    return build([str(path)], model(folder), now=0.0)


def states(page: Series, family: str = STATE) -> dict[tuple[str, str], float]:
    """By segment and feature or output."""
    return {
        (dict(labels)["segment"], dict(labels).get("feature") or dict(labels)["output"]): value
        for (name, labels), value in page.items()
        if name == family
    }


def watched(folder: Path, known: Reference, *hours: bytes) -> Series:
    """The page after these hours, the last of which ended long enough ago."""
    return after(folder, known, *hours).page()


def after(folder: Path, known: Reference, *hours: bytes) -> Sidecar:
    """A sidecar that has read them."""
    save(known, str(folder / "reference.json"))
    sidecar = Sidecar(folder, MODEL + "reference: reference.json\n")
    for hour in hours:
        sidecar.clock.advance(HOUR)
        sidecar.reads(hour)
    sidecar.clock.advance(HOUR)
    sidecar.pipeline.commit()
    sidecar.pipeline.publish()
    return sidecar


START = 1_800_000_000.0


def test_a_segment_that_moves_is_found_where_all_rows_together_stay(tmp_path: Path) -> None:
    """The countries swap their ages: nothing changes in all rows, everything in each of them."""
    swapped = {"DE": 60.0, "IT": 30.0}
    page = watched(tmp_path, reference(tmp_path), traffic(swapped, EVEN, START, 3000, 2))
    found = states(page)
    assert found["country=DE", "age"] == found["country=IT", "age"] == 1.0
    assert found["country=DE", "plan"] == 0.0
    assert states(page, OUTPUT)["country=DE", "score"] == 0.0
    whole = {dict(labels)["feature"]: value for (name, labels), value in page.items()
             if name == "inference_feature_drift_state"}  # fmt: skip
    assert whole["age"] == 0.0
    assert {segment for segment, _ in found} == {"country=DE", "country=IT"}  # not device
    decided = states(page, "inference_segment_feature_drift_decided")
    assert decided.keys() == {("country=DE", "age"), ("country=IT", "age")}
    assert min(decided.values()) > 1.0


def test_another_mix_of_segments_is_drift_of_all_and_of_none(tmp_path: Path) -> None:
    mix = {"DE": 1.0, "IT": 4.0}
    page = watched(tmp_path, reference(tmp_path), traffic(USUAL, mix, START, 3000, 3))
    assert set(states(page).values()) == {0.0}
    whole = {dict(labels)["feature"]: value for (name, labels), value in page.items()
             if name == "inference_feature_drift_state"}  # fmt: skip
    assert whole["age"] == 1.0


def test_without_rows_enough_nothing_is_decided(tmp_path: Path) -> None:
    page = watched(tmp_path, reference(tmp_path), traffic(USUAL, EVEN, START, 300, 4))
    assert states(page) == {}
    undecided = {dict(labels)["segment"]: value for (name, labels), value in page.items()
                 if name == "inference_segment_drift_undecided"}  # fmt: skip
    assert undecided == {"country=DE": 4.0, "country=IT": 4.0}


@pytest.mark.parametrize("crash", [False, True])
def test_a_window_outlives_a_crash_and_not_another_reference(tmp_path: Path, crash: bool) -> None:
    save(reference(tmp_path), str(tmp_path / "reference.json"))
    more = "segments: {country: {from: country, drift: true}}\n    reference: reference.json"
    sidecar = LateSidecar(tmp_path, more=more, outputs="prediction: p, score: s, features: x")
    start, draw = sidecar.clock.now(), random.Random(5)
    for part in range(2):
        sidecar.clock.advance(HOUR / 3)
        at = [start + (part + n / 1200) * HOUR / 3 for n in range(1200)]
        made = [row(draw, one, draw.choice(["DE", "IT"]), draw.gauss(45, 5)) for one in at]
        sidecar.predict(
            *({**one, "at": one["t"], "id": f"{part}/{one['t']}", "version": "v"} for one in made)
        )
        sidecar.settle()
        if crash:
            sidecar.crash()
    sidecar.clock.advance(2 * HOUR / 3)
    page = sidecar.settle()
    found = states(page)
    assert {found[f"country={name}", "age"] for name in ("DE", "IT")} == {1.0}
    kept = [key for key in sidecar.store.load() if "segment_drift/" in key]
    assert kept
    save(reference(tmp_path, seed=9), str(tmp_path / "reference.json"))
    sidecar._before = {}
    sidecar.crash()
    assert states(sidecar.settle()) == {}  # other bins: what was decided was about others
    sidecar.reconfigure(more="reference: reference.json")
    sidecar.settle()
    assert not [key for key in sidecar.store.load() if "segment_drift/" in key]


def test_the_status_page_says_which_segment_drifts(tmp_path: Path) -> None:
    swapped = {"DE": 30.0, "IT": 45.0}
    sidecar = after(tmp_path, reference(tmp_path), traffic(swapped, EVEN, START, 3000, 2))
    query = {"version": "", "window": "1h"}
    view = model_view(sidecar.snapshot, "m", Selection.of(query))
    assert view is not None
    assert view.shown is not None
    shown = {one.segment: (one.drifted, one.ok, one.undecided) for one in view.shown.segments.drift}
    assert shown == {"country=IT": (("age",), 3, 0), "country=DE": ((), 4, 0)}
    assert next(iter(shown)) == "country=IT"  # what drifted first
    html = StatusPages(Landing(), "/metrics").model(sidecar.snapshot, "m", query)
    assert html is not None
    assert "country=IT: drifted within the segment" in html


# -- the reference -------------------------------------------------------------------------------


def test_the_cells_of_a_segment_are_its_rows_in_the_bins_of_all(tmp_path: Path) -> None:
    known = reference(tmp_path)
    rows = [json.loads(one) for one in (tmp_path / "good.jsonl").read_bytes().splitlines()]
    age, plan = known.features["age"], known.features["plan"]
    assert isinstance(age, NumericProfile)
    assert isinstance(plan, CategoricalProfile)
    for country in ("DE", "IT"):
        mine = [one["x"] for one in rows if one["country"] == country]
        cells = known.segments["country"][country].cells
        bins = np.searchsorted(age.edges, [one["age"] for one in mine])
        assert cells["feature/age"].tolist() == np.bincount(bins, minlength=10).tolist()
        wanted = [sum(one["plan"] == name for one in mine) for name in plan.bins]
        assert cells["feature/plan"].tolist() == wanted
        assert cells.keys() == {"feature/age", "feature/plan", "output/score", "output/prediction"}
    assert "device" not in known.segments
    again = loads(dumps(known)).segments["country"]["DE"].cells
    assert {k: v.tolist() for k, v in again.items()} == {
        k: v.tolist() for k, v in known.segments["country"]["DE"].cells.items()
    }


def test_values_with_few_rows_and_beyond_the_limit_have_none(tmp_path: Path) -> None:
    path = tmp_path / "good.jsonl"
    shares, ages = {"DE": 5.0, "IT": 4.0, "SM": 0.5}, {**USUAL, "SM": 40.0}
    path.write_bytes(traffic(ages, shares, 0.0, 8000, 1))
    assert set(build([str(path)], model(tmp_path), now=0.0).segments["country"]) == {"DE", "IT"}
    few = model(tmp_path, MODEL + "limits: {segments: 1}\n")
    assert set(build([str(path)], few, now=0.0).segments["country"]) == {"DE"}


def test_merged_references_have_no_cells_of_segments(tmp_path: Path) -> None:
    path = tmp_path / "good.jsonl"
    path.write_bytes(traffic(USUAL, EVEN, 0.0, 4000, 1))
    shard = build_shard([str(path)], model(tmp_path), now=0.0)
    assert shard.reference.segments["country"]["DE"].cells
    assert merge([shard, shard], now=0.0).segments == {}


@pytest.mark.parametrize("damage", [[1.0], [-1.0] * 10])
def test_damaged_cells_are_refused(tmp_path: Path, damage: list[float]) -> None:
    path = tmp_path / "reference.json"
    file = json.loads(dumps(reference(tmp_path)))
    file["segments"]["country"]["DE"]["cells"]["feature/age"] = damage
    path.write_text(json.dumps(file))
    with pytest.raises(ProfileError, match="segments: DE: feature/age"):
        load(str(path))


def test_drift_by_segment_and_a_season_are_refused_together() -> None:
    text = MODEL.replace("\n", "\n    ")
    with pytest.raises(ConfigError, match="country: drift by segment knows no season"):
        parse(
            "models:\n  m:\n    logs: [x]\n    season: hour_of_day\n    "
            "reference: {warmup: 5000}\n    " + text,
            "c.yaml",
        )


# -- chance --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shares",
    [
        (0.1,) * 10,
        (0.6, 0.3, 0.05, 0.03, 0.015, 0.005, 0.0, 0.0, 0.0, 0.0),  # a segment at one end
        (0.0, 0.0, 0.0, 0.0, 0.002, 0.018, 0.48, 0.48, 0.018, 0.002),
    ],
)
@pytest.mark.parametrize("rows", [300, 3000])
def test_chance_finds_a_segment_that_fills_few_of_the_bins_as_seldom_as_promised(
    shares: tuple[float, ...], rows: int
) -> None:
    """Each of many features is a trial of its own."""
    draw, trials, m = np.random.default_rng(1), 20_000, 1000
    known = draw.multinomial(m, shares, trials).astype(np.float64)
    blocks = draw.multinomial(rows // 12, shares, (trials, 12)).astype(np.float64)
    evidence, _ = weigh(
        blocks, known, np.full(trials, 10.0), np.full(trials, 200.0), Memory.fresh(trials, 10, 0)
    )
    assert evidence.enough.mean() > 0.99
    for alpha in (0.01, 0.001):
        assert (evidence.p_value <= alpha).mean() <= 1.4 * alpha + 2 * (alpha / trials) ** 0.5


def test_the_level_is_half_of_the_segments_part_shared_out_among_them(tmp_path: Path) -> None:
    from inference_exporter.assembly import make_model
    from inference_exporter.model.parts.segment_drift import SegmentDrift

    described = model(tmp_path)
    made = make_model(described, reference(tmp_path))
    (part,) = [one for one in made._parts if isinstance(one, SegmentDrift)]
    levels = [one.alpha for one in part._by_segment.values()]
    assert levels == [level_of(described, "segments") / 4] * 2
