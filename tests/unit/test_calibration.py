"""The simulation that proves the alarms: its traffic and its counting are what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from bench.calibration import chart
from bench.calibration.alerts import month, regimes, whole
from bench.calibration.alerts.page import renew, section, targets
from bench.calibration.peers import _ks, _wasserstein
from bench.calibration.pool import Pool, Rate, collect, replay
from bench.calibration.traffic import Categories, Numeric
from scipy import stats

from inference_exporter.values.batch import Floats

ROOT = Path(__file__).parents[2]


def test_windows_have_the_rows_and_shares_that_were_asked_for() -> None:
    numeric, names = Numeric(1, 50), Categories(1, 50, 100)
    for window in (numeric.independent(1000), numeric.autocorrelated(1000, 0.9)):
        drawn = np.mean([window().sum(axis=1) for _ in range(200)], axis=0)
        assert drawn.sum(axis=1) == pytest.approx(1000, rel=0.02)
        assert drawn / 1000 == pytest.approx(numeric.shares, abs=0.02)
    assert names.known.shape[1] == 22, "20 listed, other, unseen"
    assert names.independent(1000)().sum() == pytest.approx(50 * 1000, rel=0.05)
    assert names.sticky(1000, 0.9)().sum() == 50 * 1000


def test_a_shift_moves_the_shares_as_the_normal_law_says() -> None:
    numeric = Numeric(2, 3)
    values = np.random.default_rng(0).standard_normal(400_000) + 0.4
    for row in range(3):
        cells = np.bincount(np.searchsorted(numeric.edges[row], values), minlength=10)
        assert cells / len(values) == pytest.approx(numeric.shifted(0.4)[row], abs=0.003)


def test_an_alarm_is_a_decision_in_which_a_model_has_a_newly_drifted_feature() -> None:
    p_values: Floats = np.ones((100, 10))
    distances: Floats = np.zeros((100, 10))
    p_values[10, :2], distances[10, :2] = 0.0, 1.0  # two features of one model: one alarm
    p_values[50, 7], distances[50, 7] = 0.0, 1.0  # the other model
    p_values[51, 7], distances[51, 7] = 0.0, 1.0  # still the same alarm
    p_values[70, 3] = 0.0  # significant and small
    pool = Pool(p_values, distances, np.ones((100, 10), dtype=np.bool_), 1.0, p_values)
    assert replay(pool, 5, 24, 0.1).alarms == 2
    assert replay(pool, 5, 24, 0.1).months == pytest.approx(2 * 100 / 720)
    assert replay(pool, 5, 24, -1.0).alarms == 3


def test_the_interval_of_a_rate_is_poissons() -> None:
    assert Rate(0, 1.0).upper == pytest.approx(3.689, abs=0.001)
    assert Rate(10, 2.0).upper == pytest.approx(18.39 / 2, abs=0.01)


def test_p_values_of_quiet_traffic_keep_their_promise() -> None:
    for correlation in (0.0, 0.9):
        numeric = Numeric(3, 200)
        rows = 1000
        window = numeric.autocorrelated(rows, correlation)
        pool = collect(numeric.known, window, 60)
        assert pool.enough.mean() > 0.95
        rate = float((pool.p_values[5:] <= 0.01).mean())
        assert 0.002 <= rate <= 0.016, correlation


def test_the_peers_distances_are_scipys() -> None:
    random = np.random.default_rng(4)
    known, live = (np.sort(random.standard_normal((2, n)), axis=1) for n in (1000, 200))
    for row in range(2):
        exact = stats.ks_2samp(known[row], live[row], method="asymp")
        n = 1000 * 200 / 1200
        assert _ks(known, live)[row] == pytest.approx(
            stats.kstwobign.sf(exact.statistic * np.sqrt(n)), rel=1e-6
        )
        distance = stats.wasserstein_distance(known[row], live[row]) / known[row].std()
        assert _wasserstein(known, live)[row] == pytest.approx(distance, rel=1e-6)


def test_a_chart_is_well_formed() -> None:
    x, y = chart.Axis("a < b", 1, 100, (1, 10, 100), log=True), chart.Axis("y", 0, 1, (0, 1))
    tree = ElementTree.fromstring(chart.draw("A & B", x, y, {"one": [(1, 0), (1000, 1)]}))
    assert tree.tag.endswith("svg")


def test_the_part_at_the_alert_is_renewed_where_it_stands() -> None:
    once = renew("# Calibration\n", section(["| x |"], ["| y |"], [], 5))
    again = renew(once + "\nthe end\n", section(["| z |"], [], ["| w |"], 5))
    assert again.startswith("# Calibration\n")
    assert again.endswith("\nthe end\n")
    assert again.count("## At the alert") == 1
    assert "| z |" in again
    assert "| x |" not in again


def test_a_day_of_everything_that_is_alarmed_on_adds_up() -> None:
    model = month.Model(1, 0.5)
    rows = model.rows(month.ROWS * 600)
    counts = month.counted(rows, month.edges_of(rows))
    every = np.full(600, month.ROWS)
    assert (counts.inputs.sum(axis=2) == month.ROWS).all()
    assert (counts.parts[..., 0].sum(axis=1) == every).all()
    assert (counts.groups[..., 0].sum(axis=1) == every).all()
    assert counts.cells.sum(axis=(1, 2)) == pytest.approx(every)
    assert counts.expected.sum(axis=(1, 2)) == pytest.approx(every)
    assert counts.scores[:, 1].sum() == counts.cells[:, :, 1].sum() == rows.label.sum()
    right = counts.cells[:, 0, 0] + counts.cells[:, 1, 1]
    assert counts.parts[..., 1].sum(axis=1) == pytest.approx(right)
    assert counts.flaws[..., 0].sum() == rows.missing.sum() > 0


@pytest.mark.slow
def test_a_model_that_goes_blind_is_found_beside_everything_else() -> None:
    assert whole.found(0.0, trials=1)["performance 1d"] == 1.0
    quiet = whole.months(0.0, count=1, days=2)
    assert quiet["all of them"].alarms == 0


@pytest.mark.slow
def test_a_fleet_that_drifts_is_found_at_the_alert_and_a_calm_one_is_silent() -> None:
    one = regimes.measure(
        regimes.REGIMES["3 replicas, independent"], hours=48, trials=10, batches=1
    )
    assert one.alerts.alarms == one.flawed.alarms == 0
    assert one.alerts.months == pytest.approx(5 * 48 / 720)
    assert one.found == 1.0
    assert regimes.row(one).startswith("| 3 replicas, independent | – | 0.0 (")
    assert [target.met for target in targets([one])] == [True, True]


@pytest.mark.slow
def test_the_quick_run_writes_a_page_with_its_pictures(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bench.calibration", "--quick", f"--output={tmp_path}"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True, timeout=600)
    page = (tmp_path / "calibration.md").read_text()
    for name in ("false-alarms", "law", "power"):
        assert f"images/calibration-{name}.svg" in page
        ElementTree.parse(tmp_path / "images" / f"calibration-{name}.svg")
