"""The shipped rule files, read back: what they record, alert on, and depend on."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from inference_exporter.families import FAMILIES

FOLDER = Path(__file__).parent.parent / "alert_rules"
Rule = dict[str, Any]
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')


def groups(topic: str) -> list[dict[str, Any]]:
    """Groups of one file."""
    path = FOLDER / f"{topic}.rules.yaml"
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["groups"])


def alerts(topic: str) -> list[Rule]:
    """Alerts of one file."""
    return [rule for group in groups(topic) for rule in group["rules"]]


def words(rule: Rule) -> set[str]:
    """Everything in the rule that could be a metric, annotations included."""
    annotations = " ".join(rule.get("annotations", {}).values())
    return {*_NAME.findall(_TEXT.sub('""', rule["expr"])), *_NAME.findall(annotations)}


def series() -> set[str]:
    """Names of everything that a recording rule can select: of exporters, or recorded."""
    recorded = {rule["record"] for group in groups("recording") for rule in group["rules"]}
    histograms = {f"{name}_bucket" for name in FAMILIES}
    return {*recorded, *FAMILIES, *histograms}


def needed_by(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Recording groups with only those rules that these need, directly or not."""
    recording = groups("recording")
    by_name = {rule["record"]: rule for group in recording for rule in group["rules"]}
    wanted: set[str] = set()
    waiting = [name for rule in rules for name in words(rule)]
    while waiting:
        name = waiting.pop()
        if name in by_name and name not in wanted:
            wanted.add(name)
            waiting += words(by_name[name])
    kept = (
        {**group, "rules": [rule for rule in group["rules"] if rule["record"] in wanted]}
        for group in recording
    )
    return [group for group in kept if group["rules"]]
