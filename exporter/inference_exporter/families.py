"""Every metric family that is served: name, type, labels, HELP. The contract with rules and panels.

Renaming one needs an ADR. `docs/metrics.md` is generated from this table, and a test proves that
nothing else is ever served. Labels of a family are given in the order in which they are printed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family. `name` is the sample name (counters end in `_total`).

    `segmented` families get the configured segments as further labels (docs/segments.md).
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    segmented: bool = False


def _family(kind: Kind, name: str, labels: str, text: str) -> Family:
    return Family(name, kind, tuple(labels.split()), text)


def _segmented(kind: Kind, name: str, labels: str, text: str) -> Family:
    return Family(name, kind, tuple(labels.split()), text, segmented=True)


@lru_cache(maxsize=1024)
def with_labels(name: str, more: tuple[str, ...]) -> Family:
    """The family of that name with further labels."""
    family = FAMILIES[name]
    return replace(family, labels=(*family.labels, *more)) if more else family


def _binned(scope: str, what: str) -> tuple[Family, ...]:
    base = f"model version reference {scope}"
    return (
        _family(
            "counter",
            f"inference_{scope}_bin_total",
            f"{base} bin",
            f"{what} per bin fixed by the reference. `reference` is a hash of the "
            "bins: counts with different hashes must not be added. With a warm-up "
            "reference each replica has its own bins, and replicas cannot be merged.",
        ),
        _family(
            "gauge",
            f"inference_{scope}_reference_ratio",
            f"{base} bin range",
            "Share of the reference in the bin, smoothed as (count + 0.5) / (rows + 0.5 bins).",
        ),
        _family(
            "gauge",
            f"inference_{scope}_reference_samples",
            f"{base}",
            "Rows of the reference behind the shares.",
        ),
        _family(
            "gauge",
            f"inference_{scope}_drift_quantile",
            f"{base}",
            "Chi-square quantile: times (1/n + 1/m) for n live and m reference rows, the PSI that "
            "noise exceeds as seldom as the threshold `false_alarms_per_month` asks; for rules.",
        ),
        _family(
            "gauge",
            f"inference_{scope}_drift",
            f"model version {scope} statistic window",
            "Distance between the window and the reference; absent below the minimum of samples.",
        ),
        _family(
            "gauge",
            f"inference_{scope}_drift_p_value",
            f"model version {scope} statistic window",
            "Probability of a distance at least this large without drift, where defined.",
        ),
        _family(
            "gauge",
            f"inference_{scope}_drift_samples",
            f"model version {scope} window",
            "Values in the window behind the distance.",
        ),
        _family(
            "gauge",
            f"inference_{scope}_drift_critical",
            f"model version {scope} statistic window",
            "Distance that chance alone exceeds no more often than the budget of false alarms "
            'allows one test (`inference_threshold{name="drift_test_significance"}`).',
        ),
        _family(
            "gauge",
            f"inference_{scope}_drift_state",
            f"model version {scope} window",
            "Last decision: 1 drifted (significant and large), 0 ok, absent without enough data.",
        ),
        _family(
            "gauge",
            f"inference_{scope}_drift_design_effect",
            f"model version {scope} window",
            "How many rows are worth one independent row, because neighbours resemble each other.",
        ),
    )


_TRAFFIC = (
    _segmented(
        "counter",
        "inference_requests_total",
        "model version code",
        "Lines of the prediction log by status code; `ok` where the log has no status "
        "field, `unknown` where this line had none.",
    ),
    _segmented(
        "counter",
        "inference_request_failures_total",
        "model version",
        "Requests whose status is not among the configured ok values.",
    ),
    _segmented(
        "histogram",
        "inference_request_duration_seconds",
        "model version",
        "End-to-end latency as logged by the model server; exemplars carry the trace id.",
    ),
    _family(
        "gauge",
        "inference_request_duration_quantile_seconds",
        "model version q window",
        "Latency quantile over the window, interpolated in cells 7 % wide; one sidecar's own.",
    ),
    _family(
        "histogram",
        "inference_step_duration_seconds",
        "model version step",
        "Latency of one step of the request, such as feature_lookup or inference, as logged.",
    ),
    _segmented(
        "counter",
        "inference_predictions_total",
        "model version prediction",
        "Predictions by predicted class; the label is empty for regression.",
    ),
    _family(
        "counter",
        "inference_prediction_weight_total",
        "model version",
        "Sum of the weights of the predictions, where the log is sampled and says so.",
    ),
)

_INPUTS = (
    *_binned("feature", "Values of the feature"),
    *_binned("output", "Values of the output (score, prediction)"),
    _family(
        "gauge",
        "inference_feature_reference_missing_ratio",
        "model version reference feature",
        "Share of the reference's rows in which the feature was absent, null or unusable.",
    ),
    _family(
        "gauge",
        "inference_drifted_features",
        "model version window",
        "Features whose last decision is drifted; absent while none had enough data.",
    ),
    _family(
        "gauge",
        "inference_undecided_features",
        "model version window",
        "Features without enough data at the last decision.",
    ),
    _family(
        "gauge",
        "inference_drift_decision_timestamp_seconds",
        "model window",
        "End of the last tumbling window that was decided on.",
    ),
    _family(
        "counter",
        "inference_outliers_total",
        "model version",
        "Predictions whose outlier distance exceeds that of 99.9 % of the reference's rows.",
    ),
    _family(
        "counter",
        "inference_similar_inputs_total",
        "model version",
        "Predictions after the first `similar_inputs` with near-identical inputs in their minute: "
        "someone may be probing the model.",
    ),
    _family(
        "counter",
        "inference_boundary_predictions_total",
        "model version",
        "Predictions whose score is within the configured margin of the decision boundary.",
    ),
    _family(
        "gauge",
        "inference_multivariate_drift",
        "model version statistic window",
        "Predictions as a whole: `outlier_share` (0.001 in the reference), `outlier_distance` and "
        "`reconstruction_error` (mean over the reference's mean), `unseen_share` of categories, "
        "`similar_share` and `boundary_share` of predictions.",
    ),
    _family(
        "counter",
        "inference_feature_missing_total",
        "model version feature",
        "Inputs in which the feature was absent or null.",
    ),
    _family(
        "counter",
        "inference_feature_unknown_total",
        "model feature",
        "Sampled lines (one of each block) with a feature that the reference does not know.",
    ),
    _family(
        "counter",
        "inference_feature_invalid_total",
        "model version feature",
        "Inputs in which the feature had the wrong type or was not a finite number.",
    ),
    _family(
        "counter",
        "inference_feature_out_of_range_total",
        "model version feature",
        "Numeric values below the reference's minimum or above its maximum.",
    ),
)

_TRUTH = (
    _segmented(
        "counter",
        "inference_outcomes_total",
        "model version predicted actual",
        "Predictions with a label, by predicted and actual class; counted when the label is read.",
    ),
    _family(
        "counter",
        "inference_score_outcomes_total",
        "model version actual bin",
        "Labelled predictions per bin of the score (20 equal bins of 0 to 1) and actual class.",
    ),
    _family(
        "counter",
        "inference_score_outcomes_score_total",
        "model version actual bin",
        "Sum of the scores of the labelled predictions per bin.",
    ),
    _family(
        "counter",
        "inference_score_outcomes_squared_error_total",
        "model version",
        "Sum of (score - outcome)^2 over labelled predictions: the Brier score's numerator.",
    ),
    _family(
        "counter",
        "inference_score_outcomes_log_loss_total",
        "model version",
        "Sum of the log loss over labelled predictions, scores clipped to [1e-15, 1 - 1e-15].",
    ),
    _segmented(
        "counter",
        "inference_ranked_outcomes_total",
        "model version rank",
        "Labelled predictions by the rank of the actual class or item among all probabilities or "
        "in the ranking, 1 to 10, and `beyond`: top-k accuracy and NDCG.",
    ),
    _family(
        "counter",
        "inference_class_score_outcomes_total",
        "model version",
        "Labelled predictions with the probabilities of more than two classes.",
    ),
    _family(
        "counter",
        "inference_class_score_outcomes_log_loss_total",
        "model version",
        "Sum of -ln(probability of the actual class), probabilities clipped to [1e-15, 1 - 1e-15].",
    ),
    _family(
        "counter",
        "inference_class_score_outcomes_squared_error_total",
        "model version",
        "Sum over labelled predictions and classes of (probability - outcome)^2: the numerator of "
        "the Brier score of more than two classes.",
    ),
    _family(
        "counter",
        "inference_top_score_outcomes_total",
        "model version correct bin",
        "Labelled predictions by whether the most probable class turned out (`true`, `false`) and "
        "bin of its probability (20 equal bins of 0 to 1).",
    ),
    _family(
        "counter",
        "inference_top_score_outcomes_score_total",
        "model version correct bin",
        "Sum of the probabilities of the most probable class per bin.",
    ),
    _family(
        "counter",
        "inference_regression_outcomes_total",
        "model version",
        "Numeric predictions with a label.",
    ),
    _segmented(
        "counter",
        "inference_absolute_error_total",
        "model version",
        "Sum of |prediction - actual|.",
    ),
    _segmented(
        "counter",
        "inference_squared_error_total",
        "model version",
        "Sum of (prediction - actual)^2.",
    ),
    _segmented(
        "counter",
        "inference_overprediction_total",
        "model version",
        "Sum of prediction - actual where positive.",
    ),
    _segmented(
        "counter",
        "inference_underprediction_total",
        "model version",
        "Sum of actual - prediction where positive.",
    ),
    _segmented(
        "counter",
        "inference_absolute_percentage_error_total",
        "model version",
        "Sum of |prediction - actual| / |actual| over labels that are not 0.",
    ),
    _segmented(
        "counter",
        "inference_percentage_error_outcomes_total",
        "model version",
        "Labelled numeric predictions whose label is not 0: the denominator of the MAPE.",
    ),
    _segmented(
        "counter",
        "inference_actual_positive_total",
        "model version",
        "Sum of the positive labels; with the negative sum and the squares: R^2.",
    ),
    _segmented(
        "counter",
        "inference_actual_negative_total",
        "model version",
        "Sum of -label over negative labels.",
    ),
    _segmented("counter", "inference_actual_squared_total", "model version", "Sum of label^2."),
    _family(
        "counter",
        "inference_labels_total",
        "model version result",
        "Labels by what became of them: `matched`, `duplicate` (it has one already), `unmatched` "
        "(no prediction came within `labels.ahead`; `foreign` where `labels.shared`), `late` (the "
        "prediction was given up), `invalid`. `version` is empty where no prediction was found.",
    ),
    _family(
        "counter",
        "inference_label_problems_total",
        "model reason",
        "What is odd about labels: `no_id`, `no_actual`, `not_a_number` (these are invalid), "
        "`unknown_class` (not in the reference), `unreadable_time`, `clock_skew` (older than the "
        "prediction, or from the future), `conflict` (a second label says otherwise).",
    ),
    _family(
        "histogram",
        "inference_label_delay_seconds",
        "model version",
        "From the time of the prediction to the time of its label (its arrival where it has none).",
    ),
    _family(
        "gauge",
        "inference_predictions_awaiting_label",
        "model version",
        "Predictions that are remembered and have no label yet.",
    ),
    _family(
        "gauge",
        "inference_labels_awaiting_prediction",
        "model",
        "Labels that came before their prediction and wait for it, `labels.ahead` at most.",
    ),
    _family(
        "counter",
        "inference_predictions_evicted_total",
        "model reason",
        "Predictions given up without a label: `expired` (older than `labels.wait`), `capacity` "
        "(beyond `labels.max_pending`), `unwritten` (the state cannot be written).",
    ),
    _family(
        "counter",
        "inference_predictions_not_awaiting_total",
        "model reason",
        "Predictions that no late label can reach: `no_id`, or `duplicate_id` (the id was used).",
    ),
    _segmented(
        "gauge",
        "inference_label_coverage_ratio",
        "model version window",
        "Share of the predictions made in the window that have a label.",
    ),
    _family(
        "gauge",
        "inference_label_coverage_difference_ratio",
        "model version window",
        "Largest minus smallest coverage among predicted classes with enough predictions.",
    ),
    _family(
        "gauge",
        "inference_label_selection_bias",
        "model version window",
        "1 if one predicted class has its labels much earlier than another (half as much coverage "
        "again, and no chance): performance of the window is then not that of its traffic.",
    ),
    _segmented(
        "gauge",
        "inference_performance",
        "model version metric class window",
        "Model performance over the window, from labels; absent below the minimum of samples.",
    ),
    *(
        _segmented(
            "gauge",
            f"inference_performance_{bound}",
            "model version metric class window",
            f"{bound.capitalize()} end of the 95 % interval of inference_performance: how far the "
            "value may be off because the rows are a sample; docs/performance.md has how.",
        )
        for bound in ("lower", "upper")
    ),
    _family(
        "gauge",
        "inference_performance_worst_segment",
        "model version metric class window field segment",
        "Worst value of the metric among the segments of one field, with enough labels each.",
    ),
    _family(
        "gauge",
        "inference_performance_worst_segment_gap",
        "model version metric class window field",
        "How much worse the worst segment is than all rows together; the worst of many is always "
        "worse, see inference_performance_worst_segment_gap_critical.",
    ),
    _family(
        "gauge",
        "inference_performance_worst_segment_gap_critical",
        "model version metric class window field",
        "Gap of the worst segment that chance alone exceeds no more often than the budget of false "
        "alarms allows.",
    ),
    _family(
        "gauge",
        "inference_fairness_ratio",
        "model version metric field window",
        "Smallest rate of a group over the largest, for fields that are `protected`: "
        "`selection_rate`, `true_positive_rate`, `false_positive_rate` of the positive class. 1 is "
        "alike; the four-fifths rule asks 0.8.",
    ),
    _family(
        "gauge",
        "inference_fairness_ratio_critical",
        "model version metric field window",
        "Ratio that chance alone falls below, were all groups treated alike, no more often than "
        "the budget of false alarms allows.",
    ),
    _segmented(
        "gauge",
        "inference_group_rate",
        "model version metric window",
        "Rate behind the fairness ratio, of each group: how often the positive class is predicted "
        "(`selection_rate`), and how often for rows that are positive (`true_positive_rate`) or "
        "not (`false_positive_rate`).",
    ),
    _segmented(
        "gauge",
        "inference_performance_binning_error",
        "model version metric window",
        "Largest difference between the metric of binned scores (roc_auc, average_precision) and "
        "that of the scores themselves.",
    ),
    _segmented(
        "gauge",
        "inference_performance_samples",
        "model version window",
        "Labelled predictions in the window.",
    ),
    _family(
        "counter",
        "inference_expected_outcomes_total",
        "model version predicted actual",
        "Outcomes to expect without labels: sums of calibrated probabilities by predicted and "
        "actual class. Concept drift is invisible to it.",
    ),
    _family(
        "counter",
        "inference_expected_outcomes_variance_total",
        "model version predicted actual",
        "Variance of the expected outcomes: sum of p (1 - p). It knows nothing of concept drift.",
    ),
    *(
        _family(
            "counter",
            f"inference_expected_{loss}_error_total",
            "model version",
            f"Sum of the {loss} errors to expect without labels: the reference's mean in the same "
            "decile of the prediction. Concept drift is invisible to it.",
        )
        for loss in ("absolute", "squared")
    ),
    _family(
        "gauge",
        "inference_performance_estimate",
        "model version metric window",
        "Performance to expect without labels, from calibrated scores (precision, recall and f1 "
        "are the positive class's of two; of more classes there are macro_precision, macro_recall "
        "and macro_f1) or the reference's errors by decile of the "
        "prediction. It assumes that inputs mean what they meant: it cannot see concept drift.",
    ),
    *(
        _family(
            "gauge",
            f"inference_performance_estimate_{bound}",
            "model version metric window",
            f"{bound.capitalize()} end of the 95 % interval in which labels will put the estimated "
            "metric, if there is no concept drift: that is invisible to it.",
        )
        for bound in ("lower", "upper")
    ),
    _family(
        "gauge",
        "inference_performance_estimate_samples",
        "model version window",
        "Predictions in the window behind the estimate.",
    ),
    _family(
        "gauge",
        "inference_performance_reference",
        "model version metric class",
        "The same metric on the reference data.",
    ),
    _family(
        "gauge",
        "inference_concept_drift",
        "model version detector signal",
        "Verdict of a sequential test on a stream of errors, residuals or latencies: 2 for an hour "
        "(`hold`) after a detection, 1 while it warns, 0 else. How often without any drift: "
        "docs/concept-drift.md.",
    ),
    _family(
        "counter",
        "inference_concept_drifts_total",
        "model version detector signal",
        "Detections of the sequential test; docs/concept-drift.md has how many come without drift.",
    ),
)

_FACTS = (
    _family(
        "gauge",
        "inference_threshold",
        "model name feature",
        "A configured threshold; rules compare metrics with it.",
    ),
    _family(
        "gauge",
        "inference_positive_class_info",
        "model class",
        "Constant 1 for the class whose probability the score is, of a two-class model.",
    ),
    _family(
        "gauge",
        "inference_model_info",
        "model version format task",
        "Constant 1 with facts about a model and version that was seen in the log.",
    ),
    _family(
        "gauge",
        "inference_reference_info",
        "model version reference rows created source",
        "Constant 1 with facts about the reference profile in use.",
    ),
    _family(
        "gauge",
        "inference_reference_timestamp_seconds",
        "model version",
        "When the reference profile was made.",
    ),
    _family(
        "gauge",
        "inference_reference_schema_differences",
        "model difference",
        "Features on one side only: `unknown` to the reference, seen in sampled lines since it is "
        "in use; `absent`: of the reference, without any value in the shortest window.",
    ),
    _family(
        "gauge",
        "inference_reference_warmup_remaining",
        "model",
        "Predictions still to be collected before a warm-up reference is frozen; 0 once it is.",
    ),
    _family(
        "gauge",
        "inference_last_prediction_timestamp_seconds",
        "model version",
        "Event time of the newest line read (its arrival where lines carry no time).",
    ),
)

_SELF = (
    _family(
        "gauge",
        "inference_exporter_build_info",
        "version pythonversion",
        "Constant 1 with the version.",
    ),
    _family(
        "gauge",
        "inference_exporter_config_last_reload_successful",
        "",
        "1 if the configuration in force is the one in the file, 0 if its last reload failed.",
    ),
    _family(
        "gauge",
        "inference_exporter_config_last_reload_success_timestamp_seconds",
        "",
        "When a configuration was last loaded successfully.",
    ),
    _family(
        "counter",
        "inference_exporter_lines_total",
        "source result",
        "Lines read, by what became of them.",
    ),
    _family(
        "counter", "inference_exporter_bytes_read_total", "source", "Bytes read from the source."
    ),
    _family(
        "gauge",
        "inference_exporter_files_watched",
        "source",
        "Files known under a name at the moment.",
    ),
    _family(
        "gauge",
        "inference_exporter_files_open",
        "source",
        "Files held open, rotated ones included.",
    ),
    _family(
        "counter",
        "inference_exporter_files_rotated_total",
        "source",
        "Files that lost their name (renamed or deleted) while they were followed.",
    ),
    _family(
        "counter",
        "inference_exporter_files_truncated_total",
        "source reason",
        "Files that were cut: `shrunk` (shorter than read) or `rewritten` (other content).",
    ),
    _family(
        "counter",
        "inference_exporter_file_open_errors_total",
        "source reason",
        "Attempts to open or read a file that failed; retried for ever.",
    ),
    _family(
        "gauge",
        "inference_exporter_files_unreadable",
        "source",
        "Files that exist but cannot be opened or read at the moment.",
    ),
    _family(
        "gauge",
        "inference_exporter_source_up",
        "source",
        "1 if at least one file of the source can be read, 0 while there is none.",
    ),
    _family(
        "gauge",
        "inference_exporter_lag_bytes",
        "source",
        "Bytes written to the files and not yet read.",
    ),
    _family(
        "gauge",
        "inference_exporter_lag_seconds",
        "source",
        "Now minus the event time of the newest line, at the time it was read.",
    ),
    _family(
        "gauge",
        "inference_exporter_catching_up",
        "source",
        "1 while there is more to read than one turn takes.",
    ),
    _family(
        "counter",
        "inference_exporter_lines_too_long_total",
        "source",
        "Lines over the limit, discarded.",
    ),
    _family(
        "counter",
        "inference_exporter_partial_lines_flushed_total",
        "source",
        "Last lines without a newline, taken as whole when their file was given up.",
    ),
    _family(
        "counter",
        "inference_exporter_partial_lines_dropped_total",
        "source",
        "Last lines without a newline that were lost when their file was truncated.",
    ),
    _family(
        "counter",
        "inference_exporter_rotate_grace_expired_total",
        "source",
        "Rotated files given up at the hard time limit although they were still written to.",
    ),
    _family(
        "counter",
        "inference_exporter_invalid_values_total",
        "source field",
        "Values of a field that could not be used (not a number, not a time); the line counts.",
    ),
    _family(
        "counter",
        "inference_exporter_late_events_total",
        "source",
        "Events too old for the windows; they are in the counters.",
    ),
    _family(
        "counter",
        "inference_exporter_future_events_total",
        "source",
        "Events more than five minutes ahead of the clock; in the counters, not in the windows.",
    ),
    _family(
        "counter",
        "inference_exporter_untimed_events_total",
        "source",
        "Events without a readable time although the config names one; in the counters, not in "
        "the windows.",
    ),
    _family("gauge", "inference_exporter_series", "", "Series on this page."),
    _family(
        "counter",
        "inference_exporter_series_dropped_total",
        "family",
        "Values counted under `__overflow__` because a label had reached its limit.",
    ),
    _family(
        "gauge", "inference_exporter_state_persistent", "", "1 if the last commit reached the disk."
    ),
    _family(
        "counter",
        "inference_exporter_state_commits_total",
        "",
        "Commits of offsets, counters and windows.",
    ),
    _family(
        "counter",
        "inference_exporter_state_commit_failures_total",
        "",
        "Commits that failed, retried later.",
    ),
    _family("gauge", "inference_exporter_state_commit_seconds", "", "Duration of the last commit."),
    _family("gauge", "inference_exporter_state_bytes", "", "Size of the state database."),
    _family(
        "counter",
        "inference_exporter_state_load_errors_total",
        "",
        "Starts at which the state could not be used and was moved aside.",
    ),
    _family(
        "gauge",
        "inference_exporter_state_last_commit_timestamp_seconds",
        "",
        "When state was last committed.",
    ),
    _family(
        "gauge",
        "inference_exporter_statistic_seconds",
        "statistic",
        "Time the statistic took in the last evaluation, all features and windows together.",
    ),
    _family(
        "counter",
        "inference_exporter_statistic_failures_total",
        "statistic",
        "Evaluations of the statistic that raised an error.",
    ),
    _family(
        "counter",
        "inference_exporter_label_records_refused_total",
        "reason",
        "Labels sent to /api/v1/labels that were not taken; the answer said why.",
    ),
    _family(
        "counter", "inference_exporter_http_requests_total", "route code", "HTTP requests answered."
    ),
)


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
    "inference_ranked_outcomes_total",
    "inference_class_score_outcomes_total",
    "inference_class_score_outcomes_log_loss_total",
    "inference_class_score_outcomes_squared_error_total",
    "inference_top_score_outcomes_total",
    "inference_top_score_outcomes_score_total",
    "inference_regression_outcomes_total",
    "inference_absolute_error_total",
    "inference_squared_error_total",
    "inference_overprediction_total",
    "inference_underprediction_total",
    "inference_absolute_percentage_error_total",
    "inference_percentage_error_outcomes_total",
    "inference_actual_positive_total",
    "inference_actual_negative_total",
    "inference_actual_squared_total",
)
_TRUTH_BY_NAME = {family.name: family for family in _TRUTH}
_CORRECTIONS = tuple(
    Family(
        correction_of(name),
        "counter",
        _TRUTH_BY_NAME[name].labels,
        f"What newer labels took back from `{name}` (`labels.update: last`): subtract it.",
        _TRUTH_BY_NAME[name].segmented,
    )
    for name in _CORRECTED
)

GROUPS: dict[str, tuple[Family, ...]] = {
    "Traffic and latency": _TRAFFIC,
    "Inputs and outputs against the reference": _INPUTS,
    "Truth": _TRUTH,
    "Corrections by newer labels": _CORRECTIONS,
    "Thresholds and facts": _FACTS,
    "The exporter about itself": _SELF,
}

FAMILIES: dict[str, Family] = {family.name: family for group in GROUPS.values() for family in group}
