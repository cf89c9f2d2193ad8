"""The rules of two versions side by side, against the exporter's own interval of all rows.

Two replicas have half of the rows each; promtool evaluates the shipped recordings on their pages.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
import yaml
from alert_rules.ruleset import names
from alert_rules.ruleset.contests import input_critical, input_drift, recorded, value

import rule_files
from inference_exporter.performance.sequence import row_sums
from inference_exporter.values.batch import Floats
from inference_exporter.versions import Agreement, Contest, Rules, published

pytestmark = pytest.mark.server
AT, MINUTES = 5, 10
LABELS = 'job="exporter",model="m",champion="7",challenger="8",metric="x"'
ORIGIN = -3.0
AFTER = {  # the labels of a family after those of the contest
    "inference_comparison_sums_total": ("side", "sum"),
    "inference_comparison_pair_sums_total": ("sum",),
    "inference_comparison_setting": ("setting",),
    "inference_comparison_design_effect": ("side",),
}


def _rules(*, paired: bool) -> Rules:
    return Rules(paired, 0.02, 0.01, 5000, 200, 1.0, 1.0)


def _rows(rows: int) -> tuple[Floats, Floats, Floats]:
    rng = np.random.default_rng(17)
    sides = (rng.random(rows) < 0.3).astype(float)
    values = (rng.random(rows) < 0.9 - 0.03 * sides).astype(float)
    return sides, values, rng.choice([1.0, 4.0], rows)


def _add(contest: Contest, sides: Floats, values: Floats, weights: Floats) -> None:
    if contest.rules.paired:
        contest.add_pairs(values - np.roll(values, 1), weights, 1.0)
    else:
        contest.add(sides.astype(np.int64), row_sums(values, weights), 1.0)


def _page(contest: Contest, instance: str) -> list[dict[str, str]]:
    found = published(contest, Agreement(), ORIGIN)
    return [
        {
            "series": f"{family}{{{_labels(family, instance, more)}}}",
            "values": f"{float(number)!r}x{MINUTES}",
        }
        for family in AFTER
        for more, number in found.get(family, {}).items()
    ]


def _labels(family: str, instance: str, more: tuple[str, ...]) -> str:
    own = [f'{name}="{text}"' for name, text in zip(AFTER[family], more, strict=True)]
    return ",".join((LABELS, f'instance="{instance}"', *own))


def _near(expr: str, expected: float, at: int = AT, by: float = 1e-9) -> dict[str, object]:
    return {
        "expr": f"group(abs({expr} - ({float(expected)!r})) < {by})",
        "eval_time": f"{at}m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def _evaluated(folder: Path, series: list[dict[str, str]], asked: list[dict[str, object]]) -> None:
    story = {
        "rule_files": [str(rule_files.FOLDER / "recording.rules.yaml")],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": series, "promql_expr_test": asked}],
    }
    path = folder / "story.yaml"
    path.write_text(yaml.safe_dump(story), encoding="utf-8")
    done = subprocess.run(
        ["promtool", "test", "rules", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("paired", [False, True])
def test_the_fleets_interval_is_that_of_all_rows(tmp_path: Path, paired: bool) -> None:
    columns = _rows(9000)
    whole, replicas = Contest(_rules(paired=paired)), []
    for half in (slice(0, 3000), slice(3000, None)):
        one = Contest(_rules(paired=paired))
        for contest in (one, whole):
            _add(contest, *(column[half] for column in columns))
        replicas.append(one)
    replicas[0].design, replicas[1].design, whole.design = (1.5, 1.25), (1.0, 2.0), (1.5, 2.25)
    found = whole.finding()
    assert found is not None
    asked = [
        _near(recorded("difference"), found.difference),
        _near(recorded("half"), (found.upper - found.lower) / 2),
    ]
    for number, side in enumerate(("champion", "challenger")):
        mean = whole.value(number)
        if mean is not None:
            asked.append(_near(value(side), mean + ORIGIN))
    series = [*_page(replicas[0], "a"), *_page(replicas[1], "b")]
    _evaluated(tmp_path, series, asked)


def test_too_few_rows_of_one_side_have_no_interval(tmp_path: Path) -> None:
    contest = Contest(_rules(paired=False))
    sides = np.zeros(5000)
    sides[:150] = 1
    _add(contest, sides, np.tile([1.0, 0.0], 2500), np.ones(5000))
    asked: list[dict[str, object]] = [
        {"expr": recorded("half"), "eval_time": f"{AT}m", "exp_samples": []},
        _near(recorded("difference"), 0.0),
    ]
    _evaluated(tmp_path, _page(contest, "a"), asked)


BINS = {"7": (4.0, 3.0, 2.0, 1.0), "8": (5.0, 2.0, 2.0, 1.0)}  # rows a minute
HOUR, DESIGN, QUANTILE = 150, 1.25, 25.0


def _linear(labels: str, family: str, step: float) -> dict[str, str]:
    return {"series": f"{family}{{{labels}}}", "values": f"0+{step!r}x{HOUR}"}


def _fixed(labels: str, family: str, number: float) -> dict[str, str]:
    return {"series": f"{family}{{{labels}}}", "values": f"{number!r}x{HOUR}"}


def _traffic() -> list[dict[str, str]]:
    """Each version in a replica of its own."""
    found = []
    for instance, (version, rows) in zip("ab", BINS.items(), strict=True):
        here = f'job="exporter",instance="{instance}",model="m"'
        own = f'{here},version="{version}"'
        feature = f'{own},reference="r",feature="age"'
        chosen = f'{here},champion="7",challenger="8",metric="x",setting="level"'
        found += [
            _fixed(chosen, "inference_comparison_setting", 0.02),
            _linear(f'{own},code="ok"', "inference_requests_total", sum(rows)),
            _fixed(feature, "inference_feature_reference_samples", 5000.0),
            _fixed(feature, "inference_feature_drift_quantile", QUANTILE),
            _fixed(f'{feature},window="1h"', "inference_feature_drift_design_effect", DESIGN),
        ]
        for cell, step in enumerate(rows):
            at = f'{feature},bin="{cell:02d}"'
            found.append(_linear(at, "inference_feature_bin_total", step))
            found.append(_fixed(f'{at},range="x"', "inference_feature_reference_ratio", 0.25))
    return found


def test_inputs_of_versions_in_separate_replicas_are_compared(tmp_path: Path) -> None:
    smoothed = [(60 * np.array(rows) + 0.5) / (600 + 2) for rows in BINS.values()]
    q, p = smoothed
    psi = float(((p - q) * np.log(p / q)).sum())
    at, rows = HOUR - 10, names.effective("feature", "1h")
    critical = f"({input_critical('1h')} / {QUANTILE} - on () sum(1 / {rows}))"
    asked = [
        _near(input_drift("1h"), psi, at, 1e-4),
        _near(critical, 0.0, at),
        _near(rows, 600 / DESIGN, at, 10.0),
    ]
    _evaluated(tmp_path, _traffic(), asked)
