"""Every metric family that is served: name, type, labels, HELP. The contract with rules and panels.

Renaming one needs an ADR. `docs/metrics.md` is generated from this table, and a test proves that
nothing else is ever served. Labels of a family are given in the order in which they are printed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family. `name` is the sample name (counters end in `_total`)."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    group: str = ""


def _table() -> dict[str, Family]:
    families: dict[str, Family] = {}
    group = ""

    def add(kind: Kind, name: str, labels: str, text: str) -> None:
        families[name] = Family(name, kind, tuple(labels.split()), text, group)

    group = "Traffic and latency"
    add(
        "counter",
        "inference_requests_total",
        "model version code",
        "Lines of the prediction log by status code; `ok` where the log has no status field, "
        "`unknown` where this line had none.",
    )
    add(
        "counter",
        "inference_request_failures_total",
        "model version",
        "Requests whose status is not among the configured ok values.",
    )
    add(
        "histogram",
        "inference_request_duration_seconds",
        "model version",
        "End-to-end latency as logged by the model server; exemplars carry the trace id.",
    )
    add(
        "gauge",
        "inference_request_duration_quantile_seconds",
        "model version quantile window",
        "Latency quantile over the window, interpolated in cells 7 % wide; one sidecar's own.",
    )
    add(
        "histogram",
        "inference_step_duration_seconds",
        "model version step",
        "Latency of one step of the request, such as feature_lookup or inference, as logged.",
    )
    add(
        "counter",
        "inference_predictions_total",
        "model version prediction",
        "Predictions by predicted class; the label is empty for regression.",
    )
    add(
        "counter",
        "inference_prediction_weight_total",
        "model version",
        "Sum of the weights of the predictions, where the log is sampled and says so.",
    )

    group = "Inputs and outputs against the reference"
    for scope, label, what in (
        ("feature", "feature", "Values of the feature"),
        ("output", "output", "Values of the output (score, prediction)"),
    ):
        base = f"model version reference {label}"
        add(
            "counter",
            f"inference_{scope}_bin_total",
            f"{base} bin",
            f"{what} per bin fixed by the reference. `reference` is a hash of the bins: counts "
            "with different hashes must not be added. With a warm-up reference each replica has "
            "its own bins, and replicas cannot be merged.",
        )
        add(
            "gauge",
            f"inference_{scope}_reference_ratio",
            f"{base} bin range",
            "Share of the reference in the bin, smoothed as (count + 0.5) / (rows + 0.5 bins).",
        )
        add(
            "gauge",
            f"inference_{scope}_reference_samples",
            base,
            "Rows of the reference behind the shares.",
        )
        add(
            "gauge",
            f"inference_{scope}_drift",
            f"model version {label} statistic window",
            "Distance between the window and the reference; absent below the minimum of samples.",
        )
        add(
            "gauge",
            f"inference_{scope}_drift_p_value",
            f"model version {label} statistic window",
            "Probability of a distance at least this large without drift, where defined.",
        )
        add(
            "gauge",
            f"inference_{scope}_drift_samples",
            f"model version {label} window",
            "Values in the window behind the distance.",
        )
    add(
        "counter",
        "inference_feature_missing_total",
        "model version feature",
        "Inputs in which the feature was absent or null.",
    )
    add(
        "counter",
        "inference_feature_invalid_total",
        "model version feature",
        "Inputs in which the feature had the wrong type or was not a finite number.",
    )
    add(
        "counter",
        "inference_feature_out_of_range_total",
        "model version feature",
        "Numeric values below the reference's minimum or above its maximum.",
    )

    group = "Truth"
    add(
        "counter",
        "inference_outcomes_total",
        "model version predicted actual",
        "Predictions with a label, by predicted and actual class; counted when the label is read.",
    )
    add(
        "counter",
        "inference_score_outcomes_total",
        "model version actual bin",
        "Labelled predictions per bin of the score (20 equal bins of 0 to 1) and actual class.",
    )
    add(
        "counter",
        "inference_score_outcomes_score_total",
        "model version actual bin",
        "Sum of the scores of the labelled predictions per bin.",
    )
    add(
        "counter",
        "inference_score_outcomes_squared_error_total",
        "model version",
        "Sum of (score - outcome)^2 over labelled predictions: the Brier score's numerator.",
    )
    add(
        "counter",
        "inference_score_outcomes_log_loss_total",
        "model version",
        "Sum of the log loss over labelled predictions, scores clipped to [1e-15, 1 - 1e-15].",
    )
    add(
        "counter",
        "inference_regression_outcomes_total",
        "model version",
        "Numeric predictions with a label.",
    )
    add(
        "counter",
        "inference_absolute_error_total",
        "model version",
        "Sum of |prediction - actual|.",
    )
    add(
        "counter",
        "inference_squared_error_total",
        "model version",
        "Sum of (prediction - actual)^2.",
    )
    add(
        "counter",
        "inference_overprediction_total",
        "model version",
        "Sum of prediction - actual where positive.",
    )
    add(
        "counter",
        "inference_underprediction_total",
        "model version",
        "Sum of actual - prediction where positive.",
    )
    add(
        "counter",
        "inference_absolute_percentage_error_total",
        "model version",
        "Sum of |prediction - actual| / |actual| over labels that are not 0.",
    )
    add(
        "counter",
        "inference_percentage_error_outcomes_total",
        "model version",
        "Labelled numeric predictions whose label is not 0: the denominator of the MAPE.",
    )
    add(
        "counter",
        "inference_actual_positive_total",
        "model version",
        "Sum of the positive labels; with the negative sum and the squares: R^2.",
    )
    add(
        "counter",
        "inference_actual_negative_total",
        "model version",
        "Sum of -label over negative labels.",
    )
    add("counter", "inference_actual_squared_total", "model version", "Sum of label^2.")
    add(
        "gauge",
        "inference_performance",
        "model version metric class window",
        "Model performance over the window, from labels; absent below the minimum of samples.",
    )
    add(
        "gauge",
        "inference_performance_samples",
        "model version window",
        "Labelled predictions in the window.",
    )
    add(
        "gauge",
        "inference_performance_reference",
        "model version metric class",
        "The same metric on the reference data.",
    )

    group = "Thresholds and facts"
    add(
        "gauge",
        "inference_threshold",
        "model name feature",
        "A configured threshold; rules compare metrics with it.",
    )
    add(
        "gauge",
        "inference_model_info",
        "model version format task",
        "Constant 1 with facts about a model and version that was seen in the log.",
    )
    add(
        "gauge",
        "inference_reference_info",
        "model version reference rows created source",
        "Constant 1 with facts about the reference profile in use.",
    )
    add(
        "gauge",
        "inference_reference_timestamp_seconds",
        "model version",
        "When the reference profile was made.",
    )
    add(
        "gauge",
        "inference_reference_warmup_remaining",
        "model",
        "Predictions still to be collected before a warm-up reference is frozen; 0 once it is.",
    )
    add(
        "gauge",
        "inference_last_prediction_timestamp_seconds",
        "model version",
        "Event time of the newest line read (its arrival where lines carry no time).",
    )

    group = "The exporter about itself"
    me = "inference_exporter_"
    add("gauge", f"{me}build_info", "version pythonversion", "Constant 1 with the version.")
    add(
        "gauge",
        f"{me}config_last_reload_successful",
        "",
        "1 if the configuration in force is the one in the file, 0 if its last reload failed.",
    )
    add(
        "gauge",
        f"{me}config_last_reload_success_timestamp_seconds",
        "",
        "When a configuration was last loaded successfully.",
    )
    add("counter", f"{me}lines_total", "source result", "Lines read, by what became of them.")
    add("counter", f"{me}bytes_read_total", "source", "Bytes read from the source.")
    add("gauge", f"{me}files_watched", "source", "Files known under a name at the moment.")
    add("gauge", f"{me}files_open", "source", "Files held open, rotated ones included.")
    add(
        "counter",
        f"{me}files_rotated_total",
        "source",
        "Files that lost their name (renamed or deleted) while they were followed.",
    )
    add(
        "counter",
        f"{me}files_truncated_total",
        "source reason",
        "Files that were cut: `shrunk` (shorter than read) or `rewritten` (other content).",
    )
    add(
        "counter",
        f"{me}file_open_errors_total",
        "source reason",
        "Attempts to open or read a file that failed; retried for ever.",
    )
    add(
        "gauge",
        f"{me}files_unreadable",
        "source",
        "Files that exist but cannot be opened or read at the moment.",
    )
    add(
        "gauge",
        f"{me}source_up",
        "source",
        "1 if at least one file of the source can be read, 0 while there is none.",
    )
    add("gauge", f"{me}lag_bytes", "source", "Bytes written to the files and not yet read.")
    add(
        "gauge",
        f"{me}lag_seconds",
        "source",
        "Now minus the event time of the newest line, at the time it was read.",
    )
    add("gauge", f"{me}catching_up", "source", "1 while there is more to read than one turn takes.")
    add("counter", f"{me}lines_too_long_total", "source", "Lines over the limit, discarded.")
    add(
        "counter",
        f"{me}partial_lines_flushed_total",
        "source",
        "Last lines without a newline, taken as whole when their file was given up.",
    )
    add(
        "counter",
        f"{me}partial_lines_dropped_total",
        "source",
        "Last lines without a newline that were lost when their file was truncated.",
    )
    add(
        "counter",
        f"{me}rotate_grace_expired_total",
        "source",
        "Rotated files given up at the hard time limit although they were still written to.",
    )
    add(
        "counter",
        f"{me}invalid_values_total",
        "source field",
        "Values of a field that could not be used (not a number, not a time); the line counts.",
    )
    add(
        "counter",
        f"{me}late_events_total",
        "source",
        "Events too old for the windows; they are in the counters.",
    )
    add(
        "counter",
        f"{me}future_events_total",
        "source",
        "Events more than five minutes ahead of the clock; in the counters, not in the windows.",
    )
    add("gauge", f"{me}series", "", "Series on this page.")
    add(
        "counter",
        f"{me}series_dropped_total",
        "family",
        "Values counted under `__overflow__` because a label had reached its limit.",
    )
    add("gauge", f"{me}state_persistent", "", "1 if the last commit reached the disk.")
    add("counter", f"{me}state_commits_total", "", "Commits of offsets, counters and windows.")
    add("counter", f"{me}state_commit_failures_total", "", "Commits that failed, retried later.")
    add("gauge", f"{me}state_commit_seconds", "", "Duration of the last commit.")
    add("gauge", f"{me}state_bytes", "", "Size of the state database.")
    add(
        "counter",
        f"{me}state_load_errors_total",
        "",
        "Starts at which the state could not be used and was moved aside.",
    )
    add("gauge", f"{me}state_last_commit_timestamp_seconds", "", "When state was last committed.")
    add(
        "gauge",
        f"{me}statistic_seconds",
        "statistic",
        "Time the statistic took in the last evaluation, all features and windows together.",
    )
    add(
        "counter",
        f"{me}statistic_failures_total",
        "statistic",
        "Evaluations of the statistic that raised an error.",
    )
    add("counter", f"{me}http_requests_total", "route code", "HTTP requests answered.")
    return families


FAMILIES = _table()
