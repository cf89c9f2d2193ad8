"""What the panel of calendar periods shows of several replicas, against their rows together."""

from __future__ import annotations

import math
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from dashboards.pages.model_vintages import vintages

from grafana import expand
from inference_exporter.performance.intervals import wilson

pytestmark = [
    pytest.mark.server,
    pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here"),
]

# By replica: labelled predictions, those of them that were right; predictions, of which so many are
# expected to be right and so many are the half of the interval; early labels, and those right.
REPLICAS = {
    "a": (900.0, 800.0, 1000.0, 850.0, 40.0, 300.0, 250.0),
    "b": (400.0, 320.0, 600.0, 540.0, 30.0, 100.0, 70.0),
    "c": (2000.0, 1900.0, 2500.0, 2300.0, 100.0, 0.0, 0.0),
}
WINDOW = "previous_month"
CHOSEN: dict[str, str | list[str]] = {
    "job": "j",
    "model": "m",
    "version": ["1"],
    "cluster": ".*",
    "namespace": ".*",
}


def series() -> list[dict[str, str]]:
    found: dict[str, float] = {}
    for instance, (rows, right, made, expected, half, soon, hit) in REPLICAS.items():
        at = f'job="j",model="m",instance="{instance}",window="{WINDOW}"'
        own, of = f'{at},version="1"', f'{at},version="1",metric="accuracy"'
        low, high = wilson(right, rows)
        found |= {
            f'inference_performance{{{of},class=""}}': right / rows,
            f'inference_performance_lower{{{of},class=""}}': low,
            f'inference_performance_upper{{{of},class=""}}': high,
            f"inference_performance_samples{{{own}}}": rows,
            # Those of a segment are no further rows.
            f'inference_performance_samples{{{own},segment="country=DE"}}': rows / 2,
            f'inference_performance{{{of},class="",segment="country=DE"}}': 0.1,
            f"inference_label_coverage_ratio{{{own}}}": rows / made,
            f"inference_performance_estimate{{{of}}}": expected / made,
            f"inference_performance_estimate_lower{{{of}}}": (expected - half) / made,
            f"inference_performance_estimate_upper{{{of}}}": (expected + half) / made,
            f"inference_performance_estimate_samples{{{own}}}": made,
            f"inference_performance_early_samples{{{own}}}": soon,
            f"inference_period_start_timestamp_seconds{{{at}}}": 1.7e9,
        }
        if soon:
            found[f'inference_performance_early{{{of},class=""}}'] = hit / soon
    return [{"series": name, "values": f"{value!r} {value!r}"} for name, value in found.items()]


def wanted() -> dict[str, float]:
    columns = list(zip(*REPLICAS.values(), strict=True))
    rows, right, made, expected, half, soon, hit = (sum(one) for one in columns)
    ends = {side: 0.0 for side in (0, 1)}
    for own, own_right, *_ in REPLICAS.values():
        interval = wilson(own_right, own)
        for side in ends:
            ends[side] += ((own_right / own - interval[side]) * own) ** 2
    return {
        "Began": 1.7e12, "Estimate": expected / made, "Estimate from": (expected - half) / made,
        "Estimate to": (expected + half) / made, "Early outcome": hit / soon,
        "Outcome": right / rows, "Outcome from": (right - math.sqrt(ends[0])) / rows,
        "Outcome to": (right + math.sqrt(ends[1])) / rows, "Labels": rows,
        "With a label": min(rows / made for rows, _, made, *_ in REPLICAS.values()),
    }  # fmt: skip


def test_the_columns_are_those_of_all_rows_together(tmp_path: Path) -> None:
    (panel,) = vintages()
    headings = panel.transformations[-1]["options"]["renameByName"]
    names = [headings[f"Value #{chr(65 + at)}"] for at in range(len(panel.queries))]
    expected = wanted()
    assert set(names) == set(expected)
    labels = f'{{version="1",window="{WINDOW}"}}'
    checks = []
    for name, query in zip(names, panel.queries, strict=True):
        equal = f"abs(({expand(query.expr, CHOSEN)}) / {expected[name]!r} - 1) < bool 1e-9"
        checks.append({"expr": equal, "eval_time": "1m",
                       "exp_samples": [{"labels": labels, "value": 1}]})  # fmt: skip
    test = {"interval": "1m", "input_series": series(), "promql_expr_test": checks}
    path = tmp_path / "test.yaml"
    path.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [test]}, width=10**6))
    answer = subprocess.run(
        ["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_their_interval_is_close_to_that_of_the_rows_together() -> None:
    """Rows that are independent are as well counted in one place."""
    found = wanted()
    low, high = wilson(found["Outcome"] * found["Labels"], found["Labels"])
    assert found["Outcome from"] == pytest.approx(low, abs=0.001)
    assert found["Outcome to"] == pytest.approx(high, abs=0.001)
