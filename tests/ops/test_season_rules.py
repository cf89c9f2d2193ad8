"""The rules of models with a season, against NumPy: promtool evaluates the shipped recordings.

Two replicas, one at night and one by day, with linear counters, so that rates are exact.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from alert_rules.ruleset import names

import rule_files
from inference_exporter.values.batch import Floats
from inference_exporter.values.seasons import PRIOR_ROWS, Seasons

MINUTES, AT = 150, "140m"
SAME = 'job="exporter",model="m",version="1",reference="r"'
# Rows a minute by replica, feature and bin, and the reference's shares at the replica's hour.
LIVE = np.array(
    [[[4.0, 3.0, 2.0, 1.0], [5.0, 5.0, 0.0, 0.0]], [[1.0, 2.0, 3.0, 4.0], [1.0, 9.0, 0.0, 0.0]]]
)
SHARES = np.array(
    [
        [[0.4, 0.3, 0.2, 0.1], [0.5, 0.5, 0.0, 0.0]],
        [[0.15, 0.2, 0.3, 0.35], [0.4, 0.6, 0.0, 0.0]],
    ]
)
FEATURES, BINS = ("income", "steady"), ((0, 1, 2, 3), (0, 1))
KNOWN = np.array([300.0, 900.0])  # rows of the reference, at night and by day
DESIGN, QUANTILE = 1.25, 25.0


def linear(name: str, labels: str, step: float) -> dict[str, str]:
    return {"series": f"{name}{{{SAME},{labels}}}", "values": f"0+{float(step)!r}x{MINUTES}"}


def constant(name: str, labels: str, value: float) -> dict[str, str]:
    return {"series": f"{name}{{{SAME},{labels}}}", "values": f"{float(value)!r}x{MINUTES}"}


def story(*, season: bool) -> list[dict[str, str]]:
    found = []
    for replica, (instance, hour) in enumerate((("a", "03"), ("b", "15"))):
        here = f'instance="{instance}"'
        total = LIVE[replica].sum(axis=1)
        found.append(linear("inference_requests_total", f'{here},code="ok"', total[0]))
        for hours, known in zip(("03", "15"), KNOWN, strict=True):
            if season:
                rows = total[0] if hours == hour else 0.0
                of = f'{here},hour="{hours}"'
                found.append(linear("inference_season_rows_total", of, rows))
                found.append(constant("inference_reference_season_samples", of, known))
        for row, feature in enumerate(FEATURES):
            of = f'{here},feature="{feature}"'
            for cell in BINS[row]:
                bins = f'{of},bin="{cell:02d}"'
                found.append(linear("inference_feature_bin_total", bins, LIVE[replica, row, cell]))
                ratio = f'{bins},range="x"'
                share = 1 / len(BINS[row])
                found.append(constant("inference_feature_reference_ratio", ratio, share))
                found.append(constant("inference_feature_bin_rank", bins, (cell + 0.5) * share))
                if season:
                    step = total[row] * SHARES[replica, row, cell]
                    found.append(linear("inference_feature_expected_bin_total", bins, step))
            found.append(constant("inference_feature_reference_samples", of, KNOWN.sum()))
            found.append(constant("inference_feature_drift_quantile", of, QUANTILE))
            design = f'{of},window="1h"'
            found.append(constant("inference_feature_drift_design_effect", design, DESIGN))
    return found


def noise(row: int, *, season: bool) -> str:
    """The level of noise of a feature, of the rows that the rules say it is worth."""
    seasons = Seasons("hour_of_day", "UTC", KNOWN, {})
    by_hour, samples = LIVE.sum(axis=2)[:, 0], np.array([KNOWN.sum()])
    m = float(seasons.behind(by_hour, samples)[0]) if season else float(KNOWN.sum())
    rows = f'{names.effective("feature", "1h")}{{feature="{FEATURES[row]}"}}'
    return f"{QUANTILE} * (1 / {rows} + {1 / m!r}) * (1 + {len(BINS[row])} / {rows})"


def near(series: str, row: int, value: str) -> dict[str, object]:
    chosen = f'{series}{{feature="{FEATURES[row]}"}}'
    return {
        "expr": f"group(abs({chosen} - {value}) < 1e-4)",
        "eval_time": AT,
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def wanted(*, season: bool) -> dict[str, Floats]:
    """PSI, KS and how often the live value is higher, by feature."""
    live, total = 60 * LIVE.sum(axis=0), LIVE.sum(axis=2)
    found: dict[str, list[float]] = {"psi": [], "ks": [], "higher": []}
    for row, cells in enumerate(BINS):
        size = len(cells)
        counts = live[row, :size]
        n = counts.sum()
        p = (counts + 0.5) / (n + 0.5 * size)
        known = np.full(size, 1 / size)
        q = known
        if season:
            q = (total[:, row, None] * SHARES[:, row, :size]).sum(axis=0)
            q = q / q.sum()
        found["psi"].append(float(((p - q) * np.log(p / q)).sum()))
        found["ks"].append(float(np.abs(np.cumsum(p - q)).max()))
        midrank = np.cumsum(known) - known / 2
        found["higher"].append(0.5 + float((counts / n - q) @ midrank))
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.server
@pytest.mark.parametrize("season", [True, False])
def test_a_fleet_with_a_season_is_compared_with_its_hours(season: bool, tmp_path: Path) -> None:
    series = {
        "psi": names.distance("feature", "psi", "1h"),
        "ks": names.distance("feature", "ks", "1h"),
        "higher": names.higher("feature", "1h"),
        "critical": names.critical("feature", "psi", "1h"),
    }
    rules = [rule for rule in rule_files.alerts("drift") if "FeatureDrift" in rule["alert"]]
    more = [{"record": "x", "expr": " + ".join(series.values())}]
    groups = rule_files.needed_by([*rules, *more])
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}, width=1000), "utf-8")
    expected = wanted(season=season)
    every = range(len(FEATURES))
    checks = [
        near(series[key], row, repr(float(values[row])))
        for key, values in expected.items()
        for row in every
    ]
    checks += [near(series["critical"], row, f"({noise(row, season=season)})") for row in every]
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "group_eval_order": [group["name"] for group in groups],
        "tests": [
            {"interval": "1m", "input_series": story(season=season), "promql_expr_test": checks}
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test, width=1000), "utf-8")
    answer = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yaml")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_the_rows_of_the_whole_that_hours_have_are_those_of_the_exporter() -> None:
    assert names.PRIOR_ROWS == PRIOR_ROWS


@pytest.mark.server
def test_a_drift_alert_says_what_the_reference_does_not_know(tmp_path: Path) -> None:
    """Alerts as promtool prints them where none was expected."""
    rules = [one for one in rule_files.alerts("drift") if one["alert"] == "InferenceFeatureDrift"]
    groups = [*rule_files.needed_by(rules), {"name": "alerts", "rules": rules}]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}, width=1000), "utf-8")
    of = 'instance="a",feature="income"'
    series = [
        constant("inference_feature_drift_state", f'{of},window="1h"', 1),
        constant("inference_feature_reference_season_psi", f'{of},season="hour_of_day"', 0.2),
        constant("inference_feature_reference_season_psi", f'{of},season="hour_of_week"', 0.001),
        constant("inference_reference_covers", 'instance="a",unit="month"', 0),
        constant("inference_reference_covers", 'instance="a",unit="hour"', 1),
    ]
    nothing = {"alertname": "InferenceFeatureDrift", "eval_time": "20m", "exp_alerts": []}
    story = {"interval": "1m", "input_series": series, "alert_rule_test": [nothing]}
    test = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [story]}
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test, width=1000), "utf-8")
    answer = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yaml")],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    said = answer.stdout + answer.stderr
    assert "The reference has no rows of such month as now" in said
    assert "This reference knows no hours, and the input differs by hour of day" in said
