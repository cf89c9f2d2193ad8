"""Inputs are broken: found by exporters within minutes, so all there is to do is to say so."""

from __future__ import annotations

from alert_rules.ruleset.alerts.text import MODEL, VERSION, lookup
from alert_rules.ruleset.names import M, by
from alert_rules.ruleset.rules import Alert
from alert_rules.ruleset.settings import Settings

_LABELS = (*M, "feature", "kind")


def alerts(_: Settings) -> tuple[Alert, ...]:
    """One of the replicas is enough: what breaks a feature may be on one of them."""
    share = lookup("inference_feature_broken_ratio", *_LABELS, show="humanizePercentage")
    return (
        Alert(
            "InferenceFeatureBroken",
            f"max by ({by(*_LABELS)}) (inference_feature_broken) == 1",
            "critical",
            "broken",
            f"{MODEL}: input {{{{ $labels.feature }}}} is broken ({{{{ $labels.kind }}}})",
            f"{share} of the rows of the last minutes{VERSION} "
            '{{ if eq $labels.kind "missing" }}have no value'
            '{{ else if eq $labels.kind "invalid" }}have an unusable value'
            '{{ else if eq $labels.kind "strange" }}have a value out of range or unseen'
            "{{ else }}have one and the same value{{ end }}, which hardly any or not all of the "
            "reference have.",
            "/d/inference-quality?var-model={{ $labels.model }}&var-feature={{ $labels.feature }}",
            keep="10m",
        ),
    )
