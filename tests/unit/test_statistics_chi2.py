"""The homogeneity test: SciPy as oracle, and rare cells that must not decide alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from inference_exporter.statistics import STATISTICS, Result
from inference_exporter.statistics.base import share_comparison


def chi2(live: list[float], known: list[float]) -> Result:
    result = STATISTICS["chi2"](share_comparison(live, known))
    assert result is not None
    return result


def test_it_is_scipys_contingency_test_where_all_cells_are_filled() -> None:
    live, known = [30.0, 45.0, 60.0, 25.0], [310.0, 420.0, 480.0, 290.0]
    expected = stats.chi2_contingency(np.array([live, known]), correction=False)
    assert chi2(live, known).value == pytest.approx(expected.statistic)
    assert chi2(live, known).p_value == pytest.approx(expected.pvalue)


def test_cells_that_are_empty_on_both_sides_are_dropped() -> None:
    assert chi2([30, 70, 0, 0], [50, 50, 0, 0]) == chi2([30, 70], [50, 50])


@pytest.mark.parametrize("unseen", [1, 2, 3])
def test_a_few_unseen_rows_against_a_huge_reference_do_not_make_p_zero(unseen: int) -> None:
    live = [100.0, 100.0 - unseen, float(unseen)]
    result = chi2(live, [500_000.0, 500_000.0, 0.0])
    naive = stats.chi2_contingency(np.array([live, [500_000, 500_000, 0]]), correction=False)
    assert naive.pvalue < 1e-6
    assert result.p_value is not None
    assert result.p_value > 0.5


def test_many_unseen_rows_are_significant() -> None:
    result = chi2([150, 120, 30], [500, 500, 0])
    assert result.p_value is not None
    assert result.p_value < 1e-6


def test_rare_cells_are_pooled_until_enough_is_expected() -> None:
    # expected live counts 1, 2, 3: together 6
    pooled = chi2([50, 40, 1, 1, 4], [50, 60, 1, 3, 2])
    assert pooled.value == pytest.approx(chi2([50, 40, 6], [50, 60, 6]).value)


def test_one_rare_cell_joins_the_rarest_of_the_others() -> None:
    assert chi2([50, 40, 10, 1], [50, 40, 10, 0]).value == pytest.approx(
        chi2([50, 40, 11], [50, 40, 10]).value
    )


def test_nothing_can_be_said_where_everything_is_rare() -> None:
    assert STATISTICS["chi2"](share_comparison([1, 1, 1], [1, 1, 1])) is None


def test_it_keeps_its_level_with_equal_sizes_and_ten_categories() -> None:
    random = np.random.default_rng(3)
    shares = np.arange(1, 11) / 55
    alarms = 0
    for _ in range(400):
        live, known = random.multinomial(500, shares), random.multinomial(500, shares)
        p = chi2([float(c) for c in live], [float(c) for c in known]).p_value
        alarms += p is not None and p < 0.05
    assert alarms / 400 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)
