"""Inputs and outputs against the reference: bins, drift, quality, outliers."""

from __future__ import annotations

from inference_exporter.families.family import Family, family


def _binned(scope: str, what: str) -> tuple[Family, ...]:
    base = f"model version reference {scope}"
    return (
        family(
            "counter",
            f"inference_{scope}_bin_total",
            f"{base} bin",
            f"{what} per bin fixed by the reference. `reference` is a hash of the "
            "bins: counts with different hashes must not be added. With a warm-up "
            "reference each replica has its own bins, and replicas cannot be merged.",
        ),
        family(
            "counter",
            f"inference_{scope}_expected_bin_total",
            f"{base} bin",
            "Rows per bin that the reference lets expect of the rows that had a value, at the "
            "hours at which they came; only with `season`.",
        ),
        family(
            "gauge",
            f"inference_{scope}_reference_ratio",
            f"{base} bin range",
            "Share of the reference in the bin, smoothed as (count + 0.5) / (rows + 0.5 bins).",
        ),
        family(
            "gauge",
            f"inference_{scope}_bin_rank",
            f"{base} bin",
            "Share of the reference below the bin and half of the bin's own, 0 to 1; of numbers. "
            "Its mean over live rows is how often the live value of a pair is the higher one.",
        ),
        family(
            "gauge",
            f"inference_{scope}_reference_samples",
            f"{base}",
            "Rows of the reference behind the shares.",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_quantile",
            f"{base}",
            "Chi-square quantile: times (1/n + 1/m) for n live and m reference rows, the PSI that "
            "noise exceeds as seldom as the threshold `false_alarms_drift` asks; for rules.",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift",
            f"model version {scope} statistic window",
            "Distance between the window and the reference; absent below the minimum of samples.",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_p_value",
            f"model version {scope} statistic window",
            "Probability of a distance at least this large without drift, where defined.",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_samples",
            f"model version {scope} window",
            "Values in the window behind the distance.",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_critical",
            f"model version {scope} statistic window",
            "Distance that chance alone exceeds no more often than the budget of false alarms "
            'allows one test (`inference_threshold{name="drift_test_significance"}`).',
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_state",
            f"model version {scope} window",
            "Last decision: 1 drifted (significant and large), 0 ok, absent without enough data.",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_decided",
            f"model version {scope} window",
            "PSI of the full window in which it was last found drifted, as the alert says; only "
            "while the state is 1.",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_decided_samples",
            f"model version {scope} window",
            "Rows of that window.",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_decided_critical",
            f"model version {scope} window",
            "PSI that chance alone reaches in that window.",
        ),
        family(
            "gauge",
            f"inference_segment_{scope}_drift_state",
            f"model version segment {scope} window",
            "The same decision on the rows of one segment, against its own rows of the reference; "
            "of fields of `segments` with `drift: true`.",
        ),
        family(
            "gauge",
            f"inference_segment_{scope}_drift_decided",
            f"model version segment {scope} window",
            "PSI of the full window in which it was last found drifted in the segment; only while "
            "the state is 1.",
        ),
        family(
            "gauge",
            f"inference_{scope}_undecided",
            f"model version {scope} window reason",
            "1: no decision on the last window, because of `few_rows`, `rows_alike` (rows resemble "
            "each other), `wanders` (the traffic moves by itself more than the window can tell) or "
            "`new_hours` (the reference has hardly any rows of these hours).",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_compared",
            f"model version {scope} window against",
            "PSI of the last full window against the same one of the `previous_week`, or against "
            "the `same_month_last_year`; only with `compare`, and with enough rows on both sides.",
        ),
        family(
            "gauge",
            f"inference_{scope}_drift_design_effect",
            f"model version {scope} window",
            "How many rows are worth one independent row, because neighbours resemble each other.",
        ),
    )


INPUTS = (
    *_binned("feature", "Values of the feature"),
    *_binned("output", "Values of the output (score, prediction)"),
    family(
        "counter",
        "inference_season_rows_total",
        "model version reference hour",
        "Rows with inputs by hour of the day or week; only with `season`.",
    ),
    family(
        "gauge",
        "inference_reference_season_samples",
        "model version reference hour",
        "Rows of the reference by hour of the day or week; only with `season`.",
    ),
    family(
        "gauge",
        "inference_reference_season_cells",
        "model season",
        "Hours of the day or week of which the reference has rows: 0 if it was built without "
        "`season`, and everything is compared with all of it. Only with `season`.",
    ),
    family(
        "gauge",
        "inference_reference_covers",
        "model unit",
        "1 if the reference has rows of such an `hour` of the day, `weekday` or `month` as now, "
        "0 if not: then drift may be the time of year. Only where its rows have times.",
    ),
    family(
        "gauge",
        "inference_feature_reference_season_psi",
        "model version reference feature season",
        "How far hours are from the whole reference: mean PSI, as far as it repeats from day to "
        "day (`hour_of_day`) or from week to week (`hour_of_week`). Only where its rows have "
        "times.",
    ),
    family(
        "gauge",
        "inference_feature_reference_missing_ratio",
        "model version reference feature",
        "Share of the reference's rows in which the feature was absent, null or unusable.",
    ),
    family(
        "gauge",
        "inference_feature_broken",
        "model version feature flaw",
        "1 while most rows of the last minutes have what hardly a row of the reference has: "
        "`missing`, `invalid`, `strange` (out of range, unseen), or all have `one_value`; else 0; "
        "absent without rows for an hour.",
    ),
    family(
        "gauge",
        "inference_feature_broken_ratio",
        "model version feature flaw",
        "Share of the rows of the last minutes behind a breakage; only while there is one.",
    ),
    family(
        "gauge",
        "inference_feature_point_mass_state",
        "model version feature window",
        "Last decision: 1 if one place (null, unusable, out of range, unseen, one value) has many "
        "more rows than the reference lets expect, 0 if not; absent without rows.",
    ),
    family(
        "gauge",
        "inference_feature_point_mass_ratio",
        "model version feature flaw window",
        "Share of all rows that are too many at that place; only while the state is 1.",
    ),
    family(
        "gauge",
        "inference_feature_importance_ratio",
        "model version feature",
        "Importance of the feature over that of all: as configured, or the share of the score's "
        "variance that its bins explain in the reference. Absent where it is not known.",
    ),
    family(
        "gauge",
        "inference_drifted_importance_ratio",
        "model version window",
        "Importance of the features whose last decision is drifted, over that of all features, the "
        "undecided ones too; absent while none had enough data, or where it is not known.",
    ),
    family(
        "gauge",
        "inference_drifted_features",
        "model version window",
        "Features whose last decision is drifted; absent while none had enough data.",
    ),
    family(
        "gauge",
        "inference_undecided_features",
        "model version window",
        "Features without enough data at the last decision.",
    ),
    family(
        "counter",
        "inference_drift_decisions_total",
        "model version window verdict",
        "Decisions on features and outputs: `drifted`, `ok`, or `undecided` for want of data.",
    ),
    family(
        "counter",
        "inference_drift_onsets_total",
        "model version feature window",
        "Decisions with which the feature became drifted.",
    ),
    family(
        "counter",
        "inference_output_drift_onsets_total",
        "model version output window",
        "Decisions with which the output became drifted.",
    ),
    family(
        "gauge",
        "inference_segment_drift_undecided",
        "model version segment window",
        "Inputs and outputs of the segment that were not decided on in the last window: too few "
        "rows, or rows that resemble each other.",
    ),
    family(
        "gauge",
        "inference_drift_decision_timestamp_seconds",
        "model window",
        "End of the last tumbling window that was decided on.",
    ),
    family(
        "counter",
        "inference_outliers_total",
        "model version",
        "Predictions whose outlier distance exceeds that of 99.9 % of the reference's rows.",
    ),
    family(
        "counter",
        "inference_similar_inputs_total",
        "model version",
        "Predictions after the first `similar_inputs` with near-identical inputs in their minute: "
        "someone may be probing the model.",
    ),
    family(
        "counter",
        "inference_boundary_predictions_total",
        "model version",
        "Predictions whose score is within the configured margin of the decision boundary.",
    ),
    family(
        "gauge",
        "inference_multivariate_drift",
        "model version statistic window",
        "Predictions as a whole: `outlier_share` (0.001 in the reference), `outlier_distance` and "
        "`reconstruction_error` (mean over the reference's mean), `unseen_share` of categories, "
        "`similar_share` and `boundary_share` of predictions.",
    ),
    family(
        "counter",
        "inference_rows_set_aside_total",
        "model reason",
        "Rows that decisions about drift leave out (all counters have them): `equal_rows` of a "
        "lone burst, `repeated_id` with an id and inputs that came before, `entity`: one that has "
        "more than 2 % of the hour's rows.",
    ),
    family(
        "counter",
        "inference_feature_missing_total",
        "model version feature",
        "Inputs in which the feature was absent or null.",
    ),
    family(
        "counter",
        "inference_feature_unknown_total",
        "model feature",
        "Sampled lines (one of each block) with a feature that the reference does not know.",
    ),
    family(
        "counter",
        "inference_feature_invalid_total",
        "model version feature",
        "Inputs in which the feature had the wrong type or was not a finite number.",
    ),
    family(
        "counter",
        "inference_feature_out_of_range_total",
        "model version feature",
        "Numeric values below the reference's minimum or above its maximum.",
    ),
)
