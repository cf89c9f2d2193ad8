"""Latency and infrastructure: how fast, which step, how much budget is left, on what machine."""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.budget import BURNS
from dashboards.board import links, panels, variables
from dashboards.board.parts import Page, Panel, Query, Row, about
from dashboards.board.promql import (
    FLEET,
    called,
    firing,
    new_versions,
    of,
    quantile,
    rate,
    share,
    spread,
    threshold,
)  # fmt: skip
from dashboards.pages import requests
from dashboards.pages.machines import cgroups, gpus, nodes

_STEP = "inference_step_duration_seconds"
_LONGEST = names.SLO_WINDOWS[-1]
_BUDGETS = (
    ("requests_slow", "request_slow_ratio", "Slow requests", "InferenceLatencyBudgetBurn"),
    ("request_failures", "request_failure_ratio", "Failed requests", "InferenceErrorBudgetBurn"),
)


def page() -> Page:
    """Symptoms first, then steps, then budgets, then machines."""
    return Page(
        "inference-latency", "Inference / Latency and infrastructure",
        "Latency by version and step, error budgets, and what the machines do.",
        (*variables.everywhere(), variables.models()),
        (
            Row("Now", _strip()),
            Row("Requests", _requests()),
            Row("Steps", _steps()),
            Row("Error budgets", tuple(_burn(*budget) for budget in _BUDGETS)),
            Row("Failed requests in the log", (_failures(),), closed=True),
            requests.row(),
            Row("Machines (node_exporter)", nodes(), closed=True),
            Row("Containers (cAdvisor)", cgroups(), closed=True),
            Row("GPUs (DCGM exporter)", gpus(), closed=True),
        ),
        (firing(FLEET), new_versions(FLEET)),
    )  # fmt: skip


def _strip() -> tuple[Panel, ...]:
    def latency(q: float, title: str) -> Panel:
        return panels.stat(
            title, about(f"{q:.0%} of the requests are faster.",
                         "Interpolated within a bucket; by default one is 9 % wide.",
                         "InferenceLatencyGrowth"),
            quantile(q, FLEET), "s", none="no traffic", width=4,
        )  # fmt: skip

    def left(series: str, budget: str, title: str, alert: str) -> Panel:
        spent = (
            f"{of(f'model:inference_{series}:ratio{_LONGEST}', FLEET)}\n"
            f"/ on ({names.by('model')}) ({names.threshold(budget)} > 0)"
        )
        return panels.stat(
            f"{title}: budget", about(
                f"What is left of the budget over {_LONGEST}, of the worst model.",
                "Below 0 more was used than allowed.", alert),
            f"1 - max({spent})", "percentunit", none="no objective", width=4)  # fmt: skip

    return (
        latency(0.5, "Median"), latency(0.95, "p95"), latency(0.99, "p99"),
        *(left(*budget) for budget in _BUDGETS),
        panels.stat(
            "Objective",
            about("The latency objective: threshold request_duration_seconds.",
                  "Requests above it are slow; a bound of the histogram."),
            f"min({threshold('request_duration_seconds', FLEET)})", "s", none="none set", width=4),
    )  # fmt: skip


def _requests() -> tuple[Panel, ...]:
    mine = ("model", "version")
    own = of("inference_request_duration_quantile_seconds", FLEET, 'q="0.95"')
    return (
        panels.linked(panels.lines(
            "Latency by version",
            about("Median, 95th and 99th percentile.",
                  "Diamonds are single requests: click one for its trace.",
                  "InferenceLatencyBudgetBurn", "InferenceLatencyGrowth"),
            "s",
            *(Query(quantile(q, FLEET, *mine, exemplar=q == 0.99),
                    f"{word} {{{{model}}}} {{{{version}}}}", exemplar=q == 0.99)
              for q, word in ((0.5, "median"), (0.95, "p95"), (0.99, "p99"))),
            Query(threshold("request_duration_seconds", FLEET), "limit {{model}}"),
        ), links.to_logs()),
        panels.heat(
            "Distribution of the latency",
            about("Requests a minute in each bucket of the latency.",
                  "Two bands are two populations: a cache, or two replicas."),
            "s", Query(spread(FLEET), "{{le}}", "heatmap", exemplar=True)),
        panels.lines(
            "Requests by status",
            about("Requests a second by status code, or `ok` where the log has none.",
                  "Client errors count as failed unless the configuration says otherwise.",
                  "InferenceErrorBudgetBurn"),
            "reqps", Query(rate("inference_requests_total", FLEET, "code"), "{{code}}"),
            stacked=True),
        panels.lines(
            "p95 of each replica",
            about("95th percentile over each exporter's own windows, within 9 %.",
                  "With the default buckets one replica's is the fleet's over the same time. One "
                  "replica apart from the others is a machine, not the model."),
            "s", Query(f"max by (instance, window) ({own})", "{{instance}} {{window}}"),
            many=True),
    )  # fmt: skip


def _steps() -> tuple[Panel, ...]:
    total, count = rate(f"{_STEP}_sum", FLEET, "step"), rate(f"{_STEP}_count", FLEET, "step")
    return (
        panels.lines(
            "Mean time by step",
            about("Mean duration of each step, on top of each other.",
                  "Which step grew when the whole did?", "InferenceLatencyGrowth"),
            "s", Query(share(total, count), "{{step}}"), stacked=True),
        panels.lines(
            "p95 by step",
            about("95th percentile of each step.",
                  "Percentiles do not add up: the slow lookups and the slow inferences are not "
                  "the same requests."),
            "s", Query(quantile(0.95, FLEET, "step", metric=_STEP), "{{step}}")),
    )  # fmt: skip


def _burn(series: str, budget: str, title: str, alert: str) -> Panel:
    by = names.by("model")
    windows = tuple(
        Query(
            f"max by ({by}) ({of(f'model:inference_{series}:ratio{window}', FLEET)}\n"
            f"/ on ({by}) ({names.threshold(budget)} > 0))",
            f"{window} {called('model')}",
        )
        for window in names.SLO_WINDOWS
    )  # fmt: skip
    limits = tuple(
        Query(f"vector({burn.factor:g})", f"limit {burn.long} and {burn.short}") for burn in BURNS
    )
    return panels.lines(
        f"{title}: how fast the budget burns",
        about("Share of such requests over the budget, per window: 1 uses it up exactly.",
              "An alert needs both windows of a pair above their dashed line.", alert),
        "none", *windows, *limits, many=True,
    )  # fmt: skip


def _failures() -> Panel:
    return panels.logs(
        "Failed requests",
        about("Lines of the prediction log with a status of 400 and above, from Loki.",
              "Needs a log collector that ships the log with the labels job and model, as "
              "deploy/compose does.", "InferenceErrorBudgetBurn"),
        f'{{job="{links.LOG_JOB}", model=~"$model"}} | json | status >= 400',
    )  # fmt: skip
