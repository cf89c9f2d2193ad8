"""Requests fail, or none come any more."""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.budget import Budget, burn_alerts
from alert_rules.ruleset.alerts.text import DURATION, MODEL, limit
from alert_rules.ruleset.names import by
from alert_rules.ruleset.rules import Alert
from alert_rules.ruleset.settings import Settings

_FAILED = Budget(
    "InferenceErrorBudgetBurn", "inference_request_failures", "request_failure_ratio",
    "traffic", "failed", "",
)  # fmt: skip
_STEADY = 60  # requests an hour: below, a pause of 15 minutes is nothing


def alerts(settings: Settings) -> tuple[Alert, ...]:
    """Failures by budget; silence only where there was traffic, and also at this time yesterday."""
    span = settings.span
    requests = "model:inference_requests"
    yesterday = f"sum_over_time({requests}:increase1m[{span('30m')}] offset {span('1d')})"
    stopped = Alert(
        "InferenceTrafficStopped",
        f"time() - max by ({by('model')}) (inference_last_prediction_timestamp_seconds)\n"
        f"> on ({by('model')}) {names.threshold('idle_seconds')}\n"
        f"and on ({by('model')}) {requests}:increase5m == 0\n"
        f"and on ({by('model')})\n"
        f"  max_over_time({requests}:increase1h[{span('6h')}]) >= {_STEADY}\n"
        f"unless on ({by('model')}) {yesterday} == 0",
        "critical",
        "traffic",
        f"{MODEL}: no prediction for {DURATION}",
        f"The last prediction in the log was made {DURATION} ago (limit "
        f"{limit('idle_seconds', 'humanizeDuration')}), on all replicas, although there were at "
        f"least {_STEADY} an hour within the last 6 hours, and some at this time yesterday.",
        "/d/inference-overview?var-model={{ $labels.model }}",
        pending="5m",
    )
    return (*burn_alerts(_FAILED), stopped)
