"""The thresholds a configuration may set. This is the one place that knows their names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from inference_exporter.config.checks import Findings, Shape, closest, expected, shaped
from inference_exporter.config.values import number


@dataclass(frozen=True, slots=True)
class Threshold:
    """A limit that alert rules compare a metric with; `high` is its largest sensible value.

    Without a `default` the rules that need it are silent until it is set.
    """

    meaning: str
    high: float
    example: float
    default: float | None = None


THRESHOLDS: Mapping[str, Threshold] = {
    "feature_psi": Threshold("Population stability index of an input.", 100.0, 0.1, 0.1),
    "drifted_importance_ratio": Threshold(
        "Share of the inputs' importance for the model that may have drifted.", 1.0, 0.5
    ),
    "output_psi": Threshold(
        "Population stability index of the score or prediction.", 100.0, 0.1, 0.1
    ),
    "false_alarms_per_month": Threshold(
        "Alarms a model may raise in a month by chance alone, of all statistical alerts together.",
        1000.0,
        1.0,
        1.0,
    ),
    "accuracy_drop": Threshold("Accuracy on the reference minus accuracy now.", 1.0, 0.05, 0.05),
    "estimated_accuracy_drop": Threshold(
        "Accuracy on the reference minus the estimate without labels.", 1.0, 0.05, 0.05
    ),
    "calibration_error": Threshold("Expected calibration error of the score.", 1.0, 0.05, 0.1),
    "regression_error_growth": Threshold(
        "Mean absolute error now over that on the reference.", 1000.0, 1.25, 1.25
    ),
    "precision_drop": Threshold(
        "Precision of a class on the reference minus now; if unset 0.1, or a quarter of it.",
        1.0,
        0.1,
    ),
    "recall_drop": Threshold(
        "Recall of a class on the reference minus now; if unset 0.1, or a quarter of it.",
        1.0,
        0.1,
    ),
    "f1_drop": Threshold(
        "F1 of a class on the reference minus now; if unset 0.1, or a quarter of it.",
        1.0,
        0.1,
    ),
    "roc_auc_drop": Threshold("ROC AUC on the reference minus now; if unset 0.05.", 1.0, 0.05),
    "average_precision_drop": Threshold(
        "Average precision on the reference minus now; if unset 0.1, or a quarter of it.",
        1.0,
        0.1,
    ),
    "r2_drop": Threshold("R² on the reference minus now; if unset 0.1.", 1.0, 0.1),
    "brier_score_growth": Threshold(
        "Brier score now over that on the reference.", 1000.0, 1.25, 1.25
    ),
    "log_loss_growth": Threshold("Log loss now over that on the reference.", 1000.0, 1.25, 1.25),
    "rmse_growth": Threshold("RMSE now over that on the reference.", 1000.0, 1.25, 1.25),
    "mape_growth": Threshold("MAPE now over that on the reference.", 1000.0, 1.25, 1.25),
    "segment_accuracy_gap": Threshold(
        "Accuracy of all rows minus that of the worst segment.", 1.0, 0.1, 0.1
    ),
    "segment_error_growth": Threshold(
        "Mean absolute error of the worst segment over that of all rows.", 1000.0, 1.5, 1.5
    ),
    "fairness_ratio": Threshold(
        "Smallest rate of a protected group over the largest; 0.8 is the four-fifths rule.",
        1.0,
        0.8,
        0.8,
    ),
    "feature_point_ratio": Threshold(
        "Share of an input's rows that are too many at one place: null, one value, new categories.",
        1.0,
        0.02,
        0.02,
    ),
    "feature_missing_ratio": Threshold(
        "Share of an input's values that are missing.", 1.0, 0.05, 0.05
    ),
    "feature_invalid_ratio": Threshold(
        "Share of an input's values that are unusable.", 1.0, 0.01, 0.01
    ),
    "feature_unseen_ratio": Threshold(
        "Share of categories that the reference does not know.", 1.0, 0.01, 0.01
    ),
    "feature_out_of_range_ratio": Threshold(
        "Share of numbers outside the reference's range.", 1.0, 0.05, 0.05
    ),
    "outlier_ratio": Threshold(
        "Share of predictions that are outliers; 0.001 in the reference.", 1.0, 0.01, 0.01
    ),
    "request_failure_ratio": Threshold(
        "Share of requests that may fail: the error budget.", 1.0, 0.01, 0.01
    ),
    "request_duration_seconds": Threshold(
        "Latency objective; becomes a bound of the histogram.", 1e6, 0.5
    ),
    "request_slow_ratio": Threshold(
        "Share of requests that may take longer than that.", 1.0, 0.05, 0.05
    ),
    "request_duration_growth": Threshold(
        "95th percentile of the latency now over that of the last 7 days.", 1000.0, 2.0, 2.0
    ),
    "idle_seconds": Threshold(
        "Time without a prediction after which traffic has stopped.", 1e7, 900.0, 900.0
    ),
    "label_idle_seconds": Threshold(
        "Time without a label after which labels have stopped.", 1e8, 172_800.0, 172_800.0
    ),
    "lag_seconds": Threshold("How far reading may be behind writing.", 1e7, 300.0, 300.0),
    "unreadable_line_ratio": Threshold("Share of lines that may be unreadable.", 1.0, 0.01, 0.01),
    "reference_age_seconds": Threshold(
        "Age of the reference after which it should be made anew.", 1e10, 15_552_000.0, 15_552_000.0
    ),
}


def in_force(configured: Mapping[str, float]) -> dict[str, float]:
    """The configured thresholds over the defaults: what is published."""
    defaults = {name: one.default for name, one in THRESHOLDS.items() if one.default is not None}
    return {**defaults, **configured}


def _shape() -> Shape:
    """Every threshold with its limits."""
    each = {
        name: {"type": "number", "minimum": 0.0, "maximum": one.high, "description": one.meaning}
        for name, one in THRESHOLDS.items()
    }
    return {"type": "object", "properties": each, "additionalProperties": False}


@shaped(_shape())
def thresholds(value: object) -> dict[str, float]:
    """Names of thresholds with their values."""
    if not isinstance(value, Mapping):
        raise expected("a mapping of thresholds to numbers", value)
    findings = Findings()
    good: dict[str, float] = {}
    for name, raw in value.items():
        if name not in THRESHOLDS:
            findings.add(str(name), f"unknown threshold; {closest(str(name), THRESHOLDS)}")
            continue
        checked = findings.take(name, number(0.0, THRESHOLDS[name].high), raw)
        good[name] = checked or 0.0
    findings.raise_any()
    return good
