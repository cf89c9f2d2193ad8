"""The profile of one column: its kind, its bins, its defined outcomes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from inference_exporter.config.schema import FeaturesField, Fields, ModelConfig
from inference_exporter.reference import build
from inference_exporter.values.profile import CategoricalProfile, NumericProfile
from reference_files import (
    Rows,
    built,
    categorical,
    numeric,
    write_lines,
)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2.5, "3"], NumericProfile),
        ([1] * 9 + ["a"], NumericProfile),
        ([1] * 8 + ["a", "b"], CategoricalProfile),
        ([True, False, True], CategoricalProfile),
        (["true", "false"], CategoricalProfile),
        (["nan"] * 5 + [1.5] * 2, NumericProfile),
        ([None, None], CategoricalProfile),
        (["nan", "nan"], CategoricalProfile),
    ],
)
def test_kind_is_inferred(tmp_path: Path, values: Sequence[object], kind: type) -> None:
    assert isinstance(built(tmp_path, values).features["x"], kind)


def test_config_decides_kinds_before_the_data_does(tmp_path: Path) -> None:
    features = FeaturesField("object", ("features",), numeric=("a",), categorical=("b",))
    model = ModelConfig("m", ("x",), fields=Fields(features=features))
    rows: Rows = [{"features": {"a": v, "b": i}} for i, v in enumerate(["1", "x", "y"])]
    reference = build([write_lines(tmp_path / "x.jsonl", rows)], model, now=1.0)
    assert numeric(reference, "a").invalid == 2
    assert categorical(reference, "b").categories == ("0", "1", "2")


def test_constant_column_has_bins_below_at_and_above_its_value(tmp_path: Path) -> None:
    profile = numeric(built(tmp_path, [3.5] * 10))
    assert (profile.minimum, profile.maximum, profile.std) == (3.5, 3.5, 0.0)
    assert profile.coarse(profile.counts).tolist() == [0, 10, 0]
    assert np.searchsorted(profile.edges, [3.4999, 3.5, 3.5001]).tolist() == [0, 1, 2]


def test_column_without_a_value_has_only_unseen(tmp_path: Path) -> None:
    profile = categorical(built(tmp_path, [None] * 10))
    assert (profile.bins, profile.missing, profile.samples) == (("unseen",), 10, 0.0)


def test_two_distinct_values_have_a_bin_each(tmp_path: Path) -> None:
    profile = numeric(built(tmp_path, [0, 1, 1, 0, 1]))
    assert profile.edges.tolist() == pytest.approx([0.0], abs=1e-6)
    assert profile.edges[0] > 0.0
    assert profile.coarse(profile.counts).tolist() == [2, 3]


def test_ten_rows_have_ten_bins(tmp_path: Path) -> None:
    profile = numeric(built(tmp_path, list(range(10))))
    assert profile.coarse(profile.counts).tolist() == [1.0] * 10


def test_values_as_large_as_float64_keep_their_moments(tmp_path: Path) -> None:
    profile = numeric(built(tmp_path, [-1e308, 1e308] * 20))
    assert profile.mean == 0.0
    assert profile.std == pytest.approx(1e308)
    assert np.isfinite(profile.fine_edges).all()
    largest = sys.float_info.max
    extreme = numeric(built(tmp_path, [-largest, *(float(i) * 1e306 for i in range(40)), largest]))
    assert np.isfinite(extreme.edges).all()
    assert np.isfinite(extreme.std)


def test_integers_beyond_two_to_the_53_are_the_nearest_float(tmp_path: Path) -> None:
    profile = numeric(built(tmp_path, [2**60 + i for i in range(20)] + [10**400]))
    assert (profile.minimum, profile.invalid) == (float(2**60), 1)


def test_more_than_twenty_categories_have_an_other(tmp_path: Path) -> None:
    values: Sequence[object] = [f"c{i:02d}" for i in range(25) for _ in range(30 - i)]
    profile = categorical(built(tmp_path, values))
    assert profile.categories == tuple(f"c{i:02d}" for i in range(20))
    assert profile.known_others == {f"c{i}" for i in range(20, 25)}
    assert profile.other_count == 10 + 9 + 8 + 7 + 6
    assert profile.bins[-2:] == ("other", "unseen")


def test_ties_are_broken_by_name(tmp_path: Path) -> None:
    assert categorical(built(tmp_path, ["b", "c", "a"])).categories == ("a", "b", "c")


def test_categories_called_like_cells_never_make_two_cells_of_one_name(tmp_path: Path) -> None:
    few = categorical(built(tmp_path, ["other", "other", "unseen", "a"]))
    assert (few.categories, few.known_others) == (("a",), frozenset({"other", "unseen"}))
    alone = categorical(built(tmp_path, ["other", "other", "a"]))
    assert alone.bins == ("other", "a", "unseen")
    many = categorical(built(tmp_path, ["other"] * 9 + [f"c{i}" for i in range(30)]))
    assert "other" not in many.categories
    assert len(set(many.bins)) == len(many.bins) == 22


def test_categories_beyond_ten_thousand_are_the_references_share_of_unseen(tmp_path: Path) -> None:
    profile = categorical(built(tmp_path, [f"id{i}" for i in range(10_050)]))
    assert (profile.overflow, profile.samples) == (50, 10_050)
    assert profile.cell_counts[-1] == 50
