"""Every metric family that is served: name, type, labels, HELP. The contract with rules and panels.

Renaming one needs an ADR. `docs/metrics.md` is generated from these tables, and a test proves that
nothing else is ever served. Labels of a family are given in the order in which they are printed.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from inference_exporter.families.corrections import CORRECTIONS, correction_of
from inference_exporter.families.exporter import EXPORTER
from inference_exporter.families.facts import FACTS
from inference_exporter.families.family import Family, Kind
from inference_exporter.families.inputs import INPUTS
from inference_exporter.families.performance import PERFORMANCE
from inference_exporter.families.traffic import TRAFFIC
from inference_exporter.families.truth import TRUTH
from inference_exporter.families.versions import VERSIONS

__all__ = ["FAMILIES", "GROUPS", "Family", "Kind", "correction_of", "with_labels"]

GROUPS: dict[str, tuple[Family, ...]] = {
    "Traffic and latency": TRAFFIC,
    "Inputs and outputs against the reference": INPUTS,
    "Truth": (*TRUTH, *PERFORMANCE),
    "Champion and challenger": VERSIONS,
    "Corrections by newer labels": CORRECTIONS,
    "Thresholds and facts": FACTS,
    "The exporter about itself": EXPORTER,
}

FAMILIES: dict[str, Family] = {family.name: family for group in GROUPS.values() for family in group}


@lru_cache(maxsize=1024)
def with_labels(name: str, more: tuple[str, ...]) -> Family:
    """The family of that name with further labels."""
    family = FAMILIES[name]
    return replace(family, labels=(*family.labels, *more)) if more else family
