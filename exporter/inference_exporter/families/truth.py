"""Labels: what came true, how labels arrive and are joined."""

from __future__ import annotations

from inference_exporter.families.family import family, segmented

TRUTH = (
    segmented(
        "counter",
        "inference_outcomes_total",
        "model version predicted actual",
        "Predictions with a label, by predicted and actual class; counted when the label is read.",
    ),
    family(
        "counter",
        "inference_score_outcomes_total",
        "model version actual bin",
        "Labelled predictions per bin of the score (20 equal bins of 0 to 1) and actual class.",
    ),
    family(
        "counter",
        "inference_score_outcomes_score_total",
        "model version actual bin",
        "Sum of the scores of the labelled predictions per bin.",
    ),
    family(
        "counter",
        "inference_score_outcomes_squared_error_total",
        "model version",
        "Sum of (score - outcome)^2 over labelled predictions: the Brier score's numerator.",
    ),
    family(
        "counter",
        "inference_score_outcomes_log_loss_total",
        "model version",
        "Sum of the log loss over labelled predictions, scores clipped to [1e-15, 1 - 1e-15].",
    ),
    family(
        "counter",
        "inference_score_outcomes_log_loss_squared_total",
        "model version",
        "Sum of the squares of the same log losses: how far their mean may be off.",
    ),
    family(
        "counter",
        "inference_ranked_outcomes_total",
        "model version rank",
        "Labelled predictions by the rank of the actual class or item among all probabilities or "
        "in the ranking, 1 to 10, and `beyond`: top-k accuracy and NDCG.",
    ),
    family(
        "counter",
        "inference_class_score_outcomes_total",
        "model version",
        "Labelled predictions with the probabilities of more than two classes.",
    ),
    family(
        "counter",
        "inference_class_score_outcomes_log_loss_total",
        "model version",
        "Sum of -ln(probability of the actual class), probabilities clipped to [1e-15, 1 - 1e-15].",
    ),
    family(
        "counter",
        "inference_class_score_outcomes_squared_error_total",
        "model version",
        "Sum over labelled predictions and classes of (probability - outcome)^2: the numerator of "
        "the Brier score of more than two classes.",
    ),
    family(
        "counter",
        "inference_top_score_outcomes_total",
        "model version correct bin",
        "Labelled predictions by whether the most probable class turned out (`true`, `false`) and "
        "bin of its probability (20 equal bins of 0 to 1).",
    ),
    family(
        "counter",
        "inference_top_score_outcomes_score_total",
        "model version correct bin",
        "Sum of the probabilities of the most probable class per bin.",
    ),
    segmented(
        "counter",
        "inference_regression_outcomes_total",
        "model version",
        "Numeric predictions with a label.",
    ),
    segmented(
        "counter",
        "inference_absolute_error_total",
        "model version",
        "Sum of |prediction - actual|.",
    ),
    segmented(
        "counter",
        "inference_squared_error_total",
        "model version",
        "Sum of (prediction - actual)^2.",
    ),
    family(
        "counter",
        "inference_quartic_error_total",
        "model version",
        "Sum of (prediction - actual)^4: how far the RMSE may be off.",
    ),
    segmented(
        "counter",
        "inference_overprediction_total",
        "model version",
        "Sum of prediction - actual where positive.",
    ),
    segmented(
        "counter",
        "inference_underprediction_total",
        "model version",
        "Sum of actual - prediction where positive.",
    ),
    segmented(
        "counter",
        "inference_absolute_percentage_error_total",
        "model version",
        "Sum of |prediction - actual| / |actual| over labels that are not 0.",
    ),
    family(
        "counter",
        "inference_absolute_percentage_error_squared_total",
        "model version",
        "Sum of ((prediction - actual) / actual)^2 over labels that are not 0: how far the MAPE "
        "may be off.",
    ),
    segmented(
        "counter",
        "inference_percentage_error_outcomes_total",
        "model version",
        "Labelled numeric predictions whose label is not 0: the denominator of the MAPE.",
    ),
    segmented(
        "counter",
        "inference_actual_positive_total",
        "model version",
        "Sum of the positive labels; with the negative sum and the squares: R^2.",
    ),
    segmented(
        "counter",
        "inference_actual_negative_total",
        "model version",
        "Sum of -label over negative labels.",
    ),
    segmented("counter", "inference_actual_squared_total", "model version", "Sum of label^2."),
    family(
        "counter",
        "inference_labels_total",
        "model version result",
        "Labels by what became of them: `matched`, `duplicate` (it has one already), `unmatched` "
        "(no prediction came within `labels.ahead`; `foreign` where `labels.shared`), `late` (the "
        "prediction was given up), `invalid`. `version` is empty where no prediction was found.",
    ),
    family(
        "counter",
        "inference_label_problems_total",
        "model reason",
        "What is odd about labels: `no_id`, `no_actual`, `not_a_number` (these are invalid), "
        "`unknown_class` (not in the reference), `unreadable_time`, `clock_skew` (older than the "
        "prediction, or from the future), `conflict` (a second label says otherwise).",
    ),
    family(
        "histogram",
        "inference_label_delay_seconds",
        "model version",
        "From the time of the prediction to the time of its label (its arrival where it has none).",
    ),
    family(
        "gauge",
        "inference_predictions_awaiting_label",
        "model version",
        "Predictions that are remembered and have no label yet.",
    ),
    family(
        "gauge",
        "inference_labels_awaiting_prediction",
        "model",
        "Labels that came before their prediction and wait for it, `labels.ahead` at most.",
    ),
    family(
        "counter",
        "inference_predictions_evicted_total",
        "model reason",
        "Predictions given up without a label: `expired` (older than `labels.wait`), `capacity` "
        "(beyond `labels.max_pending`), `unwritten` (the state cannot be written).",
    ),
    family(
        "counter",
        "inference_predictions_not_awaiting_total",
        "model reason",
        "Predictions that no late label can reach: `no_id`, or `duplicate_id` (the id was used).",
    ),
    segmented(
        "gauge",
        "inference_label_coverage_ratio",
        "model version window",
        "Share of the predictions made in the window that have a label.",
    ),
    family(
        "gauge",
        "inference_label_score_coverage_ratio",
        "model version bin window",
        "Share of the predictions made in the window that have a label, per bin of the score (20 "
        "equal bins of 0 to 1): which scores never get one.",
    ),
    family(
        "gauge",
        "inference_label_coverage_difference_ratio",
        "model version window",
        "Largest minus smallest coverage among predicted classes with enough predictions.",
    ),
    family(
        "gauge",
        "inference_label_selection_bias",
        "model version window",
        "1 if one predicted class, or one range of scores, has labels much sooner than another "
        "(half as much coverage again, and no chance): performance of the window would not be that "
        "of its traffic, and is absent (`labels.selection`).",
    ),
)
