"""Sharded rules on promtool: every model is recorded once, with the value of the rules of all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from alert_rules.ruleset import recording, render, shards
from alert_rules.ruleset.settings import Settings

MODELS = ("credit-risk", "fraud-3", "Übung", "x_")
COUNTER = "inference_requests_total"


@pytest.mark.server
def test_every_model_is_recorded_once_by_the_rules_of_its_shard(tmp_path: Path) -> None:
    groups = recording.groups(Settings())[:1]  # the first level: what all others are made of
    every = shards.matchers(shards.patterns(["3"]))
    for number, matcher in enumerate(every, 1):
        text = render.text(shards.sharded(groups, number, matcher), Settings())
        (tmp_path / f"{number}.yaml").write_text(text, encoding="utf-8")
    test = {
        "rule_files": [f"{number}.yaml" for number, _ in enumerate(every, 1)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": f'{COUNTER}{{job="j",model="{name}"}}', "values": f"0+{at}x30"}
                    for at, name in enumerate(MODELS, 1)
                ],
                "promql_expr_test": [
                    {
                        "expr": "sum by (model) (model:inference_requests:increase1m)",
                        "eval_time": "20m",
                        "exp_samples": [
                            {"labels": f'{{model="{name}"}}', "value": at}
                            for at, name in enumerate(MODELS, 1)
                        ],
                    }
                ],
            }
        ],
    }
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(test), encoding="utf-8")
    answer = subprocess.run(
        ["promtool", "test", "rules", str(tmp_path / "test.yaml")],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
