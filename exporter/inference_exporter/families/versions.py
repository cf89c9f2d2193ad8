"""Two versions of a model side by side."""

from __future__ import annotations

from inference_exporter.families.family import family

_PAIR = "model champion challenger metric"
_INPUTS = "model champion challenger"

VERSIONS = (
    family(
        "counter",
        "inference_comparison_sums_total",
        f"{_PAIR} side sum",
        "Sums over labelled rows of weight w (1 without weights) and value v of the metric, by side"
        " (`champion`, `challenger`): `weight` w, `value` w v, `weight_squared` w^2,"
        " `weighted_value` w^2 v, `squared_value` w^2 v^2. They add up over replicas.",
    ),
    family(
        "counter",
        "inference_comparison_pair_sums_total",
        f"{_PAIR} sum",
        "Sums over labelled requests that both versions scored, of weight w, whose values differ by"
        " d (challenger minus champion): `weight` w, `gain` w d where d > 0, `loss` -w d where"
        " d < 0, `weight_squared` w^2, `weighted_gain` and `weighted_loss` the same of w^2,"
        " `squared_difference` w^2 d^2.",
    ),
    family(
        "gauge",
        "inference_comparison_setting",
        f"{_PAIR} setting",
        "What the comparison is decided by: `level`, `planned` rows, `least` rows of a side,"
        " `margin`, `reach` (how far two values are apart at most, 0: no bound), `origin` (what"
        " values of 0 are), `sign` (1: higher is better, -1: lower is), `paired`.",
    ),
    family(
        "gauge",
        "inference_comparison_value",
        f"{_PAIR} side",
        "The metric of a side, over its labelled rows since the comparison began.",
    ),
    family(
        "gauge",
        "inference_comparison_samples",
        f"{_PAIR} side",
        "Labelled rows of a side (where paired: labelled pairs, on both), with weights effective.",
    ),
    family(
        "gauge",
        "inference_comparison_design_effect",
        f"{_PAIR} side",
        "How many rows of a side are worth one, for resembling each other (docs/alarms.md): its"
        " score's or prediction's in the longest window.",
    ),
    family(
        "gauge",
        "inference_comparison_difference",
        _PAIR,
        "The metric of the challenger minus that of the champion.",
    ),
    *(
        family(
            "gauge",
            f"inference_comparison_difference_{bound}",
            _PAIR,
            f"{bound.capitalize()} end of the interval of the difference, which holds at every look"
            " at once with probability 1 - level.",
        )
        for bound in ("lower", "upper")
    ),
    family(
        "gauge",
        "inference_comparison_state",
        _PAIR,
        "What was decided: 1 the challenger is better, -1 the champion is, 2 they are equal within"
        " the margin, 0 nothing yet. Once decided it stays.",
    ),
    family(
        "gauge",
        "inference_comparison_decided_timestamp_seconds",
        _PAIR,
        "When it was decided.",
    ),
    family(
        "gauge",
        "inference_comparison_remaining_samples",
        _PAIR,
        "Further labelled rows (pairs) until it would be decided at the present difference; 0 once"
        " it is, absent where there is no telling.",
    ),
    family(
        "gauge",
        "inference_comparison_remaining_seconds",
        _PAIR,
        "The same at the rate at which they have come since the comparison began.",
    ),
    family(
        "gauge",
        "inference_comparison_input_drift",
        f"{_INPUTS} feature window",
        "PSI of the challenger's rows of an input against the champion's, in the bins of the"
        " reference, over a window of this replica: do both get the same traffic?",
    ),
    family(
        "gauge",
        "inference_comparison_input_drift_critical",
        f"{_INPUTS} feature window",
        "What that PSI reaches by chance: once in a month of all inputs and windows with the"
        " probability `level`.",
    ),
    family(
        "gauge",
        "inference_comparison_differing_inputs",
        f"{_INPUTS} window",
        "Inputs whose PSI is above it: unless requests are paired, the versions are compared on"
        " different traffic.",
    ),
    family(
        "counter",
        "inference_comparison_predictions_total",
        f"{_PAIR} side",
        "Where paired: predictions of each side that have an id. Less those in"
        " inference_comparison_paired_requests_total: their partner is missing, or not there yet.",
    ),
    family(
        "counter",
        "inference_comparison_paired_requests_total",
        _PAIR,
        "Requests that both versions scored, with a label or without.",
    ),
    family(
        "counter",
        "inference_comparison_classified_requests_total",
        _PAIR,
        "Those of them for which both predicted a class.",
    ),
    family(
        "counter",
        "inference_comparison_agreements_total",
        _PAIR,
        "Those of these for which both predicted the same class.",
    ),
    family(
        "counter",
        "inference_comparison_scored_requests_total",
        _PAIR,
        "Requests for which both versions gave a score, or predicted a number.",
    ),
    family(
        "counter",
        "inference_comparison_score_distance_total",
        _PAIR,
        "Sum of how far the two scores, or predicted numbers, are apart.",
    ),
    family(
        "gauge",
        "inference_comparison_agreement_ratio",
        _PAIR,
        "Share of the requests that both versions classified for which they predicted the same.",
    ),
    family(
        "gauge",
        "inference_comparison_mean_score_distance",
        _PAIR,
        "How far the two scores, or predicted numbers, of a request are apart on average.",
    ),
)
