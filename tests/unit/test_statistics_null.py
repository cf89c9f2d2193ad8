"""Critical values: how often chance alone exceeds them, by simulation with independent rows."""

from __future__ import annotations

import numpy as np
import pytest

from comparisons import against, numeric_profile
from inference_exporter.statistics import STATISTICS, Comparison, comparison_categorical
from inference_exporter.statistics.base import share_comparison
from inference_exporter.values.batch import Floats

ALPHA = 0.05
TRIALS = 1000
NORMAL_LAWS = ("psi", "js", "kl", "hellinger", "chi2")  # asymptotically exact
BOUNDS = ("tvd", "linf", "ks", "wasserstein", "mean_shift")


def exceeded(name: str, comparisons: list[Comparison]) -> float:
    times = 0
    for one in comparisons:
        result = STATISTICS[name](one)
        critical = STATISTICS[name].critical(one, ALPHA)
        assert result is not None
        assert critical is not None
        times += abs(result.value) > critical
    return times / len(comparisons)


@pytest.fixture(scope="module")
def quiet() -> list[Comparison]:
    """Windows of 1,000 rows, each against a reference of 3,000 rows of its own."""
    random = np.random.default_rng(5)
    windows = []
    for _ in range(TRIALS // 20):
        profile = numeric_profile(random.standard_normal(3000))
        windows += [against(profile, random.standard_normal(1000)) for _ in range(20)]
    return windows


@pytest.mark.parametrize("name", NORMAL_LAWS)
def test_chance_exceeds_the_critical_value_as_often_as_promised(
    name: str, quiet: list[Comparison]
) -> None:
    # windows share references, so that the rate varies more than that of independent trials
    assert 0.02 <= exceeded(name, quiet) <= 0.09


@pytest.mark.parametrize("name", BOUNDS)
def test_chance_does_not_exceed_a_bound_more_often_than_promised(
    name: str, quiet: list[Comparison]
) -> None:
    assert exceeded(name, quiet) <= 0.09


def test_bounds_are_not_idle(quiet: list[Comparison]) -> None:
    random = np.random.default_rng(6)
    profile = numeric_profile(random.standard_normal(3000))
    moved = [against(profile, random.standard_normal(1000) + 0.25) for _ in range(20)]
    for name in (*BOUNDS, *NORMAL_LAWS):
        assert exceeded(name, moved) >= 0.8, name


@pytest.mark.parametrize("name", [*NORMAL_LAWS, *BOUNDS])
def test_p_value_and_critical_value_agree(name: str, quiet: list[Comparison]) -> None:
    for one in quiet[:100]:
        result = STATISTICS[name](one)
        critical = STATISTICS[name].critical(one, ALPHA)
        assert result is not None
        assert result.p_value is not None
        assert critical is not None
        assert (abs(result.value) > critical) == (result.p_value < ALPHA)


def test_a_standard_deviation_has_no_critical_value(quiet: list[Comparison]) -> None:
    assert STATISTICS["std_ratio"].critical(quiet[0], ALPHA) is None


@pytest.mark.parametrize("name", ["psi", "js", "kl", "hellinger", "chi2", "tvd", "linf"])
def test_rows_that_resemble_their_neighbours_raise_the_critical_value(name: str) -> None:
    profile = share_comparison([300.0, 700.0], [5000.0, 5000.0]).profile
    live: Floats = np.array([300.0, 700.0])
    plain = comparison_categorical(profile, live)  # type: ignore[arg-type]  # of categories
    alike = comparison_categorical(profile, live, 4.0)  # type: ignore[arg-type]
    low, high = (STATISTICS[name].critical(one, 0.01) for one in (plain, alike))
    assert low is not None
    assert high is not None
    assert high > 1.5 * low
    assert STATISTICS[name](plain).value == STATISTICS[name](alike).value  # type: ignore[union-attr]


@pytest.mark.parametrize("name", STATISTICS)
def test_there_is_no_critical_value_without_rows(name: str) -> None:
    empty = share_comparison([0.0, 0.0], [0.0, 0.0])
    assert STATISTICS[name].critical(empty, 0.05) is None
