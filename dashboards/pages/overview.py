"""Overview: which model needs a look?"""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import panels, variables
from dashboards.board.parts import Page, Panel, Query, Row, about
from dashboards.board.promql import (
    ALERTS,
    FLEET,
    HERE,
    WINDOW,
    called,
    drifted,
    firing,
    new_versions,
    of,
    over_limit,
    quantile,
    rate,
    threshold,
)  # fmt: skip
from dashboards.pages import story, story_why


def page() -> Page:
    """Is it well, since when; what moved, which way; does it cost accuracy; who; why; show me."""
    return Page(
        "inference-overview", "Inference / Overview",
        "All models at a glance: which is not well, since when, and what moved.",
        (*variables.everywhere(), variables.models(), variables.window()),
        (
            Row("Is it well, and since when",
                (story.wellness(FLEET, width=14, height=7), story.since(FLEET, width=10, height=7),
                 *_strip())),
            Row("What moved, and which way",
                (story.inputs(FLEET, *names.kept(), "model"), story.inputs_since(FLEET))),
            Row("Does it cost accuracy", _truth()),
            Row("Who is hit", (story_why.worst_segments(FLEET),)),
            Row("Why", story_why.causes(FLEET, pages=True)),
            Row("Show me one", (story_why.one(FLEET),)),
            Row("All alerts that fire", (story.firing_alerts(HERE),)),
        ),
        (firing(HERE), new_versions(FLEET)),
    )  # fmt: skip


def _strip() -> tuple[Panel, ...]:
    down = 'count(up{job=~"$job"} == 0)'
    unread = 'count(inference_exporter_source_up{job=~"$job"} == 0)'
    budget = threshold("request_failure_ratio", FLEET)
    failed = of("model:inference_request_failures:ratio1h", FLEET)
    return (
        panels.stat(
            "Firing alerts",
            about("Alerts of this bundle that fire now, the watchdog aside.",
                  "Each of them is a line of the list below."),
            f"count({of('ALERTS', ALERTS, HERE)}) or vector(0)", "none", ((1, panels.RED),)),
        panels.stat(
            "Largest PSI/limit",
            about("The input whose PSI is largest in units of its limit (feature_psi), and that "
                  "number.", "At 1 the limit is reached. It is an alert if it is also more than "
                  "noise for 15 minutes.", "InferenceFeatureDrift"),
            f"topk(1, {over_limit(FLEET)})", "none", story.LIMIT_STEPS, "too few rows", 4,
            "{{feature}} of {{model}}"),
        panels.stat(
            "Drifted inputs",
            about("Inputs that the last full hour or day has decided to be drifted.",
                  "Zero is normal. Significant but small distances are not counted.",
                  "InferenceFeatureDrift"),
            f"count({drifted(FLEET)}) or vector(0)", "none", ((1, panels.RED),)),
        panels.stat(
            "Accuracy drop/limit",
            about("How far accuracy is below its reference, of the drop that is allowed "
                  "(accuracy_drop); of the model that lost most.",
                  "0 % is as good as the reference, below it better, 100 % the limit. Absent "
                  "below 200 labels.",
                  "InferenceAccuracyLow"),
            f"topk(1, {story.accuracy_lost(FLEET)})", "percentunit",
            story.LIMIT_STEPS, "no labels", 4, "{{model}}"),
        panels.stat(
            "Failures/budget",
            about("Share of requests that failed within an hour, of the budget "
                  "(request_failure_ratio); of the model with the largest.",
                  "Above 100 % the budget shrinks faster than it may.",
                  "InferenceErrorBudgetBurn"),
            f"topk(1, {failed} / on ({names.by('model')}) {budget})", "percentunit",
            story.LIMIT_STEPS, "no traffic", 4, "{{model}}"),
        panels.stat(
            "p95 latency",
            about("95th percentile of the logged latency over the shown resolution, all replicas.",
                  "Interpolated between bucket bounds: fine bounds, fine values.",
                  "InferenceLatencyBudgetBurn", "InferenceLatencyGrowth"),
            quantile(0.95, FLEET), "s", none="no traffic"),
        panels.stat(
            "Down or blind",
            about("Exporters that do not answer, and logs that cannot be read.",
                  "Anything but 0 means that other numbers here are incomplete.",
                  "InferenceExporterDown", "InferenceSourceDown"),
            f"({down} or vector(0)) + ({unread} or vector(0))", "none", ((1, panels.RED),)),
    )  # fmt: skip


def _truth() -> tuple[Panel, ...]:
    classes = rate("inference_outcomes_total", FLEET, "model")
    numbers = rate("inference_regression_outcomes_total", FLEET, "model")
    who = called("model", "version")
    expected = story.accuracy_lost(FLEET, names.estimate("accuracy", WINDOW))
    return (
        panels.lines(
            "Accuracy drop/limit",
            about("How far accuracy, over labels that arrived in the window, is below its "
                  "reference, of the drop that is allowed (accuracy_drop); of regressions how far "
                  "the mean absolute error is above it, of the growth that is allowed.",
                  "0 % is as good as the reference, below it better, 100 % the limit. Absent "
                  "below 200 labels. Models and versions has the values.",
                  "InferenceAccuracyLow", "InferenceRegressionErrorHigh"),
            "percentunit",
            Query(story.accuracy_lost(FLEET), who),
            Query(story.error_grown(FLEET), f"errors {who}"),
            Query("vector(1)", "limit"), width=8, zero=False, ranked=True),
        panels.lines(
            "Expected accuracy drop/limit",
            about("The same of what the scores of the window say about accuracy, before any label "
                  "comes.", "It cannot see that inputs mean something else than they did: then "
                  "accuracy falls, and what is expected does not.",
                  "InferenceAccuracyEstimateLow"),
            "percentunit", Query(expected, who), Query("vector(1)", "limit"), width=8, zero=False,
            ranked=True),
        panels.lines(
            "Labels by model",
            about("Labels a second that found their prediction.",
                  "When they stop, accuracy becomes unknown, not good.",
                  "InferenceLabelsStopped"),
            "cps", Query(f"{classes}\nor\n{numbers}", called("model")), width=8,
            ranked=True),
    )  # fmt: skip
