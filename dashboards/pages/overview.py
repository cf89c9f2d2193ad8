"""Overview: which model needs a look?"""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import links, panels, variables
from dashboards.board.parts import Page, Panel, Query, Row, about
from dashboards.board.promql import (
    ALERTS,
    FLEET,
    NOISE_STEPS,
    WINDOW,
    drifted,
    firing,
    new_versions,
    of,
    over_noise,
    quantile,
    rate,
    share,
    threshold,
)  # fmt: skip

_ACCURACY = names.performance("accuracy", WINDOW)
_REFERENCE = "model_version:inference_performance_reference:accuracy"
_FAILED = share(
    rate("inference_request_failures_total", FLEET), rate("inference_requests_total", FLEET)
)


def page() -> Page:
    """All models at a glance, then one row per model and version."""
    return Page(
        "inference-overview", "Inference / Overview",
        "All models at a glance: traffic, failures, latency, drift, accuracy.",
        (*variables.datasources(), variables.job(), variables.models(), variables.window()),
        (
            Row("Now", _strip()),
            Row("Models and versions", (_models(), _alerts())),
            Row("Traffic and latency", _traffic()),
            Row("Drift and truth", _drift()),
        ),
        (firing(""), new_versions(FLEET)),
    )  # fmt: skip


def _strip() -> tuple[Panel, ...]:
    down = 'count(up{job=~"$job"} == 0)'
    unread = 'count(inference_exporter_source_up{job=~"$job"} == 0)'
    return (
        panels.stat(
            "Requests", about("Requests a second in the prediction logs, all replicas together.",
                              "Compare with what the model servers themselves report.",
                              "InferenceTrafficStopped"),
            rate("inference_requests_total", FLEET), "reqps"),
        panels.stat(
            "Failed", about("Share of requests whose status is not one of the configured ok ones.",
                            "The budget is the threshold request_failure_ratio.",
                            "InferenceErrorBudgetBurn"),
            _FAILED, "percentunit", none="no traffic"),
        panels.stat(
            "p95 latency", about("95th percentile of the logged latency over the shown resolution.",
                                 "Interpolated between bucket bounds: fine bounds, fine values.",
                                 "InferenceLatencyBudgetBurn", "InferenceLatencyGrowth"),
            quantile(0.95, FLEET), "s", none="no traffic"),
        panels.stat(
            "Worst drift / noise",
            about("Largest PSI of any input over the value that noise alone reaches.",
                  "Below 1 nothing can be said; above, look at its size on the Drift page.",
                  "InferenceFeatureDrift"),
            f"max({over_noise('feature', FLEET)})", "none", NOISE_STEPS, "too few rows"),
        panels.stat(
            "Drifted inputs",
            about("Inputs that the last full hour or day has decided to be drifted.",
                  "Zero is normal. Significant but small distances are not counted.",
                  "InferenceFeatureDrift"),
            f"count({drifted(FLEET)}) or vector(0)", "none", ((1, panels.RED),)),
        panels.stat(
            "Lowest accuracy",
            about("Lowest accuracy of any model and version, over labels that arrived in the "
                  "window.", "Absent below 200 labels. Compare with the reference in the table.",
                  "InferenceAccuracyLow"),
            f"min({of(_ACCURACY, FLEET)})", "percentunit", none="no labels"),
        panels.stat(
            "Down or blind",
            about("Exporters that do not answer, and logs that cannot be read.",
                  "Anything but 0 means that other numbers here are incomplete.",
                  "InferenceExporterDown", "InferenceSourceDown"),
            f"({down} or vector(0)) + ({unread} or vector(0))", "none", ((1, panels.RED),)),
        panels.stat(
            "Firing alerts",
            about("Alerts of this bundle that fire now, the watchdog aside.",
                  "The list is below."),
            f"count({of('ALERTS', ALERTS)}) or vector(0)", "none", ((1, panels.RED),)),
    )  # fmt: skip


def _models() -> Panel:
    by = ("model", "version")
    m = ", ".join(by)
    values = {
        "model": links.to_page("Model", "inference-model", model="${__data.fields.model}"),
        "version": links.to_page("Drift", "inference-drift", model="${__data.fields.model}"),
    }
    return panels.table(
        "Models",
        about("One line per model and version that Prometheus knows of.",
              "Click a model for its performance, a version for its drift. A dash is a value that "
              "is absent: no labels, or too few rows.",
              "InferenceFeatureDrift", "InferenceAccuracyLow", "InferenceErrorBudgetBurn"),
        by,
        (
            ("Requests a second", rate("inference_requests_total", FLEET, *by), "reqps"),
            ("Failed", share(rate("inference_request_failures_total", FLEET, *by),
                             rate("inference_requests_total", FLEET, *by)), "percentunit"),
            ("p95", quantile(0.95, FLEET, *by), "s"),
            ("Drift over noise", f"max by ({m}) ({over_noise('feature', FLEET)})", "none"),
            ("Drifted inputs", f"count by ({m}) ({drifted(FLEET)})", "none"),
            ("Accuracy", f"min by ({m}) ({of(_ACCURACY, FLEET)})", "percentunit"),
            ("Reference accuracy", f"max by ({m}) ({of(_REFERENCE, FLEET)})", "percentunit"),
            ("Missing values",
             f"max by ({m}) ({of(names.share('missing', WINDOW), FLEET)})", "percentunit"),
            ("Silent for", f"time() - max by ({m}) ("
             f"{of('inference_last_prediction_timestamp_seconds', FLEET)})", "s"),
        ),
        "Drift over noise", values,
    )  # fmt: skip


def _alerts() -> Panel:
    return panels.table(
        "Firing alerts",
        about("Alerts that fire now.", "Alertmanager groups them by model; runbooks are linked "
              "in the notification."),
        ("alertname", "severity", "model", "version", "feature", "instance"),
        (("Alerts", f"count by (alertname, severity, model, version, feature, instance) "
          f"({of('ALERTS', ALERTS)})", "none"),),
        "severity", height=6,
    )  # fmt: skip


def _traffic() -> tuple[Panel, ...]:
    return (
        panels.lines(
            "Requests by model",
            about("Requests a second.", "A step at a deployment is a client's retry or a lost "
                  "replica.", "InferenceTrafficStopped"),
            "reqps", Query(rate("inference_requests_total", FLEET, "model"), "{{model}}"),
            width=8),
        panels.lines(
            "Failed by model",
            about("Share of failed requests.", "Above the dashed line the error budget shrinks "
                  "faster than it may.", "InferenceErrorBudgetBurn"),
            "percentunit",
            Query(share(rate("inference_request_failures_total", FLEET, "model"),
                        rate("inference_requests_total", FLEET, "model")), "{{model}}"),
            Query(threshold("request_failure_ratio", FLEET), "limit {{model}}"),
            width=8),
        panels.linked(panels.lines(
            "p95 latency by model",
            about("95th percentile of the logged latency.", "Diamonds are single requests with "
                  "their trace.", "InferenceLatencyBudgetBurn", "InferenceLatencyGrowth"),
            "s", Query(quantile(0.95, FLEET, "model"), "{{model}}", exemplar=True), width=8),
            links.to_logs()),
    )  # fmt: skip


def _drift() -> tuple[Panel, ...]:
    classes = rate("inference_outcomes_total", FLEET, "model")
    numbers = rate("inference_regression_outcomes_total", FLEET, "model")
    return (
        panels.lines(
            "Worst drift over noise, by model",
            about("Largest PSI of any input over its noise level.",
                  "Above 1 it is more than chance. Two versions are not mixed: the worse is shown.",
                  "InferenceFeatureDrift"),
            "none", Query(f"max by (model) ({over_noise('feature', FLEET)})", "{{model}}"),
            Query("vector(1)", "limit noise"), width=8),
        panels.lines(
            "Accuracy by model and version",
            about("Accuracy over labels that arrived in the window.",
                  "The dashed line is the reference; absent below 200 labels.",
                  "InferenceAccuracyLow"),
            "percentunit",
            Query(f"max by (model, version) ({of(_ACCURACY, FLEET)})", "{{model}} {{version}}"),
            Query(f"max by (model, version) ({of(_REFERENCE, FLEET)})",
                  "reference {{model}} {{version}}"), width=8),
        panels.lines(
            "Labels by model",
            about("Labels a second that found their prediction.",
                  "When they stop, accuracy becomes unknown, not good.",
                  "InferenceLabelsStopped"),
            "cps", Query(f"{classes}\nor\n{numbers}", "{{model}}"), width=8),
    )  # fmt: skip
