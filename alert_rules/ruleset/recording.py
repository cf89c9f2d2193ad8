"""The recording rules, in the order in which they need each other."""

from __future__ import annotations

from alert_rules.ruleset import (
    bins,
    cohorts,
    contests,
    drops,
    estimates,
    names,
    seasons,
    traffic,
    truth,
    verdicts,
)
from alert_rules.ruleset.rules import Group
from alert_rules.ruleset.settings import Settings


def groups(settings: Settings) -> tuple[Group, ...]:
    """Rows a minute first, then windows; each window is a group, evaluated beside the others."""
    minute = (
        *bins.first_level(settings),
        *seasons.first_level(settings),
        *truth.first_level(settings),
        *estimates.first_level(settings),
        *traffic.first_level(settings),
    )
    return (
        Group("inference-increase", settings.every("1m"), minute),
        bins.facts(settings),
        seasons.facts(settings),
        bins.order(settings),
        drops.facts(settings),
        cohorts.group(settings),
        contests.group(settings),
        traffic.budgets(settings),
        *(_window(settings, window) for window in names.WINDOWS),
        verdicts.states(settings),
    )


def _window(settings: Settings, window: str) -> Group:
    rules = (
        *seasons.windowed(settings, window),
        *bins.windowed(settings, window),
        *verdicts.verdicts(settings, window),
        *truth.windowed(settings, window),
        *estimates.windowed(settings, window),
        *traffic.windowed(settings, window),
        *(contests.inputs(window) if window in names.DRIFT_WINDOWS else ()),
        *(drops.windowed(window) if window in names.LABEL_WINDOWS else ()),
        *(drops.estimated(window) if window == names.LABEL_WINDOWS[0] else ()),
    )
    return Group(f"inference-window-{window}", settings.every(names.EVALUATED_EVERY[window]), rules)
