"""How good the model is: from labels, before they come, by segment, and over time."""

from __future__ import annotations

from inference_exporter.families.family import family, segmented

PERFORMANCE = (
    segmented(
        "gauge",
        "inference_performance",
        "model version metric class window",
        "Model performance over the window, from labels; absent below the minimum of samples.",
    ),
    *(
        segmented(
            "gauge",
            f"inference_performance_{bound}",
            "model version metric class window",
            f"{bound.capitalize()} end of the 95 % interval of inference_performance: how far the "
            "value may be off because the rows are a sample; docs/performance.md has how.",
        )
        for bound in ("lower", "upper")
    ),
    family(
        "gauge",
        "inference_performance_worst_segment",
        "model version metric class window field segment",
        "Worst value of the metric among the segments of one field, with enough labels each.",
    ),
    family(
        "gauge",
        "inference_performance_worst_segment_gap",
        "model version metric class window field",
        "How much worse the worst segment is than all rows together; the worst of many is always "
        "worse, see inference_performance_worst_segment_gap_critical.",
    ),
    family(
        "gauge",
        "inference_performance_worst_segment_gap_critical",
        "model version metric class window field",
        "Gap of the worst segment that chance alone exceeds no more often than the budget of false "
        "alarms allows.",
    ),
    family(
        "gauge",
        "inference_performance_segment_gap_growth",
        "model version metric class window field segment",
        "How much larger the gap of a segment to all rows is than on the reference, of the segment "
        "of the field where it is most; the gap itself where the reference has none.",
    ),
    family(
        "gauge",
        "inference_performance_segment_gap_growth_critical",
        "model version metric class window field",
        "Growth of a gap that chance alone exceeds no more often than the budget of false alarms "
        "allows.",
    ),
    segmented(
        "gauge",
        "inference_performance_segment_decline",
        "model version metric class window",
        "How much worse the metric is in the segment than it was there on the reference; below 0 "
        "it is better.",
    ),
    segmented(
        "gauge",
        "inference_performance_segment_decline_critical",
        "model version metric class window",
        "Decline that chance alone exceeds no more often than the budget of false alarms allows.",
    ),
    segmented(
        "gauge",
        "inference_performance_segment_decline_limit",
        "model version metric class window",
        "Decline that the thresholds allow, in the metric's own unit.",
    ),
    family(
        "gauge",
        "inference_fairness_ratio",
        "model version metric field window",
        "Smallest rate of a group over the largest, for fields that are `protected`: "
        "`selection_rate`, `true_positive_rate`, `false_positive_rate` of the positive class. 1 is "
        "alike; the four-fifths rule asks 0.8.",
    ),
    family(
        "gauge",
        "inference_fairness_ratio_critical",
        "model version metric field window",
        "Ratio that chance alone falls below, were all groups treated alike, no more often than "
        "the budget of false alarms allows.",
    ),
    segmented(
        "gauge",
        "inference_group_rate",
        "model version metric window",
        "Rate behind the fairness ratio, of each group: how often the positive class is predicted "
        "(`selection_rate`), and how often for rows that are positive (`true_positive_rate`) or "
        "not (`false_positive_rate`).",
    ),
    segmented(
        "gauge",
        "inference_performance_binning_error",
        "model version metric window",
        "Largest difference between the metric of binned scores (roc_auc, average_precision) and "
        "that of the scores themselves.",
    ),
    segmented(
        "gauge",
        "inference_performance_samples",
        "model version window",
        "Labelled predictions in the window.",
    ),
    family(
        "gauge",
        "inference_performance_early",
        "model version metric class window",
        "The same over the predictions of a calendar period, from first labels that came within "
        "`calendar.early` of their prediction: what was known soon, beside what is known now.",
    ),
    *(
        family(
            "gauge",
            f"inference_performance_early_{bound}",
            "model version metric class window",
            f"{bound.capitalize()} end of the 95 % interval of inference_performance_early.",
        )
        for bound in ("lower", "upper")
    ),
    family(
        "gauge",
        "inference_performance_early_samples",
        "model version window",
        "Predictions of the calendar period whose label came early.",
    ),
    family(
        "gauge",
        "inference_period_start_timestamp_seconds",
        "model window",
        "When the calendar period of that name began (`calendar`): the one that is not over "
        "(`month`), or the last complete one (`previous_month`).",
    ),
    family(
        "gauge",
        "inference_cohort_outcomes",
        "model version predicted actual window",
        "Predictions made in the window that have a label, by predicted and actual class, of up to "
        "10 classes; by the time of the prediction, and adds up over replicas.",
    ),
    family(
        "gauge",
        "inference_cohort_absolute_error",
        "model version window",
        "Sum of |prediction - actual| over the predictions made in the window that have a label; "
        "adds up over replicas, as inference_performance_samples does.",
    ),
    family(
        "counter",
        "inference_expected_outcomes_total",
        "model version predicted actual",
        "Outcomes to expect without labels: sums of calibrated probabilities by predicted and "
        "actual class. Concept drift is invisible to it.",
    ),
    family(
        "counter",
        "inference_expected_outcomes_variance_total",
        "model version predicted actual",
        "Variance of the expected outcomes: sum of p (1 - p). It knows nothing of concept drift.",
    ),
    *(
        family(
            "counter",
            f"inference_expected_{name}_total",
            "model version",
            f"Sum of {words} to expect without labels: the reference's mean at inputs like "
            "these. Concept drift is invisible to it.",
        )
        for name, words in (
            ("absolute_error", "|prediction - actual|"),
            ("squared_error", "(prediction - actual)^2"),
            ("overprediction", "prediction - actual where it is positive,"),
            ("underprediction", "actual - prediction where it is positive,"),
            ("absolute_percentage_error", "|prediction - actual| / |actual|"),
            ("percentage_error_outcomes", "predictions whose label is not 0"),
        )
    ),
    *(
        family(
            "counter",
            f"inference_expected_score_{loss}_total",
            "model version",
            f"Sum of the {words} of the score to expect without labels. Concept drift is "
            "invisible to it.",
        )
        for loss, words in (("squared_error", "squared error"), ("log_loss", "log loss"))
    ),
    family(
        "gauge",
        "inference_performance_estimate_reference_error",
        "model version metric",
        "Standard deviation of what estimates were off by from one time of the reference to the "
        "next, beyond chance; in their intervals. Concept drift since is invisible to it.",
    ),
    segmented(
        "gauge",
        "inference_performance_estimate",
        "model version metric window",
        "Performance to expect without labels, from calibrated scores (precision, recall and f1 "
        "are the positive class's of two; of more classes there are macro_precision, macro_recall "
        "and macro_f1) or the reference's errors "
        "at inputs like these. It assumes that inputs mean what they meant: it cannot see concept "
        "drift.",
    ),
    *(
        segmented(
            "gauge",
            f"inference_performance_estimate_{bound}",
            "model version metric window",
            f"{bound.capitalize()} end of the 95 % interval in which labels will put the estimated "
            "metric, if there is no concept drift: that is invisible to it.",
        )
        for bound in ("lower", "upper")
    ),
    segmented(
        "gauge",
        "inference_performance_estimate_samples",
        "model version window",
        "Predictions in the window behind the estimate.",
    ),
    family(
        "gauge",
        "inference_performance_estimate_checks",
        "model version metric result",
        "Days of predictions, of the last 60, whose labels are there: by whether the value was in "
        "the 95 % interval of its estimate (`held`) or not (`missed`). Concept drift shows here.",
    ),
    segmented(
        "gauge",
        "inference_performance_reference",
        "model version metric class",
        "The same metric on the reference data; of a segment where that has labels enough there.",
    ),
    *(
        segmented(
            "gauge",
            f"inference_performance_reference_{bound}",
            "model version metric class",
            f"{bound.capitalize()} end of the 95 % interval of inference_performance_reference.",
        )
        for bound in ("lower", "upper")
    ),
    family(
        "gauge",
        "inference_performance_reference_binned",
        "model version metric class",
        "The same metric on the reference data, of scores rounded to the 20 bins of "
        "inference_score_outcomes_total: compare what is computed from those with this.",
    ),
    family(
        "gauge",
        "inference_concept_drift",
        "model version detector signal",
        "Verdict of a sequential test on a stream of errors, residuals or latencies: 2 for an hour "
        "(`hold`) after a detection, 1 while it warns, 0 else. How often without any drift: "
        "docs/concept-drift.md.",
    ),
    family(
        "counter",
        "inference_concept_drifts_total",
        "model version detector signal",
        "Detections of the sequential test; docs/concept-drift.md has how many come without drift.",
    ),
)
