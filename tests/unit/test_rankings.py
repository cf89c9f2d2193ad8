"""Ranked outputs without probabilities, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from inference_exporter.values.batch import RANKS
from inference_exporter.values.profile import Reference
from inference_exporter.values.vectors import RankingReader, ScoresReader, item_codes
from performance_data import NOW, lines_of, model_of, page_of, values

CONFIG = """\
models:
  m:
    logs: [log.jsonl]
    fields: {ranking: r, actual: a}
    top_k: [1, 3, 10]
    windows: [1h]
    min_samples: 10
"""


@pytest.mark.parametrize("length", [4, 10, 25])
def test_metrics_of_ranked_items_are_scikit_learns(length: int) -> None:
    """40 items, of which some are listed; those that are not, rank below all others."""
    random = np.random.default_rng(length)
    items = [f"film-{at}" for at in range(40)]
    rows: list[dict[str, object]] = []
    scores, hot = np.zeros((1000, 40)), np.zeros((1000, 40))
    for row in range(1000):
        order = random.permutation(40)
        wanted = order[min(int(random.exponential(4)), 39)]
        hot[row, wanted] = 1
        scores[row, order[: min(length, RANKS)]] = -np.arange(min(length, RANKS)) + 100.0
        names = [items[at] for at in order[:length]]
        rows.append({"r": names, "a": items[int(wanted)]})
    scores -= np.arange(40) * 1e-6 * (scores == 0)  # the rest: no ties, far down
    model = model_of(text=CONFIG)
    model.take(lines_of(rows), NOW)
    found = values(page_of(model), "inference_performance", "metric", "class")
    listed = hot * (scores > 0)
    gains = metrics.ndcg_score(hot, scores, k=min(length, RANKS))
    assert found["ndcg_10", ""] == pytest.approx(gains, abs=1e-9)
    for k in (1, 3, 10):
        hits = (listed * (scores > 100 - k)).sum() / 1000
        assert found[f"top_{k}_accuracy", ""] == pytest.approx(hits, abs=1e-12)
    if length >= 3:
        actual = hot.argmax(axis=1)
        top = metrics.top_k_accuracy_score(actual, scores, k=3, labels=np.arange(40))
        assert found["top_3_accuracy", ""] == pytest.approx(top, abs=1e-12)


def test_the_first_item_is_the_prediction() -> None:
    model = model_of(text=CONFIG)
    good: dict[str, object] = {"r": ["a", "b"], "a": "b"}
    empty: dict[str, object] = {"r": [], "a": "a"}
    rows = [*[good] * 30, empty]
    facts = model.take(lines_of(rows), NOW)
    assert facts.decoded.invalid == {"ranking": 1}
    page = page_of(model)
    assert values(page, "inference_predictions_total", "prediction") == {("a",): 30}
    assert values(page, "inference_outcomes_total", "predicted", "actual") == {("a", "b"): 30}
    assert values(page, "inference_performance", "metric", "class")["top_1_accuracy", ""] == 0


@pytest.mark.parametrize("ranked", [True, False])
def test_a_reference_with_many_items_makes_no_more_series_than_the_limit(ranked: bool) -> None:
    """Every pair of known classes has a series from the start: 50 of them, not 3,000."""
    items = tuple(f"film-{at:04d}" for at in range(3000))
    known = Reference("m", 1, 0.0, "", "classification", {}, classes=items)
    output = "ranking: r" if ranked else "prediction: r"
    text = CONFIG.replace("ranking: r", output) + "    reference: r.json\n"
    model = model_of(text=text, reference=known)
    last = [items[-1], items[-2]]
    rows = [{"r": last if ranked else last[0], "a": items[-2]}] * 20
    model.take(lines_of(rows), NOW)
    page = page_of(model)
    outcomes = values(page, "inference_outcomes_total", "predicted", "actual")
    assert len(outcomes) <= 51**2
    if ranked:  # the first items that are seen have series
        assert outcomes == {(items[-1], items[-2]): 20}
        assert values(page, "inference_performance", "metric", "class")["top_3_accuracy", ""] == 1


def test_items_have_one_number_however_they_are_written() -> None:
    """Labels of a CSV are texts, items of JSON may be numbers."""
    codes = item_codes([17, "17", 17.0, True, "true", "True"])
    assert len(set(codes[:3].tolist())) == len(set(codes[3:].tolist())) == 1
    assert codes[0] != codes[3]


@pytest.mark.parametrize(
    ("text", "items"),
    [("a|b", 2), ('["a", "b", "c"]', 3), ("a", 1), ('["a",', 0), ("{}", 0)],
)
def test_a_ranking_may_be_a_text(text: str, items: int) -> None:
    found, first = RankingReader().read([text])
    assert int((found.items[0] != 0).sum()) == items
    assert first == (["a"] if items else [None])
    assert (found.invalid is None) == bool(items)


def test_entries_may_be_separated_by_any_white_space() -> None:
    found = ScoresReader(("a", "b", "c"), " ").read(["0.25 0.25   0.5", " 0 1 0 ", "0 1"])
    assert found.values[:2].tolist() == [[0.25, 0.25, 0.5], [0, 1, 0]]
    assert found.invalid is not None


BAD: dict[str, object] = {
    "too short": [0.5, 0.5], "too long": [0.25] * 4, "negative": [1.2, -0.1, -0.1],
    "sum": [0.5, 0.3, 0.1], "text": [0.5, 0.5, "x"], "null": [0.5, 0.5, None],
    "nested": [0.5, 0.5, [0.0]], "nan": [0.5, 0.5, float("nan")], "scalar": 0.7,
    "object": {"a": 0.5, "b": "x"}, "other": {"a": 0.4, "d": 0.6}, "inf": [float("inf"), 0, 0],
    "broken": "[0.5, 0.5", "words": "high", "empty": [], "no classes": {}, "true": True,
    "big": [10**400, 0, 0],
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_probability_vector_is_invalid(name: str) -> None:
    good = [0.2, 0.3, 0.5]
    found = ScoresReader(("a", "b", "c")).read([good, BAD[name], None, good])
    assert found.invalid is not None
    assert found.invalid.tolist() == [False, True, False, False]
    assert np.isnan(found.values[[1, 2]]).all()
    assert found.values[[0, 3]].tolist() == [good, good]


def test_rounded_probabilities_are_divided_by_their_sum() -> None:
    found = ScoresReader(("a", "b", "c")).read([[0.333, 0.333, 0.333], {"a": 1}, [0.1, 0.2, 0.7]])
    assert found.values.sum(axis=1) == pytest.approx(1, abs=1e-15)
    assert found.values[1].tolist() == [1, 0, 0]
    assert found.invalid is None
