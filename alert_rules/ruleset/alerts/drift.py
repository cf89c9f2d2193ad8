"""Inputs, outputs or the relation between them are not what they were."""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.direction import direction, moved
from alert_rules.ruleset.alerts.text import (
    DURATION,
    MODEL,
    PERCENT,
    ROWS,
    VALUE,
    VERSION,
    limit,
    lookup,
)
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Alert, over_windows
from alert_rules.ruleset.settings import Settings

_DRIFT = "/d/inference-drift?var-model={{ $labels.model }}"


def alerts(_: Settings) -> tuple[Alert, ...]:
    """Significant and large and enough rows: the recorded distance is absent without them."""
    return (
        *over_windows(names.DRIFT_WINDOWS, _feature, _output),
        _concept(),
        _outliers(),
        _stale(),
        _differ(),
        _warmup(),
    )


def _feature(window: str) -> Alert:
    psi = names.distance("feature", "psi", window)
    same = names.binned("feature")
    noise = lookup(names.critical("feature", "psi", window), *same)
    rows = lookup(names.rows("feature", window), *same, show=ROWS)
    least = lookup(names.feature_threshold("feature_psi"), "model", "feature")
    return Alert(
        "InferenceFeatureDrift",
        f"{psi}\n> on ({by('model', 'feature')}) group_left ()\n"
        f"  {names.feature_threshold('feature_psi')}\n"
        f"and\n{psi}\n> {names.critical('feature', 'psi', window)}",
        "warning",
        "drift",
        f"{MODEL}: input {{{{ $labels.feature }}}} has drifted (last {window})",
        f"PSI {VALUE} over {rows} rows of the last {window}, all replicas together{VERSION}; "
        f"the threshold is {least}, noise alone reaches {noise}."
        f"{direction('feature', window)}{moved('feature', window)}",
        _DRIFT + f"&var-feature={{{{ $labels.feature }}}}&var-window={window}",
        pending="15m",
        keep="30m",
        labels={"window": window},
    )


def _output(window: str) -> Alert:
    psi = names.distance("output", "psi", window)
    same = names.binned("output")
    noise = lookup(names.critical("output", "psi", window), *same)
    rows = lookup(names.rows("output", window), *same, show=ROWS)
    return Alert(
        "InferenceOutputDrift",
        f"{psi}\n> on ({by('model')}) group_left ()\n  {names.threshold('output_psi')}\n"
        f"and\n{psi}\n> {names.critical('output', 'psi', window)}",
        "warning",
        "drift",
        f"{MODEL}: its {{{{ $labels.output }}}} has drifted (last {window})",
        f"PSI {VALUE} over {rows} predictions of the last {window}, all replicas together"
        f"{VERSION}; the threshold is {limit('output_psi')}, noise alone reaches {noise}."
        f"{direction('output', window)}{moved('output', window)}",
        _DRIFT + f"&var-window={window}",
        pending="15m",
        keep="30m",
        labels={"window": window},
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
    noise = f"{names.SIGMA:g} * sqrt({ratio} * (1 - {ratio}) / {rows})"
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
