"""Overview: which model needs a look?"""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import links, panels, variables
from dashboards.board.parts import Page, Panel, Query, Row, about
from dashboards.board.promql import (
    ALERTS,
    FLEET,
    INPUT_STATES,
    WINDOW,
    called,
    drifted,
    firing,
    input_states,
    moved_columns,
    new_versions,
    of,
    over_limit,
    quantile,
    rate,
    share,
    threshold,
)  # fmt: skip

_ACCURACY = names.performance("accuracy", WINDOW)
_REFERENCE = "model_version:inference_performance_reference:accuracy"
_STATES = (
    (0, "well", panels.GREEN), (1, "notice", panels.BLUE), (2, "warning", panels.YELLOW),
    (3, "critical", panels.RED),
)  # fmt: skip
_LIMIT_STEPS = ((0.5, panels.YELLOW), (1.0, panels.RED))


def page() -> Page:
    """Is it well, since when; what moved and which way; does it cost accuracy; why."""
    return Page(
        "inference-overview", "Inference / Overview",
        "All models at a glance: which is not well, since when, and what moved.",
        (*variables.everywhere(), variables.models(), variables.window()),
        (
            Row("Is it well, and since when", (*_strip(), _since(), _alerts())),
            Row("What moved, and which way", (_inputs(), _inputs_since())),
            Row("Models and versions", (_models(),)),
            Row("Does it cost accuracy", _truth()),
            Row("Traffic and latency", _traffic()),
        ),
        (firing(""), new_versions(FLEET)),
    )  # fmt: skip


def _strip() -> tuple[Panel, ...]:
    down = 'count(up{job=~"$job"} == 0)'
    unread = 'count(inference_exporter_source_up{job=~"$job"} == 0)'
    budget = threshold("request_failure_ratio", FLEET)
    failed = share(rate("inference_request_failures_total", FLEET, "model"),
                   rate("inference_requests_total", FLEET, "model"))  # fmt: skip
    return (
        panels.stat(
            "Firing alerts",
            about("Alerts of this bundle that fire now, the watchdog aside.",
                  "Each of them is a line of the list below."),
            f"count({of('ALERTS', ALERTS)}) or vector(0)", "none", ((1, panels.RED),)),
        panels.stat(
            "Moved most",
            about("The input whose PSI is largest in units of its limit (feature_psi), and that "
                  "number.", "At 1 the limit is reached. It is an alert if it is also more than "
                  "noise for 15 minutes.", "InferenceFeatureDrift"),
            f"topk(1, {over_limit(FLEET)})", "none", _LIMIT_STEPS, "too few rows",
            named="{{feature}}"),
        panels.stat(
            "Drifted inputs",
            about("Inputs that the last full hour or day has decided to be drifted.",
                  "Zero is normal. Significant but small distances are not counted.",
                  "InferenceFeatureDrift"),
            f"count({drifted(FLEET)}) or vector(0)", "none", ((1, panels.RED),)),
        panels.stat(
            "Accuracy drop",
            about("How far accuracy is below its reference, of the drop that is allowed "
                  "(accuracy_drop); of the model that lost most.",
                  "0 % is as good as the reference, 100 % is the limit. Absent below 200 labels.",
                  "InferenceAccuracyLow"),
            _lost(), "percentunit", _LIMIT_STEPS, "no labels"),
        panels.stat(
            "Failed/budget",
            about("Share of failed requests of the budget (request_failure_ratio), of the model "
                  "with the largest.", "Above 100 % the budget shrinks faster than it may.",
                  "InferenceErrorBudgetBurn"),
            f"max({failed} / on ({names.by('model')}) {budget})", "percentunit", _LIMIT_STEPS,
            "no traffic"),
        panels.stat(
            "p95 latency",
            about("95th percentile of the logged latency over the shown resolution, all replicas.",
                  "Interpolated between bucket bounds: fine bounds, fine values.",
                  "InferenceLatencyBudgetBurn", "InferenceLatencyGrowth"),
            quantile(0.95, FLEET), "s", none="no traffic"),
        panels.stat(
            "Requests",
            about("Requests a second in the prediction logs, all replicas together.",
                  "Compare with what the model servers themselves report.",
                  "InferenceTrafficStopped"),
            rate("inference_requests_total", FLEET), "reqps"),
        panels.stat(
            "Down or blind",
            about("Exporters that do not answer, and logs that cannot be read.",
                  "Anything but 0 means that other numbers here are incomplete.",
                  "InferenceExporterDown", "InferenceSourceDown"),
            f"({down} or vector(0)) + ({unread} or vector(0))", "none", ((1, panels.RED),)),
    )  # fmt: skip


def _lost() -> str:
    drop = f"({of(_REFERENCE, FLEET)} - {of(_ACCURACY, FLEET)})"
    allowed = names.threshold("accuracy_drop")
    return f"max(clamp_min({drop} / on ({names.by('model')}) group_left () {allowed}, 0))"


def _since() -> Panel:
    by = names.by("model")

    def fires(weight: int, severity: str) -> str:
        found = of("ALERTS", ALERTS, f'severity="{severity}", {FLEET}')
        return f"{weight} * group by ({by}) ({found})"

    known = f"0 * group by ({by}) ({of('inference_model_info', FLEET)})"
    return panels.states(
        "Each model since when",
        about("The most severe alert about each model that fires, over time.",
              "Where the colour changes is when it began. Alerts wait for 15 minutes or more, so "
              "the cause is a little to the left; the panel on inputs has no such delay."),
        _STATES,
        Query(f"{fires(3, 'critical')}\nor {fires(2, 'warning')}\nor {fires(1, 'info')}"
              f"\nor {known}", called("model")), width=8, height=6,
    )  # fmt: skip


def _alerts() -> Panel:
    labels = (
        "alertname", "severity", *names.kept(), "model", "feature", "window", "instance",
    )  # fmt: skip
    fires = of("ALERTS", ALERTS)
    begun = f"(time() - ALERTS_FOR_STATE) and ignoring (alertstate) {fires}"
    return panels.unless_any(panels.sized(panels.table(
        "Firing alerts",
        about("Alerts that fire now, and how long their condition has held.",
              "Alertmanager groups them by model; runbooks are linked in the notification."),
        labels, (("Since", f"max by ({', '.join(labels)}) ({begun})", "s"),),
        "Since", width=16, height=6), alertname=230, severity=90, window=70), "none")  # fmt: skip


def _inputs() -> Panel:
    labels = (*names.kept(), "model", "feature")
    first, psi, _, _, higher, importance = moved_columns(", ".join(labels), FLEET)
    table = panels.table(
        "Inputs that moved most",
        about("The ten inputs whose PSI is largest in units of their limit.",
              "Higher of 100: of so many pairs of a live and a reference value, how often the live "
              "one is the higher; 50 is no direction, absent for categories. Importance: its share "
              "of that of all inputs. Click an input to see its bins.",
              "InferenceFeatureDrift"),
        labels, ((first[0], f"topk(10, {first[1]})", first[2]), psi, higher, importance),
        "Times its limit",
        {"feature": links.to_page(
            "This input", "inference-drift", model="${__data.fields.model}",
            feature="${__data.fields.feature}", window="${window}")},
        width=14, height=8,
    )  # fmt: skip
    return panels.coloured(table, "Times its limit", _LIMIT_STEPS)


def _inputs_since() -> Panel:
    return panels.states(
        "Each input since when",
        about("The eight inputs that are farthest from the reference now, over time.",
              "Yellow: more than noise. Red: also above its limit. One alone: that field; many at "
              "once: the feed or the population.", "InferenceFeatureDrift"),
        INPUT_STATES, Query(input_states(FLEET), called("feature", "model")), width=10,
    )  # fmt: skip


def _models() -> Panel:
    by = (*names.kept(), "model", "version")
    m = ", ".join(by)
    values = {
        "model": links.to_page("Model", "inference-model", model="${__data.fields.model}"),
        "version": links.to_page("Drift", "inference-drift", model="${__data.fields.model}"),
    }
    none = f"0 * group by ({m}) ({of('inference_model_info', FLEET)})"
    return panels.table(
        "Models",
        about("One line per model and version that Prometheus knows of.",
              "Click a model for its performance, a version for its drift. A dash is a value that "
              "is absent: no labels, or too few rows.",
              "InferenceFeatureDrift", "InferenceAccuracyLow", "InferenceErrorBudgetBurn"),
        by,
        (
            ("Drifted inputs", f"count by ({m}) ({drifted(FLEET)})\nor {none}", "short"),
            ("Accuracy", f"min by ({m}) ({of(_ACCURACY, FLEET)})", "percentunit"),
            ("Reference", f"max by ({m}) ({of(_REFERENCE, FLEET)})", "percentunit"),
            ("Failed", share(rate("inference_request_failures_total", FLEET, *by),
                             rate("inference_requests_total", FLEET, *by)), "percentunit"),
            ("p95", quantile(0.95, FLEET, *by), "s"),
            ("Requests", rate("inference_requests_total", FLEET, *by), "reqps"),
            ("Silent for", f"time() - max by ({m}) ("
             f"{of('inference_last_prediction_timestamp_seconds', FLEET)})", "s"),
        ),
        "Drifted inputs", values, height=6,
    )  # fmt: skip


def _truth() -> tuple[Panel, ...]:
    classes = rate("inference_outcomes_total", FLEET, "model")
    numbers = rate("inference_regression_outcomes_total", FLEET, "model")
    by = names.by("model", "version")
    expected = of(names.estimate("accuracy", WINDOW), FLEET)
    return (
        panels.lines(
            "Accuracy by model and version",
            about("Accuracy over labels that arrived in the window.",
                  "The dashed line is the reference; absent below 200 labels.",
                  "InferenceAccuracyLow"),
            "percentunit",
            Query(f"max by ({by}) ({of(_ACCURACY, FLEET)})", called("model", "version")),
            Query(f"max by ({by}) ({of(_REFERENCE, FLEET)})",
                  "reference " + called("model", "version")), width=8, zero=False),
        panels.lines(
            "Accuracy expected without labels",
            about("What the scores of the window say about accuracy, before any label comes.",
                  "It cannot see that inputs mean something else than they did.",
                  "InferenceAccuracyEstimateLow"),
            "percentunit",
            Query(f"max by ({by}) ({expected})", called("model", "version")),
            Query(f"max by ({by}) ({of(_REFERENCE, FLEET)})",
                  "reference " + called("model", "version")), width=8, zero=False),
        panels.lines(
            "Labels by model",
            about("Labels a second that found their prediction.",
                  "When they stop, accuracy becomes unknown, not good.",
                  "InferenceLabelsStopped"),
            "cps", Query(f"{classes}\nor\n{numbers}", called("model")), width=8),
    )  # fmt: skip


def _traffic() -> tuple[Panel, ...]:
    return (
        panels.lines(
            "Requests by model",
            about("Requests a second.", "A step at a deployment is a client's retry or a lost "
                  "replica.", "InferenceTrafficStopped"),
            "reqps", Query(rate("inference_requests_total", FLEET, "model"), called("model")),
            width=8),
        panels.lines(
            "Failed by model",
            about("Share of failed requests.", "Above the dashed line the error budget shrinks "
                  "faster than it may.", "InferenceErrorBudgetBurn"),
            "percentunit",
            Query(share(rate("inference_request_failures_total", FLEET, "model"),
                        rate("inference_requests_total", FLEET, "model")),
                  called("model")),
            Query(threshold("request_failure_ratio", FLEET), "limit " + called("model")),
            width=8),
        panels.linked(panels.lines(
            "p95 latency by model",
            about("95th percentile of the logged latency.", "Diamonds are single requests with "
                  "their trace.", "InferenceLatencyBudgetBurn", "InferenceLatencyGrowth"),
            "s",
            Query(quantile(0.95, FLEET, "model"), called("model"), exemplar=True), width=8),
            links.to_logs()),
    )  # fmt: skip
