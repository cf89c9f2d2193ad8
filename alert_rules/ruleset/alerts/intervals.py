"""Estimates promise that 95 of 100 intervals hold; labels say whether they did."""

from __future__ import annotations

from alert_rules.ruleset.alerts.text import MODEL, ROWS, VERSION, lookup
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Alert

_DAYS = "inference_performance_estimate_checks"
_LEAST = 10  # days: with fewer, chance explains nearly everything
_MISSES = 0.05  # of 95 % intervals
_SPREAD = 0.0475  # of a coin with that probability


def broken() -> Alert:
    """More days outside their interval than chance explains, of all replicas together.

    Days are told apart by replica, whose rows are their own. Three standard errors and one day
    above the promised share: about 1 in 1,000 for a metric whose intervals hold.
    """
    each = by(*M, "metric")
    days = f"sum by ({each}) ({_DAYS})"
    missed = f'sum by ({each}) ({_DAYS}{{result="missed"}})'
    allowed = f"{_MISSES} * {days} + 3 * sqrt({_SPREAD} * {days}) + 1"
    inside = lookup(_DAYS, *M, "metric", show=ROWS, fixed='result="held"')
    return Alert(
        "InferenceEstimateIntervalsBroken",
        f"{missed}\n> {allowed}\nand\n{days} >= {_LEAST}",
        "warning",
        "performance",
        f"{MODEL}: estimates of {{{{ $labels.metric }}}} cannot be relied on",
        "Of the days whose labels are there, the value of "
        f"{{{{ $labels.metric }}}}{VERSION} was outside the 95 % interval of its estimate on "
        f"{{{{ $value | {ROWS} }}}}, of "
        f"{inside} it was inside. "
        "What inputs mean has changed, or the reference does not know such inputs.",
        "/d/inference-model?var-model={{ $labels.model }}",
        pending="1h",
        keep="2h",
    )
