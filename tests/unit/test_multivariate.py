"""Distances, fits and reconstruction against NumPy and scikit-learn, row by row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from inference_exporter.multivariate import DISTANCE, ERROR, UNSEEN_SHARE, Fit, Scorer
from inference_exporter.multivariate.score import PATTERNS
from inference_exporter.multivariate.similar import SimilarInputs
from inference_exporter.values.batch import Floats
from inference_exporter.values.profile import CategoricalProfile, Multivariate

NAMES = ("a", "b", "c", "d", "e")


def _data(rows: int, seed: int = 0) -> Floats:
    rng = np.random.default_rng(seed)
    mixing = np.eye(5) + 0.3 * rng.normal(size=(5, 5))
    return np.asarray(np.clip(rng.normal(size=(rows, 5)) @ mixing, -4.9, 4.9))


def _columns(table: Floats) -> dict[str, Floats]:
    return {name: table[:, at] for at, name in enumerate(NAMES)}


def _fit(table: Floats, parts: int = 1) -> Fit:
    fit = Fit(dict.fromkeys(NAMES, (0.0, 1.0)))
    for part in np.array_split(table, parts):
        fit.add(_columns(part), len(part))
    return fit


def _made(table: Floats) -> Multivariate:
    found = _fit(table).result()
    assert found is not None
    return found


@pytest.mark.parametrize("rows", [100, 400, 5000])
@pytest.mark.parametrize("parts", [1, 7])
def test_the_covariance_is_that_of_ledoit_and_wolf(rows: int, parts: int) -> None:
    table = _data(rows, rows)
    oracle = LedoitWolf(assume_centered=True).fit(table).covariance_
    np.testing.assert_allclose(_fit(table, parts).covariance(), oracle, rtol=1e-9, atol=1e-12)


def test_the_distance_is_that_of_the_observed_features_row_by_row() -> None:
    fit = _made(_data(2000))
    rng = np.random.default_rng(3)
    table = _data(300, 4) * 2
    table[rng.random(table.shape) < 0.4] = np.nan
    table[:3] = np.nan
    found = Scorer(fit, {}).score(_columns(table), {}, 300)[DISTANCE]
    for row in range(300):
        seen = ~np.isnan(table[row])
        if not seen.any():
            assert np.isnan(found[row])
            continue
        z, own = table[row, seen], fit.covariance[np.ix_(seen, seen)]
        expected = np.sqrt(z @ np.linalg.solve(own, z) / seen.sum())
        assert found[row] == pytest.approx(expected, rel=1e-9)


def test_the_conditional_distance_is_that_of_the_most_likely_completion() -> None:
    fit = _made(_data(2000))
    precision = np.linalg.inv(fit.covariance)
    z = np.array([1.0, -2.0, 0.5, np.nan, np.nan])
    o, m = [0, 1, 2], [3, 4]
    filled = z.copy()
    filled[m] = -np.linalg.solve(precision[np.ix_(m, m)], precision[np.ix_(m, o)] @ z[o])
    found = Scorer(fit, {}).score(_columns(z[None, :]), {}, 1)[DISTANCE][0]
    assert found == pytest.approx(np.sqrt(filled @ precision @ filled / 3), rel=1e-9)


def test_the_reconstruction_error_is_what_the_components_leave() -> None:
    fit = _made(_data(2000))
    values, vectors = np.linalg.eigh(fit.covariance)
    count = len(fit.components)
    assert values[::-1][:count].sum() >= 0.8 * values.sum() or count == 4
    top = vectors[:, ::-1][:, :count]
    table = _data(50, 9)
    rest = table - table @ top @ top.T
    found = Scorer(fit, {}).score(_columns(table), {}, 50)[ERROR]
    np.testing.assert_allclose(found, np.sqrt((rest**2).mean(axis=1)), rtol=1e-9)


def test_a_broken_correlation_is_far_out_although_no_value_is() -> None:
    rng = np.random.default_rng(5)
    base = rng.normal(size=4000)
    known = np.column_stack([base + 0.1 * rng.normal(size=4000) for _ in NAMES])
    fit = _made(known)
    scorer = Scorer(fit, {})
    usual = scorer.score(_columns(known), {}, 4000)
    odd = scorer.score(_columns(np.array([[1.0, -1.0, 1.0, -1.0, 1.0]])), {}, 1)
    for name in (DISTANCE, ERROR):
        assert odd[name][0] > 4 * np.quantile(usual[name], 0.999)


def test_hostile_rows_have_a_finite_distance_or_none() -> None:
    fit = _made(_data(500))
    table = np.array([[1e308] * 5, [-1e308, 1e308, 0, np.nan, 1.0], [np.nan] * 5])
    found = Scorer(fit, {}).score(_columns(table), {}, 3)
    for name in (DISTANCE, ERROR):
        assert np.isfinite(found[name][:2]).all()
        assert found[name][0] > 1e5
        assert np.isnan(found[name][2])


def test_more_patterns_of_missing_values_than_are_factored_leave_the_rarest_out() -> None:
    rng = np.random.default_rng(6)
    names = [f"f{i}" for i in range(120)]
    fit = Fit(dict.fromkeys(names, (0.0, 1.0)))
    table = rng.normal(size=(2000, 120))
    fit.add(dict(zip(names, table.T, strict=True)), 2000)
    made = fit.result()
    assert made is not None
    table[rng.random(table.shape) < 0.5] = np.nan
    table[:100, :40], table[:100, 40:] = np.nan, 1.0
    scorer = Scorer(made, {})
    found = scorer.score(dict(zip(names, table.T, strict=True)), {}, 2000)[DISTANCE]
    assert np.isfinite(found[:100]).all()
    assert np.isfinite(found).sum() == 100 + PATTERNS - 1


def test_the_share_of_unseen_categories() -> None:
    known = CategoricalProfile(("x", "1"), np.array([5.0, 4.0]), frozenset({"rare"}), 1)
    scorer = Scorer(None, {"p": known, "q": known})
    p = ["x", "new", None, 1, "2", {"a": 1}]
    q = ["rare", "new", "new", 1.0, None, None]
    found = scorer.score({}, {"p": p, "q": q}, 6)
    np.testing.assert_array_equal(found[UNSEEN_SHARE], [0, 1, 1, 0, 1, np.nan])
    assert set(found) == {UNSEEN_SHARE}


def test_too_little_to_fit_is_no_fit() -> None:
    assert _fit(_data(99)).result() is None
    assert Fit({"a": (0.0, 1.0), "b": (1.0, 0.0), "c": (np.nan, 1.0)}).features == ("a",)


def test_a_column_that_is_a_copy_has_a_distance() -> None:
    table = _data(500)
    table[:, 1] = table[:, 0]
    table[:, 2] = 0.0
    fit = _made(table)
    assert np.linalg.eigvalsh(fit.covariance)[0] > 0
    assert np.isfinite(Scorer(fit, {}).score(_columns(table), {}, 500)[DISTANCE]).all()
    assert replace(fit, quantile=1.0).features == NAMES


def test_inputs_that_are_nearly_the_same_are_a_burst() -> None:
    rng = np.random.default_rng(7)
    sketch = SimilarInputs(5, most=20)
    ordinary = rng.normal(size=(3000, 5))
    probe = rng.normal(size=5) + 1e-4 * rng.normal(size=(300, 5))
    table = np.concatenate((ordinary, probe))
    order = rng.permutation(len(table))
    flags = sketch.flags(table[order], np.full(len(table), 600.0))
    probing = order >= 3000
    assert flags[probing].sum() == 280  # the first 20 could be chance
    assert not flags[~probing].any()


def test_a_burst_is_of_one_minute_and_goes_on_over_batches_and_restarts() -> None:
    sketch = SimilarInputs(2, most=5)
    same = np.zeros((4, 2))
    assert sketch.flags(same, np.full(4, 60.0)).sum() == 0
    again = SimilarInputs(2, most=5)
    again.restore(sketch.to_bytes())
    assert again.flags(same, np.full(4, 119.9)).tolist() == [False, True, True, True]
    assert again.flags(same, np.full(4, 120.0)).sum() == 0  # the next minute
    assert again.flags(same, np.full(4, 61.0)).sum() == 0  # late: not looked at
    times = np.array([121.0, np.nan, 122.0, 500.0])  # no time, no minute: not looked at
    assert again.flags(same, times).tolist() == [False, False, True, False]
    with pytest.raises(ValueError, match="similar inputs"):
        again.restore(b"nonsense")
