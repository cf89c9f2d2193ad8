"""Groups as the text of a Prometheus rule file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from alert_rules.ruleset import names, needed, recording, shards
from alert_rules.ruleset.alerts import EVERY, FILES
from alert_rules.ruleset.alerts.explore import logs_url, traces_url
from alert_rules.ruleset.alerts.text import deployment, owner
from alert_rules.ruleset.rules import Alert, Group, Recording
from alert_rules.ruleset.settings import Settings

HEAD = """\
# Written by `python -m alert_rules.generate`; edit alert_rules/ruleset/, not this file.
# Limits are no part of the rules: they are `thresholds` in the exporter's configuration.
"""
RECORDING = "recording"


class _Text(str):
    """A string that is written as a block."""


class _Dumper(yaml.SafeDumper):
    """Keeps the order and writes long expressions as blocks."""


def _block(dumper: yaml.SafeDumper, text: _Text) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")


_Dumper.add_representer(_Text, _block)


def files(settings: Settings) -> Mapping[str, str]:
    """Every rule file by its name."""
    with names.keeping(settings.keep):
        texts = {name: text(groups, settings) for name, groups in _recording(settings).items()}
        for name, alerts in FILES.items():
            group = Group(
                f"inference-{name}", settings.every(EVERY.get(name, "1m")), alerts(settings)
            )
            texts[name] = text((group,), settings)
    return {f"{name}.rules.yaml": content for name, content in texts.items()}


def _recording(settings: Settings) -> Mapping[str, Sequence[Group]]:
    """One file, or one for each shard: a file of its own can be given to a ruler of its own."""
    groups = recording.groups(settings)
    if settings.lean:
        alerts = [alert for of in FILES.values() for alert in of(settings)]
        groups = needed.by(alerts, groups)
    if not settings.shards:
        return {RECORDING: groups}
    every = shards.matchers(settings.shards)
    return {
        f"{RECORDING}-{number}-of-{len(every)}": shards.sharded(groups, number, matcher)
        for number, matcher in enumerate(every, 1)
    }


def text(groups: Sequence[Group], settings: Settings) -> str:
    """One file."""
    document = {
        "groups": [
            {
                "name": group.name,
                "interval": group.interval,
                "rules": [_rule(rule, settings) for rule in group.rules],
            }
            for group in groups
        ]
    }
    return HEAD + yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000)


def _rule(rule: Recording | Alert, settings: Settings) -> dict[str, Any]:
    expr = _Text(rule.expr + "\n") if "\n" in rule.expr else rule.expr
    if isinstance(rule, Recording):
        return {"record": rule.name, "expr": expr}
    where = deployment() if rule.about else ""
    waits = {"for": rule.pending, "keep_firing_for": rule.keep}
    return {
        "alert": rule.name,
        "expr": expr,
        **{key: settings.span(value) for key, value in waits.items() if value},
        "labels": {
            "severity": rule.severity,
            "component": "inference",
            "topic": rule.topic,
            **({one: owner(one, rule.about) for one in settings.owner} if rule.about else {}),
            **rule.labels,
        },
        "annotations": {
            "summary": rule.summary,
            "description": rule.description,
            "runbook_url": f"{settings.runbooks}/{rule.name}.md",
            "dashboard_url": f"{settings.dashboards}{rule.dashboard}{where}",
            **(_requests(settings) if rule.about == "model" else {}),
        },
    }


def _requests(settings: Settings) -> dict[str, str]:
    """Where the requests behind an alert are."""
    return {
        "logs_url": logs_url(settings.dashboards),
        "traces_url": traces_url(settings.dashboards),
    }
