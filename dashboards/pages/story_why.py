"""The second half of the story that Overview and Model tell: who is hit, why, and show me one."""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import links, panels, tables
from dashboards.board.parts import Panel, Query, about
from dashboards.board.promql import (
    FLEET,
    MODEL,
    WINDOW,
    called,
    of,
    quantile,
    rate,
    share,
    threshold,
)  # fmt: skip

_STEP = "inference_step_duration_seconds"
_FLAWS = ("missing", "invalid", "unseen", "out_of_range")
_WORST = "inference_performance_worst_segment"
_GROWTH = "inference_performance_segment_gap_growth"


def worst_segments(selector: str, *, height: int = 6) -> Panel:
    """For each field of `segments:` the segment that does worst."""
    labels = (*names.kept(), "model", "field", "segment", "metric", "window")
    by, field = ", ".join(labels), names.by("model", "field", "metric", "window")
    chosen = 'metric=~"accuracy|mae", class=""'
    value = f"topk by ({field}) (1, max by ({by}) ({of(_WORST, selector, chosen)}))"

    def column(family: str) -> str:
        return f"max by ({field}) ({of(family, selector, chosen)})"

    return tables.unless_any(tables.sized(panels.table(
        "Worst segments",
        about("The segment of each field in which the model does worst, over the exporter's own "
              "windows, and how much worse than all rows. *Grown*: the largest growth of a gap of "
              "the field since the reference.",
              "An alert needs what has grown above its limit and above what chance reaches. "
              "Replicas see different rows: shown is the one where it is worst. More on the page "
              "of the model.",
              "InferenceSegmentUnderperforms"),
        labels,
        (("Value", value, "none"), ("Gap", column(f"{_WORST}_gap"), "none"),
         ("Grown", column(_GROWTH), "none"),
         ("By chance", column(f"{_GROWTH}_critical"), "none")),
        "Gap", {"model": links.to_page("Model", "inference-model",
                                       model="${__data.fields.model}")},
        height=height), Value=90), "no model has segments with labels enough", labels)  # fmt: skip


def causes(selector: str, *, pages: bool) -> tuple[Panel, ...]:
    """Traffic, failures, latency, steps and flawed inputs; `pages` of many models by model."""
    who = called("model") if pages else ""
    mine, who_of = ("model", ("model",)) if pages else ("version", ("model", "version"))
    legend = who or "{{version}}"
    return (
        panels.lines(
            "Requests",
            about("Requests a second.", "A step at a deployment is a client's retry or a lost "
                  "replica.", "InferenceTrafficStopped"),
            "reqps", Query(rate("inference_requests_total", selector, mine), legend), width=8,
            ranked=pages),
        panels.lines(
            "Failed requests",
            about("Share of failed requests.", "Above the dashed line the error budget shrinks "
                  "faster than it may.", "InferenceErrorBudgetBurn"),
            "percentunit",
            Query(share(rate("inference_request_failures_total", selector, mine),
                        rate("inference_requests_total", selector, mine)), legend),
            Query(f"min({threshold('request_failure_ratio', FLEET if pages else MODEL)})",
                  "limit"), width=8, ranked=pages),
        panels.linked(panels.lines(
            "p95 latency",
            about("95th percentile of the logged latency, all replicas together.",
                  "Diamonds are single requests with their trace. Interpolated between bucket "
                  "bounds: fine bounds, fine values.",
                  "InferenceLatencyBudgetBurn", "InferenceLatencyGrowth"),
            "s", Query(quantile(0.95, selector, *who_of, exemplar=True), called(*who_of),
                       exemplar=True), width=8, ranked=pages),
            links.to_logs()),
        panels.lines(
            "Mean time by step",
            about("Mean duration of each step.", "Which step grew when the whole did?",
                  "InferenceLatencyGrowth"),
            "s",
            Query(share(rate(f"{_STEP}_sum", selector, "model", "step"),
                        rate(f"{_STEP}_count", selector, "model", "step")),
                  f"{{{{step}}}} {who}".strip()), many=True),
        panels.lines(
            "Flawed inputs",
            about("The five inputs with the largest share of values that are missing, unusable, "
                  "unknown or out of range.", "More on the page Data quality.",
                  "InferenceFeatureBroken", "InferenceFeatureMissing", "InferenceFeatureInvalid",
                  "InferenceFeatureUnseen", "InferenceFeatureOutOfRange"),
            "percentunit",
            Query(_flawed(selector),
                  f"{{{{feature}}}} {{{{flaw}}}} {who}".strip()), many=True),
    )  # fmt: skip


def _flawed(selector: str) -> str:
    """The five largest of each flaw, and of these the five largest: naming hundreds is slow."""
    by = names.by("model", "feature")
    largest = {
        flaw: f"topk(5, max by ({by}) ({of(names.share(flaw, WINDOW), selector)} > 0))"
        for flaw in _FLAWS
    }
    named = (f'label_replace({found}, "flaw", "{flaw}", "", "")' for flaw, found in largest.items())
    return "topk(5, {})".format("\n  or ".join(named))


def one(selector: str, *, height: int = 7) -> Panel:
    """Models and versions in numbers, each of them a way to single requests."""
    by = (*names.kept(), "model", "version")
    m = ", ".join(by)
    model = "${__data.fields.model}"
    values = {
        "model": links.to_page("Model", "inference-model", model=model),
        "version": links.to_page("Drift", "inference-drift", model=model),
        "Requests": links.to_logs(model=model),
        "Failed": links.to_logs(" | status >= 400", model),
    }
    accuracy = of(names.performance("accuracy", WINDOW), selector)
    usual = of("model_version:inference_performance_reference:accuracy", selector)
    seen = of("inference_last_prediction_timestamp_seconds", selector)
    return panels.table(
        "Models and versions",
        about("One line per model and version that Prometheus knows of.",
              "Click a model for its performance, a version for its drift; requests for their "
              "lines in the log, those that failed for lines with a status of 400 and above. A "
              "line has the id of its trace; so have the diamonds of the latency.",
              "InferenceErrorBudgetBurn", "InferenceTrafficStopped"),
        by,
        (
            ("Requests", rate("inference_requests_total", selector, *by), "reqps"),
            ("Failed", share(rate("inference_request_failures_total", selector, *by),
                             rate("inference_requests_total", selector, *by)), "percentunit"),
            ("p95", quantile(0.95, selector, *by), "s"),
            ("Accuracy", f"max by ({m}) ({accuracy})", "percentunit"),
            ("Reference", f"max by ({m}) ({usual})", "percentunit"),
            ("Silent for", f"time() - max by ({m}) ({seen})", "s"),
        ),
        "Requests", values, height=height,
    )  # fmt: skip
