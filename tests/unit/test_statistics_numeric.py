"""Statistics from the fine grid and from moments, against SciPy on the raw samples."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from comparisons import numeric_comparison
from inference_exporter.statistics import STATISTICS, Comparison, Result
from inference_exporter.values.batch import Floats

Draw = Callable[[np.random.Generator, int], Floats]
LIGHT: dict[str, Draw] = {
    "normal": lambda r, n: r.normal(size=n),
    "uniform": lambda r, n: r.uniform(size=n),
    "bimodal": lambda r, n: np.where(r.random(n) < 0.5, r.normal(-3, 0.5, n), r.normal(3, 1, n)),
}
DISCRETE: dict[str, Draw] = {
    "integers": lambda r, n: r.integers(0, 100, n).astype(np.float64),
    "poisson": lambda r, n: r.poisson(5, n).astype(np.float64),
    "binary": lambda r, n: r.integers(0, 2, n).astype(np.float64),
}
HEAVY: dict[str, Draw] = {
    "lognormal": lambda r, n: r.lognormal(0, 1, n),
    "pareto": lambda r, n: r.pareto(3, n),
    "mostly zero": lambda r, n: np.where(r.random(n) < 0.6, 0.0, r.exponential(1, n)),
}
DRIFTS: dict[str, Callable[[Floats], Floats]] = {
    "none": lambda x: x,
    "a tenth sigma": lambda x: x + 0.1 * x.std(),
    "one sigma": lambda x: x + x.std(),
    "ten sigma": lambda x: x + 10 * x.std(),
    "wider": lambda x: (x - x.mean()) * 1.2 + x.mean(),
}
ALL = LIGHT | DISCRETE | HEAVY


def bound(name: str) -> float:
    return 0.03 if name in HEAVY else 0.005


def result_of(name: str, comparison: Comparison) -> Result:
    result = STATISTICS[name](comparison)
    assert result is not None
    return result


def samples(name: str, drift: str, rows: int, seed: int) -> tuple[Floats, Floats]:
    random = np.random.default_rng(seed)
    return ALL[name](random, 10_000), DRIFTS[drift](ALL[name](random, rows))


@pytest.mark.parametrize("rows", [200, 2000, 10_000])
@pytest.mark.parametrize("drift", DRIFTS)
@pytest.mark.parametrize("name", ALL)
def test_wasserstein_error_is_within_the_stated_bound(name: str, drift: str, rows: int) -> None:
    for seed in range(3):
        reference, live = samples(name, drift, rows, seed)
        exact = stats.wasserstein_distance(reference, live) / reference.std()
        found = result_of("wasserstein", numeric_comparison(reference, live)).value
        assert found == pytest.approx(exact, abs=bound(name))


@pytest.mark.parametrize("name", DISCRETE)
def test_wasserstein_is_exact_among_known_distinct_values(name: str) -> None:
    reference, live = samples(name, "none", 2000, 7)
    live = np.minimum(live + 1, reference.max())
    exact = stats.wasserstein_distance(reference, live) / reference.std()
    found = result_of("wasserstein", numeric_comparison(reference, live)).value
    assert found == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize("drift", DRIFTS)
@pytest.mark.parametrize("name", ALL)
def test_ks_is_never_above_the_exact_distance_and_little_below(name: str, drift: str) -> None:
    reference, live = samples(name, drift, 2000, 11)
    exact = stats.ks_2samp(reference, live, method="asymp")
    found = result_of("ks", numeric_comparison(reference, live))
    least = 0.01 if name in LIGHT else 0.03
    assert exact.statistic - least - 1e-9 <= found.value <= exact.statistic + 1e-9
    assert found.p_value is not None
    assert found.p_value >= exact.pvalue * (1 - 1e-9)


@pytest.mark.parametrize("name", DISCRETE)
def test_ks_is_exact_among_known_distinct_values(name: str) -> None:
    reference, live = samples(name, "none", 2000, 7)
    exact = stats.ks_2samp(reference, live, method="asymp").statistic
    found = result_of("ks", numeric_comparison(reference, live)).value
    assert found == pytest.approx(exact, abs=1e-12)


def test_moments_are_those_of_the_raw_samples() -> None:
    reference, live = samples("lognormal", "wider", 2000, 3)
    comparison = numeric_comparison(reference, live)
    shift = result_of("mean_shift", comparison)
    assert shift.value == pytest.approx((live.mean() - reference.mean()) / reference.std())
    ratio = result_of("std_ratio", comparison).value
    assert ratio == pytest.approx(live.std() / reference.std())
    welch = stats.ttest_ind(live, reference, equal_var=False).pvalue
    assert shift.p_value == pytest.approx(welch, abs=1e-3)


def test_far_from_zero_nothing_is_lost() -> None:
    random = np.random.default_rng(5)
    reference, live = random.normal(0, 1, 5000), random.normal(0.5, 1, 5000)
    near, far = (
        numeric_comparison(reference, live),
        numeric_comparison(reference + 1.7e9, live + 1.7e9),
    )
    for name in ("mean_shift", "std_ratio", "wasserstein", "ks", "psi"):
        assert result_of(name, far).value == pytest.approx(result_of(name, near).value, abs=1e-4)


def test_constant_reference_has_no_distance_in_standard_deviations() -> None:
    comparison = numeric_comparison(np.full(500, 3.0), np.full(500, 4.0))
    for name in ("wasserstein", "mean_shift", "std_ratio"):
        assert STATISTICS[name](comparison) is None
    assert result_of("ks", comparison).value == 1.0
    assert result_of("psi", comparison).value > 10


def test_values_of_the_size_of_float64_give_a_finite_answer_or_none() -> None:
    reference = np.array([-1e308, 1e308] * 100)
    with np.errstate(all="ignore"):
        comparison = numeric_comparison(reference, np.full(200, 1e308))
        for statistic in STATISTICS.values():
            result = statistic(comparison)
            assert result is None or np.isfinite(result.value)
        assert result_of("ks", comparison).value == 0.5


@pytest.mark.parametrize("name", STATISTICS)
def test_empty_window_has_no_value(name: str) -> None:
    comparison = numeric_comparison(np.arange(100.0), np.empty(0))
    assert STATISTICS[name](comparison) is None


def false_alarms(name: str, draw: Draw, rounds: int) -> float:
    random = np.random.default_rng(17)
    alarms = 0
    for _ in range(rounds):
        result = result_of(name, numeric_comparison(draw(random, 2000), draw(random, 500)))
        alarms += result.p_value is not None and result.p_value < 0.05
    return alarms / rounds


@pytest.mark.parametrize("name", ["psi", "chi2", "ks", "mean_shift"])
@pytest.mark.parametrize("shape", ["normal", "poisson", "mostly zero"])
def test_p_values_keep_their_promise_without_drift(name: str, shape: str) -> None:
    assert false_alarms(name, ALL[shape], 150) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 150)
