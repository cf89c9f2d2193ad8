"""Features and references as nobody would want them, from `reference build` to the page.

What each case comes to:

| case | outcome |
|---|---|
| constant feature | bins below, at and above the value; any change is drift; no `wasserstein` |
| all missing in the reference | categorical with the one bin `unseen`; live values are `unseen` |
| all missing live | no distance: too few values; `…_missing_total` counts |
| two distinct values | two bins |
| a million categories | 20 bins, `other`, `unseen`; memory bounded |
| reference of 10 rows | bins and ratios as ever, distances from the minimum of live rows on |
| live window of 0 and 1 rows | `…_drift_samples` 0 and 1, no distance |
| infinite values | invalid, in no bin |
| huge values | in the outer bins, out of range; distances finite or absent |
| integers beyond 2**53 | the nearest float64; one number is one bin |
| features that appear or vanish | `test_mismatch.py`: counted by name |
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from exporter_process import Series, total
from inference_exporter.cli import main
from inference_exporter.reference import load
from reference_files import Rows, write_lines
from sidecar import NOW, Sidecar, line

FIELDS = "fields: {timestamp: at, features: features, prediction: prediction}\n"
MODEL = FIELDS + "reference: reference.json\nwindows: [1h]\nmin_samples: 20\n"
Make = Callable[[Sequence[object]], Sidecar]


@pytest.fixture
def against(tmp_path: Path) -> Make:
    """A sidecar whose reference has these values of the feature `x`."""

    def make(values: Sequence[object]) -> Sidecar:
        rows: Rows = [{"features": {"x": one, "y": 1.0}, "prediction": "a"} for one in values]
        data = write_lines(tmp_path / "data.jsonl", rows)
        config = tmp_path / "config.yaml"
        config.write_text(f"models:\n  m:\n    logs: [x]\n    {FIELDS}")
        output = f"--output={tmp_path / 'reference.json'}"
        assert main(["reference", "build", data, f"--config.file={config}", output]) == 0
        return Sidecar(tmp_path, MODEL)

    return make


def _page(sidecar: Sidecar, values: Sequence[object]) -> Series:
    """The page after a log with these values of `x`; every value on it is a number."""
    sidecar.reads(*(line(at=NOW, features={"x": v, "y": 1.0}, prediction="a") for v in values))
    page = sidecar.page()
    assert all(math.isfinite(value) for value in page.values())
    return page


def bins(page: Series) -> dict[str, float]:
    """Live values of `x` by bin, without empty bins."""
    return {
        dict(labels)["bin"]: value
        for (name, labels), value in page.items()
        if name == "inference_feature_bin_total" and dict(labels)["feature"] == "x" and value
    }


def distances(page: Series) -> dict[str, float]:
    return {
        dict(labels)["statistic"]: value
        for (name, labels), value in page.items()
        if name == "inference_feature_drift" and dict(labels)["feature"] == "x"
    }


def of_x(page: Series, name: str) -> float:
    return total(page, f"inference_feature_{name}", feature="x")


def test_counts_are_labelled_as_they_are_whatever_the_order_of_kinds(against: Make) -> None:
    page = _page(against(["b"] * 60 + ["a"] * 40), ["a"] * 30 + ["new"] * 10)
    assert bins(page) == {"a": 30, "unseen": 10}  # a category before the number `y`
    assert total(page, "inference_feature_bin_total", feature="y", bin="01") == 40


def test_a_constant_feature_that_stays_constant(against: Make) -> None:
    page = _page(against([5.0] * 100), [5.0] * 50)
    assert bins(page) == {"01": 50}
    assert distances(page)["psi"] < 0.01  # the shares are smoothed
    assert distances(page)["ks"] == 0.0
    assert of_x(page, "out_of_range_total") == 0


def test_a_constant_feature_that_moves(against: Make) -> None:
    page = _page(against([5.0] * 100), [5.5] * 50)
    assert bins(page) == {"02": 50}
    assert of_x(page, "out_of_range_total") == 50
    assert distances(page)["psi"] > 5
    assert distances(page)["ks"] == pytest.approx(1.0)
    assert "wasserstein" not in distances(page)  # in units of a standard deviation of 0


def test_a_feature_that_is_missing_in_the_whole_reference(against: Make) -> None:
    page = _page(against([None] * 100), [None] * 10 + [3.0] * 30)
    assert bins(page) == {"unseen": 30}
    assert of_x(page, "missing_total") == 10
    assert distances(page) == {}  # one bin and no reference row: nothing to compare


def test_a_feature_that_is_missing_in_the_whole_window(against: Make) -> None:
    page = _page(against(list(range(100))), [None] * 50)
    assert bins(page) == {}
    assert of_x(page, "missing_total") == 50
    assert of_x(page, "drift_samples") == 0
    assert distances(page) == {}


def test_two_distinct_values_are_two_bins(against: Make) -> None:
    page = _page(against([0, 1] * 50), [0] * 10 + [1] * 40)
    assert bins(page) == {"00": 10, "01": 40}
    p, q = (10.5 / 51, 40.5 / 51), (0.5, 0.5)
    psi = sum((a - b) * math.log(a / b) for a, b in zip(p, q, strict=True))
    assert distances(page)["psi"] == pytest.approx(psi, rel=1e-9)


@pytest.mark.slow
def test_a_million_live_categories_cost_no_series(against: Make) -> None:
    sidecar = against([f"c{i % 25}" for i in range(500)])
    before = len(_page(sidecar, ["c0"] * 30))
    for start in range(0, 1_000_000, 50_000):
        features = (f'{{"x": "n{i}", "y": 1.0}}' for i in range(start, start + 50_000))
        sidecar.reads(
            *(
                f'{{"at": {NOW}, "features": {one}, "prediction": "a"}}\n'.encode()
                for one in features
            )
        )
    page = sidecar.page()
    assert len(page) <= before
    assert bins(page) == {"c0": 30, "unseen": 1_000_000}
    assert math.isfinite(distances(page)["psi"])


def test_a_reference_of_ten_thousand_and_more_categories(against: Make, tmp_path: Path) -> None:
    sidecar = against([f"c{i}" for i in range(12_000)])
    profile = load(str(tmp_path / "reference.json")).features["x"]
    assert profile.samples == 12_000
    assert len(profile.bins) == 22
    page = _page(sidecar, ["c0", "c9999", "c11999", "new"] * 10)
    assert sum(bins(page).values()) == 40
    assert bins(page)["unseen"] == 20  # one beyond the names kept, one never seen


def test_a_reference_of_ten_rows(against: Make) -> None:
    page = _page(against(list(range(10))), [float(i % 10) for i in range(50)])
    assert bins(page) == {f"{i:02d}": 5.0 for i in range(10)}
    assert distances(page)["psi"] == pytest.approx(0.0, abs=1e-9)
    assert of_x(page, "reference_samples") == 10


@pytest.mark.parametrize("rows", [0, 1])
def test_a_window_of_no_and_of_one_row(against: Make, rows: int) -> None:
    page = _page(against(list(range(100))), [50.0] * rows)
    assert of_x(page, "drift_samples") == rows
    assert distances(page) == {}
    assert sum(bins(page).values()) == rows


def test_one_row_where_the_minimum_is_one(against: Make, tmp_path: Path) -> None:
    against(list(range(100)))
    sidecar = Sidecar(tmp_path, MODEL.replace("min_samples: 20", "min_samples: 1"))
    assert all(math.isfinite(value) for value in distances(_page(sidecar, [50.0])).values())


def test_infinite_values_are_invalid(against: Make) -> None:
    sidecar = against(list(range(100)))
    for text in ("Infinity", "-Infinity", "NaN", '"inf"', "1e999"):
        row = f'{{"at": {NOW}, "features": {{"x": {text}, "y": 1.0}}, "prediction": "a"}}\n'
        sidecar.reads(row.encode())
    page = sidecar.page()
    assert of_x(page, "invalid_total") == 5
    assert bins(page) == {}


@pytest.mark.parametrize("known", [[1.0, 2.0, 3.0] * 30, [1e308, -1e308, 0.0] * 30])
def test_huge_values_are_in_the_outer_bins(against: Make, known: list[float]) -> None:
    page = _page(against(known), [1.7e308, -1.7e308] * 25)
    assert of_x(page, "invalid_total") == 0
    assert of_x(page, "out_of_range_total") == 50
    found = bins(page)
    assert (min(found), max(found)) == ("00", "02")
    assert sum(found.values()) == 50
    assert distances(page)["psi"] > 0.25


def test_integers_beyond_two_to_the_53_are_the_nearest_float(against: Make) -> None:
    first = 2**53
    sidecar = against([first, first + 2, first + 4] * 40)
    page = _page(sidecar, [first, first + 1, first + 2, first + 4, 10**400] * 10)
    assert bins(page) == {"00": 20, "01": 10, "02": 10}  # 2**53 + 1 is 2**53
    assert of_x(page, "invalid_total") == 10
    assert distances(page)["psi"] == pytest.approx(0.1075, abs=1e-4)  # shares 1/2, 1/4, 1/4


def test_a_column_that_changes_its_type_is_counted_not_lost(against: Make) -> None:
    sidecar = against(list(range(100)))
    page = _page(sidecar, ["7", "seven", True, [1], {"a": 1}, None])
    assert of_x(page, "invalid_total") == 3  # text, list, object; "7" and true are numbers
    assert of_x(page, "missing_total") == 1
    assert sum(bins(page).values()) == 2
    assert json.dumps(bins(page))
