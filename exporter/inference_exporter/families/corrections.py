"""What newer labels took back (`labels.update: last`): a counter beside each counter of truth."""

from __future__ import annotations

from inference_exporter.families.family import Family
from inference_exporter.families.truth import TRUTH


def correction_of(family: str) -> str:
    """The counter of what newer labels took back from that one (`labels.update: last`).

    >>> correction_of("inference_outcomes_total")
    'inference_outcome_corrections_total'
    """
    return f"{family.removesuffix('_total').replace('_outcomes', '_outcome')}_corrections_total"


_CORRECTED = (
    "inference_outcomes_total",
    "inference_score_outcomes_total",
    "inference_score_outcomes_score_total",
    "inference_score_outcomes_squared_error_total",
    "inference_score_outcomes_log_loss_total",
    "inference_score_outcomes_log_loss_squared_total",
    "inference_ranked_outcomes_total",
    "inference_class_score_outcomes_total",
    "inference_class_score_outcomes_log_loss_total",
    "inference_class_score_outcomes_squared_error_total",
    "inference_top_score_outcomes_total",
    "inference_top_score_outcomes_score_total",
    "inference_regression_outcomes_total",
    "inference_absolute_error_total",
    "inference_squared_error_total",
    "inference_quartic_error_total",
    "inference_overprediction_total",
    "inference_underprediction_total",
    "inference_absolute_percentage_error_total",
    "inference_absolute_percentage_error_squared_total",
    "inference_percentage_error_outcomes_total",
    "inference_actual_positive_total",
    "inference_actual_negative_total",
    "inference_actual_squared_total",
)
_TRUTH_BY_NAME = {family.name: family for family in TRUTH}
CORRECTIONS = tuple(
    Family(
        correction_of(name),
        "counter",
        _TRUTH_BY_NAME[name].labels,
        f"What newer labels took back from `{name}` (`labels.update: last`): subtract it.",
        _TRUTH_BY_NAME[name].segmented,
    )
    for name in _CORRECTED
)
