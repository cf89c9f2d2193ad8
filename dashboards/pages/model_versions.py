"""Model, champion and challenger: is the new version better, and is that decided?"""

from __future__ import annotations

from alert_rules.ruleset import contests, names
from dashboards.board import panels, tables
from dashboards.board.parts import Panel, Query, about
from dashboards.board.promql import MODEL, of, rate, share, single

_BY = "champion, challenger, metric"
_NAME = "{{challenger}} minus {{champion}}, {{metric}}"
_ALERTS = ("InferenceChallengerWorse", "InferenceChallengerDecided")
_STATES = (
    (-1, "worse", panels.RED), (0, "undecided", panels.GREY), (1, "better", panels.GREEN),
    (2, "equal", panels.BLUE),
)  # fmt: skip
_NOT = "compare_versions is not configured, or too few labels"


def contest() -> tuple[Panel, ...]:
    """Empty for a model without `compare_versions`."""
    return (_difference(), _sides(), _state(), _rows(), _until(), _agreement(), _apart(), _inputs())


def _of(name: str) -> str:
    return of(contests.recorded(name), MODEL)


def _most(expr: str) -> str:
    return f"max by ({_BY}) ({expr})"


def _difference() -> Panel:
    value, half = _of("difference"), _of("half")
    panel = panels.lines(
        "Difference of the versions",
        about("The metric of the challenger minus that of the champion, all replicas together, "
              "with an interval that holds at every look.",
              "Where the interval leaves 0 it is decided. For errors and losses, below 0 is "
              "better.", *_ALERTS),
        "none", Query(_most(value), f"difference {_NAME}"),
        Query(single(_most(f"{value} - {half}")), "difference at least"),
        Query(single(_most(f"{value} + {half}")), "difference at most"),
        Query(f"0 * {_most(value)}", "reference no difference"), zero=False,
    )  # fmt: skip
    return tables.unless_any(panels.band(panel, "difference", "blue"), _NOT)


def _sides() -> Panel:
    value = of(contests.value(), MODEL)
    return tables.unless_any(panels.lines(
        "The metric of each version",
        about("The compared metric over labelled rows since the comparison began, all replicas.",
              "Of rows of the same time: a champion's rows from before do not count. Empty where "
              "pairs are compared."),
        "none", Query(f"max by (side, {_BY}) ({value})", "{{side}} {{metric}}"), zero=False),
        _NOT)  # fmt: skip


def _state() -> Panel:
    contest = names.by(*contests.CONTEST)
    good = f"{of(contests.setting('sign'), MODEL)} * {_of('difference')}"
    half, margin = _of("half"), of(contests.setting("margin"), MODEL)
    equal = f"(abs({_of('difference')}) + {half} < {margin}) * 0 + 2"
    decided = f"({good} > bool {half}) - ({good} < bool -1 * {half})"
    state = f"max by ({contest}) ({decided} != 0 or {equal} or {decided})"
    return tables.unless_any(panels.states(
        "What is decided",
        about("Of the challenger, as all replicas together see it at each moment.",
              "Undecided is not the same as equal: equal takes a margin.", *_ALERTS),
        _STATES, Query(state, _NAME), width=8, height=6), _NOT)  # fmt: skip


def _rows() -> Panel:
    samples = of("inference_comparison_samples", MODEL)
    return panels.lines(
        "Labelled rows that are compared",
        about("Labelled rows of each version (where paired: pairs) of all replicas.",
              "The fewer rows of the two decide how wide the interval is."),
        "short", Query(f"sum by (side, {_BY}) ({samples})", "{{side}} {{metric}}"), width=8,
    )  # fmt: skip


def _until() -> Panel:
    left = of("inference_comparison_remaining_seconds", MODEL)
    return tables.unless_any(panels.lines(
        "Time until it would be decided",
        about("At the present difference and rate of labels, by the rows of the one replica that "
              "would know first; together they know earlier.",
              "It moves a lot while little is known. Empty where there is no telling."),
        "s", Query(f"min by ({_BY}) ({left})", _NAME), width=8), _NOT)  # fmt: skip


def _shared(part: str, whole: str) -> str:
    by = ("champion", "challenger", "metric")
    part, whole = (rate(f"inference_comparison_{one}_total", MODEL, *by) for one in (part, whole))
    return share(part, whole)


def _agreement() -> Panel:
    return tables.unless_any(panels.lines(
        "Requests that both versions answer alike",
        about("Of requests that both versions scored lately, the share with the same predicted "
              "class. Takes no labels.",
              "Versions that answer alike cannot be told apart by their labels. Only where "
              "compare_versions is paired."),
        "percentunit", Query(_shared("agreements", "classified_requests"), _NAME), zero=False),
        _NOT)  # fmt: skip


def _apart() -> Panel:
    return tables.unless_any(panels.lines(
        "How far their scores are apart",
        about("Mean distance of the two scores, or predicted numbers, of a request, lately.",
              "Far apart although most classes are the same: the decision threshold no longer "
              "means what it did. Only where compare_versions is paired."),
        "none", Query(_shared("score_distance", "scored_requests"), _NAME)), _NOT)  # fmt: skip


def _inputs() -> Panel:
    by = names.by("model", "feature")
    window = names.DRIFT_WINDOWS[-1]
    psi, critical = (
        of(kind(window), MODEL) for kind in (contests.input_drift, contests.input_critical)
    )
    over = f"max by ({by}) ({psi} / ({critical} > 0))"
    return tables.unless_any(panels.lines(
        "Do both versions get the same inputs",
        about("PSI of the challenger's inputs of a day against the champion's, in units of what "
              "chance alone reaches; the eight that differ most, all replicas together.",
              "Far above 1 the versions have different traffic: then the difference of their "
              "metric is also that of their requests. Paired requests are the same."),
        "none", Query(f"topk(8, {over})", "{{feature}}"),
        Query(f"1 + 0 * max({critical})", "limit by chance"), width=24),
        "compare_versions is not configured, or too few rows")  # fmt: skip
