"""Inputs, outputs or the relation between them are not what they were."""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.direction import direction, moved
from alert_rules.ruleset.alerts.noise import each_minute
from alert_rules.ruleset.alerts.text import (
    DURATION,
    MODEL,
    NUMBER,
    PERCENT,
    ROWS,
    SHARE,
    VALUE,
    VERSION,
    limit,
    lookup,
)
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Alert
from alert_rules.ruleset.settings import Settings

_MATTERS = 0.01  # as exporters say it on their status page
_DRIFT = "/d/inference-drift?var-model={{ $labels.model }}"


def alerts(_: Settings) -> tuple[Alert, ...]:
    """Inputs and outputs by their recorded states, which are absent without enough data."""
    return (
        _feature(),
        _important(),
        _output(),
        _concept(),
        _outliers(),
        _stale(),
        _differ(),
        _warmup(),
    )


def _drifted(scope: str, name: str, what: str, threshold: str, more: str) -> Alert:
    """One alert for all windows: the states are decided on full hours and days (ADR 0016)."""
    hours = _no_hours() if scope == "feature" else ""
    matters = _importance() if scope == "feature" else ""
    return Alert(
        name,
        f"{names.state(scope)} == 1",
        "warning",
        "drift",
        f"{MODEL}: {what} has drifted",
        f"Significant and large drift{VERSION}; the limit of the PSI is {threshold}."
        f"{_evidence(scope)}{direction(scope, '1h')}{moved(scope, '1h')}{matters}{_outside()}"
        f"{hours}{_undecided()}",
        _DRIFT + more + "&var-window=1h",
        keep="30m",
    )


def _evidence(scope: str) -> str:
    """A sentence about each full window in which it was found: what was decided on.

    The series of the evidence end with the state; while an alert is only kept there is none.
    """
    same = (*names.kept(), *M, scope)
    pairs = ",".join(f"{one}=%q" for one in same)
    given = " ".join(f"$labels.{one}" for one in same)
    psi = f"{names.decided(scope, 'psi')}{{{pairs}}}"
    rows, noise = (
        f'{{{{ with printf "{names.decided(scope, what)}{{{pairs},window=%q}}" {given} '
        ".Labels.window | query }}" + words + "{{ end }}"
        for what, words in (
            ("rows", f" over {{{{ . | first | value | {ROWS} }}}} rows"),
            ("critical", f"; noise alone reaches {{{{ . | first | value | {NUMBER} }}}}"),
        )
    )
    return (
        f'{{{{ with printf "{psi}" {given} | query }}}}{{{{ range . }}}}'
        f" In a full window of {{{{ .Labels.window }}}} it was {{{{ .Value | {NUMBER} }}}}"
        f"{rows}{noise}.{{{{ end }}}}{{{{ end }}}}"
    )


def _no_hours() -> str:
    """That hours differ in the reference, and the model compares with all of them."""
    same = (*names.kept(), *M, "feature")
    pairs = ",".join(f"{one}=%[{at}]q" for at, one in enumerate(same, 1))
    given = " ".join(f"$labels.{one}" for one in same)
    model = ",".join(f"{one}=%[{at}]q" for at, one in enumerate((*names.kept(), "model"), 1))
    asked = (
        f"max by (season) (inference_feature_reference_season_psi{{{pairs}}}) >= {_MATTERS:g} "
        f"unless on () inference_reference_season_cells{{{model}}} > 0"
    )
    return (
        f'{{{{ with printf "{asked}" {given} | query }}}} This reference knows no hours, and the '
        'input differs by {{ with (. | first).Labels.season }}{{ . | reReplaceAll "_" " " }}'
        "{{ end }}: see season in the configuration.{{ end }}"
    )


def _outside() -> str:
    """That the reference has nothing of this time of the day, week or year."""
    same = (*names.kept(), "model")
    pairs, given = (
        ",".join(f"{one}=%q" for one in same),
        " ".join(f"$labels.{one}" for one in same),
    )
    asked = f"max by (unit) (inference_reference_covers{{{pairs}}}) == 0"
    return (
        f'{{{{ with printf "{asked}" {given} | query }}}} The reference has no rows of such '
        "{{ range $i, $one := . }}{{ if $i }} or {{ end }}{{ $one.Labels.unit }}{{ end }} as now: "
        "this may be the time, not the data.{{ end }}"
    )


def _importance() -> str:
    """What share of the importance of all inputs this one has, where it is known."""
    share = lookup("inference_feature_importance_ratio", *M, "feature", show=SHARE)
    begin = share.split("}}", 1)[0] + "}}"
    return share.replace(begin, f"{begin} It has ", 1).replace(
        "{{ end }}", " of the importance that inputs have for the model.{{ end }}"
    )


def _important() -> Alert:
    """For who wants to be told apart: it is silent until its threshold is set."""
    return Alert(
        "InferenceImportantInputsDrift",
        f"{names.drifted_importance()}\n> on ({by('model')}) group_left ()\n"
        f"  {names.threshold('drifted_importance_ratio')}",
        "critical",
        "drift",
        f"{MODEL}: inputs that matter to it have drifted",
        f"Inputs with {PERCENT} of the importance that all have for the model{VERSION} have "
        f"drifted; {limit('drifted_importance_ratio', SHARE)} is allowed. InferenceFeatureDrift "
        "says which they are, how far and which way.",
        _DRIFT + "&var-window=1h",
        keep="30m",
    )


def _undecided() -> str:
    """Why other inputs are silent, in the words of the status page and of the runbook."""
    count = lookup("inference_undecided_features", *M)
    begin = count.split("}}", 1)[0] + "}}"
    rest = "{{ if gt (. | first | value) 0.0 }} {{ . | first | value }} inputs are undecided "
    words = "because too few values, rows resemble each other, or the traffic moves by itself."
    return f"{begin}{rest}{words}{{{{ end }}}}{{{{ end }}}}"


def _feature() -> Alert:
    least = lookup(names.feature_threshold("feature_psi"), "model", "feature")
    return _drifted(
        "feature", "InferenceFeatureDrift", "input {{ $labels.feature }}", least,
        "&var-feature={{ $labels.feature }}",
    )  # fmt: skip


def _output() -> Alert:
    return _drifted(
        "output", "InferenceOutputDrift", "its {{ $labels.output }}", limit("output_psi"), ""
    )


def _concept() -> Alert:
    labels = by(*M, "detector", "signal")
    return Alert(
        "InferenceConceptDrift",
        f"max by ({labels}) (inference_concept_drift) >= 2",
        "warning",
        "drift",
        f"{MODEL}: the {{{{ $labels.signal }}}} has changed",
        "{{ $labels.detector }} found a change in the stream of {{ $labels.signal }} of"
        f"{VERSION}, on at least one replica. How often it does so without any change is in "
        "docs/concept-drift.md.",
        "/d/inference-model?var-model={{ $labels.model }}",
        pending="5m",
        keep="30m",
    )


def _outliers() -> Alert:
    ratio = "model_version:inference_outliers:ratio1h"
    rows = "model_version:inference_predictions:increase1h"
    design = f"(max by ({by(*M)}) ({names.design('feature', '1h')}) or {ratio} * 0 + 1)"
    noise = each_minute(ratio, rows, design)
    same = M
    return Alert(
        "InferenceOutlierBurst",
        f"{ratio} - {noise}\n> on ({by('model')}) group_left ()\n"
        f"  {names.threshold('outlier_ratio')}",
        "warning",
        "drift",
        f"{MODEL}: many inputs are unlike anything in the reference",
        f"{lookup(ratio, *same, show='humanizePercentage')} of "
        f"{lookup(rows, *same, show=ROWS)} predictions of the last hour{VERSION} are outliers, "
        f"{PERCENT} less noise; {limit('outlier_ratio', 'humanizePercentage')} is allowed.",
        _DRIFT,
        pending="10m",
        keep="30m",
    )


def _stale() -> Alert:
    made = f"max by ({by(*M)}) (inference_reference_timestamp_seconds)"
    return Alert(
        "InferenceReferenceStale",
        f"time() - {made}\n> on ({by('model')}) group_left ()\n"
        f"  {names.threshold('reference_age_seconds')}",
        "info",
        "drift",
        f"{MODEL}: the reference is old",
        f"The reference{VERSION} was made {DURATION} ago; the limit is "
        f"{limit('reference_age_seconds', 'humanizeDuration')}. Distances are from what was normal "
        "then.",
        _DRIFT,
        pending="1h",
    )


def _differ() -> Alert:
    return Alert(
        "InferenceReferencesDiffer",
        f"count by ({by(*M)}) (\n"
        f"  group by ({by(*M, 'reference')}) (inference_reference_info)) > 1",
        "warning",
        "drift",
        f"{MODEL}: replicas compare with different references",
        f"{VALUE} references are in use by replicas{VERSION}. Their counts cannot be added, so "
        "each has only a part of the traffic.",
        _DRIFT,
        pending="1h",
    )


def _warmup() -> Alert:
    return Alert(
        "InferenceWarmupUnfinished",
        f"min by ({by('model')}) (inference_reference_warmup_remaining) > 0",
        "info",
        "drift",
        f"{MODEL}: still no reference after a day",
        f"{VALUE} predictions are missing before the warm-up reference is frozen. Until then no "
        "drift is computed.",
        _DRIFT,
        pending="1d",
    )
