"""Profiles as files: what is written comes back, what is wrong is named."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference_exporter.config.schema import FeaturesField, Field, Fields, ModelConfig
from inference_exporter.errors import ProfileError
from inference_exporter.reference import build, dumps, load, loads, save, show
from inference_exporter.reference.files.fingerprint import fingerprint
from inference_exporter.values.profile import NumericProfile, Reference

FIELDS = Fields(
    features=FeaturesField("object", ("features",)),
    prediction=Field(("prediction",)),
    actual=Field(("actual",)),
)
MODEL = ModelConfig("credit", ("x",), fields=FIELDS)


@pytest.fixture
def reference(tmp_path: Path) -> Reference:
    path = tmp_path / "data.csv"
    rows = [f"{0.1 * i},c{i % 25},{i % 2},{i % 3 % 2}" for i in range(200)]
    path.write_text("\n".join(["age,country,prediction,actual", *rows]) + "\n")
    return build([str(path)], MODEL, now=1764000000.0)


def test_what_is_saved_comes_back(reference: Reference, tmp_path: Path) -> None:
    path = str(tmp_path / "reference.json")
    save(reference, path)
    found = load(path, model="credit")
    assert dumps(found) == dumps(reference)
    assert dict(found.performance) == dict(reference.performance)
    one, other = found.features["age"], reference.features["age"]
    assert isinstance(one, NumericProfile)
    assert isinstance(other, NumericProfile)
    np.testing.assert_array_equal(one.means, other.means)
    np.testing.assert_array_equal(one.fine_edges, other.fine_edges)


def test_file_is_json_that_a_person_can_read(reference: Reference) -> None:
    text = dumps(reference).decode()
    assert json.loads(text)["format_version"] == 1
    assert '\n  "model": "credit",\n' in text
    assert len(text.splitlines()) < 120


def test_saving_replaces_the_file_whole_and_leaves_nothing_else(
    reference: Reference, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    target = folder / "reference.json"
    target.write_text("old")
    save(reference, str(target))
    assert [path.name for path in folder.iterdir()] == ["reference.json"]
    assert target.stat().st_mode & 0o777 == 0o644


def test_a_failed_save_leaves_the_old_file(
    reference: Reference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "reference.json"
    target.write_text("old")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(ProfileError, match="cannot be written: No space left on device"):
        save(reference, str(target))
    assert target.read_text() == "old"
    assert {path.name for path in tmp_path.iterdir()} == {"data.csv", "reference.json"}


def changed(reference: Reference, **values: Any) -> bytes:
    return json.dumps(json.loads(dumps(reference)) | values).encode()


def with_feature(reference: Reference, name: str, **values: Any) -> bytes:
    data = json.loads(dumps(reference))
    data["features"][name] |= values
    return json.dumps(data).encode()


def test_every_way_of_being_wrong_has_its_message(reference: Reference) -> None:
    cases = {
        b"{": "is not JSON",
        b"\xff": "is not JSON",
        b"[1]": "is not a reference profile",
        changed(reference, format="other"): "is not a reference profile",
        changed(reference, format_version=2): "has format version 2, this program reads up to 1",
        changed(reference, format_version="1"): "format_version is not a positive number",
        changed(reference, rows="many"): "is damaged: Expected `int`",
        changed(reference, surprise=1): "is damaged: Object contains unknown field",
        changed(reference, fingerprint="00000000"): "its bins have the fingerprint",
        with_feature(reference, "age", counts=[1.0]): "age: counts, means and fine_edges",
        with_feature(reference, "age", mean=0.0): "fingerprint",
        with_feature(reference, "age", edges=[5.0, 1.0]): "age: edges must ascend",
        with_feature(reference, "country", counts=[-1.0]): "country: counts must not be negative",
        with_feature(reference, "country", categories=["a"]): "categories and counts do not fit",
    }
    for data, message in cases.items():
        with pytest.raises(ValueError, match=r"is|has") as caught:
            loads(data)
        assert message in str(caught.value)


def test_load_names_the_file(reference: Reference, tmp_path: Path) -> None:
    path = tmp_path / "reference.json"
    with pytest.raises(ProfileError, match=r"reference.json: cannot be read: .*reference build"):
        load(str(path))
    path.write_bytes(b"{")
    with pytest.raises(ProfileError, match=r"reference.json: is not JSON"):
        load(str(path))
    save(reference, str(path))
    with pytest.raises(ProfileError, match="is the reference of model 'credit', wanted is 'other'"):
        load(str(path), model="other")


def test_fingerprint_is_of_the_bins_and_not_of_counts_or_time(reference: Reference) -> None:
    age = reference.features["age"]
    assert isinstance(age, NumericProfile)
    more = replace(age, counts=age.counts * 2, missing=5, std=1.0)
    later = replace(
        reference, features=dict(reference.features) | {"age": more}, created=0.0, rows=1
    )
    assert fingerprint(later) == reference.fingerprint
    moved = replace(age, edges=age.edges[:-1])
    other = replace(reference, features=dict(reference.features) | {"age": moved})
    assert fingerprint(other) != reference.fingerprint
    renamed = {f"{name}_": profile for name, profile in reference.features.items()}
    assert fingerprint(replace(reference, features=renamed)) != reference.fingerprint


def test_fingerprint_is_stable() -> None:
    edges = np.array([0.1, 1 / 3, 1e308, 7e-309])
    profile = NumericProfile(
        np.sort(edges), np.sort(edges), np.ones(5), np.zeros(5), 0.0, 1.0, 0.1 + 0.2, 1.0
    )
    reference = Reference("m", 5, 0.0, "", "classification", {"ä": profile})
    assert fingerprint(reference) == "4e3ad946"


def test_show_draws_every_bin(reference: Reference) -> None:
    text = show(reference)
    assert "credit: classification, reference" in text
    assert "age: numeric, 200 values, 0 missing, 0 invalid" in text
    assert "  09  over 17.91" in text
    assert "c00" not in text
    assert "other: 5 categories" in text
    assert "█" in text
    assert "accuracy" in text


def test_show_survives_odd_profiles(tmp_path: Path) -> None:
    path = tmp_path / "odd.jsonl"
    path.write_text('{"features": {"a": null, "b": 1, "c": "x\\u0007y"}}\nno\n')
    text = show(build([str(path)], MODEL, now=0.0))
    assert "1 lines could not be read" in text
    assert "x\N{REPLACEMENT CHARACTER}y" in text
    model = ModelConfig("m", ("x",), fields=Fields(prediction=Field(("prediction",))))
    path.write_text('{"prediction": 1}\n')
    assert "no features" in show(build([str(path)], model, now=0.0))
