"""Quantiles of histograms."""

from __future__ import annotations

import numpy as np
import pytest

from inference_exporter.statistics import histogram_quantiles

GRID = np.geomspace(1e-4, 1e3, 239)
LEVELS = (0.5, 0.9, 0.95, 0.99)


@pytest.mark.parametrize("seed", range(5))
def test_geometric_cells_are_off_by_at_most_their_ratio(seed: int) -> None:
    values = np.random.default_rng(seed).lognormal(-3, 1, 5000)
    counts = np.bincount(np.searchsorted(GRID, values), minlength=len(GRID) + 1)
    found = histogram_quantiles(GRID, counts.astype(np.float64), LEVELS)
    exact = np.quantile(values, LEVELS, method="inverted_cdf")
    ratio = GRID[1] / GRID[0]
    for one, other in zip(found, exact.tolist(), strict=True):
        assert one is not None
        assert 1 / ratio <= one / other <= ratio


def test_nothing_counted_is_no_quantile() -> None:
    assert histogram_quantiles(np.array([1.0, 2.0]), np.zeros(3), [0.5, 0.9]) == [None, None]


def test_open_last_cell_answers_with_its_bound() -> None:
    assert histogram_quantiles(np.array([1.0, 2.0]), np.array([0, 0, 5]), [0.5]) == [2.0]


def test_first_cell_is_interpolated_from_zero() -> None:
    assert histogram_quantiles(np.array([1.0, 2.0]), np.array([4, 0, 0]), [0.5]) == [0.5]


def test_first_cell_with_a_negative_bound_answers_with_the_bound() -> None:
    assert histogram_quantiles(np.array([-1.0, 2.0]), np.array([4, 0, 0]), [0.5]) == [-1.0]


def test_linear_interpolation_within_a_cell() -> None:
    found = histogram_quantiles(np.array([1.0, 3.0]), np.array([0, 4, 0]), [0.25], geometric=False)
    assert found == [1.5]


def test_level_zero_is_the_start_of_the_first_filled_cell() -> None:
    assert histogram_quantiles(np.array([1.0, 2.0, 4.0]), np.array([0, 0, 3, 0]), [0.0]) == [2.0]
