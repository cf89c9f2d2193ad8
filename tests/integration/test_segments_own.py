"""Segments against themselves: what a hard one and an easy one say, and what outlives a crash."""

from __future__ import annotations

import json
import random
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from exporter_process import Series, parse, total
from inference_exporter.assembly import make_model
from inference_exporter.config import load
from inference_exporter.config.schema import ModelConfig
from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.status import StatusPages
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.text import render_text
from inference_exporter.model.model import Model
from inference_exporter.reference import build, save
from inference_exporter.results.evaluate import EvaluationFacts
from inference_exporter.values.profile import Reference
from inference_exporter.values.samples import Snapshot
from sidecar import NOW, Sidecar

CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    positive_class: 1
    windows: [24h]
    lateness: 24h
    fields: {timestamp: t, features: x, prediction: p, score: s, actual: y}
    segments: {country: country}
    reference: {warmup: 100000}
"""
BEFORE = {"DE": 0.97, "IT": 0.70, "FR": 0.90}
LATER = {"DE": 0.90, "IT": 0.70, "FR": 0.90}  # the easy one fell; it is still better than all
DECLINE = "inference_performance_segment_decline"
REFERENCE = "inference_performance_reference"


def lines(right: dict[str, float], each: int, seed: int) -> bytes:
    draw, made = random.Random(seed), []
    for country, share in right.items():
        for _ in range(each):
            y = int(draw.random() < 0.4)
            p = y if draw.random() < share else 1 - y
            s = round(0.6 * p + 0.4 * draw.random(), 4)
            row = {"t": NOW - draw.uniform(1, 80_000), "x": {"a": 1.0}, "p": p, "s": s, "y": y}
            made.append(json.dumps(row | {"country": country}))
    draw.shuffle(made)
    return "\n".join(made).encode() + b"\n"


def config(folder: Path, text: str = CONFIG) -> ModelConfig:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load(str(path)).models[0]


def reference(
    folder: Path, right: dict[str, float], seed: int = 1, bins: Reference | None = None
) -> Reference:
    path = folder / "good.jsonl"
    path.write_bytes(lines(right, 3000, seed))
    return build([str(path)], config(folder), now=NOW, bins=bins)


def fed(described: ModelConfig, known: Reference | None, data: bytes) -> Model:
    model = make_model(described, known)
    for piece in model.pieces(data):
        model.take(piece, NOW)
    return model


def page(model: Model) -> Series:
    blocks = tuple(model.samples(NOW, EvaluationFacts()))
    return parse(render_text(Snapshot(blocks)).decode())


def of(found: Series, family: str, country: str, metric: str = "accuracy", name: str = "") -> float:
    labels = {"segment": f"country={country}", "country": country, "class": name}
    return total(found, family, metric=metric, **labels)


def worse(found: Series) -> set[tuple[str, str]]:
    """Country and metric of what declined by more than is allowed and chance does."""
    said = set()
    for (name, labels), value in found.items():
        if name == DECLINE:
            limits = [found[f"{DECLINE}_{end}", labels] for end in ("critical", "limit")]
            if value > max(limits):
                said.add((dict(labels)["country"], dict(labels)["metric"]))
    return said


def test_an_easy_segment_that_falls_is_said_and_a_hard_one_that_stays_is_not(
    tmp_path: Path,
) -> None:
    known = reference(tmp_path, BEFORE)
    found = page(fed(config(tmp_path), known, lines(LATER, 2000, 2)))
    for country, one in known.segments["country"].items():
        for (metric, name), number in one.performance.items():
            assert of(found, REFERENCE, country, metric, name) == pytest.approx(number)
        lower, upper = one.intervals["accuracy", ""]
        assert of(found, f"{REFERENCE}_lower", country) == pytest.approx(lower)
        assert of(found, f"{REFERENCE}_upper", country) == pytest.approx(upper)
    told = worse(found)
    assert ("DE", "accuracy") in told
    assert {country for country, _ in told} == {"DE"}
    now = of(found, "inference_performance", "DE")
    assert of(found, DECLINE, "DE") == pytest.approx(of(found, REFERENCE, "DE") - now)
    assert of(found, f"{DECLINE}_limit", "DE") == 0.05
    whole = [value for (name, labels), value in found.items() if name == REFERENCE
             and dict(labels).keys() == {"model", "version", "metric", "class"}
             and dict(labels)["metric"] == "accuracy"]  # fmt: skip
    assert whole == [pytest.approx(known.performance["accuracy", ""])]


def test_the_gap_to_the_whole_stays_a_number_and_only_its_growth_is_news(tmp_path: Path) -> None:
    found = page(fed(config(tmp_path), reference(tmp_path, BEFORE), lines(LATER, 2000, 2)))
    where = {"metric": "accuracy", "field": "country", "class": ""}
    family = "inference_performance_worst_segment"
    assert total(found, f"{family}_gap", **where) > total(found, f"{family}_gap_critical", **where)
    assert total(found, family, segment="country=IT", **where) == pytest.approx(0.7, abs=0.03)
    family = "inference_performance_segment_gap_growth"
    assert total(found, family, **where) < total(found, f"{family}_critical", **where)
    worse_now = LATER | {"IT": 0.5}
    found = page(fed(config(tmp_path), reference(tmp_path, BEFORE), lines(worse_now, 2000, 3)))
    grown = total(found, family, segment="country=IT", **where)
    assert grown > total(found, f"{family}_critical", **where)
    assert grown == pytest.approx(0.2 * 2 / 3, abs=0.04)


def test_without_references_of_segments_the_growth_is_the_gap(tmp_path: Path) -> None:
    known = replace(reference(tmp_path, BEFORE), segments={})
    for one in (known, None):
        found = page(fed(config(tmp_path), one, lines(LATER, 1000, 2)))
        for end in ("", "_critical"):
            gaps, growths = (
                {
                    tuple(pair for pair in labels if pair[0] != "segment"): value
                    for (name, labels), value in found.items()
                    if name == f"{family}{end}"
                }
                for family in (
                    "inference_performance_worst_segment_gap",
                    "inference_performance_segment_gap_growth",
                )
            )
            assert gaps == growths != {}
        assert not [name for name, labels in found if name.startswith(DECLINE)]


def test_what_is_said_outlives_a_restart_and_follows_another_reference(tmp_path: Path) -> None:
    described, known = config(tmp_path), reference(tmp_path, BEFORE)
    first = fed(described, known, lines(LATER, 2000, 2))
    before = page(first)
    puts, _ = first.take_changes()
    again = make_model(described, known)
    assert again.restore(puts, NOW) == []
    assert page(again) == before
    other = reference(tmp_path, LATER, seed=9, bins=known)  # nothing declined since
    replaced = make_model(described, other)
    assert replaced.restore(puts, NOW) == []
    found = page(replaced)
    assert worse(found) == set()
    assert of(found, "inference_performance", "DE") == of(before, "inference_performance", "DE")
    assert of(found, REFERENCE, "DE") == pytest.approx(0.9, abs=0.02)


def test_a_value_the_reference_has_too_few_labels_of_is_held_against_nothing(
    tmp_path: Path,
) -> None:
    known = reference(tmp_path, {"DE": 0.97, "IT": 0.7})
    found = page(fed(config(tmp_path), known, lines(LATER, 1000, 2)))
    said = {dict(labels).get("country") for name, labels in found if name == DECLINE}
    assert said == {"DE", "IT"}
    told = {dict(labels)["segment"] for name, labels in found
            if name == "inference_performance" and "segment" in dict(labels)}  # fmt: skip
    assert "country=FR" in told


def test_thresholds_say_how_much_is_allowed(tmp_path: Path) -> None:
    text = CONFIG + "    thresholds: {accuracy_drop: 0.2, recall_drop: 0.02}\n"
    found = page(fed(config(tmp_path, text), reference(tmp_path, BEFORE), lines(LATER, 2000, 2)))
    assert of(found, f"{DECLINE}_limit", "DE") == 0.2
    assert of(found, f"{DECLINE}_limit", "DE", "recall", "1") == 0.02
    assert ("DE", "accuracy") not in worse(found)
    assert not {
        name for (name, labels) in found if name == DECLINE and dict(labels)["class"] == "0"
    }


def test_the_status_page_has_each_segment_beside_itself_and_beside_all(tmp_path: Path) -> None:
    save(reference(tmp_path, BEFORE), str(tmp_path / "reference.json"))
    described = textwrap.dedent(CONFIG.partition("log.jsonl]\n")[2])
    sidecar = Sidecar(tmp_path, described.replace("{warmup: 100000}", "reference.json"))
    sidecar.reads(lines(LATER, 2000, 2))
    found, query = sidecar.page(), {"version": "", "window": "24h"}
    view = model_view(sidecar.snapshot, "m", Selection.of(query))
    assert view is not None
    assert view.shown is not None
    rows = {row.value: row for row in view.shown.segments.rows}
    assert {name for name, row in rows.items() if row.declined} == {"DE"}
    assert not [name for name, row in rows.items() if row.stands_out]  # no gap has grown
    whole = next(value for (name, labels), value in found.items()
                 if name == "inference_performance" and "segment" not in dict(labels)
                 and dict(labels)["metric"] == "accuracy")  # fmt: skip
    for country, row in rows.items():
        assert row.reference.value == of(found, REFERENCE, country)
        assert row.decline.value == of(found, DECLINE, country)
        assert row.gap.value == whole - of(found, "inference_performance", country)
    html = StatusPages(Landing(), "/metrics").model(sidecar.snapshot, "m", query)
    assert html is not None
    assert "country DE: worse than on its own reference" in html
    assert "further behind all rows" not in html
    assert "accuracy on its reference" in html
