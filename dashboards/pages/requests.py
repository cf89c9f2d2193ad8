"""Requests that stand out, one by one: what the exporter tells of them, read from Loki."""

from __future__ import annotations

from dataclasses import replace

from dashboards.board import links, panels
from dashboards.board.parts import Panel, Query, Row, about

EVENTS = 'service_name="inference-exporter"'
_TOLD = f'{{{EVENTS}, event="prediction", model=~"$model"}} | json'
_NEEDS = "Needs events in Loki, or the exporter's log there as JSON: docs/traces.md."
_KINDS = (
    ("error", "Failed", "Requests whose status is no success.", "InferenceErrorBudgetBurn"),
    ("outlier", "Unlike the reference", "Requests whose inputs are far out, all together.",
     "InferenceOutlierBurst"),
    ("wrong", "Predicted wrongly", "Requests whose outcome was on the same line, and another.",
     "InferenceAccuracyLow"),
)  # fmt: skip


def row() -> Row:
    """Slowest, failed, outlying, wrong."""
    return Row(
        "Requests that stand out (events in Loki)",
        (_slowest(), *(_told(*kind) for kind in _KINDS)),
        closed=True,
    )


def _slowest() -> Panel:
    labels = ("model", "version", "request_id", "trace_id", "reason")
    slow = (
        f"topk(20, max by ({', '.join(labels)}) (max_over_time({_TOLD}"
        " | unwrap latency_seconds [$__range])))"
    )
    by_trace = links.to_logs(' | trace_id="${__value.raw}"', "${__data.fields.model}")
    table = panels.table(
        "Slowest requests",
        about("The twenty slowest of the requests that were told, and why they were.",
              "Click a trace id for its lines; from a line, its trace is one click. " + _NEEDS,
              "InferenceLatencyBudgetBurn"),
        labels, (("Took", slow, "s"),), "Took", {"trace_id": by_trace}, width=12,
    )  # fmt: skip
    return replace(table, queries=(Query(slow, shape="table", source="loki"),))


def _told(reason: str, title: str, shows: str, alert: str) -> Panel:
    log = panels.logs(
        title,
        about(
            shows, "Open a line for its fields: the trace id leads to the trace. " + _NEEDS, alert
        ),
        f'{_TOLD} | reason="{reason}"',
    )
    return replace(log, width=12)
