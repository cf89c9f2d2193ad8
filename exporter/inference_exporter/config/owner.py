"""Checks of the top level's `labels:`: whose models these are, in the owner's own words."""

from __future__ import annotations

import re
from collections.abc import Mapping

from inference_exporter.config.checks import Findings, shaped, wrong
from inference_exporter.config.values import mapping_of, scalar_name
from inference_exporter.families import FAMILIES

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*", re.ASCII)
_TARGET = ("cluster", "namespace", "job", "instance")
_TAKEN = {*FAMILIES["inference_model_info"].labels, "model_uri", *_TARGET}
_MANY = 10

_named = mapping_of(scalar_name, "names of labels, each with a text")


@shaped(_named)
def owner_labels(value: object) -> Mapping[str, str]:
    """At most ten labels of `inference_model_info`; what tells targets apart is Prometheus's."""
    labels = _named(value)
    findings = Findings()
    for name, text in labels.items():
        if not _LABEL.fullmatch(name) or name.startswith("__"):
            findings.add(name, f"{name!r} cannot be the name of a label")
        elif name in _TAKEN:
            findings.add(name, f"{name} is a label already; use another name")
        elif not text.strip():
            findings.add(name, f"expected text, got {text!r}")
    findings.raise_any()
    if len(labels) > _MANY:
        raise wrong(f"expected at most {_MANY} labels, got {len(labels)}")
    return dict(sorted(labels.items()))
