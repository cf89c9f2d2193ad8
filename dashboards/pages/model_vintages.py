"""Model, by calendar period: what was expected of predictions, what came soon, what is known now.

Estimates and outcomes are gauges of replicas. A mean over rows times its rows is a sum again, and
those of replicas can be added. So can the squares of how far an end of an interval is from its mean
where rows are independent, as those of outcomes are (MOVER; Zou and Donner 2008, Statistics in
Medicine 27). What estimates may be off by is mostly the same for all replicas: their ends are
averaged, by rows, which is as wide as it can be.
"""

from __future__ import annotations

from alert_rules.ruleset import names
from dashboards.board import panels, tables
from dashboards.board.parts import Panel, about
from dashboards.board.promql import MODEL, VERSION, of

_PERIODS = f'window=~"{names.PERIODS}"'
_ALL_ROWS = f'segment="", {_PERIODS}'
_BY = "version, window"
_SAME = "ignoring (metric, class)"
_METRIC = 'metric=~"accuracy|mae"'
_SCORES = f"{_METRIC}, {_ALL_ROWS}"
_EARLY_ONES = f'{_METRIC}, class="", {_PERIODS}'
_WHOLE = f'{_METRIC}, class="", {_ALL_ROWS}'
_OUTCOME, _EARLY = "inference_performance", "inference_performance_early"
_ESTIMATE = "inference_performance_estimate"


def vintages() -> tuple[Panel, ...]:
    """Empty for a model without `calendar:`."""
    columns = (
        ("Began", f"1000 * {_began()}", "dateTimeAsIso"),
        ("Estimate", _merged(_ESTIMATE, "", _SCORES), "none"),
        ("Estimate from", _merged(_ESTIMATE, "_lower", _SCORES), "none"),
        ("Estimate to", _merged(_ESTIMATE, "_upper", _SCORES), "none"),
        ("Early outcome", _merged(_EARLY, "", _EARLY_ONES), "none"),
        ("Outcome", _merged(_OUTCOME, "", _WHOLE), "none"),
        ("Outcome from", _end("lower", "-"), "none"),
        ("Outcome to", _end("upper", "+"), "none"),
        ("With a label", f"min by ({_BY}) ({_coverage()})", "percentunit"),
        ("Labels", f"sum by ({_BY}) ({_labelled()})", "short"),
    )
    panel = panels.table(
        "Vintages",
        about("Predictions by the calendar period in which they were made: accuracy, or the mean "
              "absolute error of a regression, as estimated without labels, as labels said that "
              "came early, and as of now; all replicas together.",
              "An outcome outside the estimate's interval means concept drift, once the labels "
              "are there. From and to are ends of 95 % intervals; the share with a label is that "
              "of the replica with the least. Early is absent without calendar.early."),
        ("version", "window"), columns, "Began",
    )  # fmt: skip
    return (tables.sized(panel, Window=140, Began=170),)


def _labelled() -> str:
    return of(f"{_OUTCOME}_samples", VERSION, _ALL_ROWS)


def _coverage() -> str:
    return of("inference_label_coverage_ratio", VERSION, _ALL_ROWS)


def _began() -> str:
    """The period is that of the calendar, whoever has predictions in it."""
    there = f"{_labelled()} or {of(f'{_ESTIMATE}_samples', VERSION, _ALL_ROWS)}"
    start = of("inference_period_start_timestamp_seconds", MODEL, _PERIODS)
    return (
        f"(0 * count by ({_BY}) ({there})\n+ on (window) group_left () max by (window) ({start}))"
    )


def _merged(family: str, part: str, chosen: str) -> str:
    """Each replica's mean, or end of an interval, times its rows, over the rows."""
    values, rows = of(family + part, VERSION, chosen), _rows(family)
    return (
        f"sum by ({_BY}) ({values}\n  * {_SAME} {rows})\n"
        f"/ sum by ({_BY}) ({rows}\n  and {_SAME} {values})"
    )


def _rows(family: str) -> str:
    return of(f"{family}_samples", VERSION, _PERIODS if family == _EARLY else _ALL_ROWS)


def _end(end: str, sign: str) -> str:
    mean, ends, rows = of(_OUTCOME, VERSION, _WHOLE), f"{_OUTCOME}_{end}", _rows(_OUTCOME)
    return (
        f"{_merged(_OUTCOME, '', _WHOLE)}\n{sign} sqrt(sum by ({_BY}) (\n"
        f"  (({mean} - {of(ends, VERSION, _WHOLE)}) * {_SAME} {rows}) ^ 2))\n"
        f"/ sum by ({_BY}) ({rows}\n  and {_SAME} {mean})"
    )
