"""Values of inputs are missing, unusable, unknown or out of range."""

from __future__ import annotations

from alert_rules.ruleset import names
from alert_rules.ruleset.alerts.noise import each_minute
from alert_rules.ruleset.alerts.text import MODEL, PERCENT, ROWS, VERSION, lookup
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Alert
from alert_rules.ruleset.settings import Settings

_WINDOW = "1h"
_FEATURE = (*M, "feature")


def alerts(_: Settings) -> tuple[Alert, ...]:
    """The share less its noise is above the share in the reference plus the threshold.

    Noise is that of rows that resemble each other as the exporters found; until they have decided,
    rows count as independent: what is broken must not wait.
    """
    missing = f"max by ({by(*M, 'feature')}) (inference_feature_reference_missing_ratio)"
    unseen = f'max by ({by(*M, "feature")}) ({names.reference_ratio("feature")}{{bin="unseen"}})'
    return (
        _alert("InferenceFeatureMissing", "missing", "is missing", missing),
        _alert("InferenceFeatureInvalid", "invalid", "has unusable values", ""),
        _alert("InferenceFeatureUnseen", "unseen", "has unknown categories", unseen),
        _alert("InferenceFeatureOutOfRange", "out_of_range", "is out of range", ""),
    )


def _alert(name: str, flaw: str, what: str, usual: str) -> Alert:
    ratio = names.share(flaw, _WINDOW)
    rows = f"model_version_feature:inference_feature_values:increase{_WINDOW}"
    design = f"({names.design('feature', _WINDOW)}\n  or {ratio} * 0 + 1)"
    noise = each_minute(ratio, rows, design)
    threshold = names.feature_threshold(f"feature_{flaw}_ratio")
    base = f"({ratio} - {usual})" if usual else ratio
    limit = lookup(threshold, "model", "feature", show="humanizePercentage")
    return Alert(
        name,
        f"{base} - {noise}\n> on ({by('model', 'feature')}) group_left () {threshold}",
        "warning",
        "quality",
        f"{MODEL}: input {{{{ $labels.feature }}}} {what}",
        f"{lookup(ratio, *_FEATURE, show='humanizePercentage')} of "
        f"{lookup(rows, *_FEATURE, show=ROWS)} values of the last {_WINDOW}{VERSION}; less noise"
        f"{' and what is usual in the reference' if usual else ''} {PERCENT}, where {limit} is "
        "allowed.",
        "/d/inference-quality?var-model={{ $labels.model }}&var-feature={{ $labels.feature }}",
        pending="10m",
        keep="30m",
    )
