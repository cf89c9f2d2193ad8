"""A part of the traffic is served worse than it was or than the rest, or groups are not alike.

Worse than it was: against the segment's own reference. Worse than the rest: by how much the gap to
all rows has grown beyond what it was on the reference, where that knows the segment; one that was
hard from the beginning is no news. The gauges are one replica's own: names of segments are the
user's, so rules cannot add up counters by them. Whether something is more than chance is decided
within a replica, before replicas are merged: the gap of one and the critical value of another say
nothing about each other.
"""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts import segment_text as text
from alert_rules.ruleset.alerts.text import MODEL, NUMBER, SHARE, VALUE, VERSION, limit
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Alert
from alert_rules.ruleset.settings import Settings

_BY = (*M, "metric", "field", "window")
_OWN = (*M, "metric", "class", "segment", "window")
_SEGMENT = "{{ $labels.segment }}"
_METRIC = (
    '{{ reReplaceAll "_" " " $labels.metric }}{{ with $labels.class }} of class {{ . }}{{ end }}'
)
_FIELD = "{{ $labels.field }}"
_WINDOW = "{{ $labels.window }}"
_PAGE = "/d/inference-model?var-model={{ $labels.model }}"
_VIEW = "This is what one replica sees: the one whose"
_POINTS = VALUE  # a difference of two shares: 0.12, not 12 %


def alerts(_: Settings) -> tuple[Alert, ...]:
    """Large and no chance; the critical values know how many segments were looked at."""
    return (_decline(), _accuracy(), _error(), _fairness())


def _decline() -> Alert:
    chosen = '{segment!=""}'
    return Alert(
        "InferenceSegmentPerformanceLow",
        f"max by ({by(*_OWN)}) (\n  {text.DECLINE}{chosen} > {text.DECLINE_CRITICAL}{chosen}\n"
        f"  and {text.DECLINE}{chosen} > {text.DECLINE_LIMIT}{chosen}\n"
        f"  unless on ({by('instance', *M, 'window')}) inference_label_selection_bias == 1)",
        "warning",
        "segments",
        f"{MODEL}: {_METRIC} for {_SEGMENT} is {VALUE} worse than on its reference",
        f"Over the last {_WINDOW}, {_METRIC}{VERSION} is {text.declined()}. {_VIEW} decline is "
        "largest.",
        _PAGE,
        pending="30m",
        keep="2h",
    )


def _accuracy() -> Alert:
    return Alert(
        "InferenceSegmentUnderperforms",
        f"max by ({by(*_BY)}) (\n  {_beyond_chance('accuracy')})\n"
        f"> on ({by('model')}) group_left ()\n  {names.threshold('segment_accuracy_gap')}",
        "warning",
        "segments",
        f"{MODEL}: accuracy for one {_FIELD} has fallen {_POINTS} behind that for all",
        f"Over the last {_WINDOW}, accuracy{VERSION} is {text.worst(SHARE, 'behind')}; this is "
        f"{_POINTS}, where {limit('segment_accuracy_gap')} is allowed. {_VIEW} gap has grown most.",
        _PAGE,
        pending="30m",
        keep="2h",
        labels={"metric": "accuracy"},  # for promtool: two rules of one name
    )


def _error() -> Alert:
    chosen = 'metric="mae", class=""'
    whole = f'inference_performance{{{chosen}, segment=""}}'
    return Alert(
        "InferenceSegmentUnderperforms",
        f"max by ({by(*_BY)}) (\n  1 + ({_beyond_chance('mae')})\n"
        f"  / ignoring (field, segment) group_left () ({whole} > 0))\n"
        f"> on ({by('model')}) group_left ()\n  {names.threshold('segment_error_growth')}",
        "warning",
        "segments",
        f"{MODEL}: errors for one {_FIELD} have grown to {VALUE} times those for all",
        f"Over the last {_WINDOW}, the mean absolute error{VERSION} is "
        f"{text.worst(NUMBER, 'above')}; less the gap of the reference it is {VALUE} times that of "
        f"all rows, where {limit('segment_error_growth')} times is allowed. {_VIEW} gap has grown "
        "most.",
        _PAGE,
        pending="30m",
        keep="2h",
        labels={"metric": "mae"},
    )


def _beyond_chance(metric: str) -> str:
    chosen = f'{{metric="{metric}", class=""}}'
    return f"{text.GROWTH}{chosen}\n  > ignoring (segment) {text.GROWTH_CRITICAL}{chosen}"


def _fairness() -> Alert:
    rate = '{{ reReplaceAll "_" " " $labels.metric }}'
    chosen = '{metric=~"selection_rate|true_positive_rate"}'
    return Alert(
        "InferenceFairnessRatioLow",
        f"min by ({by(*_BY)}) (\n  {text.RATIO}{chosen}\n  < {text.RATIO_CRITICAL}{chosen})\n"
        f"< on ({by('model')}) group_left ()\n  {names.threshold('fairness_ratio')}",
        "warning",
        "segments",
        f"{MODEL}: the {rate} of one {_FIELD} is {VALUE} times that of another",
        f"Over the last {_WINDOW}, the {rate}{VERSION} is {text.groups()}; it is {VALUE}, where "
        f"{limit('fairness_ratio')} is asked for. {_VIEW} ratio is smallest.",
        _PAGE,
        pending="30m",
        keep="2h",
    )
