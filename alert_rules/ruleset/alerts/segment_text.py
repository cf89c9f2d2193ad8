"""Pieces of annotations about segments: which is the worst, how bad, of how many rows.

An alert is the most extreme of all replicas; what is said beside it is of the same replica.
"""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.text import NUMBER, ROWS, SHARE
from alert_rules.ruleset.names import M

WORST = "inference_performance_worst_segment"
GAP, GAP_CRITICAL = f"{WORST}_gap", f"{WORST}_gap_critical"
RATIO, RATIO_CRITICAL = "inference_fairness_ratio", "inference_fairness_ratio_critical"


def _labels() -> tuple[str, ...]:
    """Of the alert and of the series above."""
    return (*names.kept(), *M, "metric", "field", "window")


def worst(show: str, than_all: str) -> str:
    """Value, name and labels of the segment that is worst by most, and what chance can do."""
    same = _selector(*_labels(), fixed='class=""')
    query = f"{WORST}{same} and ignoring (segment) topk(1, {GAP}{same} > {GAP_CRITICAL}{same})"
    rows = _beside("inference_performance_samples", *M, "window", found="segment", show=ROWS)
    chance = _beside(GAP_CRITICAL, *M, "metric", "field", "window", show=NUMBER)
    return _ask(
        query,
        f"{{{{ . | value | {show} }}}} for {{{{ .Labels.segment }}}}, over {rows} labels. Chance "
        f"alone makes the worst {{{{ .Labels.field }}}} {chance} {than_all} than all rows together",
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


def _beside(metric: str, *labels: str, show: str, found: str = "") -> str:
    """The value of another series of the same replica, with the same values of these labels."""
    every = (*names.kept(), "instance", *labels, *([found] if found else []))
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
