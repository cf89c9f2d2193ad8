"""`compare_versions:` of a model: which versions are compared, by what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from inference_exporter.config.budget import allowed
from inference_exporter.config.checks import (
    Findings,
    Key,
    Section,
    closest,
    expected,
    shaped,
    wrong,
)
from inference_exporter.config.compared_versions import CompareVersions
from inference_exporter.config.schema import BusinessValue, Fields, LabelsConfig, ModelConfig
from inference_exporter.config.values import integer, number, scalar_name, true_or_false

METRICS: Mapping[str, str] = {
    "accuracy": "classes",
    "precision": "positive",
    "recall": "positive",
    "business_value": "worth",
    "brier_score": "scores",
    "log_loss": "scores",
    "mae": "numbers",
    "mse": "numbers",
    "mape": "numbers",
}
"""Metrics that are means over rows, each with what it needs."""
REFUSED: Mapping[str, str] = {
    "rmse": "mse is decided the same, for one is larger where the other is",
    "f1": "it is no mean over rows; compare precision or recall",
    "roc_auc": "it is no mean over rows; compare log_loss or brier_score",
    "average_precision": "it is no mean over rows; compare precision or log_loss",
    "calibration_error": "it is no mean over rows; compare brier_score",
    "bias": "it has no better and worse; compare mae",
    "r2": "it is no mean over rows; compare mse",
}
_HIGHEST = 0.5


@shaped({"enum": list(METRICS)})
def _metric(value: object) -> str:
    if isinstance(value, str) and value in REFUSED:
        raise wrong(f"{value} cannot be compared: {REFUSED[value]}")
    if not isinstance(value, str) or value not in METRICS:
        raise wrong(f"unknown metric; {closest(str(value), METRICS)}")
    return value


@shaped({"type": "string", "format": "date-time"})
def _moment(value: object) -> float:
    """A point in time, epoch seconds; YAML makes a datetime of some texts."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        found = None
    if not isinstance(found, datetime) or found.tzinfo is None:
        raise expected("a time with its zone, such as 2026-11-02T08:00:00Z", value)
    return found.timestamp()


COMPARE_VERSIONS = Section(
    "compare_versions",
    CompareVersions,
    (
        Key("champion", scalar_name, "a version", "The version in use, as `fields.version` says.",
            '"7"', required=True),
        Key("challenger", scalar_name, "a version", "The version that may take its place.",
            '"8"', required=True),
        Key("metric", _metric, f"one of {', '.join(METRICS)}",
            "What is compared: a mean over labelled rows.", "accuracy", required=True),
        Key("paired", true_or_false, "true or false",
            "Requests are scored by both versions, and both predictions have the same `fields.id`:"
            " differences within pairs are compared. Takes `labels`.", "true", default="false"),
        Key("alpha", number(1e-9, _HIGHEST), "a number, 0 to 0.5",
            "The probability that two versions that are alike are ever said to differ.", "0.05",
            default="the model's part of its false alarms, 0.02"),
        Key("margin", number(0.0, 1e12), "a number",
            "A difference of the metric that does not matter: versions that differ by less for"
            " sure are equal.", "0.005", default="none"),
        Key("planned", integer(10, 1_000_000_000), "a whole number",
            "About how many labelled rows of each version, or pairs, are expected: the interval is"
            " tightest there, and holds everywhere.", "20000"),
        Key("since", _moment, "a time with its zone",
            "Predictions made before do not count. Needed where the versions are in separate"
            " replicas.", "2026-11-02T08:00:00Z",
            default="the first prediction of the challenger"),
    ),
)  # fmt: skip


@shaped(COMPARE_VERSIONS)
def compare_versions(value: object) -> CompareVersions:
    """The section."""
    found: CompareVersions = COMPARE_VERSIONS(value)
    if found.champion == found.challenger:
        raise wrong("is the champion; a version is not compared with itself", "challenger")
    return found


def check_versions(values: Mapping[str, object], findings: Findings) -> None:
    """What the rest of the model must have."""
    one, fields = values.get("compare_versions"), values.get("fields")
    if not isinstance(one, CompareVersions):
        return
    fields = fields if isinstance(fields, Fields) else Fields()
    labels = values.get("labels")
    if fields.version is None:
        findings.add("fields.version", "missing; compare_versions tells predictions apart by it")
    if fields.actual is None and labels is None:
        findings.add("labels", "missing; compare_versions needs labels, here or in fields.actual")
    _check_metric(one.metric, values, fields, findings)
    if one.paired and one.metric == "precision":
        findings.add(
            "compare_versions.metric",
            "precision is of other requests for each version, which makes no pairs; compare recall,"
            " accuracy or business_value",
        )
    if one.paired and (not isinstance(labels, LabelsConfig) or fields.id is None):
        findings.add(
            "labels",
            "missing; compare_versions.paired needs it, for both predictions of a request wait "
            "there for each other",
        )


def _check_metric(
    metric: str, values: Mapping[str, object], fields: Fields, findings: Findings
) -> None:
    kind, worth = METRICS[metric], values.get("business_value")
    by_outcome = isinstance(worth, BusinessValue) and bool(worth.outcomes) and kind == "worth"
    if (kind in ("positive", "scores") or by_outcome) and values.get("positive_class") is None:
        findings.add("positive_class", f"missing; {metric} is of one class")
    if kind == "scores" and not fields.has_score:
        findings.add("fields.score", f"missing; {metric} is of scores")
    if kind == "worth" and worth is None:
        findings.add("business_value", "missing; compare_versions compares it")
    task = "regression" if kind == "numbers" else "classification"
    if values.get("task") not in (None, task):
        findings.add("compare_versions.metric", f"{metric} is of a {task}")


def level(model: ModelConfig) -> float:
    """The probability that versions that are alike are ever said to differ: one test, once."""
    assert model.compare_versions is not None
    if model.compare_versions.alpha is not None:
        return model.compare_versions.alpha
    return min(max(allowed(model.thresholds, "comparison"), 1e-9), _HIGHEST)
