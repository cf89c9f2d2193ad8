"""Multi-window, multi-burn-rate alerts on an error budget.

Windows, factors and waits are those of the SRE workbook (chapter 5, table 5-8) and of
kubernetes-mixin, for a period of 30 days: 2 %, 5 %, 10 % and 10 % of the budget.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.text import MODEL, PERCENT, ROWS, limit, lookup
from alert_rules.ruleset.names import by
from alert_rules.ruleset.rules import Alert, Severity, Topic


@dataclass(frozen=True, slots=True)
class Burn:
    """Both windows above `factor` times the budget."""

    severity: Severity
    long: str
    short: str
    factor: float
    pending: str


BURNS = (
    Burn("critical", "1h", "5m", 14.4, "2m"),
    Burn("critical", "6h", "30m", 6.0, "15m"),
    Burn("warning", "1d", "2h", 3.0, "1h"),
    Burn("warning", "3d", "6h", 1.0, "3h"),
)
_HIGHEST = 0.9  # of a large budget 14.4 times would be more than all requests


@dataclass(frozen=True, slots=True)
class Budget:
    """What burns: the series `model:<series>:ratio…`, its budget, and words for it."""

    alert: str
    series: str
    threshold: str
    topic: Topic
    what: str
    detail: str


def burn_alerts(budget: Budget) -> Iterator[Alert]:
    """One alert per pair of windows, all of the same name."""
    for burn in BURNS:
        line = f"clamp_max({burn.factor:g} * {names.threshold(budget.threshold)}, {_HIGHEST})"
        series = f"model:{budget.series}"
        events = lookup(f"{series}:increase{burn.long}", "model", show=ROWS)
        requests = lookup(f"model:inference_requests:increase{burn.long}", "model", show=ROWS)
        yield Alert(
            budget.alert,
            f"{series}:ratio{burn.long}\n> on ({by('model')}) {line}\n"
            f"and\n{series}:ratio{burn.short}\n> on ({by('model')}) {line}\n"
            f"and\n{series}:increase{burn.long} >= {names.LEAST_EVENTS}",
            burn.severity,
            budget.topic,
            f"{MODEL}: {PERCENT} of requests {budget.what} (last {burn.long})",
            f"{events} of {requests} requests of the last {burn.long} {budget.what}"
            f"{budget.detail}. The budget is {limit(budget.threshold, 'humanizePercentage')}: it "
            f"is used up at least {burn.factor:g} times as fast as it may be. Noise: fewer than "
            f"{names.LEAST_EVENTS} such requests never alarm.",
            "/d/inference-latency?var-model={{ $labels.model }}",
            pending=burn.pending,
            labels={"window": burn.long},
        )
