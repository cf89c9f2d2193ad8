"""Ours against other tools' published definitions: equal where they coincide, how far elsewhere."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

import peer_definitions as peers
from comparisons import categorical_comparison, numeric_comparison
from inference_exporter.statistics import STATISTICS, Comparison
from inference_exporter.statistics.base import share_comparison
from inference_exporter.values.batch import Floats

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "golden" / "statistics.json").read_text()
)
OnCells = Callable[[Floats, Floats], float]
SAME_FORMULA: dict[str, tuple[str, float, OnCells]] = {  # ours, factor from theirs to ours, theirs
    "Evidently psi": ("psi", 1.0, peers.evidently_psi),
    "Evidently js, natural logarithm": ("js", 1 / math.sqrt(math.log(2)), peers.evidently_js),
    "NannyML js": ("js", 1.0, peers.nannyml_js),
    "NannyML hellinger": ("hellinger", 1.0, peers.nannyml_hellinger),
    "NannyML linf": ("linf", 1.0, peers.nannyml_linf),
    "Deequ categorical linf_simple": ("linf", 1.0, peers.deequ_categorical_linf_simple),
}
MANY = 1e12  # so many times the rows that smoothing is below the last digits


def golden_numbers() -> tuple[Floats, Floats]:
    random = np.random.RandomState(42)
    return random.normal(0, 1, 5000), random.normal(0.3, 1.2, 2000)


def seeded_numbers(seed: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    return random.gamma(9.0, 2.0, 4000), random.gamma(9.0, 2.2, 1500)


def letters(seed: int) -> tuple[list[str], list[str]]:
    random = np.random.default_rng(seed)
    known = random.choice(list("abcd"), 3000, p=[0.4, 0.3, 0.2, 0.1])
    return known.tolist(), random.choice(list("abcd"), 900, p=[0.3, 0.3, 0.25, 0.15]).tolist()


NUMBERS = {
    "golden": golden_numbers(),
    "seed 1": seeded_numbers(1),
    "seed 2": seeded_numbers(2),
}
COMPARISONS: dict[str, Comparison] = {
    **{name: numeric_comparison(*both) for name, both in NUMBERS.items()},
    **{f"letters {seed}": categorical_comparison(*letters(seed)) for seed in (3, 4)},
}
on_comparisons = pytest.mark.parametrize("data", COMPARISONS)
on_numbers = pytest.mark.parametrize("data", NUMBERS)


def ours(name: str, comparison: Comparison) -> float:
    result = STATISTICS[name](comparison)
    assert result is not None
    return result.value


def of_cells(name: str, live: Floats, known: Floats) -> float:
    return ours(name, share_comparison(live.tolist(), known.tolist()))


def golden_categories() -> tuple[Floats, Floats]:
    one = GOLDEN["categorical"]
    return np.array(one["current_counts"], float), np.array(one["reference_counts"], float)


@on_comparisons
@pytest.mark.parametrize("definition", SAME_FORMULA)
def test_formula_is_the_same_on_the_same_shares(definition: str, data: str) -> None:
    name, factor, theirs = SAME_FORMULA[definition]
    one = COMPARISONS[data]
    assert ours(name, one) == pytest.approx(factor * theirs(one.p, one.q), rel=1e-9)


@on_comparisons
@pytest.mark.parametrize("definition", [*SAME_FORMULA, "Azure psi"])
def test_it_is_their_value_of_the_counts_once_smoothing_no_longer_matters(
    definition: str, data: str
) -> None:
    name, factor, theirs = (SAME_FORMULA | {"Azure psi": ("psi", 1.0, peers.azure_psi)})[definition]
    one = COMPARISONS[data]
    filled = one.reference.counts > 0
    live, known = MANY * one.current.counts[filled], MANY * one.reference.counts[filled]
    expected = factor * theirs(live, known)
    assert of_cells(name, live, known) == pytest.approx(expected, rel=1e-9)


def test_the_factor_between_the_bases_is_1_2011() -> None:
    assert SAME_FORMULA["Evidently js, natural logarithm"][1] == pytest.approx(1.2011, abs=5e-5)


@on_comparisons
def test_both_bases_are_scipys_jensen_shannon_distance(data: str) -> None:
    one = COMPARISONS[data]
    live, known = one.current.counts, one.reference.counts
    assert peers.nannyml_js(live, known) == pytest.approx(jensenshannon(live, known, 2), rel=1e-9)
    assert peers.evidently_js(live, known) == pytest.approx(jensenshannon(live, known), rel=1e-9)


def test_chi2_of_the_golden_categories_is_the_contingency_test_of_nannyml_and_scipy() -> None:
    live, known = golden_categories()
    expected = stats.chi2_contingency(np.array([live, known]), correction=False).statistic
    assert peers.nannyml_chi2(live, known) == pytest.approx(expected, rel=1e-9)
    assert of_cells("chi2", live, known) == pytest.approx(expected, rel=1e-9)
    assert GOLDEN["categorical"]["chi2_homogeneity"] == pytest.approx(expected, rel=1e-9)


@on_numbers
def test_wasserstein_is_evidentlys_within_the_stated_bound(data: str) -> None:
    reference, live = NUMBERS[data]
    theirs = peers.evidently_wasserstein(reference, live)
    exact = stats.wasserstein_distance(reference, live) / reference.std()
    assert theirs == pytest.approx(exact, rel=1e-9)
    assert ours("wasserstein", COMPARISONS[data]) == pytest.approx(theirs, abs=0.005)


@on_numbers
def test_deequs_linf_of_numbers_is_our_ks_and_not_our_linf(data: str) -> None:
    reference, live = NUMBERS[data]
    theirs = peers.deequ_numeric_linf_simple(reference, live)
    assert theirs == pytest.approx(stats.ks_2samp(reference, live).statistic, rel=1e-9)
    assert theirs - 0.01 <= ours("ks", COMPARISONS[data]) <= theirs + 1e-12
    assert abs(ours("linf", COMPARISONS[data]) - theirs) > 0.005


def test_smoothing_alone_moves_the_golden_psi_by_half_a_percent() -> None:
    one = COMPARISONS["golden"]
    theirs = peers.evidently_psi(one.current.counts, one.reference.counts)
    assert theirs == pytest.approx(0.10344, abs=5e-6)
    assert ours("psi", one) == pytest.approx(0.10298, abs=5e-6)


@pytest.mark.parametrize(
    ("tool", "expected"), [("Evidently", 0.75940), ("Azure ML", 0.35367), ("ours", 0.42873)]
)
def test_one_empty_decile_in_200_rows_has_a_psi_by_what_is_put_into_it(
    tool: str, expected: float
) -> None:
    live, known = np.array([0.0, 40.0, *[20.0] * 8]), np.full(10, 500.0)
    found = {
        "Evidently": peers.evidently_psi(live, known),
        "Azure ML": peers.azure_psi(live, known),
        "ours": of_cells("psi", live, known),
    }
    assert found[tool] == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize(
    ("rows", "smoothed", "laplace"),
    [(200, 0.14675, 0.10936), (5000, 0.31579, 0.28316), (1_000_000, 0.58356, 0.55366)],
)
def test_five_percent_unseen_cost_by_the_rows_that_never_had_them_unless_filled_with_a_constant(
    rows: int, smoothed: float, laplace: float
) -> None:
    live, known = np.array([475.0, 475.0, 50.0]), np.array([rows / 2, rows / 2, 0.0])
    assert of_cells("psi", live, known) == pytest.approx(smoothed, abs=5e-6)
    assert peers.azure_psi(live, known) == pytest.approx(laplace, abs=5e-6)
    assert peers.evidently_psi(live, known) == pytest.approx(0.31267, abs=5e-6)


def test_bins_by_sturges_over_both_samples_make_another_psi_of_the_golden_rows() -> None:
    reference, live = NUMBERS["golden"]
    edges = peers.evidently_edges(reference, live)
    cells = [np.histogram(one, edges)[0].astype(np.float64) for one in (live, reference)]
    assert len(cells[0]) == 14
    assert peers.evidently_psi(*cells) == pytest.approx(0.13316, abs=5e-6)
    assert ours("psi", COMPARISONS["golden"]) == pytest.approx(0.10298, abs=5e-6)


def test_bins_by_doane_make_other_distances_of_the_golden_rows() -> None:
    live, known = peers.nannyml_counts(*NUMBERS["golden"])
    assert (len(live), live[-1], known[-1]) == (15, 2, 0)
    assert peers.nannyml_js(live, known) == pytest.approx(0.14895, abs=5e-6)
    assert ours("js", COMPARISONS["golden"]) == pytest.approx(0.13512, abs=5e-6)
    assert peers.nannyml_hellinger(live, known) == pytest.approx(0.12639, abs=5e-6)
    assert ours("hellinger", COMPARISONS["golden"]) == pytest.approx(0.11297, abs=5e-6)


def test_nothing_in_common_is_0_8326_in_natural_logarithms_and_below_1_by_smoothing_in_ours() -> (
    None
):
    live, known = np.array([1000.0, 0.0]), np.array([0.0, 1000.0])
    assert peers.evidently_js(live, known) == pytest.approx(0.8325546111576977, rel=1e-12)
    assert peers.nannyml_js(live, known) == pytest.approx(1.0, rel=1e-12)
    assert 0.99 < of_cells("js", live, known) < 1.0


def test_wasserstein_of_nannyml_has_the_feature_s_unit_and_ours_has_none() -> None:
    reference, live = NUMBERS["golden"]
    in_grams = numeric_comparison(1000 * reference, 1000 * live)
    assert peers.nannyml_wasserstein(1000 * reference, 1000 * live) == pytest.approx(
        1000 * peers.nannyml_wasserstein(reference, live)
    )
    assert ours("wasserstein", in_grams) == pytest.approx(
        ours("wasserstein", COMPARISONS["golden"])
    )


def test_deequs_robust_distance_of_the_golden_rows_is_the_simple_one_less_what_noise_may_make() -> (
    None
):
    simple = peers.deequ_numeric_linf_simple(*NUMBERS["golden"])
    assert simple == pytest.approx(GOLDEN["numeric"]["ks_exact"], rel=1e-9)
    assert peers.deequ_linf_robust(simple, 2000, 5000) == pytest.approx(0.06858, abs=5e-6)
    assert peers.deequ_linf_robust(simple, 200, 5000) == 0.0
    assert ours("ks", COMPARISONS["golden"]) == pytest.approx(0.1145, abs=5e-6)


def test_deequs_chi2_does_not_see_unseen_categories_and_ours_does() -> None:
    live, known = golden_categories()
    assert peers.deequ_chi2(live, known) == pytest.approx(29.404, abs=5e-4)
    assert of_cells("chi2", live, known) == pytest.approx(164.040, abs=5e-4)
    live, known = np.array([475.0, 475.0, 50.0]), np.array([2500.0, 2500.0, 0.0])
    assert peers.deequ_chi2(live, known) == 0.0
    assert of_cells("chi2", live, known) > 200


def test_goodness_of_fit_flags_half_of_driftless_windows_as_large_as_the_reference() -> None:
    random = np.random.default_rng(5)
    limit = stats.chi2.ppf(0.95, 9)
    drawn = random.multinomial(5000, [0.1] * 10, size=(500, 2)).astype(np.float64)
    fit = [peers.deequ_chi2(live, known) > limit for live, known in drawn]
    homogeneity = [of_cells("chi2", live, known) > limit for live, known in drawn]
    assert 0.4 < np.mean(fit) < 0.6
    assert np.mean(homogeneity) < 0.08


def test_one_unseen_row_makes_the_unpooled_chi2_5000_and_ours_nothing() -> None:
    live, known = np.array([100.0, 99.0, 1.0]), np.array([500_000.0, 500_000.0, 0.0])
    assert peers.nannyml_chi2(live, known) == pytest.approx(5000, rel=0.01)
    assert of_cells("chi2", live, known) < 0.1
