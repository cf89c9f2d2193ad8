"""Model, its parts: segments one by one, against themselves and against all, and protected groups.

The names of segments are the user's, so a page that fits every model cannot add up counters by
them; it has the gauges of replicas. A mean over rows times its rows is a sum again, and those of
replicas can be added. What cannot be is shown for the replica that is furthest off, or for each.
"""

from __future__ import annotations

from dashboards.board import panels
from dashboards.board.parts import Panel, Query, about
from dashboards.board.promql import MODEL, VERSION, of, threshold

_PERFORMANCE = "inference_performance"
_GAP = "inference_performance_worst_segment_gap"
_GROWTH = "inference_performance_segment_gap_growth"
_DECLINE = "inference_performance_segment_decline"
_RATIO = "inference_fairness_ratio"
_EACH, _WHOLE = 'segment!=""', 'segment=""'
_BY = "version, window, segment"
_ROWS = of("inference_performance_samples", VERSION, _EACH)
_WORSE = "InferenceSegmentUnderperforms"
_FALLEN = "InferenceSegmentPerformanceLow"
_UNFAIR = "InferenceFairnessRatioLow"


def segments() -> tuple[Panel, ...]:
    """Empty for a model without `segments:`."""
    return (*_by_segment(), *_own(), *_worst(), _drift(), _estimates(), *_groups())


def _by_segment() -> tuple[Panel, ...]:
    return (
        panels.lines(
            "Accuracy by segment",
            about("Accuracy in each segment over the exporter's own windows, all replicas "
                  "together.", "A segment that falls while the others stand still. Absent below "
                  "the minimum of labels, which each replica needs.", _WORSE),
            "percentunit", _each(_merged("accuracy")), width=8),
        panels.lines(
            "Mean absolute error by segment",
            about("Of regressions: the error in each segment, all replicas together.",
                  "In the unit of the prediction: segments with larger values have larger errors.",
                  _WORSE),
            "none", _each(_merged("mae")), width=8),
        panels.lines(
            "Labels by segment",
            about("Labelled predictions in each segment, all replicas together.",
                  "How much the other panels rest on. A segment below the minimum has none there."),
            "short", _each(f"sum by ({_BY}) ({_ROWS})"), width=8),
    )  # fmt: skip


def _each(expr: str) -> Query:
    return Query(expr, "{{segment}} {{version}} {{window}}")


def _merged(metric: str) -> str:
    """A mean over the rows of all replicas: each replica's, times its rows, over the rows."""
    mean = of(_PERFORMANCE, VERSION, f'metric="{metric}", class="", {_EACH}')
    same = "ignoring (metric, class)"
    return (
        f"sum by ({_BY}) ({mean}\n  * {same} {_ROWS})\n"
        f"/ sum by ({_BY}) ({_ROWS}\n  and {same} {mean})"
    )


def _own() -> tuple[Panel, ...]:
    """Each segment against itself on the reference."""
    accuracy = f'metric="accuracy", class="", {_EACH}'
    mae = f'metric="mae", class="", {_EACH}'
    kept = of("inference_performance_reference", VERSION, mae)

    def over(family: str) -> str:
        return f"{of(family, VERSION, mae)}\n  / ignoring (window) group_left () ({kept} > 0)"

    return (
        panels.lines(
            "Accuracy: decline since its own reference",
            about("How much less accurate each segment is than it was on the reference data, on "
                  "the replica where it is most. Below 0 it is better.",
                  "An alert needs it above the red line and above what chance reaches: grey, the "
                  "largest of the segments. A segment that was always hard is at 0.", _FALLEN),
            "percentunit",
            _each(f"max by ({_BY}) ({of(_DECLINE, VERSION, accuracy)})"),
            Query(f"max by (version, window) ({of(f'{_DECLINE}_critical', VERSION, accuracy)})",
                  "reference chance {{version}} {{window}}"),
            Query(f"max by (version) ({of(f'{_DECLINE}_limit', VERSION, accuracy)})",
                  "limit {{version}}")),
        panels.lines(
            "Mean absolute error: growth since its own reference",
            about("Of regressions: the error of each segment over its own on the reference data, "
                  "less 1; on the replica where it is most.",
                  "An alert needs it above the red line and above what chance reaches: grey, the "
                  "largest of the segments.", _FALLEN),
            "percentunit",
            _each(f"max by ({_BY}) (\n{over(_DECLINE)})"),
            Query(f"max by (version, window) (\n{over(f'{_DECLINE}_critical')})",
                  "reference chance {{version}} {{window}}"),
            Query(f"max by (version) (\n{over(f'{_DECLINE}_limit')})", "limit {{version}}")),
    )  # fmt: skip


def _drift() -> Panel:
    """Which segment drifts, whatever the mix of all of them does."""

    def drifted(scope: str) -> str:
        each = f"version, window, segment, {scope}"
        state = of(f"inference_segment_{scope}_drift_state", VERSION)
        return f"sum by ({_BY}) (max by ({each}) ({state}))"

    return panels.lines(
        "Drift within segments",
        about("Inputs and outputs of each segment that drifted against the segment's own rows of "
              "the reference, by the last full window, on any replica; of fields with "
              "`drift: true`.",
              "One segment above 0 while all rows are calm: it moved, and the others hide it. All "
              "rows drifted and no segment: their mix has changed."),
        "short",
        Query(drifted("feature"), "inputs {{segment}} {{version}} {{window}}"),
        Query(drifted("output"), "outputs {{segment}} {{version}} {{window}}"))  # fmt: skip


def _estimates() -> Panel:
    """Before labels come."""
    expected = of("inference_performance_estimate", VERSION, f'metric="accuracy", {_EACH}')
    return panels.lines(
        "Accuracy expected in each segment",
        about("What the scores of each segment let expect before labels come, less what such "
              "estimates were off by in it on the reference; the lowest of the replicas. Of fields "
              "with `estimates: true`.",
              "A segment that falls while the others stand still. It cannot see that the same "
              "scores come true more seldom than they did: only labels can."),
        "percentunit", _each(f"min by ({_BY}) ({expected})"))  # fmt: skip


def _worst() -> tuple[Panel, ...]:
    by = "version, field, window"
    accuracy, mae = ('metric="accuracy", class=""', 'metric="mae", class=""')
    whole = f"({of(_PERFORMANCE, VERSION, f'{mae}, {_WHOLE}')} > 0)"
    worst = of("inference_performance_worst_segment", VERSION, mae)
    ratio = f"{worst}\n/ ignoring (field, segment) group_left () {whole}"
    growth = f"1 + {of(_GROWTH, VERSION, mae)}\n/ ignoring (field, segment) group_left () {whole}"
    critical = of(f"{_GROWTH}_critical", VERSION, mae)
    chance_of_growth = f"1 + {critical}\n/ ignoring (field) group_left () {whole}"
    chance = of(f"{_GROWTH}_critical", VERSION, accuracy)
    return (
        panels.lines(
            "Accuracy: gap of the worst segment",
            about("How much less accurate the worst segment of each field is than all rows, on "
                  "the replica where it is most.",
                  "*Grown*: less the gap that the segment had on the reference, of the one where "
                  "that is most. An alert needs this above the red line and above what chance "
                  "reaches: grey, the largest of the replicas.", _WORSE),
            "percentunit",
            Query(f"max by ({by}) ({of(_GAP, VERSION, accuracy)})",
                  "{{field}} {{version}} {{window}}"),
            Query(f"max by ({by}) ({of(_GROWTH, VERSION, accuracy)})",
                  "grown {{field}} {{version}} {{window}}"),
            Query(f"max by ({by}) ({chance})", "reference chance {{field}} {{version}} {{window}}"),
            Query(threshold("segment_accuracy_gap", MODEL), "limit segment_accuracy_gap")),
        panels.lines(
            "Mean absolute error: worst segment over all rows",
            about("Of regressions: the error of the worst segment over that of all rows, on the "
                  "replica where it is most.",
                  "1 is as good as the whole. *Grown*: less the gap that the segment had on the "
                  "reference. An alert needs this above the red line and above what chance "
                  "reaches: grey, the largest of the replicas.", _WORSE),
            "none",
            Query(f"max by ({by}) (\n{ratio})", "{{field}} {{version}} {{window}}"),
            Query(f"max by ({by}) (\n{growth})", "grown {{field}} {{version}} {{window}}"),
            Query(f"max by ({by}) (\n{chance_of_growth})",
                  "reference chance {{field}} {{version}} {{window}}"),
            Query(threshold("segment_error_growth", MODEL), "limit segment_error_growth")),
    )  # fmt: skip


def _groups() -> tuple[Panel, ...]:
    by = "version, metric, field, window"
    rates = of("inference_group_rate", VERSION, _EACH)
    return (
        panels.lines(
            "Rates of protected groups",
            about("How often the positive class is predicted in each group: of all rows "
                  "(selection), of positive (true) and of other rows (false positive).",
                  "Groups far apart. What each replica sees: never average these.", _UNFAIR),
            "percentunit",
            Query(f"max by (instance, version, metric, window, segment) ({rates})",
                  "{{segment}} {{metric}} {{instance}} {{version}} {{window}}")),
        panels.lines(
            "Smallest rate over the largest",
            about("How alike groups of a protected field are treated; the worst replica.",
                  "1 is alike. An alert needs the ratio below the red line and below what chance "
                  "makes of equal groups: grey, the smallest of the replicas.", _UNFAIR),
            "percentunit",
            Query(f"min by ({by}) ({of(_RATIO, VERSION)})",
                  "{{field}} {{metric}} {{version}} {{window}}"),
            Query(f"min by ({by}) ({of(f'{_RATIO}_critical', VERSION)})",
                  "reference chance {{field}} {{metric}} {{version}} {{window}}"),
            Query(threshold("fairness_ratio", MODEL), "limit fairness_ratio")),
    )  # fmt: skip
