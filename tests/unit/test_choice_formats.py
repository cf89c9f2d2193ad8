"""Where probabilities and rankings may be written: every format, reference data, a warm-up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference_exporter import config
from inference_exporter.assembly import load_all
from inference_exporter.config.probabilities import with_classes
from inference_exporter.config.schema import ModelConfig
from inference_exporter.errors import ConfigError, ProfileError
from inference_exporter.formats import make_decoder
from inference_exporter.formats.sample import explain
from inference_exporter.reference import WarmupBuilder, build, dumps, loads, save
from inference_exporter.reference.show import show
from inference_exporter.values.profile import Reference
from multiclass import NAMES, draw, exact
from performance_data import NOW, lines_of, model_of, page_of, values

ROW = [0.7, 0.2, 0.1]
FLAT = {
    "csv": (
        "format: csv, columns: [id, p, a]",
        b'1,0.7|0.2|0.1,x\n2,"[0.7, 0.2, 0.1]",y\n3,-,z\n4,0.7|0.3,z\n',
    ),
    "logfmt": (
        "format: logfmt",
        b'id=1 p=0.7|0.2|0.1\nid=2 p="[0.7, 0.2, 0.1]"\nid=3\nid=4 p=high\n',
    ),
    "regex": (
        "format: regex, pattern: '(?P<id>\\d+) (?P<p>.*)'",
        b'1 0.7|0.2|0.1\n2 {"x": 0.7, "y": 0.2, "z": 0.1}\n3 -\n4 0.7\n',
    ),
    "json": (
        "format: json",
        b'{"id": 1, "p": [0.7, 0.2, 0.1]}\n{"id": 2, "p": {"z": 0.1, "y": 0.2, "x": 0.7}}\n'
        b'{"id": 3, "p": null}\n{"id": 4, "p": [0.7, 0.3, NaN]}\n',
    ),
}  # fmt: skip


def parsed(fields: str, settings: str = "format: json") -> ModelConfig:
    text = f"models: {{m: {{logs: x, {settings}, fields: {{{fields}}}}}}}"
    return config.parse(text, "c.yaml").models[0]


@pytest.mark.parametrize("name", FLAT)
def test_every_format_can_carry_probabilities(name: str) -> None:
    settings, lines = FLAT[name]
    model = parsed("id: id, scores: {from: p, classes: [x, y, z]}", settings)
    decoded = make_decoder(model).decode(lines)
    scores = decoded.batch.scores
    assert scores is not None
    assert scores.values[:2].tolist() == [ROW, ROW]
    assert np.isnan(scores.values[2:]).all()
    assert decoded.invalid == {"scores": 1}
    assert decoded.results == {"ok": 4}
    assert decoded.batch.prediction == ["x", "x", None, None]


def test_a_delimiter_of_ones_own() -> None:
    fields = "scores: {from: p, classes: [x, y], delimiter: ' / '}, id: id"
    model = parsed(fields, "format: csv, columns: [id, p]")
    decoded = make_decoder(model).decode(b"1,0.25 / 0.75\n")
    assert decoded.batch.scores is not None
    assert decoded.batch.scores.values.tolist() == [[0.25, 0.75]]


def test_nested_probabilities_and_names_that_are_numbers() -> None:
    model = parsed("scores: {from: out.p, classes: [1, 2, true]}, features: {rest: true}")
    block = b'{"out": {"p": {"1": 0.5, "2": 0.3, "True": 0.2}}, "x": 1}\n'
    decoded = make_decoder(model, {"x": "numeric"}).decode(block * 3)
    assert decoded.batch.scores is not None
    assert decoded.batch.scores.values[0].tolist() == [0.5, 0.3, 0.2]
    assert decoded.batch.prediction == ["1"] * 3


def test_a_field_inside_the_object_of_probabilities_is_found_too() -> None:
    """No one type describes both: such lines are read by other means, to the same end."""
    model = parsed("scores: {from: p, classes: [x, y]}, score: p.y")
    batch = make_decoder(model).decode(b'{"p": {"x": 0.25, "y": 0.75}}\n').batch
    assert batch.scores is not None
    assert batch.score is not None
    assert (batch.scores.values.tolist(), batch.score.values.tolist()) == ([[0.25, 0.75]], [0.75])


def test_a_sample_shows_probabilities_and_rankings_as_understood() -> None:
    scores = parsed("scores: {from: p, classes: [x, y, z]}")
    lines = [b'{"p": [0.2, 0.7, 0.1]}\n', b'{"p": [0.2, 0.7]}\n', b'{"p": null, "x": 1}\n']
    page = explain(scores, lines)
    assert "  scores  y 0.7, x 0.2, z 0.1\n" in page
    assert "  scores  INVALID: a list\n" in page
    assert "  scores  missing\n" in page
    page = explain(parsed("ranking: r"), [b'{"r": ["b", 7]}\n', b'{"r": []}\n', b'{"x": 1}\n'])
    assert "  ranking  b, 7\n" in page
    assert "  ranking  INVALID: a list\n" in page
    assert "  ranking  missing\n" in page
    wrong = explain(scores, [b'{"p": [0.2, 0.7]}\n'])
    assert "scores: 1 values, none usable (paths: p)" in wrong


# -- classes that only the reference knows -----------------------------------------------------


def profile(*classes: str) -> Reference:
    return Reference("m", 1, 0.0, "", "classification", {}, classes=classes)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("1", "10", "2"), "in another order"),
        (("a",), "the reference has 1 classes"),
        (tuple(f"c{at:02d}" for at in range(51)), "the reference has 51 classes"),
    ],
)
def test_classes_that_leave_doubt_are_for_a_person_to_say(
    tmp_path: Path, classes: tuple[str, ...], message: str
) -> None:
    model = parsed("scores: p", "reference: r.json")
    with pytest.raises(ValueError, match=message):
        with_classes(model, classes)
    reference = loads(dumps(build_of(tmp_path, [{"p": [0.5, 0.5], "a": "x"}], "x, y")))
    path = tmp_path / "c.yaml"
    path.write_text("models: {m: {logs: x, fields: {scores: p}, reference: r.json}}")
    save(_with(reference, classes), str(tmp_path / "r.json"))
    with pytest.raises(ConfigError, match=f"models.m.fields.scores: .*{message}"):
        load_all(str(path))


def _with(reference: Reference, classes: tuple[str, ...]) -> Reference:
    return replace(reference, classes=classes)


def test_classes_of_the_reference_are_taken_in_their_order() -> None:
    known = with_classes(parsed("scores: p", "reference: r.json"), ("1", "2", "3"))
    assert known.fields.scores is not None
    assert known.fields.scores.classes == ("1", "2", "3")
    model = model_of(
        text="models: {m: {logs: [x], fields: {scores: p}, reference: r.json}}",
        reference=profile("a", "b", "c"),
    )
    model.take(lines_of([{"p": [0.1, 0.2, 0.7]}, {"p": {"b": 1.0}}]), NOW)
    found = values(page_of(model), "inference_predictions_total", "prediction")
    assert found == {("a",): 0, ("b",): 1, ("c",): 1}


# -- reference data -------------------------------------------------------------------------------


def build_of(
    folder: Path, rows: list[dict[str, object]], classes: str = "", fields: str = ""
) -> Reference:
    path = folder / "good.jsonl"
    path.write_bytes(lines_of(rows))
    listed = f"{{from: p, classes: [{classes}]}}" if classes else "p"
    model = parsed(f"{fields or f'scores: {listed}'}, actual: a", "reference: r.json")
    return build([str(path)], model, now=NOW)


def test_lists_in_reference_data_need_their_classes(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"p": [0.5, 0.5], "a": "x"}]
    with pytest.raises(ProfileError, match=r"must be in fields\.scores\.classes"):
        build_of(tmp_path, rows)
    assert build_of(tmp_path, rows, "x, y").classes == ("x", "y")


def test_a_table_and_a_log_make_the_same_reference(tmp_path: Path) -> None:
    given, actual = draw(np.random.default_rng(1), 600, 4)
    rows = [
        {"p": dict(zip(NAMES, row, strict=False)), "a": NAMES[label], "f": {"x": row[0]}}
        for row, label in zip(given.tolist(), actual.tolist(), strict=True)
    ]
    lines = tmp_path / "log.jsonl"
    lines.write_bytes(lines_of(rows))
    table = tmp_path / "table.csv"
    cells = [f"{'|'.join(map(repr, row))},{row[0]!r},{NAMES[label]}"
             for row, label in zip(given.tolist(), actual.tolist(), strict=True)]  # fmt: skip
    table.write_text("\n".join(["p,x,a", *cells]) + "\n")
    model = parsed("scores: {from: p, classes: [a, b, c, d]}, actual: a, features: f")
    one, other = (build([str(path)], model, now=NOW) for path in (lines, table))
    assert list(one.features) == list(other.features) == ["x"]
    assert one.performance == other.performance
    assert one.fingerprint == other.fingerprint
    assert dumps(one).replace(b"log.jsonl", b"table.csv") == dumps(other)
    assert "the predicted class" in show(one)
    for key, value in exact(given, actual, [3]).items():
        assert one.performance[key] == pytest.approx(value, abs=1e-9), key


def test_lists_in_parquet_are_read(tmp_path: Path) -> None:
    pyarrow, parquet = (pytest.importorskip(f"pyarrow{name}") for name in ("", ".parquet"))
    given, actual = draw(np.random.default_rng(8), 300, 3)
    path = tmp_path / "good.parquet"
    columns = {"p": given.tolist(), "a": [NAMES[label] for label in actual]}
    parquet.write_table(pyarrow.table(columns), path)
    model = parsed("scores: {from: p, classes: [a, b, c]}, actual: a, features: f")
    found = build([str(path)], model, now=NOW)
    assert not found.features
    for key, value in exact(given, actual, []).items():
        assert found.performance[key] == pytest.approx(value, abs=1e-9), key


def test_a_reference_of_two_classes_calibrates_the_score(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    scores = random.random(2000)
    labels = ["yes" if random.random() < score**2 else "no" for score in scores]
    vectors: list[dict[str, object]] = [
        {"p": {"yes": score, "no": 1 - score}, "a": label}
        for score, label in zip(scores.tolist(), labels, strict=True)
    ]
    one = build_of(tmp_path, vectors)
    plain: list[dict[str, object]] = [
        {"p": score, "a": label, "y": "yes" if score > 0.5 else "no"}
        for score, label in zip(scores.tolist(), labels, strict=True)
    ]
    other = build_of(tmp_path, plain, fields="score: p, prediction: y")
    assert one.calibration is not None
    assert dumps(one) == dumps(other)
    pages = []
    for fields, rows in (("scores: p", vectors), ("score: p, prediction: y", plain)):
        text = f"models: {{m: {{logs: [x], fields: {{{fields}}}, reference: r.json}}}}"
        model = model_of(text=text, reference=one)
        model.take(lines_of(rows), NOW)
        pages.append(page_of(model))
    assert pages[0] == pytest.approx(pages[1], rel=1e-9)
    estimates = values(pages[0], "inference_performance_estimate", "metric")
    assert {("accuracy",), ("roc_auc",), ("f1",)} <= set(estimates)


def test_rankings_in_reference_data_are_judged_as_live_ones(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"r": ["a", "b", "c", "d"], "a": "abcdz"[at % 5]} for at in range(100)
    ]
    found = build_of(tmp_path, rows, fields="ranking: r").performance
    assert found["top_3_accuracy", ""] == 0.6
    gain = sum(1 / np.log2(1 + rank) for rank in range(1, 5)) / 5
    assert found["ndcg_10", ""] == pytest.approx(gain)


DAMAGE: dict[str, tuple[str, object]] = {
    "classes": ("classes", ["a", "b"]), "names": ("scores", {"a": [], "b": [], "d": []}),
    "order": ("top_scores", [0.9, 0.1]), "length": ("top_probabilities", [0.5]),
    "rows": ("rows", [1.0, 2.0]), "negative": ("rows", [1.0, -2.0, 3.0]),
    "errors": ("error_after", [0.1, 0.1, 0.1]), "range": ("top_probabilities", [0.5, 1.5]),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_calibration_of_classes_is_refused(tmp_path: Path, name: str) -> None:
    given, actual = draw(np.random.default_rng(3), 400, 3)
    rows: list[dict[str, object]] = [
        {"p": row, "a": NAMES[label]}
        for row, label in zip(given.tolist(), actual.tolist(), strict=True)
    ]
    file = json.loads(dumps(build_of(tmp_path, rows, "a, b, c")))
    state = file["class_calibration"]
    state["top_scores"], state["top_probabilities"] = [0.1, 0.9], [0.2, 0.8]
    loads(json.dumps(file).encode())
    key, value = DAMAGE[name]
    state[key] = value
    with pytest.raises(ValueError, match="is damaged: class_calibration"):
        loads(json.dumps(file).encode())


# -- a warm-up --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["scores", "ranking"])
def test_a_warm_up_makes_the_reference_that_a_file_makes(tmp_path: Path, kind: str) -> None:
    given, actual = draw(np.random.default_rng(4), 500, 4)
    fields = "scores: {from: p, classes: [a, b, c, d]}" if kind == "scores" else "ranking: p"
    rows: list[dict[str, object]] = []
    for row, label in zip(given.tolist(), actual.tolist(), strict=True):
        ranked = [NAMES[at] for at in np.argsort(row)[::-1]]
        rows.append({"p": row if kind == "scores" else ranked, "a": NAMES[label], "f": {"x": 1}})
    path = tmp_path / "log.jsonl"
    path.write_bytes(lines_of(rows))
    model = parsed(f"{fields}, actual: a, features: f", "reference: {warmup: 500}")
    expected = build([str(path)], model, now=NOW)
    decoder = make_decoder(model, None, collect=True)
    builder = WarmupBuilder(model)
    builder.add(decoder.decode(lines_of(rows[:300])).batch)
    builder = WarmupBuilder.from_bytes(model, builder.to_bytes())
    builder.add(decoder.decode(lines_of(rows[300:])).batch)
    found = builder.build(NOW)
    assert found.performance == pytest.approx(expected.performance)
    assert (found.class_calibration is None) == (kind == "ranking")
    assert dumps(found).replace(b"warm-up", b"log.jsonl") == dumps(expected)
