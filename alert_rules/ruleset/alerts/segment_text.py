"""Pieces of annotations about segments: which one, how bad, of how many rows.

An alert is the most extreme of all replicas; what is said beside it is of the same replica.
"""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.text import NUMBER, ROWS, SHARE
from alert_rules.ruleset.names import M

GROWTH = "inference_performance_segment_gap_growth"
GROWTH_CRITICAL = f"{GROWTH}_critical"
DECLINE = "inference_performance_segment_decline"
DECLINE_CRITICAL, DECLINE_LIMIT = f"{DECLINE}_critical", f"{DECLINE}_limit"
RATIO, RATIO_CRITICAL = "inference_fairness_ratio", "inference_fairness_ratio_critical"
_VALUE, _REFERENCE = "inference_performance", "inference_performance_reference"
_ROWS = "inference_performance_samples"


def _labels() -> tuple[str, ...]:
    """Of the alert and of the series above."""
    return (*names.kept(), *M, "metric", "field", "window")


def worst(show: str, where: str) -> str:
    """Value, name and labels of the segment whose gap grew most, and what chance can do."""
    same = _selector(*_labels(), fixed='class=""')
    query = f"topk(1, {GROWTH}{same} > ignoring (segment) group_left () {GROWTH_CRITICAL}{same})"
    value = _beside(_VALUE, *M, "metric", "class", "window", "segment", show=show)
    rows = _beside(_ROWS, *M, "window", "segment", show=ROWS)
    chance = _beside(GROWTH_CRITICAL, *M, "metric", "field", "window", show=NUMBER)
    return _ask(
        query,
        f"{value} for {{{{ .Labels.segment }}}}, over {rows} labels. Chance alone makes one "
        f"{{{{ .Labels.field }}}} {chance} further {where} all rows together than on the reference "
        "(than at all, where the reference does not know it)",
    )


def declined() -> str:
    """Value now and on the reference of the segment, its labels, and what is allowed."""
    of = (*M, "metric", "class", "window", "segment")
    same = _selector(*names.kept(), *of, fixed="")
    given = " ".join(f"$labels.{label}" for label in (*names.kept(), *of))
    now = _beside(_VALUE, *of, show=NUMBER)
    before = _beside(_REFERENCE, *M, "metric", "class", "segment", show=NUMBER)
    rows = _beside(_ROWS, *M, "window", "segment", show=ROWS)
    limit, chance = (_beside(one, *of, show=NUMBER) for one in (DECLINE_LIMIT, DECLINE_CRITICAL))
    return _first(
        f"topk(1, {DECLINE}{same} > {DECLINE_CRITICAL}{same})",
        given,
        f"{now} for {{{{ .Labels.segment }}}}, over {rows} labels; on the reference it was "
        f"{before} for the same segment. It may be {limit} worse, and chance alone makes it "
        f"{chance} worse",
    )


def groups() -> str:
    """The groups with the smallest and the largest rate, and what chance can do."""
    same = _selector(*_labels(), fixed="")
    query = f"bottomk(1, {RATIO}{same} < {RATIO_CRITICAL}{same})"
    chance = _beside(RATIO_CRITICAL, *M, "metric", "field", "window", show=NUMBER)
    return _ask(
        query,
        f"{_rate('bottomk')} and {_rate('topk')}. Were all alike, chance alone would make the "
        f"ratio {chance}",
    )


def _rate(pick: str) -> str:
    labels = (*names.kept(), "instance", *M, "metric", "window", "field")
    *equal, _ = [f"{label}=%q" for label in labels]
    of = ",".join((*equal, 'segment=~"%s=.*"'))  # a segment is written field=value
    given = " ".join(f".Labels.{label}" for label in labels)
    shown = f"{{{{ . | value | {SHARE} }}}} for {{{{ .Labels.segment }}}}"
    return _first(f"{pick}(1, inference_group_rate{{{of}}})", given, shown)


def _beside(metric: str, *labels: str, show: str) -> str:
    """The value of another series of the same replica, with the same values of these labels."""
    every = (*names.kept(), "instance", *labels)
    of = ",".join(f"{label}=%q" for label in every)
    given = " ".join(f".Labels.{label}" for label in every)
    return _first(f"{metric}{{{of}}}", given, f"{{{{ . | value | {show} }}}}")


def _ask(query: str, text: str) -> str:
    """Ask about the labels of the alert; `.` in the text is the first series that is found."""
    return _first(query, " ".join(f"$labels.{label}" for label in _labels()), text)


def _first(query: str, given: str, text: str) -> str:
    asked = query.replace('"', '\\"')
    return (
        f'{{{{ with printf "{asked}" {given} | query }}}}{{{{ with first . }}}}{text}'
        "{{ end }}{{ end }}"
    )


def _selector(*labels: str, fixed: str) -> str:
    """The values of these labels; `%[2]q` is the second that is given, quoted."""
    pairs = [f"{label}=%[{at}]q" for at, label in enumerate(labels, 1)]
    return "{" + ",".join((*pairs, *([fixed] if fixed else []))) + "}"
