"""Fixed data, values computed independently: tests/golden/statistics.json says how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from comparisons import categorical_comparison, numeric_comparison
from inference_exporter.statistics import STATISTICS, Comparison
from inference_exporter.values.profile import NumericProfile

GOLDEN: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "golden" / "statistics.json").read_text()
)
DISTANCES = ("psi", "js", "hellinger", "tvd", "linf", "kl")


@pytest.fixture(scope="module")
def comparisons() -> dict[str, Comparison]:
    random = np.random.RandomState(42)
    reference, live = random.normal(0, 1, 5000), random.normal(0.3, 1.2, 2000)
    letters = random.choice(list("abcdefg"), 5000, p=[0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05])
    live_p = [0.25, 0.2, 0.17, 0.12, 0.1, 0.08, 0.05, 0.03]
    live_letters = random.choice(list("abcdefgh"), 2000, p=live_p)
    return {
        "numeric": numeric_comparison(reference, live),
        "categorical": categorical_comparison(letters.tolist(), live_letters.tolist()),
    }


def value(name: str, comparison: Comparison) -> float:
    result = STATISTICS[name](comparison)
    assert result is not None
    return result.value


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_cells_hold_the_golden_counts(comparisons: dict[str, Comparison], kind: str) -> None:
    one = comparisons[kind]
    assert sorted(one.reference.counts.tolist()) == sorted(GOLDEN[kind]["reference_counts"])
    assert sorted(one.current.counts.tolist()) == sorted(GOLDEN[kind]["current_counts"])


def test_edges_are_the_golden_ones(comparisons: dict[str, Comparison]) -> None:
    profile = comparisons["numeric"].profile
    assert isinstance(profile, NumericProfile)
    assert profile.edges == pytest.approx(GOLDEN["numeric"]["edges"], rel=1e-12)


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
@pytest.mark.parametrize("name", DISTANCES)
def test_distance_is_the_golden_value(
    comparisons: dict[str, Comparison], kind: str, name: str
) -> None:
    assert value(name, comparisons[kind]) == pytest.approx(GOLDEN[kind][name], rel=1e-9)


def test_chi2_is_the_golden_homogeneity_test(comparisons: dict[str, Comparison]) -> None:
    result = STATISTICS["chi2"](comparisons["categorical"])
    assert result is not None
    assert result.value == pytest.approx(GOLDEN["categorical"]["chi2_homogeneity"], rel=1e-9)
    assert result.p_value == pytest.approx(GOLDEN["categorical"]["chi2_p"], rel=1e-9)


@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_psi_reaches_p_of_one_percent_at_the_golden_critical_value(
    comparisons: dict[str, Comparison], kind: str
) -> None:
    from scipy.special import chdtrc

    one = comparisons[kind]
    critical = GOLDEN[kind]["psi_critical_alpha_0_01"]
    assert chdtrc(one.cells - 1, critical / (1 / one.n + 1 / one.m)) == pytest.approx(0.01)


def test_ks_is_within_its_bound_of_the_exact_value(comparisons: dict[str, Comparison]) -> None:
    exact = GOLDEN["numeric"]["ks_exact"]
    assert exact - 0.01 <= value("ks", comparisons["numeric"]) <= exact + 1e-12


def test_wasserstein_is_within_its_bound_of_the_exact_value(
    comparisons: dict[str, Comparison],
) -> None:
    exact = GOLDEN["numeric"]["wasserstein_exact_over_reference_std"]
    assert value("wasserstein", comparisons["numeric"]) == pytest.approx(exact, abs=0.005)
