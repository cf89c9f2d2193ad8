"""Texts and embeddings as numbers: in the reference, live, whatever the format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from exporter_process import Series, total
from inference_exporter import config as configuration
from inference_exporter.cli import main
from inference_exporter.config.schema import Derived
from inference_exporter.derived import Centroids, Deriver
from inference_exporter.errors import ConfigError, ProfileError
from inference_exporter.reference import build_shard, dumps, load, load_part, loads, merge
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import NumericProfile, Reference
from reference_files import Rows, write_lines
from sidecar import NOW, Sidecar

HEAD = """\
fields: {timestamp: at, features: features, prediction: prediction}
derived:
  characters: {from: prompt, as: length}
  words: {from: prompt, as: tokens}
  unknown_words: {from: prompt, as: out_of_vocabulary, vocabulary: words.txt}
  distance: {from: embedding, as: centroid_distance}
"""
LIVE = "reference: reference.json\nwindows: [1h]\nmin_samples: 20\n"
WORDS = "the cat sat on a mat"
DERIVED = ("characters", "words", "unknown_words", "distance")


def _prompt(rng: np.random.Generator) -> str:
    return " ".join(rng.choice(WORDS.split(), int(rng.integers(1, 12))))


def _rows(count: int, seed: int, shift: float = 0.0) -> tuple[Rows, Floats]:
    rng = np.random.default_rng(seed)
    vectors: Floats = rng.normal(size=(count, 4)) + shift
    rows: Rows = [
        {
            "at": NOW, "prediction": "x",
            "features": {"age": float(i % 50), "prompt": _prompt(rng), "embedding": vector},
        }
        for i, vector in enumerate(vectors.tolist())
    ]  # fmt: skip
    return rows, vectors


def _build(folder: Path, rows: Rows, head: str = HEAD) -> Reference:
    (folder / "words.txt").write_text(WORDS.upper().replace(" ", "\n"))
    data = write_lines(folder / "data.jsonl", rows)
    config = folder / "config.yaml"
    body = "".join(f"    {one}\n" for one in head.strip().splitlines())
    config.write_text("models:\n  m:\n    logs: [x]\n" + body)
    path = str(folder / "reference.json")
    assert main(["reference", "build", data, f"--config.file={config}", f"--output={path}"]) == 0
    return load(path)


def _lines(rows: Rows) -> list[bytes]:
    return [json.dumps(row).encode() + b"\n" for row in rows]


def _bins(page: Series, name: str, profile: NumericProfile) -> list[float]:
    return [
        total(page, "inference_feature_bin_total", feature=name, bin=one) for one in profile.bins
    ]


def test_derived_features_are_binned_as_numbers(tmp_path: Path) -> None:
    rows, vectors = _rows(600, 1)
    reference = _build(tmp_path, rows)
    assert tuple(reference.features) == ("age", *DERIVED)
    np.testing.assert_allclose(reference.centroids["distance"], vectors.mean(axis=0), rtol=1e-12)
    sidecar = Sidecar(tmp_path, HEAD + LIVE)
    live, moved = _rows(200, 2, shift=2.0)
    sidecar.reads(*_lines(live))
    page = sidecar.page()
    prompts = [str(row["features"]["prompt"]) for row in live]  # type: ignore[index]
    expected = {
        "characters": np.array([float(len(one)) for one in prompts]),
        "words": np.array([float(len(one.split())) for one in prompts]),
        "distance": np.linalg.norm(moved - vectors.mean(axis=0), axis=1),
    }
    for name, values in expected.items():
        profile = reference.features[name]
        assert isinstance(profile, NumericProfile)
        counts = np.bincount(np.searchsorted(profile.edges, values), minlength=len(profile.bins))
        assert _bins(page, name, profile) == counts.tolist(), name
    psi = {
        name: total(page, "inference_feature_drift", feature=name, statistic="psi")
        for name in ("words", "distance")
    }
    assert psi["distance"] > 0.5
    assert psi["words"] < 0.25
    assert total(page, "inference_reference_schema_differences") == 0  # sources are known


def test_values_that_cannot_be_used_are_invalid_and_absent_ones_missing(tmp_path: Path) -> None:
    _build(tmp_path, _rows(100, 1)[0])
    sidecar = Sidecar(tmp_path, HEAD + LIVE)
    features: list[dict[str, object]] = [
        {"prompt": 7, "embedding": [1, 2]},
        {"prompt": ["a"], "embedding": "no"},
        {"prompt": None, "embedding": None},
        {},
        {"prompt": "", "embedding": [0, 0, 0, 1e308]},
        {"prompt": "the dog, THE cat", "embedding": "[1, 1, 1, 1]"},
        {"prompt": {"a": 1}, "embedding": {"a": 1}},
    ]
    sidecar.reads(*_lines([{"at": NOW, "prediction": "x", "features": one} for one in features]))
    page = sidecar.page()
    for name, invalid, missing in (
        ("characters", 3, 2),
        ("unknown_words", 3, 3),  # a text without a word has no share
        ("distance", 4, 2),  # one too far out for a float64
    ):
        assert total(page, "inference_feature_invalid_total", feature=name) == invalid, name
        assert total(page, "inference_feature_missing_total", feature=name) == missing, name


def test_the_share_of_unknown_words_is_regardless_of_case() -> None:
    one = Derived("t", "out_of_vocabulary", "f", frozenset(WORDS.split()))
    column = Deriver({"d": one}).columns({"t": ["The CAT", "a dog, a mat", "…", "Hund"]}, 4)["d"]
    np.testing.assert_array_equal(column.values, [0, 0.25, np.nan, 1])


def test_logs_of_flat_lines_have_embeddings_as_text(tmp_path: Path) -> None:
    rows, _ = _rows(100, 1)
    _build(tmp_path, rows)
    head = HEAD.replace("features: features", "features: {rest: true}")
    sidecar = Sidecar(tmp_path, head + LIVE + "format: csv\ncolumns: [at, prediction, age, prompt,"
                      " embedding]\n")  # fmt: skip
    sidecar.reads(f'{NOW},x,3,the cat,"[0, 0, 0, 0]"\n'.encode())
    page = sidecar.page()
    for name in DERIVED:
        assert total(page, "inference_feature_bin_total", feature=name) == 1, name


@pytest.mark.parametrize("form", ["list", "rest"])
def test_all_forms_of_features(tmp_path: Path, form: str) -> None:
    rows, _ = _rows(100, 1)
    reference = _build(tmp_path, rows)
    make: Callable[[dict[str, object]], dict[str, object]]
    if form == "list":
        fields = "{from: features, names: [age, prompt, embedding]}"
        make = lambda one: {"features": list(one.values())}  # noqa: E731
    else:
        fields = "{rest: true}"
        make = lambda one: one  # noqa: E731
    head = HEAD.replace("features: features", f"features: {fields}")
    sidecar = Sidecar(tmp_path, head + LIVE)
    sidecar.reads(
        *_lines([{"at": NOW, "prediction": "x", **make(row["features"])} for row in rows])  # type: ignore[arg-type]
    )
    page = sidecar.page()
    for name in DERIVED:
        profile = reference.features[name]
        assert isinstance(profile, NumericProfile)
        assert _bins(page, name, profile) == profile.coarse(profile.counts).tolist()


def test_a_warm_up_reference_has_derived_features(tmp_path: Path) -> None:
    _build(tmp_path, _rows(50, 1)[0])
    sidecar = Sidecar(tmp_path, HEAD + "reference: {warmup: 100}\nwindows: [1h]\n")
    sidecar.reads(*_lines(_rows(150, 1)[0]))
    page = sidecar.page()
    for name in DERIVED:
        assert total(page, "inference_feature_bin_total", feature=name) == 50, name
    assert total(page, "inference_feature_bin_total", feature="prompt") == 0


def test_centroids_come_back_from_the_file_and_shards_share_them(tmp_path: Path) -> None:
    reference = _build(tmp_path, _rows(100, 1)[0])
    assert dumps(loads(dumps(reference))) == dumps(reference)
    model = configuration.load(str(tmp_path / "config.yaml")).models[0]
    files = [write_lines(tmp_path / f"{i}.jsonl", _rows(100, i)[0]) for i in range(2)]
    first = build_shard([files[0]], model, now=1.0)
    other = build_shard([files[1]], model, now=1.0, bins=first.reference)
    merged = merge([first, other], now=1.0)
    assert merged.features["distance"].samples == 200
    with pytest.raises(ProfileError, match="different centroids of embeddings; build them with"):
        merge([first, build_shard([files[1]], model, now=1.0)], now=1.0)
    assert load_part(str(tmp_path / "reference.json")).reference.centroids.keys() == {"distance"}


def test_vectors_of_another_length_do_not_move_the_centroid() -> None:
    centroids = Centroids({"d": Derived("e", "centroid_distance")})
    centroids.add({"e": [None, "x", [1.0, 3.0], [9.0], "[3, 5]", [float("nan"), 1.0]]})
    assert centroids.result()["d"].tolist() == [2.0, 4.0]


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{d: {from: p}}", "derived.d.as: missing; expected one of length, tokens"),
        ("{d: {from: p, as: size}}", "derived.d.as: expected one of length, tokens"),
        ("{d: {from: p, as: out_of_vocabulary}}", "d.vocabulary: missing; out_of_vocabulary needs"),
        ("{d: {from: p, as: length, vocabulary: w}}", "d.vocabulary: belongs to as: out_of_vocab"),
        ("{p: {from: p, as: length}}", "derived.p: is also the name of a feature it is made of"),
        ("{d: {from: p, as: out_of_vocabulary, vocabulary: w}}", "w cannot be read: No such file"),
    ],
)
def test_what_is_wrong_with_the_section_is_said(tmp_path: Path, section: str, message: str) -> None:
    text = f"models: {{m: {{logs: [x], derived: {section}}}}}"
    with pytest.raises(ConfigError) as caught:
        configuration.parse(text, str(tmp_path / "c.yaml"))
    assert message in str(caught.value)
