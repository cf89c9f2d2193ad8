"""Drift, what surrounds it: rows as a whole, the references in use, what single replicas see."""

from __future__ import annotations

from dashboards.board import panels
from dashboards.board.parts import Panel, Query, about
from dashboards.board.promql import FEATURE, MODEL, VERSION, WINDOW, of

_STATES = ((0, "ok", panels.GREEN), (1, "drifted", panels.RED))


def whole() -> tuple[Panel, ...]:
    """Inputs that go together in new ways."""
    share = of(f"model_version:inference_outliers:ratio{WINDOW}", VERSION)
    limit = 'name="outlier_ratio", feature=""'
    by = "instance, version, statistic, window"
    together = of("inference_multivariate_drift", VERSION, 'statistic!~".+_share"')
    return (
        panels.lines(
            "Outliers",
            about("Share of predictions whose inputs, taken together, are far from the reference.",
                  "One in a thousand is normal. Many: rows the model has never seen the like of.",
                  "InferenceOutlierBurst"),
            "percentunit", Query(f"max by (version) ({share})", "{{version}}"),
            Query(f"max({of('inference_threshold', MODEL, limit)})", "limit threshold")),
        panels.lines(
            "Inputs together, as each replica sees them",
            about("Outlier distance and reconstruction error, 1 in the reference.",
                  "They grow when inputs no longer go together as they did, even if each alone "
                  "looks as before."),
            "none",
            Query(f"max by ({by}) ({together})",
                  "{{statistic}} {{instance}} {{version}} {{window}}")),
    )  # fmt: skip


def reference() -> Panel:
    """What versions are compared with."""
    labels = ("version", "reference", "rows", "created", "source")
    info = of("inference_reference_info", VERSION)
    return panels.table(
        "References in use",
        about("Which reference each version is compared with, and on how many replicas.",
              "More than one per version: replicas were not deployed together, or each has made "
              "its own in a warm-up.", "InferenceReferencesDiffer", "InferenceReferenceStale"),
        labels, (("Replicas", f"count by ({', '.join(labels)}) ({info})", "short"),),
        "Replicas", height=6,
    )  # fmt: skip


def replicas() -> tuple[Panel, ...]:
    """To find the odd one out, never to average."""
    mine = 'statistic="psi"'
    both = "instance, version, window"
    state = of("inference_feature_drift_state", FEATURE)
    return (
        panels.lines(
            "$feature: PSI of each replica",
            about("What each exporter computes over its own windows and rows.",
                  "One replica apart from the others: its callers or its code differ. Never "
                  "average these; the fleet's value is above."),
            "none",
            Query(f"max by ({both}) ({of('inference_feature_drift', FEATURE, mine)})",
                  "{{instance}} {{version}} {{window}}"),
            Query(f"max by ({both}) ({of('inference_feature_drift_critical', FEATURE, mine)})",
                  "reference noise {{instance}} {{version}} {{window}}"), many=True),
        panels.states(
            "$feature: last decision of each replica",
            about("Whether the last full window of the replica was found drifted; twelve replicas, "
                  "those that are drifted now first.",
                  "Decisions are made once per window and hold until the next."),
            _STATES,
            Query(f"max by ({both}) ({state})\nand on ({both}) topk(12, {state} @ end())",
                  "{{instance}} {{version}} {{window}}")),
        panels.lines(
            "Drifted and undecided inputs",
            about("Inputs by their last decision, per replica.",
                  "Undecided means too few rows in the window."),
            "none",
            Query(f"max by ({both}) ({of('inference_drifted_features', VERSION)})",
                  "drifted {{instance}} {{version}} {{window}}"),
            Query(f"max by ({both}) ({of('inference_undecided_features', VERSION)})",
                  "undecided {{instance}} {{version}} {{window}}"), many=True),
        panels.lines(
            "$feature: rows worth one independent row",
            about("The design effect: how much neighbouring rows resemble each other.",
                  "1 is independent. At 10, a thousand rows say as much as a hundred."),
            "none",
            Query(f"max by ({both}) ({of('inference_feature_drift_design_effect', FEATURE)})",
                  "{{instance}} {{version}} {{window}}"), many=True),
    )  # fmt: skip
