"""Stories for promtool: series in, and what is asked of the shipped rules about them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

import rule_files

SAME = 'job="exporter",model="credit",version="1"'


def series_of(name: str, labels: str, values: str) -> dict[str, str]:
    """A series of the model."""
    return {"series": f"{name}{{{SAME},{labels}}}", "values": values}


def promtool(folder: Path, story: dict[str, Any], name: str = "InferenceFeatureDrift") -> None:
    """Hold the story against an alert and what it needs; of an alert on labels that of a day."""
    every = [rule for topic in ("drift", "quality", "performance")
             for rule in rule_files.alerts(topic)]  # fmt: skip
    rules = [
        rule for rule in every
        if rule["alert"] == name and rule["labels"].get("window", "1d") == "1d"
    ]  # fmt: skip
    groups = [*rule_files.needed_by(rules), {"name": "alerts", "rules": rules}]
    (folder / "rules.yaml").write_text(yaml.safe_dump({"groups": groups}, width=1000))
    document = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "group_eval_order": [group["name"] for group in groups],
        "tests": [story],
    }
    (folder / "test.yaml").write_text(yaml.safe_dump(document, width=10**7))
    answer = subprocess.run(
        ["promtool", "test", "rules", str(folder / "test.yaml")],
        capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, (answer.stdout + answer.stderr)[:4000]
