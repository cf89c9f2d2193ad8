"""Performance by segment of the reference data: against scikit-learn on the rows of each."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics

from inference_exporter.assembly import load_all
from inference_exporter.cli import main
from inference_exporter.cli.differences import difference
from inference_exporter.config.schema import ModelConfig
from inference_exporter.performance import SCORE_BINS, wilson
from inference_exporter.reference import (
    build,
    build_shard,
    dump_shard,
    dumps,
    load,
    load_part,
    loads,
    merge,
    show,
)
from inference_exporter.values.profile import Reference
from inference_exporter.values.segment_profiles import SegmentProfile

HEAD = "models:\n  m:\n    logs: [log.jsonl]\n"
CLASSES = (
    HEAD + "    positive_class: 1\n"
    "    fields: {features: x, prediction: p, score: s, actual: y}\n"
    "    segments: {country: client.country, age: {from: x.age, bins: [30, 50]}}\n"
)
NUMBERS = (
    HEAD + "    task: regression\n    fields: {features: x, prediction: p, actual: y}\n"
    "    segments: {country: client.country}\n"
)
Row = dict[str, object]


def model(folder: Path, text: str = CLASSES) -> ModelConfig:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load_all(str(path))[0].models[0]


def rows(count: int, seed: int = 1) -> list[Row]:
    """People of IT are judged worse, those of SM are few, some are of no country."""
    draw = np.random.default_rng(seed)
    made: list[Row] = []
    for _ in range(count):
        country = str(draw.choice(["DE", "FR", "IT", "SM", ""], p=[0.4, 0.3, 0.2, 0.02, 0.08]))
        actual = int(draw.random() < 0.3)
        right = draw.random() < (0.7 if country == "IT" else 0.92)
        predicted = actual if right else 1 - actual
        score = round(float(np.clip(0.6 * predicted + 0.4 * draw.random(), 0, 1)), 4)
        age = None if draw.random() < 0.1 else float(draw.integers(18, 80))
        client = {"country": country} if country else {}
        made.append({"client": client, "x": {"age": age}, "p": predicted, "s": score, "y": actual})
    return made


def written(path: Path, made: list[Row]) -> str:
    path.write_text("".join(json.dumps(one) + "\n" for one in made), encoding="utf-8")
    return str(path)


def of(row: Row, field: str) -> str:
    if field == "country":
        return str(row["client"].get("country", ""))  # type: ignore[attr-defined]
    age = row["x"]["age"]  # type: ignore[index]
    return "" if age is None else "<=30" if age <= 30 else "30..50" if age <= 50 else ">50"


def test_each_segment_has_the_performance_that_scikit_learn_says(tmp_path: Path) -> None:
    made = rows(6000)
    found = build([written(tmp_path / "rows.jsonl", made)], model(tmp_path), now=0.0)
    assert set(found.segments["country"]) == {"", "DE", "FR", "IT"}  # of SM are too few
    assert set(found.segments["age"]) == {"", "<=30", "30..50", ">50"}
    for field, known in found.segments.items():
        for value, one in known.items():
            mine = [row for row in made if of(row, field) == value]
            y, p = [row["y"] for row in mine], [row["p"] for row in mine]
            s = np.array([row["s"] for row in mine])
            binned = np.searchsorted(np.arange(1, SCORE_BINS) / SCORE_BINS, s)
            wanted = {
                ("accuracy", ""): metrics.accuracy_score(y, p),
                ("precision", "1"): metrics.precision_score(y, p),
                ("recall", "1"): metrics.recall_score(y, p),
                ("f1", "1"): metrics.f1_score(y, p),
                ("roc_auc", ""): metrics.roc_auc_score(y, binned),
                ("average_precision", ""): metrics.average_precision_score(y, binned),
                ("brier_score", ""): metrics.brier_score_loss(y, s),
                ("log_loss", ""): metrics.log_loss(y, np.clip(s, 1e-15, 1 - 1e-15)),
            }
            assert one.samples == len(mine)
            for key, number in wanted.items():
                assert one.performance[key] == pytest.approx(number, abs=1e-9), (field, value, key)
                assert one.intervals[key][0] < number < one.intervals[key][1]
            hits = sum(a == b for a, b in zip(y, p, strict=True))
            assert one.intervals["accuracy", ""] == pytest.approx(wilson(hits, len(mine)))


def test_errors_of_a_regression_by_segment(tmp_path: Path) -> None:
    draw = np.random.default_rng(2)
    made: list[Row] = []
    for _ in range(2000):
        country, truth = str(draw.choice(["DE", "IT"])), float(draw.normal(100, 20))
        off = float(draw.normal(0, 2 if country == "DE" else 9))
        made.append({"client": {"country": country}, "x": {"a": 1}, "p": truth + off, "y": truth})
    found = build([written(tmp_path / "rows.jsonl", made)], model(tmp_path, NUMBERS), now=0.0)
    for country, one in found.segments["country"].items():
        y, p = ([r[k] for r in made if of(r, "country") == country] for k in "yp")
        for metric, number in (
            ("mae", metrics.mean_absolute_error(y, p)),
            ("rmse", metrics.mean_squared_error(y, p) ** 0.5),
            ("r2", metrics.r2_score(y, p)),
        ):
            assert one.performance[metric, ""] == pytest.approx(number)
        assert one.intervals["mae", ""][0] < one.performance["mae", ""]


def flat(path: Path, made: list[Row]) -> str:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["country", "age", "p", "s", "y"])
        for one in made:
            age = one["x"]["age"]  # type: ignore[index]
            table.writerow([of(one, "country"), age, one["p"], one["s"], one["y"]])
    return str(path)


def test_a_table_says_what_lines_say(tmp_path: Path) -> None:
    """By the last part of a path; with or without the column among the features."""
    made = rows(3000)
    lines = build([written(tmp_path / "rows.jsonl", made)], model(tmp_path), now=0.0)
    table = build([flat(tmp_path / "rows.csv", made)], model(tmp_path), now=0.0)
    assert table.segments == lines.segments
    without = CLASSES.replace("features: x", "features: {from: x, exclude: [country]}")
    table = build([flat(tmp_path / "rows.csv", made)], model(tmp_path, without), now=0.0)
    assert table.segments == lines.segments
    assert list(table.features) == ["age"]


def test_a_log_that_only_its_decoder_reads_has_segments_too(tmp_path: Path) -> None:
    made = rows(2000)
    mapped = CLASSES + "    decode: {client: json}\n"
    lines = [{**one, "client": json.dumps(one["client"])} for one in made]
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(gzip.compress("".join(json.dumps(one) + "\n" for one in lines).encode()))
    log = build([str(path)], model(tmp_path, mapped), now=0.0)
    plain = build([written(tmp_path / "rows.jsonl", made)], model(tmp_path), now=0.0)
    assert log.segments == plain.segments


def test_values_are_bounded_and_the_frequent_ones_stay(tmp_path: Path) -> None:
    made = rows(4000)
    text = CLASSES + "    limits: {segments: 2}\n"
    found = build([written(tmp_path / "rows.jsonl", made)], model(tmp_path, text), now=0.0)
    assert set(found.segments["country"]) == {"DE", "FR"}
    listed = CLASSES.replace("client.country", "{from: client.country, values: [IT]}")
    found = build([written(tmp_path / "rows.jsonl", made)], model(tmp_path, listed), now=0.0)
    assert set(found.segments["country"]) == {"", "IT"}


def test_of_more_than_two_classes_there_is_what_is_about_all_of_them(tmp_path: Path) -> None:
    made = [{**one, "y": n % 3, "p": n % 3 if n % 5 else 0} for n, one in enumerate(rows(3000))]
    text = CLASSES.replace("    positive_class: 1\n", "")
    found = build([written(tmp_path / "rows.jsonl", made)], model(tmp_path, text), now=0.0)
    keys = set(found.segments["country"]["DE"].performance)
    assert {name for _, name in keys} == {"", "macro", "weighted"}
    assert ("roc_auc", "") not in keys


def test_without_a_positive_class_the_later_of_two_is_it(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", rows(3000))
    text = CLASSES.replace("    positive_class: 1\n", "")
    found = build([path], model(tmp_path, text), now=0.0)
    assert found.segments == build([path], model(tmp_path), now=0.0).segments


# -- files ---------------------------------------------------------------------------------------


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    return build([written(tmp_path / "rows.jsonl", rows(4000))], model(tmp_path), now=0.0)


def test_a_file_gives_them_back_and_one_without_them_is_as_before(reference: Reference) -> None:
    assert loads(dumps(reference)).segments == reference.segments
    file = json.loads(dumps(reference))
    assert file["segments"]["country"]["IT"]["samples"] > 200
    del file["segments"]
    old = loads(json.dumps(file).encode())
    assert old.segments == {}
    assert old.fingerprint == reference.fingerprint  # counts go on
    assert b'"segments"' not in dumps(old)


def test_show_and_diff_know_them(tmp_path: Path, reference: Reference) -> None:
    text = show(reference)
    (line,) = [one for one in text.splitlines() if one.strip().startswith("IT")]
    one = reference.segments["country"]["IT"]
    assert f"{one.samples:,}" in line
    assert f"{one.performance['accuracy', '']:.4f}" in line
    assert "(absent)" in text
    made = [row for row in rows(4000, seed=7) if of(row, "country") != "FR"]
    other = build([written(tmp_path / "other.jsonl", made)], model(tmp_path), now=0.0)
    told = difference(reference, other)
    before, after = (
        ref.segments["country"]["IT"].performance["accuracy", ""] for ref in (reference, other)
    )
    assert f"  {'IT, accuracy':<45} {before:8.4f} {after:8.4f} {after - before:+8.4f}" in told
    assert "only the old one has FR" in told


def test_parts_merge_to_the_outcomes_of_the_whole(tmp_path: Path) -> None:
    made, described = rows(5000), model(tmp_path)
    parts = []
    for at in range(2):
        path = written(tmp_path / f"{at}.jsonl", made[at * 2500 : (at + 1) * 2500])
        shard = tmp_path / f"{at}.shard"
        shard.write_bytes(dump_shard(build_shard([path], described, now=0.0)))
        parts.append(load_part(str(shard)))
    whole = build([written(tmp_path / "all.jsonl", made)], described, now=0.0)
    merged = merge(parts, now=0.0)
    assert set(merged.segments["country"]) == set(whole.segments["country"])
    for value, one in merged.segments["country"].items():
        of_whole = whole.segments["country"][value]
        assert one.samples == of_whole.samples
        for key, number in one.performance.items():
            assert number == pytest.approx(of_whole.performance[key])
        assert "roc_auc" not in {metric for metric, _ in one.performance}  # as in the whole
    plain = build_shard([str(tmp_path / "0.jsonl")], model(tmp_path, CLASSES[:-77]), now=0.0)
    assert not plain.segments
    assert merge([plain, parts[1]], now=0.0).segments == {}  # not of half of the rows


def test_the_command_keeps_them(tmp_path: Path) -> None:
    path = written(tmp_path / "rows.jsonl", rows(3000))
    model(tmp_path)
    output = tmp_path / "reference.json"
    command = ["reference", "build", path, f"--config.file={tmp_path / 'config.yaml'}"]
    assert main([*command, f"--output={output}"]) == 0
    one = load(str(output)).segments["country"]["IT"]
    assert isinstance(one, SegmentProfile)
    assert one.performance["accuracy", ""] < 0.8
