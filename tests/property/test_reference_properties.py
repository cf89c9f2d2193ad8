"""What holds for the profile of any column."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from comparisons import numeric_profile
from inference_exporter.reference import dumps, loads
from inference_exporter.reference.files.fingerprint import fingerprint
from inference_exporter.reference.profiling.census import CategoryCensus
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import FeatureProfile, NumericProfile, Reference

numbers = st.lists(
    st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-3, 3).map(float)),
    min_size=1,
    max_size=300,
).map(np.array)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(st.characters(codec="utf-8"))
)


def reference_of(profile: FeatureProfile) -> Reference:
    from dataclasses import replace

    bare = Reference("m", 1, 0.0, "", "classification", {"x": profile})
    return replace(bare, fingerprint=fingerprint(bare))


@given(values=numbers)
def test_every_value_is_in_one_cell_and_edges_are_shared(values: Floats) -> None:
    profile = numeric_profile(values)
    assert profile.samples == len(values)
    assert profile.coarse(profile.counts).sum() == len(values)
    assert len(profile.coarse(profile.counts)) == len(profile.bins) <= 10
    assert np.isin(profile.edges, profile.fine_edges).all()
    assert np.isfinite([profile.minimum, profile.maximum, profile.mean, profile.std]).all()
    assert profile.minimum <= profile.mean <= profile.maximum


@given(values=numbers)
def test_values_at_an_edge_are_in_the_lower_bin(values: Floats) -> None:
    profile = numeric_profile(values)
    expected = np.bincount(np.searchsorted(profile.edges, values), minlength=len(profile.bins))
    assert profile.coarse(profile.counts).tolist() == expected.tolist()


@given(values=numbers)
def test_means_lie_in_their_cells(values: Floats) -> None:
    profile = numeric_profile(values)
    low = np.concatenate(([-np.inf], profile.fine_edges))
    high = np.concatenate((profile.fine_edges, [np.inf]))
    filled = profile.counts > 0
    assert (profile.means[filled] <= high[filled]).all()
    assert (profile.means[filled] >= low[filled]).all()


@given(values=numbers)
def test_a_numeric_profile_survives_its_file_bit_by_bit(values: Floats) -> None:
    reference = reference_of(numeric_profile(values))
    found = loads(dumps(reference))
    one, other = found.features["x"], reference.features["x"]
    assert isinstance(one, NumericProfile)
    assert isinstance(other, NumericProfile)
    np.testing.assert_array_equal(one.fine_edges, other.fine_edges)
    np.testing.assert_array_equal(one.means, other.means)
    assert dumps(found) == dumps(reference)


@given(cells=st.lists(scalars, max_size=100))
def test_every_cell_of_a_column_is_counted_once(cells: list[object]) -> None:
    census = CategoryCensus()
    census.add(cells)  # type: ignore[arg-type]
    profile = census.profile(len(cells))
    assert profile.samples + profile.missing + profile.invalid == len(cells)
    assert profile.missing == sum(cell is None for cell in cells)
    assert len(set(profile.bins)) == len(profile.bins)
    reference = reference_of(profile)
    assert dumps(loads(dumps(reference))) == dumps(reference)
    json.loads(dumps(reference))
