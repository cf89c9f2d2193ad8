"""Model, its estimates: did what was said before labels came turn out to be true?"""

from __future__ import annotations

from dashboards.board import panels
from dashboards.board.parts import Panel, Query, about
from dashboards.board.promql import VERSION, of

_DAYS = "inference_performance_estimate_checks"
_BY = "version, metric"
_NAME = "{{version}} {{metric}}"
_ALERT = "InferenceEstimateIntervalsBroken"


def record() -> tuple[Panel, ...]:
    """Empty for a model without a labelled reference, and until the labels of a day are there."""

    def sums(more: str = "") -> str:
        return f"sum by ({_BY}) ({of(_DAYS, VERSION, more)})"

    held, missed, days = sums('result="held"'), sums('result="missed"'), sums()
    return (
        panels.lines(
            "Days on which the interval held",
            about("Of the last 60 days whose labels are there, the share on which the value was in "
                  "the 95 % interval of its estimate; all replicas together.",
                  "0.95 is promised. Far below, estimates of this metric are not to be relied on.",
                  _ALERT),
            "percentunit", Query(f"{held} / {days}", _NAME), zero=False),
        panels.lines(
            "Days on which it did not",
            about("How many days were outside.", "One in twenty is chance.", _ALERT),
            "short", Query(missed, _NAME)),
    )  # fmt: skip
