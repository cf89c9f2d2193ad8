"""The story that Overview and Model tell in the same order: is it well, since when, what moved.

The second half of it, who is hit, why, and show me one, is `story_why`.
"""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import links, panels, tables
from dashboards.board.parts import Json, Panel, Query, about
from dashboards.board.promql import (
    ALERTS,
    INPUT_STATES,
    WINDOW,
    called,
    input_state,
    input_states,
    moved_columns,
    of,
    worst,
)  # fmt: skip

LIMIT_STEPS = ((0.5, panels.YELLOW), (1.0, panels.RED))
STATES = (
    (0, "well", panels.GREEN), (1, "notice", panels.BLUE), (2, "warning", panels.YELLOW),
    (3, "critical", panels.RED),
)  # fmt: skip
_SEVERITIES = ((3, "critical"), (2, "warning"), (1, "info"))
_OF_EACH = 6  # inputs of a model at most where there may be several models
_WEIGHT = "1e9"  # seconds that no alert has been firing for
# What alerts about models say, in the words of a sentence that a feature's name completes.
WORDS = {
    "InferenceFeatureBroken": "input is broken",
    "InferenceFeaturePointMass": "input sticks at one value",
    "InferenceFeatureDrift": "input has drifted",
    "InferenceImportantInputsDrift": "inputs that matter have drifted",
    "InferenceOutputDrift": "output has drifted",
    "InferenceConceptDrift": "errors have changed",
    "InferenceOutlierBurst": "rows unlike the reference",
    "InferenceReferenceStale": "reference is old",
    "InferenceReferencesDiffer": "replicas have different references",
    "InferenceWarmupUnfinished": "no reference yet",
    "InferenceAccuracyLow": "accuracy is low",
    "InferencePerformanceLow": "performance is low",
    "InferenceLossHigh": "loss is high",
    "InferenceAccuracyEstimateLow": "accuracy is expected to be low",
    "InferencePerformanceEstimateLow": "performance is expected to be low",
    "InferenceEstimateIntervalsBroken": "estimates cannot be relied on",
    "InferenceCalibrationPoor": "scores are no probabilities",
    "InferenceChallengerWorse": "new version is worse",
    "InferenceChallengerDecided": "new version is as good or better",
    "InferenceRegressionErrorHigh": "errors are large",
    "InferenceLabelsStopped": "labels have stopped",
    "InferenceSegmentPerformanceLow": "a segment is worse than it was",
    "InferenceSegmentUnderperforms": "a segment does worse than all",
    "InferenceFairnessRatioLow": "groups are treated unequally",
    "InferenceLatencyBudgetBurn": "requests are slow",
    "InferenceLatencyGrowth": "latency has grown",
    "InferenceFeatureMissing": "input is missing",
    "InferenceFeatureInvalid": "input has unusable values",
    "InferenceFeatureUnseen": "input has unknown categories",
    "InferenceFeatureOutOfRange": "input is out of range",
    "InferenceErrorBudgetBurn": "requests fail",
    "InferenceTrafficStopped": "traffic has stopped",
    "InferenceMonitoringLost": "nobody watches it",
}


def wellness(selector: str, *, width: int, height: int) -> Panel:
    """A line and a colour for each model: the most severe of its alerts, the oldest of these."""
    by, known = names.by("model"), of("inference_model_info", selector)
    severe = _most_severe(selector)
    well = f"0 * group by ({by}) ({known})"
    state = f"floor({severe}\n/ {_WEIGHT})\nor on ({by}) {well}"
    age = f"{severe}\n% {_WEIGHT}"
    count = f"count by ({by}) ({of('ALERTS', ALERTS, selector)})"
    labels = (*names.kept(), "model", "alertname", "feature")
    table = panels.table(
        "Is each model well",
        about("One line per model: its state, and the most severe alert about it, the oldest of "
              "these, with the input that it is about.",
              "Alerts: how many fire about this model. For: how long that one has been true. Click "
              "a model or an input for its page.", *WORDS),
        labels, (("State", state, "none"), ("For", age, "s"), ("Alerts", count, "short")), "State",
        {"model": links.to_page("Model", "inference-model", model="${__data.fields.model}"),
         "feature": _to_input()},
        width=width, height=height,
    )  # fmt: skip
    table = tables.renamed(tables.stated(table, "State", STATES), "alertname", WORDS)
    table = tables.headed(table, alertname="What is wrong")
    first = ("State", "model", "alertname", "feature", "For", "Alerts")
    widths = {"State": 80, "model": 120, "alertname": 190, "For": 90, "Alerts": 65}
    return tables.sized(tables.arranged(table, *first), **widths)


def _most_severe(selector: str) -> str:
    """Of each model one alert: its severity times the weight, plus the seconds it has been true."""
    by = names.by("model", "alertname", "feature")
    age = f"(time() - {of('ALERTS_FOR_STATE', selector)})"
    fires = {
        level: of("ALERTS", ALERTS, f'severity="{severity}", {selector}')
        for level, severity in _SEVERITIES
    }
    levels = "\n  or ".join(
        f"{level} * {_WEIGHT} + ({age} and ignoring (alertstate) {one})"
        for level, one in fires.items()
    )
    return f"topk by ({names.by('model')}) (1, max by ({by}) (\n  {levels}))"


def accuracy_lost(selector: str, accuracy: str = "") -> str:
    """How far below the reference, of the drop that is allowed."""
    now = of(accuracy or names.performance("accuracy", WINDOW), selector)
    usual = of("model_version:inference_performance_reference:accuracy", selector)
    of_a, on = names.by("model", "version"), f"on ({names.by('model')}) group_left ()"
    drop = f"max by ({of_a}) ({usual}) - max by ({of_a}) ({now})"
    return f"({drop})\n/ {on} {names.threshold('accuracy_drop')}"


def error_grown(selector: str) -> str:
    """How far the error of a regression is above its reference, of the growth that is allowed."""
    now = of(names.performance("mae", WINDOW), selector)
    usual = of("model_version:inference_performance_reference:mae", selector)
    of_a, on = names.by("model", "version"), f"on ({names.by('model')}) group_left ()"
    growth = f"max by ({of_a}) ({now}) / max by ({of_a}) ({usual}) - 1"
    return f"({growth})\n/ {on} ({names.threshold('regression_error_growth')} - 1)"


def _to_input(named: bool = True) -> Json:
    """Its page; where rows do not name their model, it is the page's."""
    return links.to_page(
        "This input", "inference-drift", model="${__data.fields.model}" if named else "${model}",
        feature="${__data.fields.feature}",
    )  # fmt: skip


def since(selector: str, *, width: int, height: int) -> Panel:
    """The state of each model over time."""
    by = names.by("model")

    def fires(weight: int, severity: str) -> str:
        found = of("ALERTS", ALERTS, f'severity="{severity}", {selector}')
        return f"{weight} * group by ({by}) ({found})"

    levels = "\nor ".join(fires(*one) for one in _SEVERITIES)
    known = f"0 * group by ({by}) ({of('inference_model_info', selector)}"
    fired = f"count_over_time({of('ALERTS', ALERTS, selector)}[$__range] @ end())"
    twelve = f"topk(12, sum by ({by}) ({fired})\n  or {known} @ end()))"
    return panels.states(
        "Each model since when",
        about("The most severe alert about each model that fires, over time; of more than twelve "
              "models those with most of them.",
              "Where the colour changes is when it began. Drift is decided on full hours, other "
              "alerts wait for some minutes, so the cause is a little to the left; the panel on "
              "inputs has no such delay."),
        STATES, Query(f"({levels}\nor {known}))\nand on ({by}) {twelve}", called("model")),
        width=width, height=height,
    )  # fmt: skip


def firing_alerts(selector: str, *, width: int = 24, height: int = 7) -> Panel:
    """All of them."""
    labels = (
        "alertname", "severity", *names.kept(), "model", "feature", "window", "instance",
    )  # fmt: skip
    fires = of("ALERTS", ALERTS, selector)
    begun = f"(time() - ALERTS_FOR_STATE) and ignoring (alertstate) {fires}"
    return tables.unless_any(tables.sized(panels.table(
        "Firing alerts",
        about("Alerts that fire now, and how long their condition has held.",
              "Alertmanager groups them by model; runbooks are linked in the notification."),
        labels, (("For", f"max by ({', '.join(labels)}) ({begun})", "s"),),
        "For", width=width, height=height), alertname=260, severity=90, window=80), "none",
        labels)  # fmt: skip


def inputs(selector: str, *labels: str) -> Panel:
    """The inputs that moved most, how far and which way; by these labels and their name."""
    labels = (*labels, "feature")
    by = ", ".join(labels)
    first, psi, _, _, higher, _ = moved_columns(by, selector)
    decided = f"max by ({by}) ({of(names.decided('feature', 'psi'), selector)})"
    several = "model" in labels
    ten = worst(selector, 10, each=_OF_EACH if several else 0)
    every = input_state(selector, names.by("model", "version", "feature"))
    state = f"max by ({by}) ({every}\nand on ({names.by('model', 'feature')}) {ten})"
    table = panels.table(
        "Inputs that moved most",
        about("Inputs that are drifted, then those whose PSI is largest in units of their limit; "
              f"ten in all{f', {_OF_EACH} of a model' if several else ''}.",
              "Higher of 100: of so many pairs of a live and a reference value, how often the live "
              "one is the higher; 50 is no direction, absent for categories. Decided: the PSI of "
              "the full window in which drift was found, as in the alert; PSI itself is of the "
              "window until now. Click an input to see its bins.",
              "InferenceFeatureDrift"),
        labels,
        (("State", state, "none"), first, psi, higher, ("Decided", decided, "none")),
        "State", {"feature": _to_input(several)}, width=14, height=8,
    )  # fmt: skip
    columns = ("feature", "Times its limit", "PSI", "Higher of 100", "Decided")
    named = [one for one in ("model", "version") if one in labels]
    shown = tables.arranged(table, "State", *named, *columns)
    widths = {"State": 75, "Input": 120, "Times its limit": 118, "PSI": 65, "Higher of 100": 118,
              "Decided": 80}  # fmt: skip
    known = tables.limited(shown, "Times its limit")
    shown = tables.coloured(tables.sized(known, **widths), "Times its limit", LIMIT_STEPS)
    return tables.stated(shown, "State", INPUT_STATES)


def inputs_since(selector: str, *, width: int = 10, legend: str = "") -> Panel:
    """A row each over time."""
    return panels.states(
        "Each input since when",
        about("The eight inputs that are farthest from the reference now, over time.",
              "Yellow: more than noise. Red: decided to be drifted. One alone: that field; many at "
              "once: the feed or the population.", "InferenceFeatureDrift"),
        INPUT_STATES, Query(input_states(selector, each=0 if legend else _OF_EACH),
                            legend or called("feature", "model")),
        width=width,
    )  # fmt: skip
