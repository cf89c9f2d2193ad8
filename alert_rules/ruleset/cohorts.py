"""Recording rules over labels by the time of their predictions: what has become of a cohort.

`truth` counts labels when they arrive, however old the predictions are. Here a window is of the
predictions that were made in it, as far as they have labels: exporters publish how many there are
by their own windows, and those counts add up over replicas. Early labels are often not like late
ones, so a cohort's value moves until the last label is there.
"""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Group, Recording
from alert_rules.ruleset.settings import Settings

_CELLS = "inference_cohort_outcomes"
_ROWS = "model_version_window:inference_cohort_outcomes:sum"


def group(settings: Settings) -> Group:
    """Rows, accuracy, precision and recall, and the mean absolute error."""
    window = by(*M, "window")
    return Group(
        "inference-cohorts",
        settings.every("1m"),
        (
            Recording(_ROWS, f'sum by ({window}) (inference_performance_samples{{segment=""}})'),
            *(_selected(one) for one in names.LABEL_WINDOWS),
            *(_labelled(one) for one in names.LABEL_WINDOWS),
            Recording(
                names.cohort("accuracy"),
                f"sum by ({window}) ({_right()}) / ({_ROWS} >= {names.LEAST_ROWS})",
            ),
            *(_by_class(metric, label) for metric, label in _SIDES.items()),
            Recording(
                names.cohort("mae"),
                f"sum by ({window}) (inference_cohort_absolute_error)"
                f" / ({_ROWS} >= {names.LEAST_ROWS})",
            ),
        ),
    )


_SIDES = {"precision": "predicted", "recall": "actual"}


def _selected(window: str) -> Recording:
    """Of the same window; where none is configured, of any."""
    m, bias = by(*M), "inference_label_selection_bias"
    return Recording(
        names.selected(window),
        f'max by ({m}) ({bias}{{window=~"{names.CONFIGURED[window]}"}})\n'
        f"or max by ({m}) ({bias}{{{names.NO_PERIOD}}})",
    )


def _labelled(window: str) -> Recording:
    """Absent while the labels are a selection: they say nothing of the others."""
    same = f'window=~"{names.CONFIGURED[window]}"'
    return Recording(
        names.cohort_rows(window),
        f"max by ({by(*M)}) ({_ROWS}{{{same}}})\n"
        f"unless on ({by(*M)}) {names.selected(window)} == 1",
    )


def _right() -> str:
    """Cells in which the predicted class is the actual one, with the label `class`."""
    key = by(*M, "instance", "predicted", "actual", "window", "class")
    return (
        f'label_replace({_CELLS}, "class", "$1", "predicted", "(.*)")\n  and on ({key})\n'
        f'  label_replace({_CELLS}, "class", "$1", "actual", "(.*)")'
    )


def _by_class(metric: str, label: str) -> Recording:
    key = by(*M, "class", "window")
    whole = f'label_replace({_CELLS}, "class", "$1", "{label}", "(.*)")'
    return Recording(
        names.cohort(metric),
        f"sum by ({key}) ({_right()}) / (sum by ({key}) ({whole}) > 0)\n"
        f"and on ({by(*M, 'window')}) {_ROWS} >= {names.LEAST_ROWS}",
    )
