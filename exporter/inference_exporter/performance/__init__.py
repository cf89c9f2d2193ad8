"""How good predictions are, from additive counts: on the reference data and in windows alike.

A ratio that is not defined (no row in its denominator) is absent from the result, never 0. Keys
are (metric, class), with the class "" for the model as a whole and "macro" and "weighted" for
means over classes. Intervals are at 95 % and have the same keys.
"""

from inference_exporter.performance.business import (
    Values,
    binary_values,
    business_value,
    business_value_interval,
    pair_values,
)
from inference_exporter.performance.calibration_interval import calibration_interval
from inference_exporter.performance.class_estimates import ExpectedClassSums, class_estimates
from inference_exporter.performance.class_losses import (
    LOSS_SUMS,
    TOP_CELLS,
    class_losses,
    count_top_scores,
    loss_intervals,
    loss_metrics,
    top_calibration_error,
)
from inference_exporter.performance.confusion import MACRO, WEIGHTED, classification_metrics
from inference_exporter.performance.confusion_intervals import classification_intervals
from inference_exporter.performance.error_estimates import error_estimates, error_moments
from inference_exporter.performance.estimates import (
    Estimates,
    Moments,
    estimates,
    interval_of,
    moments,
)
from inference_exporter.performance.expected import (
    LOSSES,
    Expected,
    ExpectedLosses,
    expected_losses,
)
from inference_exporter.performance.intervals import Interval, Intervals, Metrics, wilson
from inference_exporter.performance.one_vs_rest import (
    REST_BINS,
    count_rest,
    rest_errors,
    rest_intervals,
    rest_metrics,
)
from inference_exporter.performance.ranks import rank_intervals, rank_metrics
from inference_exporter.performance.regression import regression_intervals, regression_metrics
from inference_exporter.performance.score_intervals import score_intervals
from inference_exporter.performance.scores import (
    SCORE_BINS,
    ScoreSums,
    binning_errors,
    count_scores,
    rank_edges,
    ranked_metrics,
    score_metrics,
)

__all__ = [
    "LOSSES",
    "LOSS_SUMS",
    "MACRO",
    "REST_BINS",
    "SCORE_BINS",
    "TOP_CELLS",
    "WEIGHTED",
    "Estimates",
    "Expected",
    "ExpectedClassSums",
    "ExpectedLosses",
    "Interval",
    "Intervals",
    "Metrics",
    "Moments",
    "ScoreSums",
    "Values",
    "binary_values",
    "binning_errors",
    "business_value",
    "business_value_interval",
    "calibration_interval",
    "class_estimates",
    "class_losses",
    "classification_intervals",
    "classification_metrics",
    "count_rest",
    "count_scores",
    "count_top_scores",
    "error_estimates",
    "error_moments",
    "estimates",
    "expected_losses",
    "interval_of",
    "loss_intervals",
    "loss_metrics",
    "moments",
    "pair_values",
    "rank_edges",
    "rank_intervals",
    "rank_metrics",
    "ranked_metrics",
    "regression_intervals",
    "regression_metrics",
    "rest_errors",
    "rest_intervals",
    "rest_metrics",
    "score_intervals",
    "score_metrics",
    "top_calibration_error",
    "wilson",
]
