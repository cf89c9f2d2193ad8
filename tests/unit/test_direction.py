"""Which way values went, against SciPy's Mann-Whitney U on the same bins."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from exporter_process import Series
from inference_exporter.cli.differences import compare
from inference_exporter.cli.movement import moved, way
from inference_exporter.exposition.status.html.charts import in_words
from inference_exporter.exposition.status.overview import model_view
from inference_exporter.exposition.status.selection import Selection
from inference_exporter.exposition.status.views import Bin, DriftRow
from inference_exporter.values.batch import Floats
from inference_exporter.values.order import higher, midranks
from reference_files import built
from sidecar import Sidecar
from status_case import drifted


def pairs(live: Floats, known: Floats) -> float:
    """U over the number of pairs, of rows that are worth as much as their bins."""
    x, y = (np.repeat(np.arange(len(one)), one.astype(int)) for one in (live, known))
    return float(stats.mannwhitneyu(x, y).statistic) / (len(x) * len(y))


@pytest.mark.parametrize("seed", range(10))
def test_higher_is_u_over_the_number_of_pairs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    bins = int(rng.integers(2, 13))
    live, known = (rng.integers(0, 50, bins).astype(float) + (np.arange(bins) == 1) for _ in "ab")
    assert higher(live, midranks(known)) == pytest.approx(pairs(live, known), abs=1e-12)
    assert higher(known, midranks(known)) == pytest.approx(0.5, abs=1e-12)


def test_without_rows_there_is_no_way() -> None:
    assert np.isnan(higher(np.zeros(2), np.array([0.25, 0.75])))


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Sidecar:
    return drifted(tmp_path_factory.mktemp("direction"), n=600)


def series(page: Series, name: str, scope: str, subject: str) -> Floats:
    """The values of all bins of a feature or output, in the order of the bins."""
    found = {
        dict(labels)["bin"]: value
        for (sample, labels), value in page.items()
        if sample == name and (scope, subject) in labels
    }
    return np.array([found[cell] for cell in sorted(found)])


def subjects(sidecar: Sidecar) -> list[DriftRow]:
    view = model_view(sidecar.snapshot, "m", Selection())
    assert view is not None
    assert view.shown is not None
    return [*view.shown.drift.features, *view.shown.drift.outputs]


def test_counters_and_ranks_of_the_page_give_it_and_the_status_page_says_the_same(
    sidecar: Sidecar,
) -> None:
    """The reference is the first 400 rows of the log, and what comes after them is counted."""
    page, rng = sidecar.page(), random.Random(1)
    known = np.array([_income(rng) for _ in range(400)])
    live = np.array([3.0 * _income(rng) for _ in range(600)])
    counts = series(page, "inference_feature_bin_total", "feature", "income")
    ranks = series(page, "inference_feature_bin_rank", "feature", "income")
    told = float(counts @ ranks / counts.sum())
    exact = float(stats.mannwhitneyu(live, known).statistic) / (len(live) * len(known))
    assert told == pytest.approx(exact, abs=0.05)  # most live values are ties in the last bin
    shares = series(page, "inference_feature_reference_ratio", "feature", "income")
    rows = np.round(shares * (400 + 0.5 * len(shares)) - 0.5)  # smoothing undone
    assert rows.sum() == 400
    assert told == pytest.approx(pairs(counts, rows), abs=1e-9)
    row = next(row for row in subjects(sidecar) if row.name == "income")
    assert row.higher.value == pytest.approx(told, abs=1e-12)
    for row in subjects(sidecar):
        numeric = row.name in ("income", "age", "score")
        ranks = series(page, f"inference_{row.scope}_bin_rank", row.scope, row.name)
        assert len(ranks) == (len(row.bins) if numeric else 0)
        assert (row.higher.value is not None) == numeric


def _income(rng: random.Random) -> float:
    """As `status_case` draws it, with the draws around it."""
    rng.random()
    income = rng.lognormvariate(7.0, 0.5)
    rng.gauss(45.0, 12.0), rng.choice(["DE", "FR", "JP"]), rng.random(), rng.random()
    rng.random(), rng.lognormvariate(3.0, 0.4)
    return income


def test_the_page_names_the_two_bins_that_moved_most() -> None:
    bins = (Bin("up to 1", 0.2, 0.1), Bin("1 to 2", 0.5, 0.2), Bin("over 2", 0.3, 0.7))
    assert in_words(bins) == (
        "Moved most: over 2: 70 % live, 30 % in the reference; "
        "1 to 2: 20 % live, 50 % in the reference."
    )
    assert in_words((Bin("a", 1.0, None),)).startswith("Reference only")


def test_a_diff_of_references_says_which_way_and_which_bins(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    old = built(tmp_path, rng.integers(0, 5, 400).tolist())
    new = built(tmp_path, rng.integers(2, 7, 300).tolist())
    comparison = compare(old.features["x"], new.features["x"])
    assert comparison is not None
    expected = pairs(comparison.current.counts, comparison.reference.counts)
    assert way(comparison) == pytest.approx(expected, abs=1e-12)
    change = 100 * (comparison.current.counts / 300 - comparison.reference.counts / 400)
    (first, most), (_, second) = moved(comparison)
    assert sorted(np.abs(change))[-2:] == pytest.approx([abs(second), abs(most)])
    assert first.startswith("over")


def test_categories_have_no_order_but_two_that_moved_most(tmp_path: Path) -> None:
    old = built(tmp_path, ["a"] * 50 + ["b"] * 30 + ["c"] * 20)
    new = built(tmp_path, ["a"] * 52 + ["b"] * 8 + ["c"] * 40)
    comparison = compare(old.features["x"], new.features["x"])
    assert comparison is not None
    assert np.isnan(way(comparison))
    told = moved(comparison)
    assert [name for name, _ in told] == ["b", "c"]
    assert [change for _, change in told] == pytest.approx([-22.0, 20.0])
