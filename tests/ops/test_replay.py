"""The replay of `bench/calibration/alerts` is the shipped rules: promtool says the same.

Two replicas, four inputs over 30 hours: one drifts for a while, one does not, one drifts but its
rows resemble each other so much that they are worth too few, one is rare. Distances, levels, states
and alerts agree at every tenth minute; where the replay says firing, promtool does, and else not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alert_rules.ruleset import names
from bench.calibration.alerts import shares
from bench.calibration.alerts.exporter import WINDOWS, onsets
from bench.calibration.alerts.promql import Increase, Sum, alert, held
from bench.calibration.alerts.rules import Fleet, fires, in_force, looks

from inference_exporter.config.budget import parts
from inference_exporter.values.batch import Bools, Floats
from stories import promtool, series_of

MINUTES, BINS, FEATURES = 1800, 4, ("calm", "income", "rare", "visitors")
FULL = 70  # minutes until the window of an hour is full
KNOWN = np.full((len(FEATURES), BINS), 2500.0)
DESIGN = {"calm": 1.1, "income": 1.2, "rare": 1.0, "visitors": 900.0}


def _rows() -> Floats:
    """Rows (replicas, minutes, features, cells); the income drifts from 10:20 to 15:50."""
    random = np.random.default_rng(3)
    even = np.full((2, MINUTES, len(FEATURES), BINS), 2.5)
    even[:, 620:950, FEATURES.index("income")] *= (0.4, 0.8, 1.2, 1.6)
    even[:, :, FEATURES.index("visitors")] *= (0.4, 0.8, 1.2, 1.6)
    even[:, :, FEATURES.index("rare")] *= 0.12
    rows = random.poisson(even).astype(np.float64)
    rows[:, 0] = 0.0
    return rows


def _designs(minute: int) -> Floats:
    """Design effects (replicas, features); the second replica decides later than the first."""
    known = np.array(list(DESIGN.values()))
    nothing = np.full(len(FEATURES), np.nan)
    first = known if minute >= 66 else nothing
    return np.stack([first, known + 0.3 if minute >= 186 else nothing])


def _replayed(rows: Floats) -> tuple[dict[str, Floats], dict[str, Floats], Floats]:
    """PSI and level of the hour by minute, and the state."""
    verdicts, series = {}, {}
    for window in WINDOWS:
        fleet = Fleet(window, KNOWN, len(FEATURES), 0.1)
        halves = np.split(rows.sum(axis=0), [777])  # in pieces, as the replay does
        counts = np.concatenate([fleet.feed(half) for half in halves])
        verdicts[window] = np.full(counts.shape[:2], np.nan)
        for minute in np.flatnonzero(looks(window, 0, MINUTES)):
            verdicts[window][minute] = fleet.verdict(counts[minute], _designs(int(minute)))
        if window == "1h":
            series["psi"] = fleet.psi(counts)
            series["critical"] = np.stack([
                fleet.critical(counts[minute].sum(axis=-1), _designs(minute))
                for minute in range(MINUTES)
            ])  # fmt: skip
    return series, verdicts, in_force(verdicts)


def _input(rows: Floats, quantile: float) -> list[dict[str, str]]:
    found = []
    counters = rows.cumsum(axis=1)
    for replica, instance in enumerate("ab"):
        here = f'instance="{instance}"'
        requests = " ".join(f"{value:g}" for value in counters[replica, :, 0].sum(axis=1))
        found.append(series_of("inference_requests_total", f'{here},code="ok"', requests))
        for row, feature in enumerate(FEATURES):
            of = f'{here},reference="r1",feature="{feature}"'
            for cell in range(BINS):
                values = " ".join(f"{value:g}" for value in counters[replica, :, row, cell])
                bins = f'{of},bin="{cell:02d}"'
                found.append(series_of("inference_feature_bin_total", bins, values))
                ratio = f'{bins},range="x"'
                found.append(
                    series_of("inference_feature_reference_ratio", ratio, f"0.25x{MINUTES}")
                )
            for name, value in (("reference_samples", 10_000), ("drift_quantile", quantile)):
                found.append(series_of(f"inference_feature_{name}", of, f"{value!r}x{MINUTES}"))
            begin, more = ((66, 0.0), (186, 0.3))[replica]
            design = f"_x{begin} {DESIGN[feature] + more!r}x{MINUTES - begin}"
            window = f'{here},feature="{feature}",window="1h"'
            found.append(series_of("inference_feature_drift_design_effect", window, design))
    for name, value in (("feature_psi", 0.1), ("output_psi", 0.1), *parts({}).items()):
        labels = f'instance="a",name="{name}",feature=""'
        found.append(series_of("inference_threshold", labels, f"{value}x{MINUTES}"))
    return found


def _near(series: str, row: int, value: float, minute: int) -> dict[str, Any]:
    """`series` of a feature is `value`, or absent where that is NaN."""
    chosen = f'{series}{{feature="{FEATURES[row]}"}}'
    if np.isnan(value):
        return {"expr": f"count({chosen})", "eval_time": f"{minute}m", "exp_samples": []}
    expr = f"group(abs({chosen} - {float(value)!r}) < 1e-9)"
    return {"expr": expr, "eval_time": f"{minute}m", "exp_samples": [{"labels": "{}", "value": 1}]}


def _firing(
    fired: Bools,
    minute: int,
    name: str = "InferenceFeatureDrift",
    features: tuple[str, ...] = FEATURES,
) -> dict[str, Any]:
    alerts = f'ALERTS{{alertname="{name}", alertstate="firing"}}'
    return {
        "expr": f"group by (feature) ({alerts})",
        "eval_time": f"{minute}m",
        "exp_samples": [
            {"labels": f'{{feature="{features[row]}"}}', "value": 1}
            for row in np.flatnonzero(fired[minute])
        ],
    }


@pytest.mark.server
def test_a_fleet_is_replayed_as_prometheus_evaluates_it(tmp_path: Path) -> None:
    rows = _rows()
    series, verdicts, state = _replayed(rows)
    fired = fires(state)
    income = FEATURES.index("income")
    assert fired[:, income].any()
    assert not fired[:, [row for row in range(len(FEATURES)) if row != income]].any()
    assert np.isnan(state[:, FEATURES.index("visitors")]).all()
    assert onsets(fired, 1) == 1
    assert (~np.isnan(verdicts["1d"])).any()
    checks = []
    for minute in range(FULL, MINUTES, 10):
        checks.append(_firing(fired, minute))
        for row in range(len(FEATURES)) if minute % 60 == FULL % 60 else ():
            checks.append(_near(names.state("feature"), row, state[minute, row], minute))
            psi, critical = (series[name][minute, row] for name in ("psi", "critical"))
            checks.append(_near(names.distance("feature", "psi", "1h"), row, psi, minute))
            checks.append(_near(names.critical("feature", "psi", "1h"), row, critical, minute))
    quantile = Fleet("1h", KNOWN, len(FEATURES), 0.1).quantile
    promtool(
        tmp_path,
        {"interval": "1m", "input_series": _input(rows, quantile), "promql_expr_test": checks},
    )


@pytest.mark.server
def test_the_only_replica_is_replayed_by_its_own_decisions(tmp_path: Path) -> None:
    """Absent, ok, drifted for a while, absent for a quarter of an hour, ok."""
    spans = ((6, np.nan), (60, 0.0), (120, 1.0), (15, np.nan), (60, 1.0), (100, 0.0))
    state = np.concatenate([np.full(length, value) for length, value in spans])[:, None]
    fired = fires(state)
    assert onsets(fired, 1) == 1, "an absence is bridged"
    values = " ".join("_" if np.isnan(value) else f"{value:g}" for value in state[:, 0])
    of = 'instance="a",feature="calm",window="24h"'
    request = series_of("inference_requests_total", 'instance="a",code="ok"', f"0+9x{len(state)}")
    values = values.replace("1 _", "1 stale", 1)
    checks = [_firing(fired, minute) for minute in range(len(state))]
    promtool(
        tmp_path,
        {
            "interval": "1m",
            "input_series": [series_of("inference_feature_drift_state", of, values), request],
            "promql_expr_test": checks,
        },
    )


@pytest.mark.server
def test_alerts_on_shares_are_replayed_as_prometheus_evaluates_them(tmp_path: Path) -> None:
    """A tenth is missing in the reference; a third of two inputs is for a while, one in crowds."""
    minutes, features, name = 600, ("calm", "crowds", "worse"), "InferenceFeatureMissing"
    random = np.random.default_rng(4)
    share = np.full((minutes, 3), 0.1)
    share[200:320, 1:] = 0.33
    values = random.poisson(12.0, (minutes, 3)).astype(np.float64)
    values[0] = 0.0
    flawed = random.binomial(values.astype(np.int64), share).astype(np.float64)
    design = np.full((minutes, 1, 3), np.nan)
    design[66:] = (1.0, 40.0, 1.5)
    increase, total = Increase((2, 3)), Sum(60, (2, 3))
    sums = total(increase(np.stack((flawed, values), axis=1)))
    crossing = shares.crossed(sums[:, 0], sums[:, 1], np.full(3, 0.1), design, 3)
    fired = shares.fires(crossing)
    assert onsets(fired[:, 2:], 1) == 1
    assert not fired[:, :2].any()
    here = 'instance="a"'
    requests = f"0+12x{minutes}"
    series = [series_of("inference_requests_total", f'{here},code="ok"', requests)]
    for row, feature in enumerate(features):
        of = f'{here},feature="{feature}"'
        bins = f'{of},reference="r1",bin="00"'
        for metric, labels, counted in (
            ("inference_feature_missing_total", of, flawed[:, row]),
            ("inference_feature_invalid_total", of, flawed[:, row] * 0.0),
            ("inference_feature_bin_total", bins, (values - flawed)[:, row]),
        ):
            series.append(series_of(metric, labels, " ".join(f"{v:g}" for v in counted.cumsum())))
        known = f'{of},reference="r1"'
        series.append(
            series_of("inference_feature_reference_missing_ratio", known, f"0.1x{minutes}")
        )
        series.append(series_of("inference_feature_reference_samples", known, f"9999x{minutes}"))
        effect = f"_x66 {design[-1, 0, row]}x{minutes - 66}"
        window = f'{of},window="1h"'
        series.append(series_of("inference_feature_drift_design_effect", window, effect))
    for threshold, value in (("feature_missing_ratio", 0.05), *parts({}).items()):
        labels = f'{here},name="{threshold}",feature=""'
        series.append(series_of("inference_threshold", labels, f"{value}x{minutes}"))
    checks = [_firing(fired, minute, name, features) for minute in range(FULL, minutes, 3)]
    promtool(tmp_path, {"interval": "1m", "input_series": series, "promql_expr_test": checks}, name)


def test_the_operators_are_what_a_loop_over_minutes_gives() -> None:
    random = np.random.default_rng(5)
    rows = random.poisson(3.0, (200, 2)).astype(np.float64)
    increase, total = Increase((2,)), Sum(30, (2,))
    parts = [total(increase(part)) for part in np.split(rows, [40, 41, 120])]
    padded = np.concatenate((np.zeros((40, 2)), rows))
    rates = np.array([padded[at - 4 : at + 1].sum(axis=0) / 5 for at in range(4, 240)])
    wanted = [rates[at + 36 - 30 : at + 36 + 1].sum(axis=0) for at in range(200)]
    assert np.concatenate(parts) == pytest.approx(np.array(wanted))
    sparse = np.where(random.random((200, 2)) < 0.05, random.random((200, 2)), np.nan)
    found = held(sparse, 17)
    for at in range(200):
        near = sparse[max(0, at - 17) : at + 1]
        least = np.where(np.isnan(near), -1.0, near).max(axis=0)
        assert np.where(np.isnan(found[at]), -1.0, found[at]) == pytest.approx(least)


def test_for_and_keep_firing_for_are_counted_from_what_prometheus_counts_from() -> None:
    true = np.array([0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0], dtype=np.bool_)[:, None]
    assert alert(true, 2, 0)[:, 0].astype(int).tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    assert alert(true, 0, 2)[:, 0].astype(int).tolist() == [0, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 0]
