"""Files of reference data become profiles: kinds, bins, what is not counted, performance."""

from __future__ import annotations

import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inference_exporter.config.schema import FeaturesField, Field, Fields, LabelsConfig, ModelConfig
from inference_exporter.reference import build
from inference_exporter.values.profile import NumericProfile, Reference
from reference_files import (
    FIELDS,
    MODEL,
    Rows,
    built,
    categorical,
    credit_rows,
    numeric,
    write_csv,
    write_lines,
)

# The shares that must come out of the credit example's ages and countries.
AGE_SHARES = (
    0.114463840, 0.090523691, 0.096508728, 0.101995012, 0.098004988, 0.111970075, 0.088029925,
    0.103990025, 0.099002494, 0.095511222,
)  # fmt: skip
COUNTRY_SHARES = {
    "DE": 0.213929106, "FR": 0.207438842, "GB": 0.096605092, "JP": 0.098102846,
    "US": 0.383674488, "unseen": 0.000249626,
}  # fmt: skip


def smoothed(counts: np.typing.NDArray[np.float64]) -> list[float]:
    shares: list[float] = ((counts + 0.5) / (counts.sum() + 0.5 * len(counts))).tolist()
    return shares


@pytest.fixture
def credit(tmp_path: Path) -> str:
    return write_csv(tmp_path / "credit.csv", credit_rows())


def test_flat_table_gives_the_shares_of_the_credit_example(credit: str) -> None:
    reference = build([credit], MODEL, now=1.0)
    age = numeric(reference, "age")
    assert smoothed(age.coarse(age.counts)) == pytest.approx(AGE_SHARES, abs=1e-9)
    country = categorical(reference, "country")
    shares = dict(zip(country.bins, smoothed(country.cell_counts), strict=True))
    assert shares == pytest.approx(COUNTRY_SHARES, abs=1e-9)


def test_the_label_of_late_labels_is_a_label_in_the_table_and_no_feature(tmp_path: Path) -> None:
    rows = [row | {"defaulted": row["actual"]} for row in credit_rows()]
    for row in rows:
        del row["actual"]
    path = write_csv(tmp_path / "credit.csv", rows)
    labels = LabelsConfig(id=Field(("request_id",)), actual=Field(("defaulted",)))
    model = replace(MODEL, fields=replace(MODEL.fields, actual=None), labels=labels)
    reference = build([path], model, now=1.0)
    assert list(reference.features) == ["age", "country"]
    same = build([write_csv(tmp_path / "same.csv", credit_rows())], MODEL, now=1.0)
    assert reference.performance == same.performance
    assert reference.performance


def test_columns_named_like_fields_are_not_features(credit: str) -> None:
    reference = build([credit], MODEL, now=1.0)
    assert list(reference.features) == ["age", "country"]
    assert list(reference.outputs) == ["score", "prediction"]
    assert (reference.task, reference.classes) == ("classification", ("0", "1"))
    assert (reference.rows, reference.source) == (2000, "credit.csv")


def test_categories_are_in_order_of_frequency(credit: str) -> None:
    reference = build([credit], MODEL, now=1.0)
    assert categorical(reference, "country").bins == ("US", "DE", "FR", "JP", "GB", "unseen")


def test_labels_give_the_performance(credit: str) -> None:
    reference = build([credit], MODEL, now=1.0)
    agree = sum(i % 2 == i % 3 % 2 for i in range(2000))
    assert reference.performance["accuracy", ""] == agree / 2000
    assert ("recall", "1") in reference.performance
    assert reference.performance_samples == 2000


def test_json_lines_and_compressed_files_give_the_same_bins(credit: str, tmp_path: Path) -> None:
    expected = build([credit], MODEL, now=1.0)
    with Path(credit).open() as stream:
        rows: Rows = list(csv.DictReader(stream))
    flat = write_lines(tmp_path / "flat.ndjson", rows)
    nested = [
        {
            "features": {"age": int(str(row["age"])), "country": row["country"]},
            "outputs": {"prediction": row["prediction"]},
            "score": row["score"],
        }
        for row in rows
    ]
    log = write_lines(tmp_path / "log.jsonl", nested)
    packed = tmp_path / "credit.csv.gz"
    packed.write_bytes(gzip.compress(Path(credit).read_bytes()))
    for path in (flat, log, str(packed)):
        assert build([path], MODEL, now=1.0).fingerprint == expected.fingerprint, path


def test_several_files_are_one_table(tmp_path: Path) -> None:
    rows: Rows = [{"features": {"x": float(i)}} for i in range(100)]
    whole = build([write_lines(tmp_path / "all.jsonl", rows)], MODEL, now=1.0)
    halves = [
        write_lines(tmp_path / "a.jsonl", rows[:50]),
        write_lines(tmp_path / "b.jsonl", rows[50:]),
    ]
    both = build(halves, MODEL, now=1.0)
    assert (both.fingerprint, both.rows) == (whole.fingerprint, 100)
    assert both.source == "a.jsonl and 1 more"


def test_edges_are_numpys_quantiles_up_to_twenty_thousand_rows(tmp_path: Path) -> None:
    values = np.random.default_rng(1).lognormal(size=20_000).round(6)
    rows: Rows = [{"x": value} for value in values.tolist()]
    reference = build([write_csv(tmp_path / "x.csv", rows)], MODEL, now=1.0)
    profile = numeric(reference)
    assert profile.edges.tolist() == np.quantile(values, np.arange(1, 10) / 10).tolist()
    assert profile.coarse(profile.counts).tolist() == [2000.0] * 10
    assert profile.mean == pytest.approx(values.mean(), rel=1e-12)
    assert profile.std == pytest.approx(values.std(), rel=1e-12)
    filled = profile.counts > 0
    assert (profile.means[filled] * profile.counts[filled]).sum() == pytest.approx(values.sum())


def test_missing_and_invalid_values_are_in_no_cell(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    good = "".join(f'{{"features": {{"x": {i}}}}}\n' for i in range(97))
    path.write_text(
        good
        + '{"features": {"x": null}}\n{"features": {"y": 1}}\n{"features": {"x": NaN}}\n'
        + '{"features": {"x": "n/a"}}\n{"features": {"x": "12"}}\n{"features": {"x": [1]}}\n'
    )
    reference = build([str(path)], MODEL, now=1.0)
    profile = numeric(reference)
    assert (profile.samples, profile.missing, profile.invalid) == (98, 2, 3)
    assert categorical_or_numeric_missing(reference, "y") == 102


def categorical_or_numeric_missing(reference: Reference, name: str) -> int:
    return reference.features[name].missing


def test_empty_csv_cells_are_missing_and_nan_is_invalid(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("x,c\n" + "1.5,a\n" * 20 + ",b\nnan,\ninf,a\n")
    reference = build([str(path)], MODEL, now=1.0)
    profile = numeric(reference)
    assert (profile.samples, profile.missing, profile.invalid) == (20, 1, 2)
    other = categorical(reference, "c")
    assert (other.categories, other.missing) == (("a", "b"), 1)


def test_a_value_is_the_same_category_however_it_is_written(tmp_path: Path) -> None:
    reference = built(tmp_path, [1, 1.0, "1", "a", "b", "c", True, "true", "True", None])
    assert categorical(reference).categories == ("1", "true", "a", "b", "c")
    assert categorical(reference).counts.tolist() == [3, 3, 1, 1, 1]


def test_regression_is_told_by_its_predictions(tmp_path: Path) -> None:
    rows: Rows = [{"x": i, "prediction": i + 0.5, "actual": float(i)} for i in range(40)]
    reference = build([write_csv(tmp_path / "x.csv", rows)], MODEL, now=1.0)
    assert (reference.task, reference.classes) == ("regression", ())
    assert isinstance(reference.outputs["prediction"], NumericProfile)
    assert reference.performance["mae", ""] == 0.5
    assert reference.performance["bias", ""] == 0.5
    assert set(metric for metric, _ in reference.performance) == {
        "mae", "rmse", "bias", "r2", "mape",
    }  # fmt: skip


def test_config_decides_the_task(tmp_path: Path) -> None:
    model = ModelConfig("m", ("x",), fields=FIELDS, task="regression")
    rows: Rows = [{"x": i, "prediction": i % 2} for i in range(40)]
    reference = build([write_csv(tmp_path / "x.csv", rows)], model, now=1.0)
    assert (reference.task, reference.performance) == ("regression", {})


def test_log_lines_without_inputs_do_not_count(tmp_path: Path) -> None:
    rows: Rows = [{"features": {"x": 1}}, {"status": 500}, {"outputs": {"prediction": 1}}]
    reference = build([write_lines(tmp_path / "x.jsonl", rows)], MODEL, now=1.0)
    assert (reference.rows, reference.features["x"].missing) == (2, 1)


def test_when_selects_lines_of_a_log(tmp_path: Path) -> None:
    model = ModelConfig("m", ("x",), fields=FIELDS, when={"kind": ("prediction",)})
    rows: Rows = [{"kind": "prediction", "features": {"x": 1}}, {"features": {"x": 2}}]
    assert build([write_lines(tmp_path / "x.jsonl", rows)], model, now=1.0).rows == 1


def test_features_in_a_list_have_the_configs_names(tmp_path: Path) -> None:
    features = FeaturesField("list", ("inputs",), names=("a", "b"))
    model = ModelConfig("m", ("x",), fields=Fields(features=features))
    rows: Rows = [{"inputs": [1, "x"]}, {"inputs": [2, "y"]}, {"inputs": [3]}]
    log = build([write_lines(tmp_path / "x.jsonl", rows)], model, now=1.0)
    flat: Rows = [{"id": 7, "a": 1, "b": "x"}, {"id": 8, "a": 2, "b": "y"}]
    table = build([write_csv(tmp_path / "x.csv", flat)], model, now=1.0)
    assert list(log.features) == list(table.features) == ["a", "b"]
    assert (log.rows, log.fingerprint) == (2, table.fingerprint)


def test_rest_of_a_flat_line_without_what_is_excluded(tmp_path: Path) -> None:
    features = FeaturesField("rest", exclude=("debug",))
    fields = Fields(features=features, prediction=Field(("out.label",)))
    model = ModelConfig("m", ("x",), fields=fields)
    rows: Rows = [{"a": 1, "debug": "x", "out": {"label": 1}}]
    reference = build([write_lines(tmp_path / "x.jsonl", rows)], model, now=1.0)
    assert list(reference.features) == ["a"]


def test_dotted_paths_are_literal_keys_first(tmp_path: Path) -> None:
    rows: Rows = [
        {"features": {"x": 1}, "outputs.prediction": "a", "outputs": {"prediction": "b"}},
        {"features": {"x": 1}, "outputs": {"prediction": "c"}},
    ]
    reference = build([write_lines(tmp_path / "x.jsonl", rows)], MODEL, now=1.0)
    assert reference.classes == ("a", "c")


def test_a_model_without_features_has_none_in_its_reference(tmp_path: Path) -> None:
    model = ModelConfig("m", ("x",), fields=Fields(prediction=Field(("prediction",))))
    reference = build(
        [write_csv(tmp_path / "x.csv", [{"a": 1, "prediction": "b"}])], model, now=1.0
    )
    assert (dict(reference.features), list(reference.outputs)) == ({}, ["prediction"])
