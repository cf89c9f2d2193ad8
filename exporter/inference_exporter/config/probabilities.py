"""What `fields.scores` and `fields.ranking` need of the rest of a model: above all, class names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from inference_exporter.config.checks import Findings
from inference_exporter.config.schema import (
    Fields,
    Limits,
    ModelConfig,
    ReferenceFile,
)
from inference_exporter.config.vector_fields import ScoresField
from inference_exporter.values.batch import category_name


def check_outputs(values: Mapping[str, object], findings: Findings) -> None:
    """Note what does not fit together; `values` are those of a model, as far as they are good."""
    fields = values.get("fields")
    if not isinstance(fields, Fields) or (fields.scores is None and fields.ranking is None):
        return
    if fields.scores is not None and fields.ranking is not None:
        findings.add("fields.ranking", "belongs to logs without scores: these rank the classes")
    if values.get("task") == "regression":
        findings.add("task", "fields.scores and fields.ranking belong to classification")
    if fields.scores is not None:
        limits = values.get("limits")
        limit = limits.classes if isinstance(limits, Limits) else Limits().classes
        _check_classes(fields.scores, values.get("reference"), limit, findings)


def _check_classes(one: ScoresField, reference: object, limit: int, findings: Findings) -> None:
    key, count = "fields.scores.classes", len(one.classes)
    if not count and not isinstance(reference, ReferenceFile):
        findings.add(key, "missing; only a reference file could tell them")
    elif count == 1:
        findings.add(key, "expected at least two classes")
    elif count > limit:
        findings.add(key, f"{count} classes are more than limits.classes, which is {limit}")


def with_classes(model: ModelConfig, known: Sequence[str]) -> ModelConfig:
    """The model with the classes of its probabilities: `known`, of the reference, if not its own.

    ValueError says why these cannot be taken. A list of probabilities has the order of the model
    that wrote it. For texts that is the order of the alphabet, for numbers that of numbers: where
    the two are not the same for the reference's classes, a person must say.
    """
    scores = model.fields.scores
    if scores is None or scores.classes:
        return model
    if not 2 <= len(known) <= model.limits.classes:
        raise ValueError(
            f"the reference has {len(known)} classes, and 2 to {model.limits.classes} "
            "(limits.classes) can have probabilities; name them in fields.scores.classes"
        )
    if sorted(known, key=_as_number) != sorted(known):
        raise ValueError(
            "the reference's classes are numbers that the alphabet puts in another order; name "
            "them in fields.scores.classes, in the order of the logged list"
        )
    fields = replace(model.fields, scores=replace(scores, classes=tuple(sorted(known))))
    return replace(model, fields=fields)


def _as_number(name: str) -> tuple[float, str]:
    try:
        return float(name), name
    except ValueError:
        return 0.0, category_name(name)
