"""A model with segments breaks no query: its further labels are chosen or added up everywhere.

Counters by segment add up to the whole, so a query must add them up by labels it names: the user's
own are then gone. Gauges do not add up: beside the one about all rows there is one for each
segment, so a query must say with `segment=""` or `segment!=""` which of them it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from grafana import ROOT, dashboards, targets, without_strings
from inference_exporter.demo.prometheus import QUERIES
from inference_exporter.families import FAMILIES

SEGMENTED = [family for family in FAMILIES.values() if family.segmented]
GAUGES = {family.name for family in SEGMENTED if family.kind == "gauge"}
COUNTERS = {family.name for family in SEGMENTED if family.kind == "counter"} | {
    f"{family.name}_{part}"
    for family in SEGMENTED
    if family.kind == "histogram"
    for part in ("bucket", "sum", "count")
}
_NAME = re.compile(r"(?<![\w:])inference_\w+(?![\w:])")
# Aggregations that keep no label but the named ones; topk and its like keep all.
_ADDED_UP = re.compile(r"\b(?:sum|min|max|avg|count|group)\s*(?:by\s*\([\w, ]*\)\s*)?$")


def queries() -> Iterator[tuple[str, str]]:
    """Every expression that is shipped, and where it is."""
    for path in sorted((ROOT / "alert_rules").glob("*.rules.yaml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                name = rule.get("alert") or rule["record"]
                yield name, rule["expr"]
                yield from ((name, text) for text in looked_up(rule.get("annotations", {})))
    for uid, board in dashboards().items():
        for panel, target in targets(board):
            yield f"{uid} / {panel['title']}", target["expr"]
        for mark in board["annotations"]["list"]:
            yield f"{uid} / annotation", mark["expr"]
    for query in QUERIES:
        yield f"demo / {query.title}", query.promql


def looked_up(annotations: dict[str, str]) -> list[str]:
    """Queries in the templates of an alert, values of labels being empty strings."""
    found = re.findall(r'printf "((?:[^"\\]|\\.)*)"[^|}]*\| query', " ".join(annotations.values()))
    return [re.sub(r"%(?:\[\d\])?q", '""', text.replace('\\"', '"')) for text in found]


def faults(expr: str) -> list[str]:
    """Segmented metrics in an expression that are neither added up nor chosen from."""
    bare = without_strings(expr)
    found: list[str] = []
    for match in _NAME.finditer(bare):
        name, rest = match[0], bare[match.end() :]
        if name in GAUGES and not re.match(r"\{[^{}]*\bsegment\s*(?:=~|!~|!=|=)", rest):
            found.append(f"{name}: which segment?")
        if name in COUNTERS and not any(map(_ADDED_UP.search, before_parentheses(bare, match))):
            found.append(f"{name}: not added up")
    return found


def before_parentheses(bare: str, match: re.Match[str]) -> Iterator[str]:
    """What stands before each parenthesis that is open around a match, from inside out."""
    depth = 0
    for at in range(match.start() - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(bare[at], 0)
        if depth < 0:
            depth = 0
            yield bare[:at]


def test_every_shipped_query_knows_that_a_model_may_have_segments() -> None:
    seen = set()
    for where, expr in queries():
        assert faults(expr) == [], f"{where}: {expr}"
        seen |= set(_NAME.findall(without_strings(expr))) & (GAUGES | COUNTERS)
    assert seen >= {
        "inference_performance", "inference_performance_samples", "inference_group_rate",
        "inference_label_coverage_ratio", "inference_requests_total", "inference_outcomes_total",
        "inference_request_duration_seconds_bucket", "inference_absolute_error_total",
    }  # fmt: skip


@pytest.mark.parametrize(
    "expr",
    [
        'inference_performance{metric="mae"}',
        "max by (model) (inference_label_coverage_ratio)",
        'inference_performance{metric="segment="}',
        'inference_performance_samples * inference_performance{segment=""}',
        "rate(inference_requests_total[5m])",
        "topk by (model) (3, rate(inference_requests_total[5m]))",
        "sum without (code) (rate(inference_requests_total[5m]))",
        "sum(rate(inference_requests_total[5m])) / rate(inference_request_failures_total[5m])",
        "histogram_quantile(0.5, rate(inference_request_duration_seconds_bucket[5m]))",
    ],
)
def test_a_query_that_segments_would_break_is_found(expr: str) -> None:
    assert len(faults(expr)) == 1


@pytest.mark.parametrize(
    "expr",
    [
        'inference_performance{metric="mae", segment=""}',
        'max by (segment) (inference_group_rate{segment!="", model="x"})',
        'inference_group_rate{segment=~"age=.*"}',
        "sum(rate(inference_requests_total[5m]))",
        'sum by (model, code) (rate(inference_requests_total{model=~".+"}[5m]))',
        "sum by (le) (irate(inference_request_duration_seconds_bucket[5m])) ^ 2",
        "inference_performance_worst_segment_gap > inference_fairness_ratio",
        "model_version:inference_requests:increase1h",
    ],
)
def test_a_query_that_adds_up_or_chooses_is_fine(expr: str) -> None:
    assert faults(expr) == []


def test_queries_in_annotations_are_found() -> None:
    text = 'a {{ with printf "m{job=%q,n=\\"x\\"}" $labels.job | query }}{{ . | first }}{{ end }}'
    assert looked_up({"description": text}) == ['m{job="",n="x"}']
