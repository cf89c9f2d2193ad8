"""Data quality: values that are missing, unusable, unknown, out of range; lines that are lost."""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import links, panels, tables, variables
from dashboards.board.parts import Page, Panel, Query, Row, about
from dashboards.board.promql import (
    FLEET,
    RATE,
    WINDOW,
    called,
    firing,
    new_versions,
    of,
    rate,
    share,
)  # fmt: skip

_INPUT = FLEET + ', feature=~"$feature"'
_JOB = 'job=~"$job"'
_FLAWS = (
    ("missing", "Missing", "InferenceFeatureMissing", "The value was absent or null.",
     "A step is a change of the feed, a slope is one of the population."),
    ("invalid", "Invalid", "InferenceFeatureInvalid", "The value was of the wrong kind.",
     "Usually a change of format upstream; the log lines show it."),
    ("unseen", "Unseen categories", "InferenceFeatureUnseen",
     "The category is not in the reference.",
     "A new product or a renamed code; the model treats it as unknown."),
    ("out_of_range", "Out of range", "InferenceFeatureOutOfRange",
     "The number is outside the range of the reference.",
     "A few are normal; many at once are often a unit."),
)  # fmt: skip


def page() -> Page:
    """Inputs first, then lines."""
    return Page(
        "inference-quality", "Inference / Data quality",
        "Values and lines that are not what they should be.",
        (*variables.everywhere(), variables.models(), variables.features(),
         variables.window()),
        (
            Row("Now", (*(_worst(*flaw) for flaw in _FLAWS), *_lines_now())),
            Row("Inputs", (_inputs(),)),
            Row("Inputs over time", tuple(_course(*flaw) for flaw in _FLAWS)),
            Row("Lines", _lines()),
        ),
        (firing(FLEET), new_versions(FLEET)),
    )  # fmt: skip


def _share(flaw: str) -> str:
    return of(names.share(flaw, WINDOW), _INPUT)


def _worst(flaw: str, title: str, alert: str, what: str, read: str) -> Panel:
    return panels.stat(
        title, about(f"{what} Largest share of any input in the window.", read, alert),
        f"max({_share(flaw)})", "percentunit", none="too few rows", width=4,
    )  # fmt: skip


def _lines_now() -> tuple[Panel, ...]:
    lines = "inference_exporter_lines_total"
    bad = rate(lines, _JOB, more='result=~"malformed|unmatched|too_long"')
    return (
        panels.stat(
            "Unreadable lines",
            about("Share of the log's lines that were not understood.",
                  "The exporter's own log says why, with an example.",
                  "InferenceLinesUnreadable"),
            share(f"({bad} or vector(0))", rate(lines, _JOB)), "percentunit", none="no lines",
            width=4),
        panels.stat(
            "Failed requests",
            about("Share of requests whose status is not ok.",
                  "They have no prediction and count in no distribution.",
                  "InferenceErrorBudgetBurn"),
            share(rate("inference_request_failures_total", FLEET),
                  rate("inference_requests_total", FLEET)),
            "percentunit", none="no traffic", width=4),
    )  # fmt: skip


def _inputs() -> Panel:
    labels = ("model", "version", "feature")
    by = ", ".join(labels)
    usual = of("inference_feature_reference_missing_ratio", _INPUT)
    values = of(f"model_version_feature:inference_feature_values:increase{WINDOW}", _INPUT)
    return panels.table(
        "Inputs",
        about("Shares of flawed values in the window, all replicas together.",
              "Compare missing values with those of the reference. Click an input for its drift.",
              *(alert for _, _, alert, _, _ in _FLAWS), "InferenceFeatureBroken",
              "InferenceFeaturePointMass"),
        labels,
        (
            ("Missing", f"max by ({by}) ({_share('missing')})", "percentunit"),
            ("In the reference", f"max by ({by}) ({usual})", "percentunit"),
            ("Invalid", f"max by ({by}) ({_share('invalid')})", "percentunit"),
            ("Unseen", f"max by ({by}) ({_share('unseen')})", "percentunit"),
            ("Out of range", f"max by ({by}) ({_share('out_of_range')})", "percentunit"),
            ("Values", f"max by ({by}) ({values})", "short"),
            ("Broken", f"max by ({by}) ({of('inference_feature_broken', _INPUT)})", "short"),
        ),
        "Missing",
        {"feature": links.to_page(
            "Drift of this input", "inference-drift", model="${__data.fields.model}",
            feature="${__data.fields.feature}", window="${window}")},
    )  # fmt: skip


def _course(flaw: str, title: str, alert: str, what: str, read: str) -> Panel:
    limit = of(names.feature_threshold(f"feature_{flaw}_ratio"), _INPUT)
    return panels.linked(panels.lines(
        title, about(f"{what} Share of the values in the window, ten worst inputs.",
                     f"{read} The dashed line is the lowest threshold of these inputs.", alert),
        "percentunit",
        Query(f"topk(10, max by ({names.by('model', 'version', 'feature')}) ({_share(flaw)}))",
              called("feature", "model", "version")),
        Query(f"min({limit})", "limit threshold"), many=True,
    ), links.to_logs())  # fmt: skip


def _lines() -> tuple[Panel, ...]:
    def counted(what: str) -> Query:
        metric = f"inference_exporter_{what}_events_total"
        return Query(rate(metric, _JOB, "source"), f"{what} {{{{source}}}}")

    fields = of("inference_exporter_invalid_values_total", _JOB)
    return (
        panels.lines(
            "Lines by what became of them",
            about("Lines a second. Everything but ok was left out, and counted.",
                  "A deployment that changes the log's format shows here at once.",
                  "InferenceLinesUnreadable"),
            "cps", Query(rate("inference_exporter_lines_total", _JOB, "result"), "{{result}}"),
            width=8),
        tables.unless_any(panels.lines(
            "Unusable fields",
            about("Values of times, latencies, scores and the like that could not be read.",
                  "The line counts all the same, without this value."),
            "cps", Query(f"sum by (source, field) (rate({fields}{RATE}))", "{{field}} {{source}}"),
            width=8), "none so far"),
        panels.lines(
            "Events outside the windows",
            about("Events that were too old, in the future, or without a time.",
                  "They are in the counters, but not in a replica's own windows."),
            "cps", counted("late"), counted("future"), counted("untimed"), width=8),
    )  # fmt: skip
