"""Inputs are broken: found by exporters within minutes, so all there is to do is to say so."""

from __future__ import annotations

from alert_rules.ruleset.alerts.text import MODEL, PERCENT, VERSION, limit, lookup
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Alert
from alert_rules.ruleset.settings import Settings

_LABELS = (*M, "feature", "flaw")


def alerts(_: Settings) -> tuple[Alert, ...]:
    """One of the replicas is enough: what breaks a feature may be on one of them."""
    return (_broken(), _point_mass())


_WHAT = (
    '{{ if eq $labels.flaw "missing" }}have no value'
    '{{ else if eq $labels.flaw "invalid" }}have an unusable value'
    '{{ else if eq $labels.flaw "strange" }}have a value out of range or unseen'
    "{{ else }}have one and the same value{{ end }}"
)
_PAGE = "/d/inference-quality?var-model={{ $labels.model }}&var-feature={{ $labels.feature }}"


def _broken() -> Alert:
    share = lookup("inference_feature_broken_ratio", *_LABELS, show="humanizePercentage")
    return Alert(
        "InferenceFeatureBroken",
        f"max by ({by(*_LABELS)}) (inference_feature_broken) == 1",
        "critical",
        "broken",
        f"{MODEL}: input {{{{ $labels.feature }}}} is broken ({{{{ $labels.flaw }}}})",
        f"{share} of the rows of the last minutes{VERSION} {_WHAT}, which hardly any or not all "
        "of the reference have.",
        _PAGE,
        keep="10m",
    )


def _point_mass() -> Alert:
    labels = (*_LABELS, "window")
    return Alert(
        "InferenceFeaturePointMass",
        f"max by ({by(*labels)}) (inference_feature_point_mass_ratio) > 0",
        "warning",
        "broken",
        f"{MODEL}: too many rows have input {{{{ $labels.feature }}}} at one place "
        "({{ $labels.flaw }}, last {{ $labels.window }})",
        f"{PERCENT} of the rows of the last full {{{{ $labels.window }}}}{VERSION} {_WHAT}, beyond "
        f"what the reference lets expect; {limit('feature_point_ratio', 'humanizePercentage')} is "
        "allowed, and chance hardly ever does it.",
        _PAGE,
        keep="30m",
    )
