"""What holds for every statistic whatever the counts are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from comparisons import against, numeric_profile
from inference_exporter.statistics import STATISTICS, comparison_numeric
from inference_exporter.statistics.base import share_comparison
from inference_exporter.values.batch import Floats

SYMMETRIC = ("psi", "js", "hellinger", "tvd", "linf", "chi2")
UNIT = ("js", "hellinger", "tvd", "linf")
FROM_ZERO = (*SYMMETRIC, "kl")

counts = st.lists(st.integers(0, 10_000), min_size=2, max_size=25)
tables = counts.flatmap(
    lambda live: st.tuples(
        st.just(live),
        st.lists(st.integers(0, 10_000), min_size=len(live), max_size=len(live)),
    )
).filter(lambda both: sum(both[0]) > 0 and sum(both[1]) > 0)
values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=200).map(np.array)


def close(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=1e-9, atol=1e-12))


@pytest.mark.parametrize("name", SYMMETRIC)
@given(both=tables)
def test_it_is_symmetric(name: str, both: tuple[list[float], list[float]]) -> None:
    live, known = both
    there = STATISTICS[name](share_comparison(live, known))
    back = STATISTICS[name](share_comparison(known, live))
    assert (there is None) == (back is None)
    if there and back:
        assert np.isclose(there.value, back.value, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", FROM_ZERO)
@given(live=counts.filter(lambda cells: sum(cells) > 0))
def test_it_is_zero_between_equals(name: str, live: list[float]) -> None:
    result = STATISTICS[name](share_comparison(live, live))
    assert result is None or abs(result.value) < 1e-7


@pytest.mark.parametrize("name", FROM_ZERO)
@given(both=tables)
def test_it_is_not_negative_and_p_is_a_probability(
    name: str, both: tuple[list[float], list[float]]
) -> None:
    result = STATISTICS[name](share_comparison(*both))
    if result is None:
        assert name == "chi2"
        return
    assert result.value >= -1e-12
    assert name not in UNIT or result.value <= 1.0
    assert result.p_value is None or 0.0 <= result.p_value <= 1.0


@given(both=tables, order=st.randoms())
def test_the_order_of_cells_does_not_matter(
    both: tuple[list[float], list[float]], order: object
) -> None:
    pairs = list(zip(*both, strict=True))
    order.shuffle(pairs)  # type: ignore[attr-defined]
    live, known = ([float(pair[side]) for pair in pairs] for side in (0, 1))
    for name in ("psi", "js", "hellinger", "tvd", "linf", "kl"):
        one = STATISTICS[name](share_comparison(*both))
        other = STATISTICS[name](share_comparison(live, known))
        assert one is not None
        assert other is not None
        assert close(one.value, other.value)


@given(known=values, one=values, two=values)
def test_counts_of_two_replicas_give_the_value_of_all_their_rows(
    known: Floats, one: Floats, two: Floats
) -> None:
    profile = numeric_profile(known)
    left, right = against(profile, one), against(profile, two)
    fine = left.current.fine_counts + right.current.fine_counts
    sums = [c.current.fine_counts * c.current.fine_means for c in (left, right)]
    squares = sum(float(((x - profile.mean) ** 2).sum()) for x in (one, two))
    merged = comparison_numeric(profile, fine, sums[0] + sums[1], squares)
    whole = against(profile, np.concatenate((one, two)))
    for name, statistic in STATISTICS.items():
        first, second = statistic(merged), statistic(whole)
        assert (first is None) == (second is None)
        if first and second:
            scale = max(1.0, abs(second.value))
            assert abs(first.value - second.value) <= 1e-6 * scale, name


@given(known=values)
def test_the_reference_itself_has_not_drifted(known: Floats) -> None:
    comparison = against(numeric_profile(known), known)
    for name in ("psi", "ks", "wasserstein", "mean_shift"):
        result = STATISTICS[name](comparison)
        assert result is None or abs(result.value) < 1e-6
    ratio = STATISTICS["std_ratio"](comparison)
    assert ratio is None or close(ratio.value, 1.0) or comparison.reference.std < 1e-6


@given(known=values, live=values)
def test_ks_is_at_most_one_and_wasserstein_at_least_the_shift_of_the_mean(
    known: Floats, live: Floats
) -> None:
    comparison = against(numeric_profile(known), live)
    ks = STATISTICS["ks"](comparison)
    assert ks is None or -1e-12 <= ks.value <= 1 + 1e-12
    distance, shift = STATISTICS["wasserstein"](comparison), STATISTICS["mean_shift"](comparison)
    if distance and shift:
        assert distance.value >= abs(shift.value) * (1 - 1e-6) - 1e-6
