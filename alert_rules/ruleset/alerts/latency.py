"""Requests take longer than promised, or longer than they used to."""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.budget import Budget, burn_alerts
from alert_rules.ruleset.alerts.text import MODEL, VALUE, VERSION, limit, lookup
from alert_rules.ruleset.names import by
from alert_rules.ruleset.rules import Alert
from alert_rules.ruleset.settings import Settings

_SLOW = Budget(
    "InferenceLatencyBudgetBurn",
    "inference_requests_slow",
    "request_slow_ratio",
    "latency",
    "were slow",
    f" (over {limit('request_duration_seconds', 'humanizeDuration')})",
)


def alerts(_: Settings) -> tuple[Alert, ...]:
    """The budget needs an objective; growth needs none."""
    now = "model_version:inference_request_duration_seconds:p95_1h"
    usual = "model_version:inference_request_duration_seconds:p95_7d"
    same = names.M
    growth = Alert(
        "InferenceLatencyGrowth",
        f"{now} / ({usual} > 0)\n> on ({by('model')}) group_left ()\n"
        f"  {names.threshold('request_duration_growth')}",
        "warning",
        "latency",
        f"{MODEL}: the slowest 5 % take {VALUE} times as long as usual",
        f"The 95th percentile{VERSION} is {lookup(now, *same, show='humanizeDuration')} over "
        f"the last hour and {lookup(usual, *same, show='humanizeDuration')} over 7 days; "
        f"{limit('request_duration_growth')} times is allowed.",
        "/d/inference-latency?var-model={{ $labels.model }}",
        pending="30m",
        keep="15m",
    )
    return (*burn_alerts(_SLOW), growth)
