"""`business_value:` of a model: what each outcome is worth. And which class is the positive one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from inference_exporter.config.checks import Findings, closest, expected, shaped
from inference_exporter.config.schema import BusinessValue, ModelConfig
from inference_exporter.config.values import number
from inference_exporter.performance import Values, binary_values, pair_values
from inference_exporter.values.batch import category_name

OUTCOMES = ("tp", "fp", "fn", "tn")
_amount = number(-1e12, 1e12)


@shaped(
    {
        "type": "object",
        "additionalProperties": {
            "anyOf": [_amount, {"type": "object", "additionalProperties": _amount}]
        },
    }
)
def business_value(value: object) -> BusinessValue:
    """Numbers by `tp`, `fp`, `fn`, `tn`, or by predicted and then by actual class."""
    if not isinstance(value, Mapping) or not value:
        raise expected("{tp: …, fp: …, fn: …, tn: …}, or predicted classes with actual ones", value)
    findings = Findings()
    nested = any(isinstance(inner, Mapping) for inner in value.values())
    found = _pairs(value, findings) if nested else _outcomes(value, findings)
    findings.raise_any()
    return found


def _outcomes(value: Mapping[object, object], findings: Findings) -> BusinessValue:
    good: dict[str, float] = {}
    for name, raw in value.items():
        if name not in OUTCOMES:
            findings.add(str(name), f"unknown outcome; {closest(str(name), OUTCOMES)}")
            continue
        good[str(name)] = findings.take(str(name), _amount, raw) or 0.0
    return BusinessValue(outcomes=good)


def _pairs(value: Mapping[object, object], findings: Findings) -> BusinessValue:
    good: dict[tuple[str, str], float] = {}
    for predicted, row in value.items():
        if not isinstance(row, Mapping):
            findings.add(str(predicted), "expected actual classes, each with a number")
            continue
        for actual, raw in row.items():
            amount = findings.take(f"{predicted}.{actual}", _amount, raw)
            good[_name(predicted), _name(actual)] = amount or 0.0
    return BusinessValue(pairs=good)


def _name(raw: object) -> str:
    """The class that a key of the file stands for: `1` and `true` are keys without quotes."""
    return category_name(raw) if isinstance(raw, str | int | float) else str(raw)


def class_pair(model: ModelConfig, classes: Sequence[str]) -> tuple[str, str] | None:
    """(negative, positive) of a two-class model; None where there is no positive class."""
    scores = model.fields.scores
    if not classes and scores is not None:
        classes = sorted(scores.classes)
    if model.positive_class is not None:
        rest = [name for name in classes if name != model.positive_class]
        return (rest[0] if len(rest) == 1 else "rest", model.positive_class)
    return (classes[0], classes[1]) if len(classes) == 2 else None


def values_of(model: ModelConfig, classes: Sequence[str]) -> Values | None:
    """What outcomes are worth; None where that is not configured, or not for these classes."""
    worth = model.business_value
    if worth is None:
        return None
    if worth.pairs:
        return pair_values(worth.pairs)
    pair = class_pair(model, classes)
    return None if pair is None else binary_values(worth.outcomes, pair[1])
