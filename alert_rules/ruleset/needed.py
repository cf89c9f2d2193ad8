"""The recording rules that alerts need, directly or through others: all that a large fleet keeps.

What is left out is for dashboards: further distances, the windows that no alert looks at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from alert_rules.ruleset.rules import Alert, Group

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def by(alerts: Iterable[Alert], groups: Sequence[Group]) -> tuple[Group, ...]:
    """The groups without rules that nothing of these alerts comes from; none that is empty."""
    wanted = _wanted(alerts, groups)
    kept = (
        replace(group, rules=tuple(rule for rule in group.rules if rule.name in wanted))
        for group in groups
    )
    return tuple(group for group in kept if group.rules)


def _wanted(alerts: Iterable[Alert], groups: Sequence[Group]) -> set[str]:
    expressions = {rule.name: rule.expr for group in groups for rule in group.rules}
    waiting = [name for alert in alerts for name in _named(alert)]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in expressions and name not in found:
            found.add(name)
            waiting += _NAME.findall(expressions[name])
    return found


def _named(alert: Alert) -> Iterable[str]:
    """Whatever could be a series; texts of alerts ask Prometheus too."""
    return _NAME.findall(f"{alert.expr} {alert.summary} {alert.description}")
